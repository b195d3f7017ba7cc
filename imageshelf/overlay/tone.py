"""The tone that makes one picture look like the other: exposure, contrast, saturation.

No change, or one of three models fitted to samples of both: one curve for the brightness; one
curve shared by red, green and blue, which explains light that is clipped; one mix of red, green
and blue, which explains filters. Never a curve for each channel: these would explain any object of
another colour. Curves only rise. They are medians, so a part that differs does not bend them.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.overlay import filters
from imageshelf.overlay.filters import Floats, Picture

Points = npt.NDArray[np.float64]
Light = Callable[[Points], Points]

BINS = 40  # of equal width, along a curve
STEPS = 4  # entries of a curve's table for each grey level
BEYOND = 0.7  # slope of a curve past its ends
DARKEST, LIGHTEST = 5.0, 250.0  # levels that are not clipped
FAR = 20.0  # levels off: a point that is off by more does not count more
RAREST = 2000  # one sample in so many makes a bin count
IDENTITY = np.linspace(0, 256, 256 * STEPS + 1, dtype=np.float32)
NO_MIX = np.append(filters.LUMA, np.float32(0))
GOOD = 0.02  # cost, of the contrast, up to which no further model is tried
WORST = 0.1  # of the samples, which may differ: they weigh a quarter
PREFERENCE = {
    "same": 0.8,
    "luma": 1.0,
    "shared": 0.97,
    "mix": 1.08,
}  # costs of the models, times these
BACKWARDS = 1.05  # cost of taking the picture of less contrast to the one of more, times this


class Tone(NamedTuple):
    """How the brightness of the source picture becomes that of the other one."""

    forward: bool  # the first picture is the source; otherwise the second
    model: str  # of PREFERENCE
    cost: float  # mean residual, of the contrast
    table: Floats  # float32[256 * STEPS + 1]: the curve of the model; unused by "mix" and "same"
    shared: Floats  # the same of the curve shared by the channels
    mix: Floats  # float32[4]: factors of red, green and blue, and what is added

    def applied(self, picture: Picture) -> Floats:
        """Return the brightness that the source picture has in the other's tone."""
        if self.model == "shared":
            return np.asarray(looked_up(self.table, picture) @ filters.LUMA)
        if self.model == "mix":
            return np.asarray(picture.astype(np.float32) @ self.mix[:3] + self.mix[3])
        return looked_up(self.table, filters.luma(picture))


def looked_up(table: Floats, levels: Floats | Picture) -> Floats:
    """Return what a curve makes of levels from 0 to 255."""
    if table is IDENTITY:
        return levels.astype(np.float32)
    if levels.dtype == np.uint8:
        return np.asarray(table[::STEPS][levels])
    places = np.clip(levels * np.float32(STEPS) + np.float32(0.5), 0, len(table) - 1)
    return np.asarray(table[places.astype(np.int32)])


class _Samples(NamedTuple):
    """The same places of two pictures: float32[n, 3], and their brightness, float32[n]."""

    source: Floats
    target: Floats
    ours: Floats
    theirs: Floats
    forward: bool

    def scale(self) -> float:
        """Return what a residual is multiplied by to be a cost."""
        spreads = float(self.ours.std()), float(self.theirs.std())
        return (1.0 if spreads[0] >= spreads[1] else BACKWARDS) / max(3.0, spreads[1])

    def tone(self, model: str, values: Floats, tables: tuple[Floats, Floats], mix: Floats) -> Tone:
        """Return a tone with its cost."""
        cost = _residual(values - self.theirs) * self.scale() * PREFERENCE[model]
        return Tone(self.forward, model, cost, *tables, mix)


def fitted(first: Floats, second: Floats) -> Tone:
    """Return the cheapest tone between samples of two pictures, float32[n, 3] each."""
    lumas = first @ filters.LUMA, second @ filters.LUMA
    there = _Samples(first, second, *lumas, True)
    same = there.tone("same", lumas[0], (IDENTITY, IDENTITY), NO_MIX)
    if same.cost < GOOD:
        return same
    back = _Samples(second, first, *lumas[::-1], False)
    best = min(same, *_by_curves(there), *_by_curves(back), key=_cost)
    if best.cost < GOOD:
        return best
    return min(best, _by_mix(there), _by_mix(back), key=_cost)


def of_light(first: Floats, second: Floats, least: float) -> list[Tone]:
    """Return the tones, there and back, of light that is clipped alike in red, green and blue.

    Brightness, contrast or a gamma, fitted to what is not clipped, and never a curve of any
    form: it would erase a pale stamp. Those that change the typical sample by `least` levels.
    """
    lumas = first @ filters.LUMA, second @ filters.LUMA
    tones = []
    for samples in (
        _Samples(first, second, *lumas, True),
        _Samples(second, first, *lumas[::-1], False),
    ):
        table = _light(samples.source.ravel(), samples.target.ravel())
        changed = looked_up(table, samples.source)
        if table is not IDENTITY and float(np.abs(changed - samples.source).mean()) >= least:
            values = np.asarray(changed @ filters.LUMA)
            tones.append(samples.tone("shared", values, (table, table), NO_MIX))
    return tones


def _light(source: Floats, target: Floats) -> Floats:
    """Return the curve of brightness, contrast or a gamma that explains most; IDENTITY for none.

    Each has one unknown, which is the median of what the points ask for that are not clipped.
    """
    at, values, counts = _points(source, target)
    weight = np.sqrt(counts)
    lit = (np.minimum(at, values) > DARKEST) & (values < LIGHTEST)
    if not lit.any():
        return IDENTITY
    best, least = IDENTITY, np.inf
    for there, back in _lights(float(source.mean())):
        away = there(at[lit])
        asked = there(values[lit]) / np.where(away == 0, np.inf, away)
        amount = _weighted_median(asked, weight[lit] * np.abs(away))
        off = np.abs(np.clip(back(amount * there(at)), 0, 255) - values)
        cost = float((weight * np.minimum(off, FAR)).sum())
        if cost < least:
            levels = np.arange(256 * STEPS + 1) / STEPS
            best, least = np.clip(back(amount * there(levels)), 0, 255).astype(np.float32), cost
    return best


def _lights(middle: float) -> list[tuple[Light, Light]]:
    """Return brightness, contrast and gamma: to where each multiplies the levels, and back."""
    return [
        (np.asarray, np.asarray),
        (lambda levels: levels - middle, lambda levels: levels + middle),
        (lambda levels: np.log(np.clip(levels, 0.5, 254.5) / 255), lambda logs: 255 * np.exp(logs)),
    ]


def _weighted_median(values: Points, weight: Points) -> float:
    order = np.argsort(values)
    reached = weight[order].cumsum()
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def _cost(tone: Tone) -> float:
    return tone.cost


def _by_curves(samples: _Samples) -> tuple[Tone, Tone]:
    luma = curve(samples.ours, samples.theirs)
    shared = curve(samples.source.ravel(), samples.target.ravel())
    clipped = np.asarray(looked_up(shared, samples.source) @ filters.LUMA)
    return (
        samples.tone("luma", looked_up(luma, samples.ours), (luma, shared), NO_MIX),
        samples.tone("shared", clipped, (shared, shared), NO_MIX),
    )


def _by_mix(samples: _Samples) -> Tone:
    mix = _mix(samples.source, samples.theirs)
    shared = curve(samples.source.ravel(), samples.target.ravel())
    values = samples.source @ mix[:3] + mix[3]
    return samples.tone("mix", np.asarray(values), (shared, shared), mix)


def _residual(off: Floats) -> float:
    """Return the mean of what is off, the worst tenth counted a quarter."""
    off = np.abs(off)
    least = int((1 - WORST) * len(off))
    if not least:
        return float(off.mean())
    parted = np.partition(off, least)
    return float(parted[:least].mean() + 0.25 * parted[least:].mean())


def curve(source: Floats, target: Floats) -> Floats:
    """Return the rising curve from source levels to target levels, as a table; see looked_up."""
    at, values, counts = _points(source, target)
    return _table(at, _rising(values, counts)) if len(at) else IDENTITY


def _points(source: Floats, target: Floats) -> tuple[Points, Points, Points]:
    """Return the points of a curve: source levels, medians of the target there, and how many."""
    bins = np.clip(source * np.float32(BINS / 256), 0, BINS - 1).astype(np.int32)
    levels = np.clip(target, 0, 255).astype(np.int32)
    joint = np.bincount(bins * 256 + levels, minlength=BINS * 256).reshape(BINS, 256)
    counts = joint.sum(axis=1)
    used = np.flatnonzero(counts >= max(4, len(source) // RAREST))
    sums = np.bincount(bins, weights=source, minlength=BINS)
    return sums[used] / counts[used], _medians(joint[used]), counts[used].astype(np.float64)


def _medians(counts: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return the median level of each row of counts, to a fraction of a level."""
    reached = counts.cumsum(axis=1)
    half = reached[:, -1:] / 2
    at = (reached < half).sum(axis=1)
    rows = np.arange(len(counts))
    inside = counts[rows, at]
    return np.asarray(at + (half[:, 0] - (reached[rows, at] - inside)) / inside)


def _rising(values: Points, counts: Points) -> Points:
    """Return the nearest values that never fall: neighbours that do are pooled."""
    pools: list[tuple[float, float, int]] = []
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        pools.append((value, count, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (right, n, k), (left, m, j) = pools.pop(), pools.pop()
            pools.append(((left * m + right * n) / (m + n), m + n, j + k))
    return np.repeat([value for value, _, _ in pools], [k for _, _, k in pools])


def _table(at: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> Floats:
    levels = np.arange(256 * STEPS + 1) / STEPS
    table = np.interp(levels, at, values)
    table += BEYOND * (np.minimum(levels - at[0], 0) + np.maximum(levels - at[-1], 0))
    return table.astype(np.float32)


def _mix(source: Floats, target: Floats) -> Floats:
    """Return factors of red, green and blue and a constant, by reweighted least squares.

    Held a little to the factors of brightness, where the picture does not tell the channels apart.
    """
    terms = np.concatenate([source.T, np.ones((1, len(source)), np.float32)])
    weight = np.ones(len(source), np.float32)
    held = np.diag([100.0, 100.0, 100.0, 1e-3])
    towards = 100.0 * np.append(filters.LUMA, 0.0)
    factors = np.append(filters.LUMA, np.float32(0))
    for _ in range(3):
        weighted = terms * weight
        square, product = (weighted @ terms.T).astype(float), (weighted @ target).astype(float)
        factors = np.linalg.solve(square + held, product + towards).astype(np.float32)
        off = np.abs(factors @ terms - target)
        weight = 1 / (1 + (off / max(2.0, 1.5 * filters.quantile(off, 0.5))) ** 2)
    return factors
