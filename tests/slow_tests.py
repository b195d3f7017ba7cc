"""The tests that `--quick` leaves out: those that took long when all were timed.

    python -m tests --measure    on an idle machine; writes tests/slow.txt anew

A list and no marks: what is slow is measured, in one go, and a new test is quick until then. What
stays are the quickest test functions that fit into a minute of two cores.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

LIST = Path(__file__).with_name("slow.txt")
QUICK_S = 60.0  # of all that stays together; collecting and starting take another 20 s of two cores
HEAD = "# Test functions that --quick leaves out; written by python -m tests --measure\n"


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
        quickest_first = sorted(self._taken_s, key=self._taken_s.__getitem__)
        so_far_s = accumulate(self._taken_s[name] for name in quickest_first)
        slow = sorted(name for name, s in zip(quickest_first, so_far_s, strict=True) if s > QUICK_S)
        LIST.write_text(HEAD + "".join(f"{name}\n" for name in slow), encoding="utf-8")
