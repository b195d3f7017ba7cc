"""Compute what ImageHash would hash from 48x48 sketches: matrix products, a batch at a time.

A worker's sketch is blurred, because it was resized with a triangle filter. The weights here undo
that blur as far as 48 numbers allow: the result is what LANCZOS would have made of the picture
itself. They are the least-squares solution on a fine grid.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing.views import SKETCH, Sketch, Thumbnails, View

if TYPE_CHECKING:
    import numpy.typing as npt

    Arrays = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float64]

CENTRE_CUT = 0.05  # from each side: the centre view is the middle 90 %
_FINE = 8  # grid points per pixel of a sketch
_LOBES = 3  # of Pillow's LANCZOS, on each side


class HashInputs(NamedTuple):
    """What the hashes of n views are computed from."""

    rows: Arrays  # [n, 8, 9]
    columns: Arrays  # [n, 9, 8]
    waves: Floats  # [n, 8, 8]: the lowest frequencies at 32x32


class _Weights(NamedTuple):
    across: Floats  # [48, 9 + 8 + 8]
    down: tuple[Floats, Floats, Floats]  # [8, 48], [9, 48], [8, 48]


def hash_inputs(views: Sequence[View]) -> HashInputs:
    """Return the hash inputs of each view, in order; a better row of its own is preferred."""
    n = len(views)
    inputs = HashInputs(
        np.zeros((n, 8, 9), np.uint8), np.zeros((n, 9, 8), np.uint8), np.zeros((n, 8, 8))
    )
    exact = {at: view for at, view in enumerate(views) if isinstance(view, Thumbnails)}
    sketched = {at: view for at, view in enumerate(views) if isinstance(view, Sketch)}
    for centre in (False, True):
        part = {at: view for at, view in sketched.items() if view.centre == centre}
        if part:
            _put(inputs, list(part), _sketched(list(part.values()), centre=centre))
    if exact:
        _put(inputs, list(exact), _exact(list(exact.values())))
    better = [at for at, view in sketched.items() if view.row]
    inputs.rows[better] = _stacked((views[at].row for at in better), 8, 9)
    return inputs


def _put(inputs: HashInputs, places: list[int], part: HashInputs) -> None:
    inputs.rows[places] = part.rows
    inputs.columns[places] = part.columns
    inputs.waves[places] = part.waves


def _stacked(parts: Iterable[bytes], height: int, width: int) -> Arrays:
    return np.frombuffer(b"".join(parts), np.uint8).reshape(-1, height, width)


def _exact(views: Sequence[Thumbnails]) -> HashInputs:
    return HashInputs(
        _stacked((view.row for view in views), 8, 9),
        _stacked((view.column for view in views), 9, 8),
        waves(_stacked((view.square for view in views), 32, 32)),
    )


def waves(squares: Arrays) -> Floats:
    """Return float64[n, 8, 8] for uint8[n, 32, 32]: their lowest frequencies, as SciPy's DCT-II."""
    low: Floats = cosines() @ squares.astype(np.float64) @ cosines().T
    return low


@functools.cache
def cosines() -> Floats:
    """Return the first 8 rows of the 32-point DCT-II, scaled as SciPy scales it."""
    frequency, sample = np.arange(8)[:, None], np.arange(32)[None, :]
    return 2 * np.cos(np.pi * frequency * (2 * sample + 1) / 64)


def _sketched(views: Sequence[Sketch], *, centre: bool) -> HashInputs:
    weights = _weights(CENTRE_CUT if centre else 0.0)
    wide = _stacked((view.pixels for view in views), SKETCH, SKETCH).astype(np.float64)
    narrow = wide @ weights.across  # small products: a large one would wake BLAS threads
    parts = narrow[:, :, :9], narrow[:, :, 9:17], narrow[:, :, 17:]
    rows, columns, low = (down @ part for down, part in zip(weights.down, parts, strict=True))
    return HashInputs(_levels(rows), _levels(columns), low)


def _levels(values: Floats) -> Arrays:
    return np.rint(values).clip(0, 255).astype(np.uint8)


@functools.cache
def _weights(cut: float) -> _Weights:
    nine, eight = resizing(9, cut), resizing(8, cut)
    low = cosines() @ resizing(32, cut)
    return _Weights(np.concatenate([nine, eight, low]).T.copy(), (eight, nine, low))


def resizing(size: int, cut: float) -> Floats:
    """Return float64[size, 48] that resizes a sketch with `cut` of it left off at each end."""
    target = _kernel(_grid(), size, cut, _lanczos)
    blurred, overlaps = _blurred()
    weights = np.linalg.solve(overlaps, blurred @ target.T).T
    return _shares(weights.astype(np.float64))


@functools.cache
def _blurred() -> tuple[Floats, Floats]:
    """Return float64[48, grid], what each pixel of a sketch sees, and how these overlap."""
    blurred = _kernel(_grid(), SKETCH, 0.0, _triangle)
    return blurred, blurred @ blurred.T


@functools.cache
def _grid() -> Floats:
    return (np.arange(SKETCH * _FINE) + 0.5) / (SKETCH * _FINE)


def _shares(weights: Floats) -> Floats:
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _kernel(grid: Floats, size: int, cut: float, shape: Callable[[Floats], Floats]) -> Floats:
    """Return float64[size, grid]: what share each grid point has in each resized pixel."""
    step = (1 - 2 * cut) / size
    middles = cut + step * (np.arange(size) + 0.5)
    inside = (grid > cut) & (grid < 1 - cut)  # nothing sees what is cut off
    return _shares(shape((grid[None, :] - middles[:, None]) / step) * inside)


def _lanczos(x: Floats) -> Floats:
    value: Floats = np.sinc(x) * np.sinc(x / _LOBES) * (np.abs(x) < _LOBES)
    return value


def _triangle(x: Floats) -> Floats:
    value: Floats = np.maximum(0.0, 1.0 - np.abs(x))
    return value
