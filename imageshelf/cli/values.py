"""The values of options: each checked, and refused in a sentence that says what is expected."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from imageshelf.hashing.hash_names import BITS

if TYPE_CHECKING:
    from imageshelf.copies.keep_rule import KeepRule


def path(text: str) -> str:
    """Return a path; an empty one, from an unset variable, would mean the working folder."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got ''")
    return text


def whole_number(text: str) -> int:
    """Return a number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return int(text)


def size_bytes(text: str) -> int:
    """Return a size in bytes: a number, perhaps with a unit.

    >>> size_bytes("1MB"), size_bytes("1.5 kb"), size_bytes("2KiB"), size_bytes("300")
    (1000000, 1500, 2048, 300)
    """
    parts = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(?:([KMGT])(I)?)?B?", text.upper())
    if not parts:
        raise argparse.ArgumentTypeError(f"expected a size such as 500kB or 1MB, got {text!r}")
    unit: int = 1024 if parts[3] else 1000
    return round(float(parts[1]) * float(unit) ** (" KMGT".index(parts[2] or " ")))


def megabytes(text: str) -> int:
    """Return a size in millions of bytes, at least 1; a bare number counts these."""
    size = int(text) if text.isdecimal() else size_bytes(text) // 10**6
    if not size:
        raise argparse.ArgumentTypeError(f"expected a size such as 500MB or 2GB, got {text!r}")
    return size


def at_least_one(text: str) -> int:
    """Return a number of at least 1."""
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, got {text!r}")
    return int(text)


def positive(text: str) -> float:
    """Return a number of seconds above 0."""
    number = _number(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return number


def scheduler(text: str) -> str:
    """Return the address of a Dask scheduler."""
    from imageshelf.workers.cluster.client import checked
    from imageshelf.workers.jobs import WorkerError

    try:
        return checked(text)
    except WorkerError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def percent(text: str) -> float:
    """Return a percentage."""
    number = _number(text.removesuffix("%"))
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"expected 0 to 100 percent, got {text!r}")
    return number


def bits(text: str) -> int:
    """Return a distance between two keys."""
    most = max(BITS.values())  # search.py does not know the shelf's hash yet
    if not (text.isdecimal() and int(text) <= most):
        raise argparse.ArgumentTypeError(f"expected 0 to 64 bits ({most} of marr), got {text!r}")
    return int(text)


def kinds(text: str) -> frozenset[str]:
    """Return the kinds in a list; a hyphen may stand for a space."""
    from imageshelf.searching.kinds import kinds_of

    try:
        return kinds_of(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def kinds_to_clean(text: str) -> frozenset[str]:
    """Return the kinds in a list, all of which may go by rule."""
    from imageshelf.cleanup.planning import BY_NAME

    wanted = kinds(text)
    if never := sorted(wanted - BY_NAME):
        raise argparse.ArgumentTypeError(
            f"{never[0]} pictures go only when you choose them one by one with --selection"
        )
    return wanted


def keep_rule(text: str) -> KeepRule:
    """Return the rule that puts the named criteria first."""
    from imageshelf.copies.keep_rule import KeepRule, UnknownCriterionError

    try:
        return KeepRule([name.strip() for name in text.split(",")])
    except UnknownCriterionError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0
