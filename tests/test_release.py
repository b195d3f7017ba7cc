"""A release has one version, written in one place, and a dated section in the changelog."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import date
from importlib import metadata

import imageshelf
from tests.conftest import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
SECTIONS = {"Added", "Changed", "Fixed"}
RELEASE = re.compile(r"(?P<version>\d+\.\d+\.\d+) - (?P<day>\d{4}-\d\d-\d\d)")


def headings(level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.*)$", CHANGELOG, re.MULTILINE)


def test_the_version_is_written_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "imageshelf.__version__"}
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "imageshelf").rglob("*.py"))
        if f'"{imageshelf.__version__}"' in path.read_text(encoding="utf-8")
    ]
    assert len(found) == 1


def test_what_is_installed_has_the_version_of_the_package() -> None:
    told = metadata.version("imageshelf")
    assert told == imageshelf.__version__, "install it again: pip install -e ."


def test_every_way_in_tells_the_version() -> None:
    for command in (["index.py"], ["search.py"], ["-m", "imageshelf"]):
        done = subprocess.run(
            [sys.executable, *command, "--version"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"imageshelf {imageshelf.__version__}\n"


def test_the_changelog_has_dated_releases_newest_first() -> None:
    unreleased, *releases = headings(2)
    assert unreleased == "Unreleased"
    matches = [RELEASE.fullmatch(release) for release in releases]
    assert all(matches)
    days = [date.fromisoformat(match["day"]) for match in matches if match]
    versions = [tuple(map(int, match["version"].split("."))) for match in matches if match]
    assert days == sorted(days, reverse=True)
    assert versions == sorted(set(versions), reverse=True)
    assert ".".join(map(str, versions[0])) == imageshelf.__version__
    assert set(headings(3)) <= SECTIONS


def test_every_file_of_the_package_goes_into_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {
        path
        for package, patterns in project["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")).glob(pattern)
    }
    files = {path for path in (ROOT / "imageshelf").rglob("*") if path.is_file()}
    assert wanted == {path for path in files if path.suffix not in {".py", ".pyc"}}
