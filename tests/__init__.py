"""The tests; `python -m tests` runs them with lint, types, imports and spelling."""
