"""Asking a shelf: what matches, of which kind, why."""
