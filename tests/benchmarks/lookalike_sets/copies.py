"""Copies of a look-alike, made as people make them: whoever calls one another picture is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from tests.benchmarks.edits import EDITS, saved
from tests.benchmarks.lookalike_sets.scanning import scanned

if TYPE_CHECKING:
    from tests.benchmarks.edits import Edit, File, Rng

SCANNED = "scanned again"  # the one that may also be told as a variant
HUE_ALONE = frozenset({"recoloured", "button"})  # in grey, each of them is a copy of all others
AS_USUAL = (
    "JPEG quality 90", "JPEG quality 75", "JPEG quality 40", "JPEG quality 20", "scaled to 50 %",
    "scaled to 25 %", "brightness 80 %", "brightness 120 %", "contrast 80 %", "contrast 130 %",
    "gamma 0.7", "gamma 1.5", "grey", "WebP quality 80", "WebP quality 20", "blur 1", "sharpened",
    "noise 8", "messaging app", "rotate 90",
)  # fmt: skip


def _poor(image: Image.Image, _: Rng) -> File:
    return saved(image, "jpg", quality=8)


def _thumbnail(image: Image.Image, _: Rng) -> Image.Image:
    return ImageOps.contain(image, (128, 128))


def _bordered(image: Image.Image, _: Rng) -> Image.Image:
    return ImageOps.expand(image, round(0.05 * max(image.size)), "white")


def _scanned(image: Image.Image, rng: Rng) -> Image.Image:
    """Printed and scanned: half a degree askew, corners off, grain, three quarters of the size."""
    scan = scanned(image, rng, 0.5, 2.5)
    return scan.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)


_BY_NAME = dict(pair for pairs in EDITS.values() for pair in pairs)
COPIES: dict[str, Edit] = {
    **{name: _BY_NAME[name] for name in AS_USUAL},
    "JPEG quality 8": _poor,
    "thumbnail 128": _thumbnail,
    "white border 5 %": _bordered,
    SCANNED: _scanned,
}


def copies_of(name: str) -> dict[str, Edit]:
    """Ways to copy a picture of a set that leave it recognisable among the others of it."""
    left_out = {"grey"} if name in HUE_ALONE else set()
    return {how: edit for how, edit in COPIES.items() if how not in left_out}
