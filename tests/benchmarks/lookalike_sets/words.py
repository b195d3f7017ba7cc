"""Words that fill a template in: names, places, dates, amounts, sentences, all from a generator.

The lists are in words.txt, one a line.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    Rng = np.random.Generator

T = TypeVar("T")

with open(os.path.join(os.path.dirname(__file__), "words.txt"), encoding="ascii") as file:
    LISTS = {
        key: tuple(line.strip().split(" | ")) for key, line in (row.split(": ", 1) for row in file)
    }
FIRST, LAST, MONTHS = LISTS["first"], LISTS["last"], LISTS["months"]
STREETS, TOWNS, COMPANIES = LISTS["streets"], LISTS["towns"], LISTS["companies"]
GOODS, PARTS = LISTS["goods"], LISTS["parts"]
NOUNS, VERBS, ADJECTIVES = LISTS["nouns"], LISTS["verbs"], LISTS["adjectives"]
JOINTS, PREPOSITIONS = LISTS["joints"], LISTS["prepositions"]


def pick(rng: Rng, choices: Sequence[T]) -> T:
    """One of some choices."""
    return choices[int(rng.integers(len(choices)))]


def several(rng: Rng, choices: Sequence[T], count: int) -> list[T]:
    """So many different ones of some choices, in any order."""
    return [choices[int(n)] for n in rng.permutation(len(choices))[:count]]


def name(rng: Rng) -> str:
    return f"{pick(rng, FIRST)} {pick(rng, LAST)}"


def street(rng: Rng) -> str:
    return f"{rng.integers(1, 180)} {pick(rng, STREETS)}"


def town(rng: Rng) -> str:
    return f"{rng.integers(10000, 99999)} {pick(rng, TOWNS)}"


def date(rng: Rng) -> str:
    return f"{rng.integers(1, 29):02}.{rng.integers(1, 13):02}.{rng.integers(1950, 2026)}"


def long_date(rng: Rng) -> str:
    return f"{rng.integers(1, 29)} {pick(rng, MONTHS)} {rng.integers(1990, 2026)}"


def clock(rng: Rng) -> str:
    return f"{rng.integers(0, 24):02}:{rng.integers(0, 60):02}"


def number(rng: Rng, digits: int) -> str:
    """So many digits, the first of them no zero."""
    return str(int(rng.integers(10 ** (digits - 1), 10**digits)))


def price(rng: Rng, most: float = 90) -> float:
    """A price in whole cents, small ones more often."""
    return round(float(rng.random()) ** 2 * most + 0.49, 2)


def money(amount: float) -> str:
    return f"{amount:,.2f}"


def mail(rng: Rng) -> str:
    return f"{pick(rng, FIRST)}.{pick(rng, LAST)}@{pick(rng, TOWNS)}.example".lower()


def clause(rng: Rng) -> str:
    """Subject, verb, object, and sometimes where."""
    thing = f"the {pick(rng, ADJECTIVES)} {pick(rng, NOUNS)}"
    words = f"{pick(rng, (pick(rng, FIRST), 'the ' + pick(rng, NOUNS)))} {pick(rng, VERBS)} {thing}"
    where = f" {pick(rng, PREPOSITIONS)} the {pick(rng, NOUNS)}"
    return words + where * int(rng.integers(2))


def sentence(rng: Rng) -> str:
    """One to three clauses with a full stop."""
    words = clause(rng)
    for _ in range(int(rng.integers(0, 3))):
        words += f" {pick(rng, JOINTS)} {clause(rng)}"
    return words[0].upper() + words[1:] + "."


def passage(rng: Rng, sentences: int) -> str:
    return " ".join(sentence(rng) for _ in range(sentences))


def title(rng: Rng) -> str:
    """A heading of three to six words."""
    adjective, noun = pick(rng, ADJECTIVES).title(), pick(rng, NOUNS).title()
    tails = (f"of the {pick(rng, NOUNS).title()}", f"in {pick(rng, TOWNS)}", "and After")
    return f"The {adjective} {noun} {pick(rng, tails)}"
