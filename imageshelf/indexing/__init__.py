"""Filling a shelf: walk, compare, read what is new."""
