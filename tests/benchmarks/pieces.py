"""What a shelf with pieces finds of crops, turns, screenshots, collages; and what wrongly.

python tests/benchmarks/pieces.py --originals PHOTOS --drawing 2
python tests/benchmarks/pieces.py --originals PHOTOS --series FRAMES --photos CAMERA
python tests/benchmarks/pieces.py --originals PHOTOS --parts found --edited 20 --folder DIR

Four parts, each through the command line: `index.py --pieces`, then `search.py --query FOLDER
--format jsonl`.

found: every family of piece_families.py is made of --edited originals: photographs of PHOTOS, every
second one for each drawing, then drawn snapshots. They are looked for among all of PHOTOS and
--drawn snapshots. Found is a copy whose original is listed as a piece or by a stronger kind; first,
if no picture that it does not hold stands before it. A stranger is a picture that it does not hold.
PHOTOS must hold no two pictures of one scene. Drawing 1 is for choosing limits, 2 for reporting.

documents: --number pictures of each set of lookalike_sets/ are asked for among as many others of
each, which differ in all that is filled in. Told is a query to which another picture is said to
contain it, or it a piece of another.

alike: drawn snapshots under the same meme texts, stickers and screens (seeded alike) are asked for
among as many others. Told is counted as for documents: no picture there is a piece of another.

frames: consecutive frames of one flight (--series), and pictures of cameras (--photos), among
themselves. Nothing of a series is a piece of another frame.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.benchmarks.piece_families import Box

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import collection, drawn, lookalike_sets  # noqa: E402
from tests.benchmarks.edits import finished  # noqa: E402
from tests.benchmarks.families import evenly  # noqa: E402
from tests.benchmarks.piece_families import (  # noqa: E402
    CROPS,
    FAMILIES,
    MIRRORED,
    OTHERS,
    TWINS,
    Source,
)

PARTS = ("found", "documents", "alike", "frames")
TOLD = ("a piece of", "contains")  # what must not be said of strangers
PART = "shares a part with"
RELATIONS = (*TOLD, PART)
MUSTS = {  # shares of the copies of a group
    CROPS: 0.98, "turned": 0.97, "perspective": 0.98, "screenshots": 0.95, "memes": 0.97,
    "collages 2x2": 0.92, "on a ground": 0.97, "stickers over 15 %": 0.93,
}  # fmt: skip
ONE_PLACE = ("webcam", "burst-on-a-tripod", "burst-by-hand", "portrait-burst")
DOCUMENTS = (
    "form", "form-by-hand", "questionnaire", "invoice", "receipt", "boarding-pass", "certificate",
    "chat", "settings", "news", "editor", "spreadsheet", "letter", "book-page", "slide",
    "crossword", "line-chart", "bar-chart", "score",
)  # fmt: skip
ALIKE = ("screenshots", "memes", "stickers over 15 %")  # groups of families
DOCUMENTS_MUST, CALENDARS_MUST = 0.02, 0.10
GROUND = 900  # number of the drawn snapshot under a chat
EXAMPLES = 12  # wrong answers that are named


class Family(NamedTuple):
    """An edit by its names."""

    group: str
    name: str


class Copy(NamedTuple):
    """One copy, what it was made of, and what is true of it."""

    path: str
    original: str
    family: Family
    others: list[str]  # further pictures of the shelf that it holds
    size: tuple[int, int]
    shown: Box | None  # in pixels of the original
    turn: float | None  # degrees clockwise


class Answer(NamedTuple):
    """What is said of a copy: of its original, if anything, and of strangers, best first."""

    copy: Copy
    told: dict[str, Any] | None
    first: bool
    strangers: list[dict[str, Any]]


def run(script: str, *arguments: str) -> bytes:
    """What one of our scripts prints."""
    command = [sys.executable, os.path.join(ROOT, script), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def listed(queries: str, originals: str, shelf: str) -> dict[str, list[dict[str, Any]]]:
    """Index one folder, ask for every picture of another: the lines of each query, best first."""
    run("index.py", "-q", "--pieces", "-d", originals, "-s", shelf)
    printed = run("search.py", "-q", queries, "-s", shelf, "--format", "jsonl")
    found = defaultdict(list)
    for line in printed.splitlines():
        match = json.loads(line)
        found[os.path.abspath(match["query"])].append(match)
    return found


def relation(match: dict[str, Any]) -> str:
    """How one picture is a piece of the other; "" of every other kind."""
    return str(match["piece"]["relation"]) if match["kind"] == "piece" else ""


# -- found ----------------------------------------------------------------------------------------


def originals(folder: str, args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """All originals, copied or drawn below a folder, and those that are edited."""
    sources = sorted(path for photos in args.originals for path in collection.pictures(photos))
    photographs = [collection.copied(source, n, folder) for n, source in enumerate(sources)]
    scenes = drawn.draw(os.path.join(folder, "drawn"), args.drawn, collection.SIZE)
    half = slice(args.drawing - 1, None, 2)
    photos = evenly(photographs[half], args.edited)
    chosen = [*photos, *evenly(scenes[half], args.edited - len(photos))]
    return [*photographs, *scenes], chosen


@lru_cache(maxsize=64)
def _small(path: str) -> Image.Image:
    """A picture for a cell of a collage or a ground."""
    with Image.open(path) as opened:
        opened.draft("RGB", (800, 800))
        image = ImageOps.exif_transpose(opened).convert("RGB")
    image.thumbnail((800, 800))
    return image


class Task(NamedTuple):
    """Which copies to make of which original, and where."""

    number: int
    original: str
    beside: list[str]  # other pictures of the shelf
    folder: str
    drawing: int
    groups: Sequence[str]


def make_copies(task: Task) -> list[Copy]:
    """Make every copy of one original."""
    number, original, beside, folder, drawing, groups = task
    image = collection.upright(original)
    full = image.width
    image.thumbnail((collection.LONGEST, collection.LONGEST))
    scale = full / image.width
    others = [_small(path) for path in beside]
    copies = []
    every = [(Family(group, name), edit) for group in groups for name, edit in FAMILIES[group]]
    for n, (family, edit) in enumerate(every):
        rng = np.random.default_rng((drawing, number, *family.name.encode()))
        made = edit(Source(image, others, rng, drawing))
        file = finished(made.picture)
        path = os.path.join(folder, f"{number:04}-{n:03}.{file.suffix}")
        with open(path, "wb") as opened:
            opened.write(file.data)
        with Image.open(path) as saved:
            size = saved.size
        x, y, wide, tall = made.shown or (0, 0, 0, 0)
        shown = (x * scale, y * scale, wide * scale, tall * scale) if made.shown else None
        copies.append(Copy(path, original, family, beside[: made.others], size, shown, made.turn))
    return copies


def tasks(
    folder: str, every: Sequence[str], chosen: Sequence[str], args: argparse.Namespace
) -> list[Task]:
    """What is made of each of the chosen originals."""
    drawing, made = args.drawing, []
    for number, path in enumerate(chosen):
        rest = [other for other in every if other != path]
        order = np.random.default_rng((drawing, number)).permutation(len(rest))
        beside = [rest[n] for n in order[:OTHERS]]
        made.append(Task(number, path, beside, folder, drawing, args.groups or list(FAMILIES)))
    return made


def made_copies(folder: str, wanted: Sequence[Task]) -> list[Copy]:
    """All copies, made on every core; or those of an earlier run of the same tasks."""
    names = os.path.join(folder, "copies.json")
    key = json.loads(json.dumps(wanted))
    if os.path.exists(names):
        with open(names, encoding="utf-8") as file:
            before, rows = json.load(file)
        if before == key:
            return [Copy(*row)._replace(family=Family(*row[2])) for row in rows]
    for pictures in {task.folder for task in wanted}:
        shutil.rmtree(pictures, ignore_errors=True)
        os.makedirs(pictures)
    with ProcessPoolExecutor() as pool:
        copies = [copy for some in pool.map(make_copies, wanted) for copy in some]
    with open(names, "w", encoding="utf-8") as file:
        json.dump([key, copies], file)
    return copies


def answer(copy: Copy, matches: Sequence[dict[str, Any]]) -> Answer:
    """What the lines of one query say of its copy."""
    held = {copy.original, *copy.others}
    told, first = None, False
    strangers: list[dict[str, Any]] = []
    for match in matches:
        path = os.path.abspath(match["path"])
        if path == copy.original:
            told, first = match, not strangers
        elif path not in held:
            strangers.append(match)
    return Answer(copy, told, first, strangers)


def share(part: float, whole: float) -> str:
    """Percentage, or a dash of nothing."""
    return f"{part / whole:.1%}" if whole else "-"


def row(name: str, answers: Sequence[Answer], must: float | None = None) -> str:
    """Markdown line: how many copies, how many found and as what, ranked first, the must."""
    told = [answer.told for answer in answers if answer.told is not None]
    how = Counter(relation(match) or "stronger" for match in told)
    count = len(answers)
    shares = [share(how[word], count) for word in (*RELATIONS, "stronger")]
    first = share(sum(answer.first for answer in answers), count)
    wanted = f"{must:.0%}" if must else ""
    return f"| {name} | {count} | {share(len(told), count)} | {wanted} | {first} | " + (
        " | ".join(shares) + " |"
    )


def found_table(answers: Sequence[Answer]) -> Iterator[str]:
    """Markdown lines: each group, all, then each family."""
    yield "| copies | made | found | must | first | " + " | ".join(RELATIONS) + " | other kind |"
    yield "|---|" + "---:|" * (5 + len(RELATIONS))
    by_family: dict[Family, list[Answer]] = defaultdict(list)
    for each in answers:
        by_family[each.copy.family].append(each)
    for group in FAMILIES:
        some = [each for each in answers if each.copy.family.group == group]
        if some:
            yield row(f"**{group}**", some, MUSTS.get(group))
    yield row("**all**", answers)
    for family, some in by_family.items():
        yield row(family.name, some)


def twin_line(answers: Sequence[Answer]) -> str:
    """Sentence: mirrored families beside the same ones upright."""
    found: dict[bool, list[bool]] = {True: [], False: []}
    for each in answers:
        group, name = each.copy.family
        if group == MIRRORED or name in TWINS:
            found[group == MIRRORED].append(each.told is not None)
    if not found[True]:
        return "mirrored: none"
    mirrored, plain = (100 * np.mean(found[how]) for how in (True, False))
    return f"mirrored {mirrored:.1f} %, the same upright {plain:.1f} % (must: within 2 points)"


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two rectangles (left, top, width, height)."""
    across, down = (
        max(0.0, min(one[n] + one[n + 2], other[n] + other[n + 2]) - max(one[n], other[n]))
        for n in (0, 1)
    )
    both = across * down
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def rectangle_lines(answers: Sequence[Answer]) -> Iterator[str]:
    """Sentences: the rectangles of crops and the angles of turns beside the truth."""
    pieces = [
        (each.copy, each.told["piece"])
        for each in answers
        if each.told is not None and relation(each.told)
    ]
    crops = [(copy, copy.shown, piece) for copy, piece in pieces if copy.shown]
    theirs = [overlap(piece["match_box"], shown) for _, shown, piece in crops]
    ours = [overlap(piece["query_box"], (0, 0, *copy.size)) for copy, _, piece in crops]
    for name, values in (("original", theirs), ("copy", ours)):
        if values:
            yield (
                f"rectangles of {len(crops)} crops, in the {name}: IoU median "
                f"{np.median(values):.3f} (must 0.97), 5th percentile "
                f"{np.percentile(values, 5):.3f}"
            )
    turns = [
        abs((piece["turn"] - copy.turn + 180) % 360 - 180)
        for copy, piece in pieces
        if copy.turn is not None
    ]
    if turns:
        yield (
            f"angles of {len(turns)} turns: off by {np.median(turns):.2f} degrees (median), "
            f"{np.percentile(turns, 95):.2f} (95th percentile), at most {max(turns):.2f}"
        )


def stranger_lines(answers: Sequence[Answer], pictures: int) -> Iterator[str]:
    """Sentences: how many strangers are told, of how many pairs, and some of them."""
    pairs = sum(pictures - 1 - len(each.copy.others) for each in answers)
    wrong = [(each.copy, match) for each in answers for match in each.strangers]
    told = Counter(relation(match) or "other kind" for _, match in wrong)
    said = sum(told[word] for word in TOLD)
    yield (
        f"{pairs:,} pairs of a copy and a picture that it does not hold: {said} told a piece of, "
        f"or contains (must 0 in 5 million); {told[PART]} {PART}; {told['other kind']} other kinds"
    )
    for copy, match in wrong[:EXAMPLES]:
        what = relation(match) or match["kind"]
        yield f"  {copy.path} ({copy.family.name}) {what} {match['path']}: {match.get('piece')}"


def found_lines(folder: str, args: argparse.Namespace) -> Iterator[str]:
    """The part "found", below a folder."""
    below = os.path.join(folder, "originals")
    every, chosen = originals(below, args)
    where = os.path.join(folder, f"copies-{args.drawing}")
    pictures = os.path.join(where, "pictures")
    wanted = tasks(pictures, every, chosen, args)
    copies = made_copies(where, wanted)
    found = listed(pictures, below, os.path.join(folder, "db.shelve"))
    answers = [answer(copy, found.get(copy.path, [])) for copy in copies]
    photographs = sum(os.sep + "drawn" + os.sep not in path for path in chosen)
    families = len({copy.family for copy in copies})
    yield (
        f"drawing {args.drawing}: {len(copies):,} copies in {families} families of "
        f"{len(chosen)} originals ({photographs} photographs), among {len(every):,}\n"
    )
    yield from found_table(answers)
    yield ""
    yield twin_line(answers)
    yield from rectangle_lines(answers)
    yield from stranger_lines(answers, len(every))
    missed = [each.copy.path for each in answers if each.told is None]
    yield f"{len(missed)} missed, the first: {', '.join(missed[:EXAMPLES])}"


# -- documents and frames -------------------------------------------------------------------------


def draw_set(task: tuple[str, Sequence[int], int, str]) -> None:
    """Draw these numbers of a set into a folder: (set, numbers, layout, folder)."""
    name, numbers, layout, folder = task
    os.makedirs(folder, exist_ok=True)
    for number in numbers:
        if not any(entry.startswith(f"{number:03}.") for entry in os.listdir(folder)):
            lookalike_sets.write(name, number, layout, folder)


@lru_cache(maxsize=4)
def _snapshot(seed: int) -> Image.Image:
    return drawn.picture(seed, collection.SIZE)


def draw_alike(task: tuple[Family, int, int, str]) -> None:
    """Put a drawn snapshot into the screen, meme or stickers of a family: its number, drawing."""
    family, number, drawing, folder = task
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{number:03}.jpg")
    if os.path.exists(path):
        return
    edit = dict(FAMILIES[family.group])[family.name]
    image, *others = (_snapshot(seed) for seed in (number, GROUND))
    rng = np.random.default_rng((drawing, *family.name.encode()))
    made = finished(edit(Source(image, others, rng, drawing)).picture)
    with open(path, "wb") as file:
        file.write(made.data)


def alike_families() -> list[Family]:
    """Families that look alike whatever picture is in them."""
    names = [(group, name) for group in ALIKE for name, _ in FAMILIES[group]]
    return [Family(*each) for each in names]


def divided(number: int) -> dict[str, range]:
    """Numbers of pictures that are asked for, and of those on the shelf."""
    return {"asked": range(number, 2 * number), "stored": range(number)}


def alike_lines(folder: str, args: argparse.Namespace) -> Iterator[str]:
    """The part "alike", below a folder."""
    below = os.path.join(folder, f"alike-{args.drawing}")
    families = alike_families()
    tasks = [
        (family, number, args.drawing, os.path.join(below, part, family.name))
        for part, numbers in divided(args.number).items()
        for number in numbers
        for family in families
    ]
    with ProcessPoolExecutor() as pool:
        list(pool.map(draw_alike, tasks, chunksize=len(families)))
    found = told_by_folder(below, os.path.join(folder, "alike.shelve"))
    groups = {
        f"**{group}**": [family.name for family in families if family.group == group]
        for group in ALIKE
    }
    yield f"{args.number} pictures asked for among {args.number} others in the same frames"
    yield from told_table(groups, found, args.number, dict.fromkeys(groups, ""))


def document_lines(folder: str, args: argparse.Namespace) -> Iterator[str]:
    """The part "documents", below a folder."""
    names = args.sets or [*DOCUMENTS, "calendar", *ONE_PLACE]
    below = os.path.join(folder, f"sets-{args.drawing}")
    tasks = [
        (name, numbers, args.drawing, os.path.join(below, part, name))
        for part, numbers in divided(args.number).items()
        for name in names
    ]
    with ProcessPoolExecutor() as pool:
        list(pool.map(draw_set, tasks))
    found = told_by_folder(below, os.path.join(folder, "sets.shelve"))
    groups = {
        "**documents**": [name for name in names if name in DOCUMENTS],
        "**calendars**": [name for name in names if name == "calendar"],
        "**one place**": [name for name in names if name in ONE_PLACE],
    }
    musts = {"**documents**": f"{DOCUMENTS_MUST:.0%}", "**calendars**": f"{CALENDARS_MUST:.0%}"}
    yield f"{args.number} of each set asked for among {args.number} of each, layout {args.drawing}"
    yield from told_table(groups, found, args.number, musts)


class Told(NamedTuple):
    """How many queries of each folder are told, and some of the answers."""

    told: Counter[str]
    elsewhere: Counter[str]  # with a picture of another folder
    parted: Counter[str]
    examples: list[dict[str, Any]]


def told_by_folder(below: str, shelf: str) -> Told:
    """Ask for the pictures of below/asked among those of below/stored."""
    counts = Told(Counter(), Counter(), Counter(), [])
    asked = os.path.join(below, "asked")
    for query, matches in listed(asked, os.path.join(below, "stored"), shelf).items():
        name = os.path.basename(os.path.dirname(query))
        said = [match for match in matches if relation(match) in TOLD]
        folders = {os.path.basename(os.path.dirname(match["path"])) for match in said}
        counts.told[name] += bool(said)
        counts.elsewhere[name] += bool(folders - {name})
        counts.parted[name] += any(relation(match) == PART for match in matches)
        if counts.told[name] <= 1:  # the first of each folder
            counts.examples.extend(said[:1])
    return counts


def told_table(
    groups: dict[str, list[str]], counts: Told, number: int, musts: dict[str, str]
) -> Iterator[str]:
    """Markdown lines: shares of the queries of each group and folder that are told."""
    yield "| queries | asked | a piece of, or contains | must | of another set | shares a part |"
    yield "|---|---:|---:|---:|---:|---:|"
    every = [name for some in groups.values() for name in some]
    for title, some in [*groups.items(), *((name, [name]) for name in every)]:
        asked = number * len(some)
        told, elsewhere, parted = (sum(table[name] for name in some) for table in counts[:3])
        if asked and (title in groups or told or parted):
            cells = [share(told, asked), musts.get(title, "")]
            cells += [share(elsewhere, asked), share(parted, asked)]
            yield f"| {title} | {asked} | " + " | ".join(cells) + " |"
    for match in counts.examples[:EXAMPLES]:
        yield f"  {match['query']} {relation(match)} {match['path']}: {match['piece']}"


def frame_lines(folder: str, name: str, frames: str) -> Iterator[str]:
    """The pairs of a folder of pictures that are told, among themselves."""
    shelf = os.path.join(folder, f"{name}.shelve")
    found = listed(frames, frames, shelf)
    pairs: dict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for query, matches in found.items():
        for match in matches:
            if os.path.abspath(match["path"]) != query and relation(match):
                pairs[frozenset((query, os.path.abspath(match["path"])))].append(match)
    told = [some for some in pairs.values() if any(relation(match) in TOLD for match in some)]
    number = sum(1 for _ in collection.pictures(frames))
    must = " (must 0)" if name == "series" else ""
    yield (
        f"{name}: of {number * (number - 1) // 2:,} pairs of {number}, {len(told)} told a piece "
        f"of, or contains{must}; {len(pairs) - len(told)} more {PART}"
    )
    for some in told[:EXAMPLES]:
        match = next(match for match in some if relation(match) in TOLD)
        yield f"  {match['query']} {relation(match)} {match['path']}: {match['piece']}"


def lines(folder: str, args: argparse.Namespace) -> Iterable[str]:
    """The lines of the parts that are asked for."""
    if "found" in args.parts:
        yield from found_lines(folder, args)
        yield ""
    if "documents" in args.parts:
        yield from document_lines(folder, args)
        yield ""
    if "alike" in args.parts:
        yield from alike_lines(folder, args)
        yield ""
    if "frames" in args.parts:
        for name in ("series", "photos"):
            if frames := getattr(args, name):
                yield from frame_lines(folder, name, frames)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--originals", nargs="+", default=[], metavar="DIR")
    parser.add_argument("--drawn", type=int, default=1_000, metavar="N", help="snapshots beside")
    parser.add_argument("--edited", type=int, default=70, metavar="N")
    parser.add_argument("--drawing", type=int, choices=(1, 2), default=1)
    parser.add_argument("--groups", nargs="+", default=[], choices=FAMILIES, metavar="GROUP")
    parser.add_argument("--number", type=int, default=20, metavar="N", help="of each set")
    parser.add_argument("--sets", nargs="+", default=[], choices=lookalike_sets.SETS, metavar="SET")
    parser.add_argument("--series", metavar="DIR", help="consecutive frames")
    parser.add_argument("--photos", metavar="DIR", help="pictures of cameras")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--folder", metavar="DIR", help="keep the pictures and shelves there")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        for line in lines(os.path.realpath(args.folder or folder), args):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
