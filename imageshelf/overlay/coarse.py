"""Which of many pairs cannot be near, told for whole blocks of pairs at once.

A picture is 64x64 of brightness and 16x16 of colour. The brightness, its light and contrast taken
out, is compared in 8x8 tiles. Two pictures cannot be near

- when they lie on each other, which tiles tell that agree on all four sides, and a tile differs:
  two forms filled in differently. Pictures of another shape, of which one may be a piece of the
  other, and of another tone, of which one may be clipped, stay possible;
- when they have texture in many tiles and no tile agrees. Whatever was cut off, some place stayed
  where it was: pages of a book;
- when both are coloured alike but for another hue: buttons in red, green and blue.

Everything else stays possible. It is meant for pictures with many candidates: a copy saved at JPEG
quality 3 may be lost. Products of matrices hold the comparison; `tests/coarse_pairs.py` says the
same of one pair, step by step.

Of 44,850 pairs of 300 filled forms 470 stay possible. `differing` compares those at 128x128, one
picture with some others: where half of the places with texture agree to 0.4 %, the pictures lie on
each other, and a place that is far off is another text. That leaves 6 of the 470, and takes away
none of 934 copies, one of each of 39 sets in each of 24 ways: of those that are off by as much, the
better half agrees to 0.5 % at best, but for a button that was brightened into another tone.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.overlay import filters, geometry

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.overlay.filters import Floats, Mask
    from imageshelf.overlay.geometry import Box
    from imageshelf.overlay.sheets import PictureSheet

    Detail = npt.NDArray[np.int8]
    Pixels = npt.NDArray[np.uint8]

SIDE = 64  # of the brightness
TILES = 8  # along a side
COLOURS = 16  # of the colour, each way
NOISE = 4.0  # variance, grey levels squared, that contrast is normalised with
WIDE, NARROW = 4, 2  # radius of the local light, for where pictures lie, and for what differs
AGREES = 0.02  # residual of a wide tile, of its texture: a crop of 2 % leaves more
TEXTURED = 6.0  # energy, in pixels of mean contrast, of a tile that says something
SIDE_TILES = 3  # rows and columns of tiles that make up a side
PLACED = 0.4  # of the tiles with texture agree, and one on each side: pictures on each other
DIFFERS = 0.1  # residual of a narrow tile, of its texture, from which it differs, and
MULTIPLE = 10.0  # of the residual of the tiles that agree: a copy of poor quality is off everywhere
SLACK = 2.0  # energy that a tile may differ by in any case
TINY = 1e-3  # energy, that nothing is divided by zero
SIMILAR = 0.5  # residual of a wide tile, of its texture, up to which a place may have stayed
MANY = 24  # tiles with texture in both pictures, for none to be similar to say anything
SAME_SHAPE = 0.01  # of the ratio of width to height: what is cut has another one, most often
SAME_TONE = 5.0  # grey levels between the means of tiles that agree
FAINT = 215  # level of the darkest pixel of a tile that brightening may have taken away
PAPER = 235  # level of the brightest pixel of a tile that differs: JPEG quality 8 flattens others
FINE = 128  # side of the detail
FINE_TILES = 16  # along a side
STEPS = 8  # of the detail in a standard deviation: the detail is held in whole numbers
FINE_TEXTURED = 24.0  # energy, as TEXTURED, of two tiles together
FEWEST = 16  # tiles with texture
FINE_AGREES = 0.004  # residual of the better half of these, of their texture
FAR_OFF = 40.0  # residual of a tile, energy: as much as a short word
EQUAL_LUMA = 5.0  # grey levels, mean: two scales of one decode differ by 2 in all, green by 6
COLOURED = 8.0  # chroma
SAME_COLOURS = 0.85  # correlation of the colours, whatever their hue
ANOTHER_HUE = 60.0  # degrees


class Coarse(NamedTuple):
    """One picture, or the part in a box: 23 kB."""

    luma: Pixels  # uint8[64, 64]
    chroma: Floats  # float32[16, 16, 2] of blue-yellow and red-green
    shape: float  # width / height
    fine: Detail  # int8[256 tiles, 64 pixels], light and contrast taken out, STEPS to one
    levels: Pixels  # uint8[256], the mean brightness of each of these tiles
    whole: bool = True  # no part in a box: where a border ends is known to a pixel or two only


class Block(NamedTuple):
    """n pictures, ready to be compared with those of another block."""

    wide: Floats  # float32[64 tiles, n, 64]
    narrow: Floats  # the same, of finer detail
    chroma: npt.NDArray[np.complex64]  # [n, 256], of length one
    strength: Floats  # float32[n], the spread of the chroma
    shape: npt.NDArray[np.float64]  # [n]
    whole: Mask  # bool[n]
    level: Floats  # float32[64 tiles, n], the mean of the brightness
    darkest: Pixels  # uint8[64 tiles, n]
    brightest: Pixels  # the same


def coarse(sheet: PictureSheet, box: Box = geometry.WHOLE) -> Coarse:
    """Return what stands for a picture, or for the part of it that was nominated."""
    x0, y0, x1, y1 = ((edge + 1) / 2 for edge in box)
    pixels = (x0 * sheet.width, y0 * sheet.height, x1 * sheet.width, y1 * sheet.height)
    luma = filters.resized(sheet.luma, (SIDE, SIDE), pixels)
    fine = filters.resized(sheet.luma, (FINE, FINE), pixels)
    detail = np.clip(np.rint(_tiles(fine, NARROW) * STEPS), -127, 127).astype(np.int8)
    levels = filters.cell_means(fine, FINE // FINE_TILES).ravel()
    colours = [
        filters.resized(sheet.picture[..., n].astype(np.float32), (COLOURS, COLOURS), pixels)
        for n in range(3)
    ]
    shape = (pixels[2] - pixels[0]) / (pixels[3] - pixels[1])
    chroma = np.stack(colours, axis=2) @ filters.CHROMA.T
    whole = box == geometry.WHOLE
    return Coarse(_rounded(luma), chroma, shape, detail, _rounded(levels), whole)


def are_equal(first: Coarse, second: Coarse, *, exactly: bool) -> bool:
    """Tell whether two pictures may have the same pixels; not exactly if decoded at two scales."""
    if exactly:
        same_colours = np.array_equal(first.chroma, second.chroma)
        return same_colours and np.array_equal(first.luma, second.luma)
    return float(np.abs(first.luma.astype(np.int16) - second.luma).mean()) <= EQUAL_LUMA


def _rounded(levels: Floats) -> Pixels:
    return np.asarray(np.clip(levels + 0.5, 0, 255).astype(np.uint8))


def block(pictures: list[Coarse]) -> Block:
    """Return pictures ready to be compared."""
    chroma = np.stack([_centred_chroma(each.chroma) for each in pictures])
    length = np.sqrt((np.abs(chroma) ** 2).sum(axis=1, keepdims=True))
    return Block(
        np.stack([_wide(each.luma) for each in pictures], axis=1),
        np.stack([_narrow(each.luma) for each in pictures], axis=1),
        (chroma / np.maximum(length, 1e-3)).astype(np.complex64),
        length[:, 0] / COLOURS,
        np.array([each.shape for each in pictures]),
        np.array([each.whole for each in pictures]),
        np.stack([_levels(each.luma) for each in pictures], axis=1),
        np.stack([_pixels(each.luma).min(axis=1) for each in pictures], axis=1),
        np.stack([_pixels(each.luma).max(axis=1) for each in pictures], axis=1),
    )


def _wide(luma: Pixels) -> Floats:
    return _tiles(filters.smoothed(luma.astype(np.float32)), WIDE)


def _narrow(luma: Pixels) -> Floats:
    return _tiles(luma.astype(np.float32), NARROW)


def _tiles(image: Floats, radius: int) -> Floats:
    """Return float32[n, 64]: the tiles of an image, its light and contrast taken out."""
    detail = image - filters.local_mean(image, radius)
    detail /= np.sqrt((detail * detail).mean() + NOISE)
    each = SIDE // TILES
    along = len(image) // each
    apart = detail.reshape(along, each, along, each).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(apart.reshape(along * along, each * each))


def _levels(luma: Pixels) -> Floats:
    return filters.cell_means(luma.astype(np.float32), SIDE // TILES).ravel()


def _pixels(luma: Pixels) -> Pixels:
    """Return uint8[64 tiles, 64], the pixels of each tile."""
    each = SIDE // TILES
    return luma.reshape(TILES, each, TILES, each).transpose(0, 2, 1, 3).reshape(TILES**2, -1)


def _centred_chroma(chroma: Floats) -> npt.NDArray[np.complex64]:
    plane = (chroma[..., 0] + 1j * chroma[..., 1]).ravel()
    return np.asarray(plane - plane.mean(), np.complex64)


def possible(first: Block, second: Block) -> Mask:
    """Return bool[n, m]: which pairs of two blocks may be near.

    Blocks of 256 keep what is under way within a core's cache.
    """
    pairs = (len(first.shape), len(second.shape))
    textured, agreeing = np.zeros(pairs, np.uint8), np.zeros(pairs, np.uint8)
    similar, worst = np.zeros(pairs, np.bool_), np.zeros(pairs, np.float32)
    off, of_all = np.zeros(pairs, np.float32), np.ones(pairs, np.float32)
    on_side = [np.zeros(pairs, np.bool_) for _ in sides()]
    for tile in range(TILES * TILES):
        residual, total = _residual(first.wide[tile], second.wide[tile])
        has_texture = total > 2 * TEXTURED
        textured += has_texture
        similar |= has_texture & (residual < SIMILAR * total)
        levels = np.subtract.outer(first.level[tile], second.level[tile])
        agrees = has_texture & (residual < AGREES * total) & (np.abs(levels) < SAME_TONE)
        agreeing += agrees
        for side, members in zip(on_side, sides(), strict=True):
            if tile in members:
                np.logical_or(side, agrees, out=side)
        residual, total = _residual(first.narrow[tile], second.narrow[tile])
        off += agrees * residual
        of_all += agrees * total
        ink = np.logical_or.outer(first.darkest[tile] < FAINT, second.darkest[tile] < FAINT)
        residual -= SLACK
        residual *= ink
        residual *= np.logical_and.outer(
            first.brightest[tile] >= PAPER, second.brightest[tile] >= PAPER
        )
        np.maximum(worst, residual / (total + TINY), out=worst)
    placed = functools.reduce(np.logical_and, on_side, agreeing >= PLACED * textured)
    placed &= np.logical_and.outer(first.whole, second.whole)
    placed &= np.abs(first.shape[:, None] / second.shape[None, :] - 1) < SAME_SHAPE
    differing = worst > DIFFERS + MULTIPLE * off / of_all
    nowhere = (textured >= MANY) & ~similar
    return np.asarray(~(placed & differing) & ~nowhere & ~_another_hue(first, second))


def _residual(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return float32[n, m] twice: the energy of the difference of a tile, and of both."""
    total = np.add.outer((first * first).sum(axis=1), (second * second).sum(axis=1))
    product = first @ second.T
    product *= -2
    product += total
    return product, total


def differing(one: Coarse, others: Sequence[Coarse]) -> Mask:
    """Return bool[n]: which pictures lie on this one, and differ from it in a part."""
    ours = one.fine.astype(np.int16)
    energy = _energy(ours)
    found = np.zeros(len(others), np.bool_)
    for n, other in enumerate(others):
        theirs = other.fine.astype(np.int16)
        off, total = _energy(ours - theirs), energy + _energy(theirs)
        textured = np.flatnonzero(total > FINE_TEXTURED)
        better = textured[np.argsort(off[textured] / total[textured])[: len(textured) // 2]]
        levels = np.abs(one.levels[better].astype(np.int16) - other.levels[better])
        found[n] = (
            len(textured) >= FEWEST
            and off.max() > FAR_OFF
            and off[better].sum() < FINE_AGREES * total[better].sum()
            and levels.mean() < SAME_TONE
            and one.whole
            and other.whole
            and abs(one.shape / other.shape - 1) < SAME_SHAPE
        )
    return found


def _energy(detail: npt.NDArray[np.int16]) -> Floats:
    """Return float32[n], the energy of each tile."""
    values = detail.astype(np.float32)
    return np.asarray(np.einsum("np,np->n", values, values) / STEPS**2)


def _another_hue(first: Block, second: Block) -> Mask:
    correlation = first.chroma.conj() @ second.chroma.T
    coloured = (first.strength[:, None] > COLOURED) & (second.strength[None, :] > COLOURED)
    turned = np.abs(np.degrees(np.angle(correlation))) > ANOTHER_HUE
    return np.asarray(coloured & turned & (np.abs(correlation) > SAME_COLOURS))


@functools.cache
def sides() -> tuple[frozenset[int], ...]:
    """Return the numbers of the tiles on the left, right, upper and lower side."""
    numbers = np.arange(TILES * TILES).reshape(TILES, TILES)
    parts = (
        numbers[:, :SIDE_TILES],
        numbers[:, -SIDE_TILES:],
        numbers[:SIDE_TILES],
        numbers[-SIDE_TILES:],
    )
    return tuple(frozenset(part.ravel().tolist()) for part in parts)
