"""Copies on a shelf: all pairs, groups, and which picture of each to keep."""
