"""The outcome of an index run: how many pictures of each kind, and which files were skipped."""

from collections import Counter
from typing import NamedTuple


class Skipped(NamedTuple):
    """A file or folder below a dataset that is not on the shelf, and why."""

    path: str
    reason: str


class Summary:
    """The outcome of a run; `seen` is the sum of the first five counts."""

    def __init__(self, shelf: str = "") -> None:
        self.new = self.changed = self.unchanged = self.moved = self.skipped = 0
        self.vanished = 0
        self.kept = 0  # not met, because their folder could not be listed
        self.links = 0  # symbolic links not followed, dangling ones and loops
        self.others: Counter[str] = Counter()  # files that are not pictures, by kind
        self.skips: list[Skipped] = []
        self.unlisted: list[Skipped] = []
        self.passed_over: list[Skipped] = []  # folders that are no collection, by their kind
        self.shelf = shelf
        self.pictures = 0  # on the shelf now
        self.with_points = self.without_points = 0  # of them, with keypoints; could not be read now
        self.points_refusals: Counter[str] = Counter()  # why keypoints could not be read: pictures
        self.points_problem = ""  # why there is no index over the keypoints

    def __repr__(self) -> str:
        """Return every count that is not zero, for callers of `index` in a notebook."""
        counts = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value)
        return f"Summary({counts})"

    @property
    def seen(self) -> int:
        """All pictures met, readable or not."""
        return self.new + self.changed + self.unchanged + self.moved + self.skipped
