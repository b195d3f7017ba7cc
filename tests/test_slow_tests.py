"""What `--quick` leaves out is there, is measured, and is left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import slow_tests
from tests.conftest import ROOT


def pytest_of(*arguments: object) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        [str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout


def test_nearly_every_test_on_the_list_is_there() -> None:
    """A name that has gone does no harm; when many have, the tests were not timed for long."""
    gone = []
    for name in slow_tests.listed():
        path, *_, function = name.split("::")
        if not (ROOT / path).exists() or f"def {function}(" not in (ROOT / path).read_text("utf-8"):
            gone.append(name)
    assert len(gone) < len(slow_tests.listed()) / 5, f"python -m tests --measure: {gone}"


def test_what_is_on_the_list_is_left_out() -> None:
    name = "tests/test_hamming.py::test_an_empty_index_has_no_neighbours"
    assert name not in slow_tests.listed()
    assert "1 passed" in pytest_of("--quick", name)
    slow = min(name for name in slow_tests.listed() if "test_joins" in name)
    assert pytest_of("--quick", slow).startswith("\n1 deselected")


def test_what_does_not_fit_into_the_time_comes_onto_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_tests, "LIST", tmp_path / "slow.txt")
    measurement = slow_tests.Measurement()
    for name, share in (("t.py::a[1]", 0.6), ("t.py::a[2]", 0.6), ("t.py::b", 0.8)):
        duration = share * slow_tests.QUICK_S
        report = pytest.TestReport(
            name, ("t.py", 1, ""), {}, "passed", None, "call", duration=duration
        )
        measurement.pytest_runtest_logreport(report)
    measurement.pytest_sessionfinish()
    assert slow_tests.listed() == {"t.py::a"}


def test_long_tests_and_those_of_benchmarks_wait_until_they_are_asked_for() -> None:
    long = "test_two_hundred_killed_runs_lose_nothing"
    files = ["tests/test_killed_runs.py", "tests/test_slow_tests.py"]
    assert long not in pytest_of("--collect-only", *files)
    assert long in pytest_of("--collect-only", *files, "-m", "stress")
    assert "no tests collected" in pytest_of("--collect-only", *files, "-m", "benchmarks")
    assert "tests collected in" in pytest_of("--collect-only", "tests/test_benchmarks.py")
