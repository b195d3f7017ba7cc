"""Asking a shelf: what counts as a match, of which kind, why, and how sure that is."""
