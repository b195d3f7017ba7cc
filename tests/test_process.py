"""Versions are found without importing what they are of."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from imageshelf.system import process


@pytest.mark.parametrize("name", ["ImageHash", "imagehash", "pillow-heif", "Pillow"])
def test_versions_are_those_of_the_metadata(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_version_by_metadata", lambda _: "asked")
    assert process.version(name) == metadata.version(name)


def test_what_is_not_installed_has_no_version() -> None:
    assert process.version("no-such-distribution") is None


@pytest.mark.parametrize("folders", [[], ["some_thing-1.0.dist-info", "some_thing-1.1.dist-info"]])
def test_where_folders_do_not_tell_the_metadata_is_asked(
    folders: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "gone"), str(Path(__file__))])
    monkeypatch.setattr(process, "_version_by_metadata", lambda name: f"asked for {name}")
    assert process.version("some-thing") == "asked for some-thing"


def test_the_name_must_agree_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("Some.Thing-2.5.dist-info", "some_thing_else-3.0.dist-info"):
        (tmp_path / folder.replace(".Thing", "_Thing")).mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert process.version("some.thing") == "2.5"
