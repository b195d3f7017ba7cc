"""The library's functions: options by name, pictures in memory, results that show themselves."""

from __future__ import annotations

import doctest
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imageshelf
from tests.conftest import ROOT, drawn

PAGE = ROOT / "docs" / "library.md"


@pytest.fixture
def shelf(photos: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A shelf beside the photos, in the current folder, with one exact copy on it."""
    monkeypatch.chdir(photos.parent)
    shutil.copy(photos / "0.jpg", photos / "copy.jpg")
    drawn(1).save(photos / "small.jpg", quality=60)
    imageshelf.index("photos", shelf="db.shelve", jobs=0)
    return "db.shelve"


def test_options_have_names(shelf: str) -> None:
    every = imageshelf.search("photos/0.jpg", shelf=shelf)
    assert [match.kind for match in every] == ["same file", "identical bytes"]
    assert len(imageshelf.search("photos/0.jpg", shelf=shelf, strict=True, limit=1)) == 1
    only = imageshelf.search("photos/0.jpg", shelf=shelf, kinds="identical-bytes")
    assert [match.kind for match in only] == ["identical bytes"]
    assert imageshelf.search("photos/0.jpg", shelf=shelf, below="photos/trip") == []
    assert len(imageshelf.search("photos/0.jpg", shelf=shelf, max_distance=64)) == 8
    groups = imageshelf.duplicates(shelf, strict=True, keep="short-path", below=[Path("photos")])
    assert [group.keeper.name for group in groups] == ["photos/0.jpg", "photos/1.jpg"]


@pytest.mark.parametrize(
    "options", [{"strict": True, "loose": True}, {"kinds": "nearly"}, {"kinds": ["near", "x"]}]
)
def test_options_that_make_no_sense_are_refused(shelf: str, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        imageshelf.search("photos/0.jpg", shelf=shelf, **options)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="limits"):
        imageshelf.search("photos/0.jpg", shelf=shelf, limits=3)  # type: ignore[call-arg]


def test_an_old_name_still_works_and_warns(shelf: str) -> None:
    with pytest.warns(DeprecationWarning, match="shelve"):
        assert imageshelf.search("photos/0.jpg", shelve=shelf)  # type: ignore[call-arg]


def test_a_picture_in_memory_is_found_like_its_file(shelf: str) -> None:
    data = Path("photos/3.jpg").read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        pixels = np.asarray(image)
        queries = [
            data,
            bytearray(data),
            image,
            pixels,
            image.convert("CMYK"),
            image.transpose(Image.Transpose.ROTATE_90),
        ]
        answer = imageshelf.search(queries, shelf=shelf)
    assert [outcome.path for outcome in answer.asked] == [f"picture {n}" for n in range(1, 7)]
    assert {Path(match.path).name for match in answer} == {"3.jpg"}
    assert [match.kind for match in answer][:2] == ["identical bytes"] * 2
    assert {match.kind for match in answer[2:5]} <= {"identical pixels", "near"}
    assert answer[5].kind == "turned"
    (alone,) = imageshelf.search(pixels, shelf=shelf)
    assert alone.query == "picture 1"


def test_a_picture_with_a_turn_in_its_exif_is_looked_for_as_a_viewer_shows_it(shelf: str) -> None:
    image = drawn(2).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # a viewer turns it back by 90 degrees
    stream = io.BytesIO()
    image.save(stream, "JPEG", exif=exif, quality=95)
    with Image.open(io.BytesIO(stream.getvalue())) as opened:
        (match,) = imageshelf.search(opened, shelf=shelf)
    assert match.kind == "near"


def test_what_is_no_picture_is_refused(shelf: str) -> None:
    with pytest.raises(TypeError, match="not float"):
        imageshelf.search([1.5], shelf=shelf)
    with pytest.raises(imageshelf.SearchingError, match="picture 1 is text"):
        imageshelf.search(b"text", shelf=shelf)


def test_duplicates_are_a_sequence_that_tells_itself_in_a_line(shelf: str) -> None:
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    groups = imageshelf.duplicates(shelf)
    assert repr(groups) == "<2 groups of copies among 8 pictures>"
    assert len(groups) == 2
    assert [group.keeper for group in groups] == [groups[0].keeper, groups[-1].keeper]
    assert groups[:1] == (groups[0],)
    table = groups.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert list(table["role"]) == ["keep", "spare"] * 2
    assert list(imageshelf.search("photos/0.jpg", shelf).to_pandas()["distance"]) == [0, 0]


def test_clean_plans_and_acts_only_when_asked_to(shelf: str) -> None:
    before = sorted(Path("photos").rglob("*.jpg"))
    planned = imageshelf.clean(shelf)
    assert [Path(step.file.path).name for step in planned.plan.steps] == ["copy.jpg"]
    assert planned.result is None
    assert "set aside photos/copy.jpg" in str(planned)
    assert sorted(Path("photos").rglob("*.jpg")) == before
    done = imageshelf.clean(shelf, kinds="near,identical bytes", apply=True, jobs=0)
    assert done.result is not None
    assert len(done.result.done) == 2
    assert "2 files set aside" in str(done)
    outlook = imageshelf.undo(shelf)
    assert len(outlook.back) == 2
    assert len(list(Path("photos").rglob("*.jpg"))) == len(before) - 2
    assert sorted(imageshelf.undo(shelf, apply=True).back) == sorted(outlook.back)
    assert sorted(Path("photos").rglob("*.jpg")) == before
    with pytest.raises(imageshelf.CleaningError, match="no clean-up"):
        imageshelf.undo(shelf)


@pytest.mark.parametrize("options", [{"kinds": "variant"}, {"action": "burn"}])
def test_clean_refuses_what_never_goes(shelf: str, options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"one by one|expected one of"):
        imageshelf.clean(shelf, **options)  # type: ignore[arg-type]


def test_the_package_lists_its_public_names() -> None:
    assert dir(imageshelf) == sorted(imageshelf.__all__)
    assert {"index", "search", "duplicates", "clean", "undo"} <= set(dir(imageshelf))


def test_the_page_of_the_library_runs(
    drawn_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas", reason="needs pandas")
    shutil.copytree(drawn_demo, tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    names = {name for name in imageshelf.__all__ if name != "__version__"}
    assert {name for name in names if f"`{name}" not in text and f"{name}(" not in text} == set()
    examples = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    test = doctest.DocTestParser().get_doctest(examples, {}, "library", str(PAGE), 0)
    assert len(test.examples) > 20
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.DocTestRunner(optionflags=flags).run(test).failed == 0
