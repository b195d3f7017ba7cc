"""An explanation of two pictures, as text and as panels below the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf.hashing.fingerprints import grid
from imageshelf.hashing.hash_names import BITS, DEFAULT_DISTANCE
from imageshelf.pictures.extras import WORDS
from imageshelf.report.panels import HashGrids, Panel, Photograph, Table
from imageshelf.searching import looks, policies
from imageshelf.searching.kinds import KINDS, MATCHES, NOT_COMPARED, PIECE, VARIANT
from imageshelf.system import terminal
from imageshelf.system.words import instant, shown, size

if TYPE_CHECKING:
    from imageshelf.pictures.metadata import Facts
    from imageshelf.searching.explanation import Explanation
    from imageshelf.searching.looks import Look

TITLES = {"row": "row hash (the key)", "column": "column hash", "phash": "perceptual hash"}
DIFFERING, COMMON = "What differs, in pixels of B", "What both show, in pixels of each"
MOST_REGIONS = 12  # told, the largest
LIKE = MATCHES | {VARIANT, PIECE}


def text(explanation: Explanation) -> str:
    """Return the whole explanation as text for a terminal."""
    title, regions = _regions(explanation.look)
    parts = [
        sentence(explanation),
        *([f"{title}:\n{terminal.columns(regions, {1, 2, 3, 4})}"] if regions else []),
        terminal.columns(_descriptions(explanation)),
        terminal.columns(_verdict(explanation)),
        terminal.columns(_measures(explanation)),
        "Ways of looking at A, bits from B:\n"
        + terminal.columns(_looks(explanation), {1, 2, 3, 4}),
        *(_grids_text(explanation, name) for name in TITLES),
    ]
    return "\n\n".join(parts)


def panels(explanation: Explanation) -> tuple[Panel, ...]:
    """Return it as panels below the two pictures, with the hashes drawn."""
    pairs = [
        (f"{TITLES[name]}: {_differ(explanation, name)}", *_bits(explanation, name))
        for name in TITLES
    ]
    title, regions = _regions(explanation.look)
    differing: list[Panel] = []
    if regions:
        differing.append(Table(title, regions, right=frozenset({1, 2, 3, 4})))
    if explanation.difference:
        differing.append(Photograph("A laid over B: red differs", explanation.difference))
    return (
        *differing,
        Table("Measures", _measures(explanation), head=False),
        Table(
            "Ways of looking at A, bits from B", _looks(explanation), right=frozenset({1, 2, 3, 4})
        ),
        HashGrids("The bits, crossed where they differ", pairs),
    )


def sentences(explanation: Explanation) -> list[str]:
    """Return how the two are related, by which rule, and what else matters."""
    told = [f"{name[0].upper()}{name[1:]}: {words}." for name, words in _verdict(explanation)]
    return [sentence(explanation), *told]


def sentence(explanation: Explanation) -> str:
    """Return what the two are to each other, in one sentence."""
    words = looks.sentence(explanation.look, explanation.turn)
    unseen = explanation.look.kind in LIKE and explanation.kind not in LIKE
    return f"{words[:-1]}; but no hash nominates it." if unseen else words


def _regions(look: Look) -> tuple[str, list[list[str]]]:
    """Return a title and a table of rectangles: the largest that differ, or what is common.

    Without any the table is empty.
    """
    head = ["x", "y", "width", "height"]
    if look.piece:
        boxes = (("A", look.piece.query_box), ("B", look.piece.match_box))
        return COMMON, [["in", *head], *([name, *map(str, box)] for name, box in boxes)]
    if not look.regions:
        return DIFFERING, []
    told = look.regions[:MOST_REGIONS]
    rows = [[looks.where(region, look.size), *map(str, region)] for region in told]
    return DIFFERING, [["where", *head], *rows]


def _descriptions(explanation: Explanation) -> list[list[str]]:
    rows = [["", "pixels", "size", "format", "taken", "path"]]
    for name, picture in (("A", explanation.a), ("B", explanation.b)):
        facts = picture.facts
        rows.append(
            [
                name,
                f"{facts.width}x{facts.height}",
                size(facts.size_bytes),
                facts.format,
                _moment(facts.captured_at),
                shown(picture.path),
            ]
        )
    return rows


def _moment(captured_at: int | None) -> str:
    if captured_at is None:
        return "-"
    return instant(captured_at).isoformat(" ", "milliseconds" if captured_at % 1000 else "seconds")


def _verdict(explanation: Explanation) -> list[list[str]]:
    match = "a match" if explanation.is_match else "no match"
    kind = f"{explanation.kind}, {match}" if explanation.kind in KINDS else explanation.kind
    seen = _seen(explanation.look)
    rows = [["kind", kind], ["nominated by", explanation.decided], ["second look", seen]]
    a, b = explanation.a.facts, explanation.b.facts
    more = [
        f"{n} has {', '.join(has)}" for n, has in (("A", _more(a, b)), ("B", _more(b, a))) if has
    ]
    if more:
        rows.append(["in the file", "; ".join(more)])
    for name, picture in (("A", explanation.a), ("B", explanation.b)):
        if picture.prints.whole.low_information:
            rule = (
                f"{name} shows little: only row {policies.LOW_INFORMATION_ROW} and a mean"
                f" thumbnail difference of {policies.LOW_INFORMATION_MEAN:g} of 255 would match"
            )
            rows.append(["note", rule])
    return rows


def _more(one: Facts, other: Facts) -> list[str]:
    """Return in words what one file holds beside its picture and the other does not."""
    more = [words for bit, words in WORDS.items() if one.extras & ~other.extras & bit]
    if (one.frames or 1) > (other.frames or 1):
        noun = "pages" if one.format == "TIFF" else "frames"
        more.insert(0, f"{one.frames:,} {noun}")
    return more


def _seen(look: Look) -> str:
    """Return what the second look saw, in words."""
    if not look.compared or look.agrees is None:
        return NOT_COMPARED
    words = looks.in_words(look) or f"{100 * look.agrees:.0f} % agrees"
    return f"{look.kind}: {words}"


def _measures(explanation: Explanation) -> list[list[str]]:
    row, column, phash = (explanation.distance(name) for name in TITLES)
    best = min(explanation.errors, key=lambda name: explanation.errors[name])
    return [
        ["row distance", f"{row} of 64 bits, {policies.similarity(row):.1f} % equal"],
        ["column distance", f"{column} of 64 bits"],
        ["perceptual distance", f"{phash} of 64 bits"],
        ["score", f"{policies.score(row, column, phash)} = row + column + 2 x perceptual"],
        ["average hash", f"{explanation.average_similarity_percent:.1f} % equal"],
        *([f"--hash {name}", _key_distance(explanation, name)] for name in BITS),
        ["squared error, 50x50", f"{explanation.errors['upright']:.1f} upright"],
        ["... least", f"{explanation.errors[best]:.1f} {best}"],
        ["difference, 16x16", f"{explanation.mean_difference_percent:.2f} % on average"],
        ["bytes", "identical" if explanation.identical_bytes else "different"],
        ["pixels", "identical" if explanation.identical_pixels else "different"],
    ]


def _key_distance(explanation: Explanation, name: str) -> str:
    apart, most = explanation.key_distance(name), DEFAULT_DISTANCE[name]
    verdict = "would match" if apart <= most else "too far"
    return f"{apart} of {BITS[name]} bits, at most {most}: {verdict}"


def _looks(explanation: Explanation) -> list[list[str]]:
    rows = [["way", "row", "column", "perceptual", "score", "limits"]]
    for check in explanation.checks:
        verdict = "matches" if check.within else "too far"
        limits = f"row {check.row_limit}, score {check.score_limit}: {verdict}"
        distances = (check.row, check.column, check.phash, check.score)
        rows.append([check.way, *map(str, distances), limits])
    return rows


def _bits(explanation: Explanation, name: str) -> tuple[int, int]:
    return getattr(explanation.a.prints.whole, name), getattr(explanation.b.prints.whole, name)


def _grids_text(explanation: Explanation, name: str) -> str:
    """Return the bits of both as two grids, and a third that marks where they differ."""
    a, b = _bits(explanation, name)
    grids = [grid(a), grid(b), grid(a ^ b).replace("#", "X")]
    heading = f"{TITLES[name]}: {_differ(explanation, name)}"
    names = "   ".join(title.ljust(15) for title in ("A", "B", "differ")).rstrip()
    lines = ("   ".join(line) for line in zip(*(rows.split("\n") for rows in grids), strict=True))
    return "\n".join([heading, names, *lines])


def _differ(explanation: Explanation, name: str) -> str:
    return f"{explanation.distance(name)} of 64 bits differ"
