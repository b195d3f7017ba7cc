"""Filling a shelf: walk the folders, compare, read what is new, remember it."""
