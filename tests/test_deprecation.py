"""Names of before: they warn, and do what the new ones do."""

from __future__ import annotations

from pathlib import Path

import pytest

import imageshelf
from imageshelf import SearchOptions, duplicates, index, search
from imageshelf.copies.groups import GroupOptions
from imageshelf.system.deprecation import renamed_parameters


@pytest.fixture
def shelve(photos: Path) -> Path:
    index(photos, photos.parent / "db.shelve")
    return photos.parent / "db.shelve"


def test_a_renamed_class_is_found_by_its_old_name() -> None:
    with pytest.warns(DeprecationWarning, match=r"imageshelf\.Question is now SearchOptions"):
        assert imageshelf.Question is SearchOptions
    assert "Question" not in imageshelf.__all__


def test_search_takes_its_options_by_their_old_name(shelve: Path, photos: Path) -> None:
    one = SearchOptions(limit=1)
    query = min(photos.iterdir())
    with pytest.warns(DeprecationWarning, match=r"search\(question=\.\.\.\) is now options="):
        matches = search(query, shelve, question=one)  # type: ignore[call-arg]
    assert list(matches) == list(search(query, shelve, options=one))


def test_duplicates_takes_its_callbacks_by_their_old_names(shelve: Path) -> None:
    shares: list[float] = []
    with pytest.warns(DeprecationWarning, match="duplicates") as warned:
        found = duplicates(shelve, question=GroupOptions(), done=shares.append, read=shares.append)  # type: ignore[call-arg]
    assert [str(warning.message) for warning in warned] == [
        "duplicates(question=...) is now options=...",
        "duplicates(done=...) is now progress=...",
        "duplicates(read=...) is now decoding_progress=...",
    ]
    assert found.groups == duplicates(shelve).groups
    assert shares


def test_an_old_name_beside_the_new_one_is_an_error() -> None:
    @renamed_parameters(colour="color")
    def paint(color: str) -> str:
        return color

    with pytest.raises(TypeError, match="colour"):
        paint(color="red", colour="blue")  # type: ignore[call-arg]
