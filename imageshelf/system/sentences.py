"""The failures that are told to the user, not to a programmer."""


class SentenceError(Exception):
    """A failure whose message is one sentence for the user; a program prints it and ends."""
