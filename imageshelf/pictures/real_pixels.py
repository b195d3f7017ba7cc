"""Whether the larger of two copies was only enlarged: it then holds nothing that the smaller lacks.

Each tile of the larger picture is cut into blocks of 8x8 as JPEG does, and what stands in them
above the smaller picture's resolution is compared with what enlarging the smaller one puts there.
What an encoder quantised to nothing is nothing. Pictures enlarged by repeating pixels are told by
their steps.

Thresholds were chosen on half of `tests/benchmarks/enlarged.py`, which reports on the other.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from imageshelf.pictures import colour, reduction
from imageshelf.pictures.decoding import memory_limit
from imageshelf.system.files import UnreadableImage, open_regular

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from imageshelf.pictures.look_tasks import EnlargedTask

    Pixels = npt.NDArray[np.float32]

BLOCK, TILE = 8, 128  # pixels each way
TILES_ACROSS, BUSIEST = 12, 48  # tiles looked at: a grid, and the most contrasty of it
NOTHING = 1.5  # of a block's coefficient: rounding
NOTHING_ABOVE = 0.00025  # energy above the resolution, of that well below it: originals have more
MOSTLY_FORESEEN, FORESEEN = 0.02, 0.36  # more of it, if enlarging explains all but so much
STEPS = 0.4  # difference of neighbours from one smaller pixel, of that from two
LEAST_LARGER = 1.2  # times as wide: with less there is no telling
SAME_SHAPE = 0.02  # by which width / height may differ
WAYS = (
    Image.Resampling.NEAREST,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
_BACK = {
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
}
_WHOLE = 1 << 24  # pixels along the longer side: no reduced decode


def is_enlarged(task: EnlargedTask) -> bool:
    """Tell whether the larger picture holds nothing above the smaller one's resolution.

    Nothing is claimed of what cannot be read, or has another shape.
    """
    try:
        with memory_limit(task.memory_limit_mb):
            larger, orientation = _luma(task.larger)
            smaller, other = _luma(task.smaller)
            smaller = colour.upright(smaller, other)
            for turn in (
                reduction.ORIENTATIONS[task.turn][1],
                reduction.EXIF_TURNS.get(orientation),
            ):
                if turn is not None:  # the larger stays as its encoder saw it
                    smaller = smaller.transpose(_BACK.get(turn, turn))
            return holds_nothing_above(larger, smaller)
    except (UnreadableImage, OSError, MemoryError):
        return False


def _luma(path: str) -> tuple[Image.Image, int]:
    with open_regular(path) as stream:
        image, box, tags = colour.opened(stream, path, _WHOLE)
        return colour.shrunk(image, box, _WHOLE).convert("L"), tags.orientation


def holds_nothing_above(larger: Image.Image, smaller: Image.Image) -> bool:
    """Tell whether a grey picture holds nothing above the resolution of a smaller one."""
    import numpy as np

    times = larger.width / smaller.width
    shapes = larger.width * smaller.height, larger.height * smaller.width
    if times < LEAST_LARGER or abs(shapes[0] / shapes[1] - 1) > SAME_SHAPE:
        return False
    pixels = np.asarray(larger, np.float32)
    places = _busiest(pixels)
    if not places or min(smaller.size) < BLOCK:
        return False
    above, below = _bands(times)
    left: list[list[float]] = [[] for _ in WAYS]
    whole, steps = [], []
    share = smaller.width / larger.width, smaller.height / larger.height
    for x, y in places:
        tile = pixels[y : y + TILE, x : x + TILE]
        blocks = _cosines(tile)
        there = above & (np.abs(blocks) > NOTHING)
        base = float((blocks[..., below] ** 2).sum()) + 1
        whole.append(float((blocks**2 * there).sum()) / base)
        part = (x * share[0], y * share[1], (x + TILE) * share[0], (y + TILE) * share[1])
        for way, ratios in zip(WAYS, left, strict=True):
            foreseen = np.asarray(smaller.resize((TILE, TILE), way, part), np.float32)
            rest = (blocks - _cosines(foreseen)) ** 2 * there
            ratios.append(float(rest.sum()) / base)
        steps.append(_steps(tile, (x, y), share))
    energy = min(float(np.percentile(ratios, 75)) for ratios in left)
    inside, between = np.sum(steps, axis=0)
    if energy < NOTHING_ABOVE or inside < STEPS * between:
        return True
    return energy < MOSTLY_FORESEEN and energy < FORESEEN * float(np.percentile(whole, 75))


def _busiest(pixels: Pixels) -> list[tuple[int, int]]:
    """Return where tiles with the most contrast begin, on the grid of blocks."""
    import numpy as np

    height, width = pixels.shape
    if min(height, width) < TILE:
        return []
    columns, rows = (
        np.linspace(0, side - TILE, min(TILES_ACROSS, side // TILE)).astype(int) // BLOCK * BLOCK
        for side in (width, height)
    )
    places = [(int(x), int(y)) for y in rows for x in columns]
    places.sort(key=lambda at: -float(pixels[at[1] : at[1] + TILE, at[0] : at[0] + TILE].std()))
    return places[:BUSIEST]


def _bands(times: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which coefficients of a block lie above the smaller's resolution, and well below."""
    import numpy as np

    order = np.arange(BLOCK)
    higher = np.maximum(order[:, None], order[None, :])
    return higher >= BLOCK * 1.25 / times, (higher >= 1) & (higher < BLOCK * 0.8 / times)


def _cosines(tile: Pixels) -> Pixels:
    """Return the cosine transform of each block: float32[rows, columns, 8, 8]."""
    import numpy as np

    side = TILE // BLOCK
    blocks = tile.reshape(side, BLOCK, side, BLOCK).transpose(0, 2, 1, 3)
    basis = _basis()
    transformed: Pixels = np.matmul(basis @ blocks, basis.T, dtype=np.float32)
    return transformed


@cache
def _basis() -> Pixels:
    import numpy as np

    order = np.arange(BLOCK)
    basis = np.cos((2 * order[None, :] + 1) * order[:, None] * np.pi / (2 * BLOCK)) / 2
    basis[0] /= np.sqrt(2)
    single: Pixels = basis.astype(np.float32)
    return single


def _steps(tile: Pixels, at: tuple[int, int], share: tuple[float, float]) -> tuple[float, float]:
    """Return the mean squared difference of neighbours inside one smaller pixel, and of two."""
    import numpy as np

    inside = between = 0.0
    for axis in (0, 1):
        start, scale = at[axis], share[axis]
        cells = np.floor((np.arange(start, start + TILE) + 0.5) * scale)
        same = np.diff(cells) == 0
        lines = tile if axis == 0 else tile.T
        across = np.diff(lines, axis=1) ** 2
        inside += float(across[:, same].mean()) if same.any() else 0.0
        between += float(across[:, ~same].mean()) if not same.all() else 0.0
    return inside, between
