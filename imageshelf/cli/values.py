"""The values of options: each checked, and refused in a sentence that says what is expected."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from imageshelf.hashing.hash_names import BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from imageshelf.copies.keep_rule import KeepRule

MOST_BITS = max(BITS.values())  # search.py does not know the shelf's hash yet


def path(text: str) -> str:
    """Return a path; an empty one, from an unset variable, would mean the working folder."""
    if not text:
        raise _refused(path, text)
    return text


def whole_number(text: str) -> int:
    """Return a number of at least 0."""
    if not text.isdecimal():
        raise _refused(whole_number, text)
    return int(text)


def size_bytes(text: str) -> int:
    """Return a size in bytes: a number, perhaps with a unit.

    >>> size_bytes("1MB"), size_bytes("1.5 kb"), size_bytes("2KiB"), size_bytes("300")
    (1000000, 1500, 2048, 300)
    """
    parts = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(?:([KMGT])(I)?)?B?", text.upper())
    if not parts:
        raise _refused(size_bytes, text)
    unit: int = 1024 if parts[3] else 1000
    return round(float(parts[1]) * float(unit) ** (" KMGT".index(parts[2] or " ")))


def megabytes(text: str) -> int:
    """Return a size in millions of bytes, at least 1; a bare number counts these."""
    size = int(text) if text.isdecimal() else size_bytes(text) // 10**6
    if not size:
        raise _refused(megabytes, text)
    return size


def at_least_one(text: str) -> int:
    """Return a number of at least 1."""
    if not (text.isdecimal() and int(text)):
        raise _refused(at_least_one, text)
    return int(text)


def positive(text: str) -> float:
    """Return a number of seconds above 0."""
    number = _number(text)
    if not 0 < number < 1e6:
        raise _refused(positive, text)
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
        raise _refused(percent, text)
    return number


def bits(text: str) -> int:
    """Return a distance between two keys."""
    if not (text.isdecimal() and int(text) <= MOST_BITS):
        raise _refused(bits, text)
    return int(text)


def kinds(text: str) -> frozenset[str]:
    """Return the kinds in a list; a hyphen may stand for a space."""
    from imageshelf.searching.kinds import KINDS, kinds_of

    try:
        _require_known("kind", text.replace("-", " "), KINDS)
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
    from imageshelf.copies.criterion_names import CRITERION_NAMES
    from imageshelf.copies.keep_rule import FORMER, KeepRule, UnknownCriterionError

    _require_known("criterion", text, [*CRITERION_NAMES, *FORMER])
    try:
        return KeepRule([name.strip() for name in text.split(",")])
    except UnknownCriterionError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


EXPECTED: dict[Callable[[str], Any], str] = {
    path: "a path",
    whole_number: "a whole number of at least 0",
    size_bytes: "a size such as 500kB or 1MB",
    megabytes: "a size such as 500MB or 2GB",
    at_least_one: "a number of at least 1",
    positive: "a number of seconds above 0",
    scheduler: "an address such as tcp://HOST:8786",
    percent: "a percentage from 0 to 100",
    bits: f"a number of bits from 0 to 64 ({MOST_BITS} of marr)",
    kinds: "kinds such as near,turned",
    kinds_to_clean: "kinds such as near,turned",
    keep_rule: "criteria such as pixels,older",
}


def _refused(kind: Callable[[str], Any], text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"expected {EXPECTED[kind]}, got {text!r}")


def _require_known(noun: str, text: str, known: Iterable[str]) -> None:
    """Refuse the first name of a list that is nearly a known one, and say which."""
    names = list(known)
    for name in text.split(","):
        if name.strip() not in names and (perhaps := meant(name.strip(), names)):
            raise argparse.ArgumentTypeError(f"there is no {noun} {name.strip()!r}{perhaps}")


def meant(word: str, known: Iterable[str]) -> str:
    """Return a question after the nearest of the known words, or ""."""
    from difflib import get_close_matches

    bare = {each.lstrip("-"): each for each in known}  # all options begin alike
    near = get_close_matches(word.lstrip("-"), bare, 1)
    return f"; did you mean {bare[near[0]]}?" if near else ""
