"""Reports on disk: whole or not at all, and over nothing but reports."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from imageshelf.report.saving import MARK, ReportError, saved
from tests.conftest import ROOT

ASK = """
import os, sys
from imageshelf.report.saving import ReportError, require_writable
os.setuid(65534)
try:
    require_writable(sys.argv[1], "page")
except ReportError as problem:
    print(problem)
"""


def write(path: Path, data: bytes) -> None:
    with saved(str(path), "page") as file:
        file.write(data)


def test_a_report_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    for text in (b"one " + MARK, b"two " + MARK):
        write(path, text)
        assert path.read_bytes() == text
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_file_that_is_no_report_stays(tmp_path: Path) -> None:
    path = tmp_path / "thesis.html"
    path.write_bytes(b"years of work")
    with pytest.raises(ReportError, match=r"thesis\.html exists and is no report"):
        write(path, MARK)
    assert path.read_bytes() == b"years of work"


def test_a_failure_in_the_middle_leaves_the_old_report_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"old " + MARK)

    def half() -> None:
        with saved(str(path), "page") as file:
            file.write(MARK)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert path.read_bytes() == b"old " + MARK
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_path_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("folder", "missing/page.html", "a" * 300, "nul\0"):
        with pytest.raises(ReportError) as caught, saved(str(tmp_path / name), "page"):
            pass
        assert "\n" not in str(caught.value)
        assert "page" in str(caught.value)
    assert os.listdir(tmp_path) == ["folder"]


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 250 + ".html")
    write(path, MARK)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_folder_that_may_not_be_written_is_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are root's alone
        os.chmod(folder, 0o555)
        told = subprocess.run(
            [sys.executable, "-c", ASK, f"{folder}/page.html"], cwd=ROOT, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    assert told.stdout == f"cannot write the page {folder}/page.html: Permission denied\n"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "page.html").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReportError), saved(str(tmp_path / "page.html"), "page"):
        pass
    assert not (tmp_path / "elsewhere").exists()
