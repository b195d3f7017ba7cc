"""How well the second look tells copies from look-alikes, and how fast.

python tests/benchmarks/overlay.py --half 1            (drawn pictures alone)
python tests/benchmarks/overlay.py --half 1 --photos PHOTOS --scenes 40 --side 256
python tests/benchmarks/overlay.py --blocks 60         (forms, all against all, by the block test)

Thresholds are chosen on half 0 (and look-alikes of layout 1) and reported on half 1 (layout 2).
`--misses` lists the pairs that are not what their group should be.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import sys
import time
import zlib
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.overlay.coarse import block, coarse, possible  # noqa: E402
from imageshelf.overlay.comparison import look  # noqa: E402
from imageshelf.overlay.geometry import TURNS, WHOLE  # noqa: E402
from imageshelf.overlay.sheets import PictureSheet  # noqa: E402
from imageshelf.pictures.warping import warped  # noqa: E402
from tests.benchmarks import edits, lookalike_sets  # noqa: E402
from tests.coarse_pairs import possible_pair  # noqa: E402
from tests.scenes.drawing import snapshot  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imageshelf.overlay.geometry import Box
    from imageshelf.overlay.verdict import Verdict

    Rng = np.random.Generator
    Rectangle = tuple[float, float, float, float]

SIZE = (600, 450)
COPIES, LIGHT, HARD = "copies", "light edits", "hard edits"
LOOKALIKES, DOCUMENTS, PARTS = "look-alikes", "documents' copies", "documents' parts"
SERIES, STRANGERS, COLOURS = "series", "strangers", "hue turned"
WANTED = {
    COPIES: ("near",),
    DOCUMENTS: ("near",),
    LIGHT: ("near", "variant"),
    PARTS: ("variant",),
    LOOKALIKES: ("variant", "another", "other"),
    SERIES: ("variant", "another", "other"),
    STRANGERS: ("another", "other"),
    COLOURS: ("near", "variant"),
    HARD: ("near", "variant", "another", "other"),
}
ANOTHER_HUE = ("hue by 20 degrees", "hue by 60 degrees")  # the first is a matter of taste
SHARES = (0.003, 0.01, 0.03, 0.1)  # of a document, replaced


class Job(NamedTuple):
    """One picture or set of which pairs are made, in a process of its own."""

    group: str
    name: str  # of a photograph's file, of a set, or the seed of a scene
    number: int
    half: int
    side: int
    photos: str


class Row(NamedTuple):
    """What became of one pair."""

    group: str
    family: str
    name: str
    verdict: Verdict
    milliseconds: float
    overlap: float  # of told and true rectangles, their intersection over their union; nan
    possible: bool  # the block test leaves the pair for the look


def reduced(image: Image.Image, side: int) -> PictureSheet:
    """Sheet of a picture, at a long side of so many pixels at most."""
    image = shown(image)
    scale = side / max(image.size)
    if scale < 1:
        size = [max(2, round(length * scale)) for length in image.size]
        image = image.resize((size[0], size[1]), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return PictureSheet(np.asarray(image))


def shown(image: Image.Image) -> Image.Image:
    """A picture as viewers show it, in RGB."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def decoded(made: Image.Image | edits.File) -> Image.Image:
    return Image.open(io.BytesIO(edits.finished(made).data))


def jpeg(image: Image.Image, quality: int = 88) -> Image.Image:
    return decoded(edits.saved(image, "jpg", quality=quality))


def scaled(image: Image.Image, factor: float) -> Image.Image:
    size = [max(2, round(length * factor)) for length in image.size]
    return image.resize((size[0], size[1]), Image.Resampling.LANCZOS)


RESAVED: dict[str, Callable[[Image.Image], Image.Image]] = {
    **{f"quality {q}": partial(jpeg, quality=q) for q in (90, 50, 30, 15, 8)},
    "half": lambda image: jpeg(scaled(image, 0.5)),
    "quarter": lambda image: jpeg(scaled(image, 0.25)),
    "to 128": lambda image: jpeg(ImageOps.contain(image, (128, 128))),
    "128 and back": lambda image: jpeg(ImageOps.contain(image, (128, 128)).resize(image.size)),
    "brighter": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.2)),
    "darker": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(0.7)),
    "contrast 130 %": lambda image: jpeg(ImageEnhance.Contrast(image).enhance(1.3)),
    "contrast 70 %": lambda image: jpeg(ImageEnhance.Contrast(image).enhance(0.7)),
    "gamma": lambda image: jpeg(
        image.point([round(255 * (v / 255) ** 1.5) for v in range(256)] * 3)
    ),
    "grey": lambda image: jpeg(image.convert("L").convert("RGB")),
    "border 5 %": lambda image: jpeg(
        ImageOps.expand(image, round(0.05 * max(image.size)), "white")
    ),
    "blurred": lambda image: jpeg(image.filter(ImageFilter.GaussianBlur(1))),
    "sharpened": lambda image: jpeg(image.filter(ImageFilter.SHARPEN)),
    "WebP 50": lambda image: decoded(edits.saved(image, "webp", quality=50)),
}


def pairs(job: Job) -> Iterator[tuple[str, PictureSheet, PictureSheet, Rectangle | None]]:
    """Family, both sheets and, where known, the rectangle that differs, of every pair of a job."""
    if job.group == LOOKALIKES:
        yield from _lookalikes(job)
    elif job.group in {DOCUMENTS, PARTS}:
        yield from _documents(job)
    elif job.group == SERIES:
        frames = [reduced(Image.open(path), job.side) for path in job.name.split("|")]
        yield "frame", frames[0], frames[1], None
    elif job.group == STRANGERS:
        yield from _strangers(job)
    else:
        yield from _edits(job)


def _lookalikes(job: Job) -> Iterator[tuple[str, PictureSheet, PictureSheet, None]]:
    layout = job.half + 1
    here = reduced(jpeg(lookalike_sets.drawn(job.name, job.number, layout)), job.side)
    for other in (1, 2, 3, 5, 7):
        there = lookalike_sets.drawn(job.name, job.number + other, layout)
        yield job.name, here, reduced(jpeg(there), job.side), None


def _documents(job: Job) -> Iterator[tuple[str, PictureSheet, PictureSheet, Rectangle | None]]:
    image = lookalike_sets.drawn(job.name, job.number, job.half + 1).convert("RGB")
    here = reduced(jpeg(image), job.side)
    rng = np.random.default_rng(job.number)
    if job.group == DOCUMENTS:
        for family in rng.choice(list(RESAVED), 8, replace=False):
            yield str(family), here, reduced(RESAVED[family](image), job.side), None
        return
    other = lookalike_sets.drawn(job.name, job.number + 1, job.half + 1).convert("RGB")
    for share in SHARES:
        replaced = _replaced(image, other.resize(image.size), share, rng)
        if replaced is not None:
            yield f"part {share}", here, reduced(jpeg(replaced[0]), job.side), replaced[1]


def _replaced(
    image: Image.Image, other: Image.Image, share: float, rng: Rng
) -> tuple[Image.Image, Rectangle] | None:
    """A picture with a rectangle of another one, and where they truly differ; None if nowhere."""
    width, height = image.size
    for _ in range(20):
        across = int(min(0.9 * width, (share * width * height * rng.uniform(1, 4)) ** 0.5))
        down = int(min(0.9 * height, share * width * height / across))
        x, y = int(rng.integers(width - across)), int(rng.integers(height - down))
        box = (x, y, x + across, y + down)
        made = image.copy()
        made.paste(other.crop(box), (x, y))
        off = np.abs(np.asarray(made, np.int16) - np.asarray(image, np.int16)).max(axis=2) > 40
        if off[y : y + down, x : x + across].mean() > 0.06:
            rows, columns = np.nonzero(off)
            true = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            return made, tuple(
                v / length for v, length in zip(true, (width, height) * 2, strict=True)
            )
    return None


def _strangers(job: Job) -> Iterator[tuple[str, PictureSheet, PictureSheet, None]]:
    """The nearest of many other pictures, by their stamps."""
    paths = _photographs(job.photos) + [str(n) for n in range(60)]
    sheets = [reduced(_source(path), job.side) for path in paths]
    stamps = np.stack([sheet.stamp(WHOLE) for sheet in sheets])
    alike = stamps @ stamps.T - np.eye(len(sheets))
    for n, row in enumerate(alike):
        for other in row.argsort()[-3:]:
            same = (
                os.path.dirname(paths[n])
                and "iphone_hdr" in paths[n]
                and "iphone_hdr" in paths[other]
            )
            if not same:
                yield "nearest", sheets[n], sheets[other], None


def _edits(job: Job) -> Iterator[tuple[str, PictureSheet, PictureSheet, None]]:
    image = _source(job.name)
    here = reduced(image, job.side)
    groups = {
        COPIES: ["resaved, resized, retoned", "turned, mirrored"],
        COLOURS: ["resaved, resized, retoned"],
        LIGHT: ["light"],
        HARD: ["hard"],
    }
    for n, (family, edit) in enumerate(
        pair for name in groups[job.group] for pair in edits.EDITS[name]
    ):
        if (family in ANOTHER_HUE) == (job.group == COLOURS):
            made = decoded(edit(image, np.random.default_rng([job.number, n])))
            yield family, here, reduced(made, job.side), None


def _source(name: str) -> Image.Image:
    """A photograph by its path or a drawn scene by its number, at most 1,600 pixels long."""
    if name.isdigit():
        return jpeg(snapshot(int(name), SIZE), 92)
    with Image.open(name) as opened:
        opened.draft("RGB", (1600, 1600))
        image = shown(opened)
    image.thumbnail((1600, 1600))
    return image


def measured(job: Job) -> list[Row]:
    """Rows of all pairs of a job."""
    rows = []
    for family, here, there, true in pairs(job):
        first, second = (here, there) if zlib.crc32(family.encode()) % 2 or true else (there, here)
        turn = likeliest_turn(first, second)
        first, second = PictureSheet(first.picture), PictureSheet(second.picture)
        start = time.process_time()
        verdict = look(first, second, turn, warped)
        spent = 1e3 * (time.process_time() - start)
        overlap = union_overlap(verdict, true) if true else float("nan")
        ours, theirs = likeliest_boxes(first.turned(turn), second)
        possible = possible_pair(coarse(first.turned(turn), ours), coarse(second, theirs))
        rows.append(
            Row(job.group, family, f"{job.name} {job.number}", verdict, spent, overlap, possible)
        )
    return rows


def likeliest_turn(first: PictureSheet, second: PictureSheet) -> int:
    """The turn that hashes would nominate, by the whole pictures and what is inside borders."""

    def alike(turn: int) -> float:
        turned = first.turned(turn)
        ours, theirs = likeliest_boxes(turned, second)
        return float(turned.stamp(ours) @ second.stamp(theirs)) - 0.02 * (turn > 0)

    return max(range(TURNS), key=alike)


def likeliest_boxes(first: PictureSheet, second: PictureSheet) -> tuple[Box, Box]:
    """The views, whole or inside borders, that hashes would nominate by."""
    views = itertools.product(first.boxes, second.boxes)
    return max(views, key=lambda boxes: float(first.stamp(boxes[0]) @ second.stamp(boxes[1])))


def union_overlap(verdict: Verdict, true: Rectangle) -> float:
    """Intersection over union of the told rectangles, together, and the true one."""
    sheet = np.zeros((500, 500), np.uint8)
    for x, y, width, height in verdict.regions:
        sheet[
            round(500 * y) : round(500 * (y + height)), round(500 * x) : round(500 * (x + width))
        ] |= 1
    x0, y0, x1, y1 = (round(500 * edge) for edge in true)
    sheet[y0:y1, x0:x1] |= 2
    return float((sheet == 3).sum() / (sheet > 0).sum())


def _photographs(folder: str) -> list[str]:
    if not folder:
        return []
    found = [os.path.join(folder, name) for name in ("camera", "series")]
    return sorted(
        os.path.join(path, name)
        for path in found
        for name in os.listdir(path)
        if name.lower().endswith(".jpg")
    )


def jobs(args: argparse.Namespace) -> Iterator[Job]:
    """All that is measured, of the half asked for."""
    half, side, photos = args.half, args.side, args.photos
    sources = [str(seed) for seed in range(1000 * half, 1000 * half + args.scenes)]
    sources += [path for n, path in enumerate(_photographs(photos)) if n % 2 == half]
    for group in (COPIES, COLOURS, LIGHT, HARD):
        for number, name in enumerate(sources):
            yield Job(group, name, number, half, side, photos)
    for name in lookalike_sets.SETS:
        for number in range(args.drawn):
            for group in (LOOKALIKES, DOCUMENTS, PARTS):
                yield Job(group, name, args.first + 3 * number, half, side, photos)
    frames = [path for path in _photographs(photos) if "series" in path]
    for pair in itertools.pairwise(frames):
        yield Job(SERIES, "|".join(pair), 0, half, side, photos)
    yield Job(STRANGERS, "", 0, half, side, photos)


def report(rows: list[Row], *, misses: bool) -> None:
    """Print a table of kinds by group and family, and the pairs that are not what they should."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    for group, members in groups.items():
        _print_group(group, members)
        families: dict[str, list[Row]] = defaultdict(list)
        for row in members:
            families[row.family].append(row)
        for family, some in sorted(families.items()):
            _print_family(family, some, group)
    if misses:
        for row in rows:
            if row.verdict.kind not in WANTED[row.group]:
                print(
                    row.group,
                    "|",
                    row.family,
                    "|",
                    row.name,
                    "|",
                    row.verdict.kind,
                    row.verdict.reasons,
                )
    spent = sorted(row.milliseconds for row in rows)
    print(f"CPU a pair: median {spent[len(spent) // 2]:.1f} ms, mean {sum(spent) / len(spent):.1f}")


def _print_group(group: str, rows: list[Row]) -> None:
    kinds = Counter(row.verdict.kind for row in rows)
    right = sum(row.verdict.kind in WANTED[group] for row in rows) / len(rows)
    spent = np.median([row.milliseconds for row in rows])
    print(f"\n{group}: {len(rows)} pairs, {100 * right:.2f} % {' or '.join(WANTED[group])}")
    print("   ", dict(kinds), f"median {spent:.1f} ms CPU")
    thrown = [row for row in rows if not row.possible]
    lost = sum(row.verdict.kind == "near" for row in thrown)
    print(f"    the block test throws out {len(thrown)}, of which {lost} are near")


def _print_family(family: str, rows: list[Row], group: str) -> None:
    kinds = Counter(row.verdict.kind for row in rows)
    told = [
        row.overlap for row in rows if row.verdict.kind == "variant" and row.overlap == row.overlap
    ]
    if told:
        good = np.mean(np.array(told) >= 0.5)
        overlaps = f"IoU median {np.median(told):.2f}, >= 0.5: {100 * good:.0f} %"
        print(f"    {family:24} {dict(kinds)}  {overlaps}")
    elif any(row.verdict.kind not in WANTED[group] for row in rows) or group == LOOKALIKES:
        why = Counter(reason for row in rows for reason in row.verdict.reasons)
        print(f"    {family:24} {dict(kinds)}  {dict(why)}")


def blocks(count: int) -> None:
    """Print what the block test leaves of forms filled in differently, and what it takes."""
    for name in ("form", "invoice", "questionnaire", "settings"):
        drawn = [reduced(jpeg(lookalike_sets.drawn(name, n, 1)), 256) for n in range(count)]
        pictures = block([coarse(sheet) for sheet in drawn])
        left = int(possible(pictures, pictures).sum()) - count
        print(f"{name}: {left // 2} of {count * (count - 1) // 2} pairs are left")
        full = block([coarse(drawn[n % count]) for n in range(256)])
        start = time.process_time()
        possible(full, full)
        spent = (time.process_time() - start) * 8e6 / 256**2
        print(f"    8 million pairs take {spent:.1f} s of CPU")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="", metavar="DIR")
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--drawn", type=int, default=8, help="pictures of each look-alike set")
    parser.add_argument("--first", type=int, default=0, help="number of the first of these")
    parser.add_argument("--groups", default="", help="names, separated by commas")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--blocks", type=int, default=0, metavar="N", help="forms of each kind")
    args = parser.parse_args(argv)
    if args.blocks:
        blocks(args.blocks)
        return 0
    wanted = [job for job in jobs(args) if not args.groups or job.group in args.groups.split(",")]
    with ProcessPoolExecutor(args.jobs) as pool:
        rows = [row for found in pool.map(measured, wanted) for row in found]
    report(rows, misses=args.misses)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
