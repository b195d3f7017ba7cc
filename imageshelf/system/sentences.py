"""The failures that are told to the user, not to a programmer."""

from __future__ import annotations


class SentenceError(Exception):
    """A failure whose message is one sentence for the user; a program prints it and ends."""
