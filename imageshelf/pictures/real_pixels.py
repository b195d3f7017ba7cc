"""Whether the larger of two copies was made by enlarging the smaller: it then holds nothing more.

A JPEG carries the noise of its own compression. What was enlarged from it has that noise, too; what
it was made from has not, however soft it is. So the smaller picture is enlarged in every way that
Pillow knows, and by the blend of these that comes closest. From each, the coefficients of the
larger picture's compression have a likelihood: (1) if nothing was done but round them, (2) if noise
like the smaller picture's was added first, as by pictures saved apart, (3) if it was added to the
rounded values, as when the smaller was made of the larger's file. (1) must win clearly.

Nothing is claimed of a smaller picture that is no JPEG, of a larger one in another lossy format, of
less than 144 pixels, or of a program that does more than filter: all of these stay.

Thresholds were chosen on seed 1 of `tests/benchmarks/enlarged.py`. On its seed 11 no original came
nearer than -0.001 to (2) and 0.009 to (3), and 1 % of the enlarged copies missed 0.01 or 0.1. A
pair takes 0.09 s of CPU time at the median there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from imageshelf.pictures import colour, reduction
from imageshelf.pictures.cosine_blocks import BLOCK, compressed, cosines
from imageshelf.pictures.decoding import memory_limit
from imageshelf.system.files import UnreadableImage, open_regular

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from imageshelf.pictures.cosine_blocks import Pixels
    from imageshelf.pictures.look_tasks import EnlargedTask

TILE, AROUND = 128, 8  # pixels each way
TILES_ACROSS, BUSIEST = 12, 16  # tiles looked at: a grid, and the most contrasty of it
LEAST_LARGER = 1.2  # times as wide
SAME_SHAPE = 0.02  # by which width / height may differ
FEWEST = 300  # coefficients that tell anything
ROUNDING = 0.5  # of pixels to whole levels, in a coefficient
PART = 0.1  # of the smaller picture's noise may be missing in what was enlarged
CERTAIN = 0.01  # how much likelier than if saved apart, as a logarithm for each coefficient
NOT_BEFORE = 0.1  # than as what the smaller was made of
UNLIKELY = 1e-4  # at least, of any coefficient
NORMAL = 0.8511  # with it (1 + tanh(x)) / 2 is near the normal distribution
_LUMA = (0.299, 0.587, 0.114)
_BACK = {
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
}
_WHOLE = 1 << 24  # pixels along the longer side: no reduced decode


class Stored(NamedTuple):
    """A picture as its encoder saw it, and by what it rounded coefficients of the brightness."""

    image: Image.Image  # L or RGB
    steps: Pixels | None  # float32[8, 8]; None for formats other than JPEG


class Gains(NamedTuple):
    """How much likelier a picture is as the enlarged smaller one than otherwise.

    Differences of mean logarithms of the likelihood of one coefficient.
    """

    apart: float  # than if the two were saved apart
    before: float  # than if the smaller was made of the larger's file


def is_enlarged(task: EnlargedTask) -> bool:
    """Tell whether the larger picture was made by enlarging the smaller one.

    Nothing is claimed of what cannot be read, or has another shape.
    """
    try:
        with memory_limit(task.memory_limit_mb):
            larger, orientation = _read(task.larger, "L")
            smaller, other = _read(task.smaller, "RGB")
            image = colour.upright(smaller.image, other)
            for turn in (
                reduction.ORIENTATIONS[task.turn][1],
                reduction.EXIF_TURNS.get(orientation),
            ):
                if turn is not None:  # the larger stays as its encoder saw it
                    image = image.transpose(_BACK.get(turn, turn))
            return was_enlarged(larger, smaller._replace(image=image))
    except (UnreadableImage, OSError, MemoryError):
        return False


def _read(path: str, mode: str) -> tuple[Stored, int]:
    with open_regular(path) as stream:
        image, box, tags = colour.opened(stream, path, _WHOLE, mode)
        return stored(image)._replace(image=colour.shrunk(image, box, _WHOLE)), tags.orientation


def stored(image: Image.Image) -> Stored:
    """Return a picture that Pillow opened with the steps of its compression."""
    import numpy as np

    layers = getattr(image, "layer", None)  # of a JPEG: one for each component
    table = layers and image.quantization.get(layers[0][3])  # type: ignore[attr-defined]
    steps = np.array(table, np.float32).reshape(BLOCK, BLOCK).clip(min=1) if table else None
    return Stored(image, steps)


def was_enlarged(larger: Stored, smaller: Stored) -> bool:
    """Tell whether a picture was made by enlarging a smaller JPEG, of the same scene and shape."""
    found = gains(larger, smaller)
    return found is not None and found.apart > CERTAIN and found.before > NOT_BEFORE


def gains(larger: Stored, smaller: Stored) -> Gains | None:
    """Return how much speaks for it, or None where nothing can be said."""
    import numpy as np

    width, height = larger.image.size
    shapes = width * smaller.image.height, height * smaller.image.width
    if width < LEAST_LARGER * smaller.image.width or abs(shapes[0] / shapes[1] - 1) > SAME_SHAPE:
        return None
    pixels = np.asarray(larger.image.convert("L"))
    places = _busiest(pixels)
    if smaller.steps is None or not places:
        return None
    steps = np.ones((BLOCK, BLOCK), np.float32) if larger.steps is None else larger.steps
    tiles = [cosines(pixels[y : y + TILE, x : x + TILE].astype(np.float32)) for x, y in places]
    kept = np.round(np.concatenate(tiles) / steps) * steps
    telling = kept != 0
    telling[:, 0, 0] = False  # brightness as a whole
    if np.count_nonzero(telling) < FEWEST:
        return None
    parts = [_Part(smaller.image, (width, height), place) for place in places]
    foreseen = np.concatenate([_transformed(part.enlarged()) for part in parts])
    noise = np.concatenate([_transformed(part.noise(smaller.steps)) for part in parts])
    lost = noise**2 * telling[..., None]
    lost = lost[..., lost.sum(axis=(0, 1, 2)).argmax()]
    usual = lost.sum(axis=0) / np.maximum(telling.sum(axis=0), 1)
    step, variance = (np.broadcast_to(each, kept.shape)[telling] for each in (steps, usual))
    return _compared(kept[telling], foreseen[telling], step, variance)


def _transformed(tiles: list[Pixels]) -> Pixels:
    """Return tiles as float32[block, 8, 8, tile]."""
    import numpy as np

    return np.stack([cosines(tile) for tile in tiles], axis=-1)


class _Part:
    """What one tile of the larger picture was made from, if it was enlarged."""

    def __init__(self, smaller: Image.Image, size: tuple[int, int], at: tuple[int, int]) -> None:
        self.share = smaller.width / size[0], smaller.height / size[1]
        left, top = (max(0, int(at[n] * self.share[n]) - AROUND) for n in (0, 1))
        right, bottom = (int((at[n] + TILE) * self.share[n]) + AROUND for n in (0, 1))
        box = (left, top, min(right, smaller.width), min(bottom, smaller.height))
        self.image = smaller.crop(box)
        self.at = at[0] * self.share[0] - left, at[1] * self.share[1] - top

    def enlarged(self) -> list[Pixels]:
        """Return the tile enlarged in each way, and the mean of neighbours one pixel away."""
        import numpy as np

        found = [self._resized(self.image, way) for way in Image.Resampling]
        wide = self._resized(self.image, Image.Resampling.BICUBIC, 1)
        beside = wide[1:-1, 2:], wide[1:-1, :-2], wide[2:, 1:-1], wide[:-2, 1:-1]
        return [*found, np.mean(beside, axis=0)]

    def noise(self, steps: Pixels) -> list[Pixels]:
        """Return, enlarged, what compressing it again adds, with blocks cut in two ways.

        One of them may be the way they are cut in the file, where it adds nothing.
        """
        pixels = _brightness(self.image)
        added = [compressed(pixels, steps, cut) - pixels for cut in (0, BLOCK // 2)]
        bicubic = Image.Resampling.BICUBIC
        return [self._resized(Image.fromarray(noise), bicubic) for noise in added]

    def _resized(self, image: Image.Image, way: Image.Resampling, around: int = 0) -> Pixels:
        side = TILE + 2 * around
        box = []
        for n in (0, 1):
            start = max(0.0, self.at[n] - around * self.share[n])
            box += [start, min(start + side * self.share[n], image.size[n])]
        return _brightness(image.resize((side, side), way, (box[0], box[2], box[1], box[3])))


def _brightness(image: Image.Image) -> Pixels:
    import numpy as np

    levels = np.asarray(image, np.float32)
    return levels @ np.array(_LUMA, np.float32) if levels.ndim == 3 else levels


def _compared(kept: Pixels, foreseen: Pixels, steps: Pixels, noise: Pixels) -> Gains:
    """Return how much likelier coefficients are if enlarging foresaw them, but for their rounding.

    `kept` are float32[n], `foreseen` float32[n, way], the steps of the rounding and the variance of
    the smaller picture's noise float32[n].
    """
    import numpy as np

    weighted = foreseen / steps[:, None]
    square = weighted.T @ weighted + np.eye(foreseen.shape[1]) * 1e-6 * np.mean(weighted**2)
    blend = np.linalg.lstsq(square, weighted.T @ (kept / steps), rcond=None)[0]
    ways = [*foreseen.T[: len(Image.Resampling)], foreseen @ blend]
    of_each = [_rounded(kept - way, steps, PART * noise) for way in ways]
    enlarged = max(of_each)
    rest = kept - ways[of_each.index(enlarged)]
    apart = _rounded(rest, steps, noise)
    before = max(_scattered(rest, steps, share * noise) for share in (0.5, 1, 2))
    return Gains(enlarged - apart, enlarged - before)


def _rounded(rest: Pixels, steps: Pixels, noise: Pixels) -> float:
    """Return how likely values are if they were rounded after noise was added.

    That is the mean logarithm of their density, for a step of 1. `rest` is what they differ by from
    the values before.
    """
    import numpy as np

    spread = np.sqrt(ROUNDING**2 + noise)
    ends = [np.tanh(NORMAL * (rest + end * steps) / spread) for end in (-0.5, 0.5)]
    return float(np.mean(np.log((ends[1] - ends[0]) / 2 + UNLIKELY)))


def _scattered(rest: Pixels, steps: Pixels, noise: Pixels) -> float:
    """Return the same if noise was added to the rounded values: a copy was made from the file."""
    import numpy as np

    spread = np.sqrt(ROUNDING**2 + noise)
    density = NORMAL / 2 / spread * (1 - np.tanh(NORMAL * rest / spread) ** 2)
    return float(np.mean(np.log(density * steps + UNLIKELY)))


def _busiest(pixels: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return where tiles with the most contrast begin, on the grid of blocks."""
    import numpy as np

    height, width = pixels.shape
    if min(height, width) < TILE + 2 * AROUND:
        return []
    columns, rows = (
        np.linspace(AROUND, side - TILE - AROUND, min(TILES_ACROSS, side // TILE)).astype(int)
        // BLOCK
        * BLOCK
        for side in (width, height)
    )
    places = [(int(x), int(y)) for y in rows for x in columns]
    places.sort(key=lambda at: -float(pixels[at[1] : at[1] + TILE, at[0] : at[0] + TILE].std()))
    return places[:BUSIEST]
