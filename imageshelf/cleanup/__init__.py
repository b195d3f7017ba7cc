"""Clearing up copies: plan, apply, undo."""
