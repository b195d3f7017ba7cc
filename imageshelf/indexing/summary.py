"""What an index run did: how many pictures of which kind, and which files are not on the shelf."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple


class Skipped(NamedTuple):
    """A file or folder below a dataset that is not on the shelf, and why."""

    path: str
    reason: str


class Summary:
    """What a run did; `seen` is the sum of the first five counts."""

    def __init__(self, shelf: str = "") -> None:
        self.new = self.changed = self.unchanged = self.moved = self.skipped = 0
        self.vanished = 0
        self.kept = 0  # not met, but their folder could not be looked into
        self.links = 0  # symbolic links not followed, dangling ones and loops
        self.others: Counter[str] = Counter()  # files that are no pictures, by kind
        self.skips: list[Skipped] = []
        self.unlisted: list[Skipped] = []
        self.undigested: list[Skipped] = []  # on the shelf, not compared with others
        self.shelf = shelf
        self.pictures = 0  # on the shelf now

    def __repr__(self) -> str:
        """Return every count that is not zero, for who calls `index` in a notebook."""
        told = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value)
        return f"Summary({told})"

    @property
    def seen(self) -> int:
        """All pictures met, readable or not."""
        return self.new + self.changed + self.unchanged + self.moved + self.skipped
