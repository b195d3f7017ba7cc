"""A review of drawn copies, and a browser without a window that asks its server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from imageshelf.copies.groups import GroupOptions
from imageshelf.review.access import Gate
from imageshelf.review.routes import Routes
from imageshelf.review.session import Review
from tests.cleaning import copies

PORT = 4711
ORIGIN = f"http://127.0.0.1:{PORT}"
PAIRS: dict[str, int | str] = {"photos/a.jpg": 1, "backup/a.jpg": "photos/a.jpg", "photos/b.jpg": 2,
         "backup/b.jpg": "photos/b.jpg", "photos/lone.jpg": 3}  # fmt: skip


@contextmanager
def reviewing(folder: Path, *new: str, **options: Any) -> Iterator[Review]:
    """Review the shelf of a folder, with pictures below it that are indexed first."""
    review = Review(
        str(folder / "db.shelve"), GroupOptions(**options), [str(folder / name) for name in new]
    )
    try:
        review.started.result()
        yield review
    finally:
        review.close()


class Visitor:
    """Somebody who opened the link."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.gate = Gate(Routes(review).application(), PORT)
        self.client = TestClient(self.gate, base_url=ORIGIN, follow_redirects=False)
        assert self.client.get(self.gate.link.removeprefix(ORIGIN)).status_code == 200

    def tell(self, path: str, **told: Any) -> Any:
        """Post, as the page does."""
        return self.client.post(path, json=told, headers={"origin": ORIGIN})

    def news(self) -> dict[str, Any]:
        news: dict[str, Any] = self.client.get("/state", params={"seen": 0}).json()
        return news

    def after(self, path: str, **told: Any) -> dict[str, Any]:
        """Post, wait until what that starts is done, and return the news."""
        answer = self.tell(path, **told)
        assert answer.status_code == 202, answer.text
        while self.review.jobs.job is not None:
            time.sleep(0.01)
        return self.news()

    def decide(self, *marks: str) -> Any:
        """Decide the groups that can be decided, in their order."""
        keys = [group.key for group in groups(self.review) if group.choosing]
        changes = list(zip(keys, marks, strict=False))
        return self.tell("/decide", revision=self.review.revision, changes=changes)

    def ask(self, picture: bytes) -> Any:
        """Drop a picture onto the page."""
        return self.client.post("/search", content=picture, headers={"origin": ORIGIN}).json()

    def apply(self, pictures: int, **other: Any) -> dict[str, Any]:
        wanted = {"action": "set aside", "take_over": False, "pictures": pictures} | other
        return self.after("/apply", revision=self.review.revision, **wanted)


def groups(review: Review) -> Any:
    assert review.groups
    return review.groups.sheet.groups


@contextmanager
def visiting(folder: Path) -> Iterator[Visitor]:
    """Visit the review of two pairs and a picture that has no copy."""
    copies(folder, PAIRS)
    with reviewing(folder, "photos", "backup") as review:
        yield Visitor(review)


def shown(folder: Path) -> set[str]:
    """Return the pictures that lie where they were."""
    found = [*folder.glob("photos/*"), *folder.glob("backup/*")]
    return {path.relative_to(folder).as_posix() for path in found}
