"""The tests; `python -m tests` runs them all, with lint and types, on every Python it finds."""
