"""Pictures that look alike and are different: which would go, and what is said of their copies.

python tests/benchmarks/lookalikes.py
python tests/benchmarks/lookalikes.py --layout 2
python tests/benchmarks/lookalikes.py --sets form,icon --number 20 --out FOLDER --keep

Every set (lookalike_sets/) is drawn: 60 really different pictures of one kind. They are indexed by
index.py and asked about through the command lines: search.py --duplicates, and clean --kind
near,turned, which only plans. Whatever would go then is a loss. Four pictures of each set are
copied in 24 ways and altered locally in six, of 0.3 to 10 % of the picture; search.py --query
tells the kind of each beside the originals, and of an alteration the rectangles. At last a plan
is made over everything together: a copy may go for its own original or another copy of it, an
altered picture and a look-alike may not.

Layout 1 is for choosing thresholds, layout 2 for reporting on them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import lookalike_answers as answering  # noqa: E402
from tests.benchmarks.lookalike_answers import MATCHES, NONE, Answers, Told  # noqa: E402
from tests.benchmarks.lookalike_sets import SETS  # noqa: E402
from tests.benchmarks.lookalike_sets.copies import SCANNED  # noqa: E402
from tests.benchmarks.lookalike_sets.folders import Wanted  # noqa: E402

LARGE = 0.02  # share of the picture from which on a told rectangle counts
HIT = 0.5  # intersection over union
KINDS = ("near", "variant", "other kind", NONE)
COLUMNS = (
    "set", "pictures", "called copies", "would go", "copies", *KINDS, "another one too",
    "scanned: near or variant",
)  # fmt: skip


def share(part: int, whole: int) -> str:
    """Percentage, or a dash of nothing."""
    return f"{part / whole:.1%}" if whole else "-"


def kinds(told: Iterable[Told]) -> Counter[str]:
    """How many were told near (or identical, or turned), variant, of another kind, or not found."""
    known = {"variant": "variant", NONE: NONE, **dict.fromkeys(MATCHES, "near")}
    return Counter(known.get(one.kind, "other kind") for one in told)


def set_table(answers: Answers) -> Iterator[str]:
    """Markdown lines: each set, what would go of it, and what is said of its copies."""
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---|" + "---:|" * (len(COLUMNS) - 1)
    for name in (*answers.pictures, "all"):
        chosen = answers.pictures if name == "all" else {name}
        copies = [one for one in answers.copies if one.made.name in chosen]
        usual = [one for one in copies if one.made.how != SCANNED]
        scans = kinds(one for one in copies if one.made.how == SCANNED)
        told = kinds(usual)
        cells = [sum(counted[one] for one in chosen) for counted in answers[:3]]
        shares = [share(told[kind], len(usual)) for kind in KINDS]
        confused = share(sum(one.wrong > 0 for one in copies), len(copies))
        scanned = share(scans["near"] + scans["variant"], scans.total())
        row = (name, *map(str, cells), str(len(usual)), *shares, confused, scanned)
        yield "| " + " | ".join(row) + " |"


def table(told: Sequence[Told], key: Callable[[Told], str], head: str) -> Iterator[str]:
    """Markdown lines: what is said of what was made, by a key."""
    yield f"| {head} | made | near | variant | other kind | {NONE} |"
    yield "|---|---:|---:|---:|---:|---:|"
    groups = defaultdict(list)
    for one in told:
        groups[key(one)].append(one)
    for name in sorted(groups):
        counted = kinds(groups[name])
        shares = (
            share(counted[kind], counted.total())
            for kind in ("near", "variant", "other kind", NONE)
        )
        yield f"| {name} | {counted.total()} | " + " | ".join(shares) + " |"


def rectangle_lines(told: Sequence[Told]) -> Iterator[str]:
    """Lines about the rectangles of alterations that are told."""
    large = [one for one in told if one.made.share > LARGE]
    if not any(one.regions for one in told):
        yield f"rectangles: not told, of {len(large)} alterations over {LARGE:.0%} of the picture"
        return
    overlaps = [answering.overlap(one) for one in large]
    yield (
        f"rectangles of {len(large)} alterations over {LARGE:.0%} of the picture: overlap (IoU) at "
        f"least {HIT} in {np.mean(np.array(overlaps) >= HIT):.1%}, median {np.median(overlaps):.2f}"
    )


def summary(answers: Answers) -> Iterator[str]:
    """Lines of the whole report."""
    yield from set_table(answers)
    yield ""
    yield from table(answers.copies, lambda one: one.made.how, "copies")
    yield ""
    yield from table(answers.alterations, lambda one: one.made.how, "alterations")
    yield ""
    yield from table(
        answers.alterations, lambda one: f"{one.made.planned:5.1%}", "about so much altered"
    )
    yield ""
    yield from rectangle_lines(answers.alterations)
    yield "in a plan over everything together:"
    yield from (f"- {count} {what}" for what, count in sorted(answers.together.items()))
    yield "CPU time: " + ", ".join(f"{what} {spent:.1f} s" for what, spent in answers.cpu_s.items())


def sets_of(text: str) -> tuple[str, ...]:
    """Names of sets between commas."""
    names = tuple(text.split(","))
    if unknown := sorted(set(names) - set(SETS)):
        raise argparse.ArgumentTypeError(f"no such set: {', '.join(unknown)}; of {', '.join(SETS)}")
    return names


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=sets_of, default=tuple(SETS), metavar="A,B")
    parser.add_argument("--number", type=int, default=60, metavar="N", help="pictures of each set")
    parser.add_argument(
        "--copied", type=int, default=4, metavar="N", help="of them copied, altered"
    )
    parser.add_argument("--layout", type=int, choices=(1, 2), default=1)
    parser.add_argument("--out", metavar="DIR", help="draw there, and leave the pictures")
    parser.add_argument("--keep", action="store_true", help="use what an earlier run drew in --out")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.realpath(args.out or folder)
        if os.path.isdir(out) and os.listdir(out) and not args.keep:
            parser.error(f"{out} is not empty: --keep uses what is there")
        os.makedirs(out, exist_ok=True)
        wanted = Wanted(args.sets, args.number, min(args.copied, args.number), args.layout)
        for line in summary(answering.asked(out, wanted)):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
