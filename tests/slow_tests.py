"""The tests that `--quick` leaves out: those that took long when all were timed.

    python -m tests --measure    on an idle machine; writes tests/slow.txt anew

A list and no marks: what is slow is measured, in one go, and a new test is quick until then. One
test function in four takes nine tenths of the time, so leaving these out is enough.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

LIST = Path(__file__).with_name("slow.txt")
LEAST_S = 0.25  # of a function, with its set-up and all its parameters together
HEAD = f"# Test functions that take more than {LEAST_S} s; written by python -m tests --measure\n"


def listed() -> frozenset[str]:
    """Return the slow test functions, as in "tests/test_x.py::test_y"."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


class Measurement:
    """A plugin that times every test function, and writes the list anew at the end."""

    def __init__(self) -> None:
        self._taken_s: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._taken_s[report.nodeid.partition("[")[0]] += report.duration

    def pytest_sessionfinish(self) -> None:
        slow = sorted(name for name, taken_s in self._taken_s.items() if taken_s > LEAST_S)
        LIST.write_text(HEAD + "".join(f"{name}\n" for name in slow), encoding="utf-8")
