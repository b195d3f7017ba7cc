"""The last look before a picture goes: likeness is seen once more, at a higher resolution."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from imageshelf.cleanup import last_comparison, run
from imageshelf.cleanup.apply import Result, apply_plan
from imageshelf.cleanup.last_comparison import CloserLook
from imageshelf.cleanup.planning import Plan
from imageshelf.searching.kinds import NEAR
from imageshelf.searching.second_look import LONGEST, SecondLook
from imageshelf.shelf import Shelf, open_shelf
from tests.cleaning import group, indexed, planned
from tests.conftest import drawn


def form(number: str) -> Image.Image:
    """Return a page of small print with a short field filled in."""
    page, rnd = Image.new("L", (1240, 1754), 255), random.Random(1)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(24)
    for row in range(40):
        words = " ".join(rnd.choice(("lorem", "ipsum", "dolor", "amet")) for _ in range(12))
        draw.text((100, 100 + 40 * row), words, 0, font)
    draw.text((900, 1690), number, 0, ImageFont.load_default(30))
    return page


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Near copies: b of a; and filled, which differs from form in a short field."""
    photos = tmp_path / "photos"
    photos.mkdir()
    picture = drawn(1, (640, 480))
    picture.save(photos / "a.jpg", quality=92)
    picture.resize((320, 240)).save(photos / "b.jpg", quality=80)
    form("17").save(photos / "form.png")
    form("4 382").save(photos / "filled.png")
    with open_shelf(indexed(tmp_path, "photos"), "w") as opened:
        yield opened


def plan_of(shelf: Shelf, keep: str, goes: str) -> Plan:
    return planned(shelf, [group(shelf, f"photos/{keep}", (f"photos/{goes}", NEAR))])


def applied(shelf: Shelf, plan: Plan) -> Result:
    return apply_plan(shelf, plan, jobs=0)


def test_a_near_copy_goes(shelf: Shelf) -> None:
    result = applied(shelf, plan_of(shelf, "a.jpg", "b.jpg"))
    assert [os.path.basename(done.path) for done in result.done] == ["b.jpg"]


def test_a_pair_that_is_no_longer_near_stays(shelf: Shelf) -> None:
    plan = plan_of(shelf, "form.png", "filled.png")
    result = applied(shelf, plan)
    (left,) = result.left
    assert left.reason.startswith("stays: looked at closely it is variant, ")
    assert not result.done
    assert Path(left.path).exists()


def test_what_a_person_chose_goes_whatever_it_looks_like(shelf: Shelf) -> None:
    plan = plan_of(shelf, "form.png", "filled.png")
    (planned_group,) = plan.groups
    (step,) = planned_group.steps
    chosen = planned_group._replace(steps=(step._replace(chosen=True),))
    assert len(applied(shelf, plan._replace(groups=(chosen,))).done) == 1


def test_the_look_is_at_a_higher_resolution(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    look = SecondLook.at

    def noted(self: SecondLook, *rest: object) -> object:
        seen.append(self.longest)
        return look(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SecondLook, "at", noted)
    applied(shelf, plan_of(shelf, "a.jpg", "b.jpg"))
    assert seen
    assert min(seen) > LONGEST


def test_a_file_that_was_written_to_since_stays(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = last_comparison.closer_looks

    def then_written(*arguments: object) -> dict[str, CloserLook]:
        found = looked(*arguments)  # type: ignore[arg-type]
        for path in found:  # other pixels under the same size and time
            status = os.stat(path)
            with open(path, "r+b") as file:
                file.write(file.read(2))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        return found

    monkeypatch.setattr(run, "closer_looks", then_written)
    (left,) = applied(shelf, plan_of(shelf, "a.jpg", "b.jpg")).left
    assert left.reason == "has changed since its pixels were compared"


def test_what_cannot_be_compared_stays(shelf: Shelf) -> None:
    plan = plan_of(shelf, "a.jpg", "b.jpg")
    path = Path(plan.steps[0].file.path)
    status = path.stat()
    path.write_bytes(bytes(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    (left,) = applied(shelf, plan).left
    assert left.reason == "stays: it could not be compared with the copy to keep"
