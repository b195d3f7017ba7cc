"""Heads and shoulders in one pose and light, as for passports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tests.benchmarks.lookalike_sets import words
from tests.scenes.brushes import coordinates, develop, disc, fractal, paint, size_of, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from tests.benchmarks.lookalike_sets.sheets import Rng

    Canvas = NDArray[np.float32]
    Mask = NDArray[np.float32]

SIZE = (512, 640)
SKINS = ((244, 208, 180), (232, 184, 150), (206, 152, 116), (164, 110, 78), (112, 74, 54))
HAIRS = (
    (40, 28, 22),
    (92, 58, 34),
    (168, 122, 66),
    (206, 172, 112),
    (120, 46, 26),
    (150, 148, 146),
)
FRAMES = 6  # of each sitter in a burst


class Mood(NamedTuple):
    """What changes in a face from one moment to the next."""

    lean: tuple[float, float]  # of the head, in pixels
    smile: float  # height of the corners of the mouth above its middle, in pixels
    lids: float  # 1 open, 0.2 blinking
    gaze: float  # pixels to the side


def portrait(rng: Rng, number: int, layout: int) -> Image.Image:
    """Somebody who looks into the camera, from a school's or office's session."""
    return develop(_sitter(rng, layout, _mood(rng)._replace(lids=1, gaze=0)), rng)


def portrait_burst(rng: Rng, number: int, layout: int) -> Image.Image:
    """Six frames of one sitter: the head leans, the mouth smiles, the eyes blink."""
    burst, frame = divmod(number, FRAMES)
    sitter = np.random.default_rng([layout, burst, 12])
    mood, way = _mood(rng), 2 * np.pi * frame / FRAMES
    lean = (mood.lean[0] / 3 + 8 * float(np.cos(way)), mood.lean[1] / 3 + 8 * float(np.sin(way)))
    return develop(_sitter(sitter, layout, mood._replace(lean=lean)), rng)


def _mood(rng: Rng) -> Mood:
    """Any mood, the head's place included."""
    lean = (float(rng.normal(0, 5)), float(rng.normal(0, 5)))
    lids = 0.2 if rng.random() < 0.2 else float(rng.uniform(0.7, 1))
    return Mood(lean, float(rng.uniform(-3, 9)), lids, float(rng.uniform(-4, 4)))


def _sitter(rng: Rng, layout: int, mood: Mood) -> Canvas:
    backdrop = (176, 190, 206) if layout == 1 else (214, 208, 198)
    canvas = np.full((SIZE[1], SIZE[0], 3), backdrop, np.float32)
    x, y = coordinates(SIZE)
    canvas *= (1.08 - 0.5 * (((x - 230) / 512) ** 2 + ((y - 240) / 640) ** 2))[..., None]
    skin = np.array(words.pick(rng, SKINS), np.float32) + rng.normal(0, 5, 3).astype(np.float32)
    hair = np.array(words.pick(rng, HAIRS), np.float32) + rng.normal(0, 6, 3).astype(np.float32)
    head = (256 + mood.lean[0], 270 + mood.lean[1])
    wide, tall = rng.uniform(94, 110), rng.uniform(132, 148)
    length = rng.choice((0.0, 0.25, 0.6, 1.0))
    _hair_behind(canvas, rng, head, (wide, tall), hair, float(length))
    _body(canvas, rng, head, skin)
    _face(canvas, rng, head, (wide, tall), skin)
    _eyes(canvas, rng, head, wide, hair, mood)
    _nose(canvas, rng, head, tall, skin)
    _mouth(canvas, rng, head, (wide, tall), skin, mood)
    _hair_before(canvas, rng, head, (wide, tall), hair)
    if rng.random() < 0.3:
        _glasses(canvas, head, wide)
    return canvas


def _around(
    canvas: Canvas, at: tuple[float, float], reach: tuple[int, int]
) -> tuple[Canvas, tuple[float, float]]:
    """View of a canvas around a point, and the point in it: a small part costs little to paint."""
    left, top = round(at[0]) - reach[0], round(at[1]) - reach[1]
    part = canvas[top : top + 2 * reach[1], left : left + 2 * reach[0]]
    return part, (at[0] - left, at[1] - top)


def _oval(
    canvas: Canvas, at: tuple[float, float], radii: tuple[float, float], soft: float = 2
) -> Mask:
    return disc(size_of(canvas), at, radii, soft)


def _strands(canvas: Canvas, rng: Rng, hair: NDArray[np.float32]) -> Canvas:
    """Hair lit from the upper left."""
    size = size_of(canvas)
    x, y = coordinates(size)
    sheen = 1.15 - 0.25 * (x - 200) / 256 - 0.35 * (y - 130) / 320
    texture = 1 + 0.16 * fractal(rng, size, 1.7, 0.15)
    return np.asarray(hair * (sheen * texture)[..., None], np.float32)


def _hair_behind(
    canvas: Canvas, rng: Rng, head: tuple[float, float], radii: tuple[float, float],
    hair: NDArray[np.float32], length: float,
) -> None:  # fmt: skip
    strands = _strands(canvas, rng, hair * np.float32(0.8))
    paint(canvas, _oval(canvas, (head[0], head[1] - 22), (radii[0] + 16, radii[1] + 6), 8), strands)
    if length:
        at = (head[0], head[1] + 40 + 110 * length)
        paint(
            canvas, _oval(canvas, at, (radii[0] + 22 + 14 * length, 90 + 120 * length), 12), strands
        )


def _body(canvas: Canvas, rng: Rng, head: tuple[float, float], skin: NDArray[np.float32]) -> None:
    """Neck and shoulders in a pullover, or in a jacket with shirt and tie."""
    x, y = coordinates(size_of(canvas))
    neck = _oval(canvas, (head[0], head[1] + 130), (52, 120), 4)
    paint(canvas, neck, skin * (0.78 - 0.2 * (x - head[0]) / 100)[..., None])
    cloth = rng.uniform(20, 210, 3).astype(np.float32)
    folds = 1 + 0.05 * fractal(rng, size_of(canvas), 2.6, 0.4) - 0.25 * (x - 230) / 300
    wide = rng.uniform(195, 225)
    shoulders = np.maximum(
        _oval(canvas, (256, 700), (wide, 205), 4), _oval(canvas, (256, 560), (wide * 0.55, 90), 6)
    )
    opening = _oval(canvas, (256, head[1] + 190), (50, rng.uniform(50, 74)), 3)
    suited = rng.random() < 0.4
    paint(canvas, shoulders * (1 - opening), cloth * folds[..., None])
    if suited:
        lapel = np.clip(1 - np.abs(x - 256) / np.maximum((y - 470) * 0.001 + 44, 1), 0, 1)
        shirt = smooth(lapel * (y > head[1] + 205), 0.02, 0.1) * shoulders
        paint(canvas, shirt, (236, 238, 240))
        tie = _oval(canvas, (256, 600), (15, 96), 2)
        paint(canvas, tie, rng.uniform(20, 180, 3))


def _face(
    canvas: Canvas, rng: Rng, head: tuple[float, float], radii: tuple[float, float],
    skin: NDArray[np.float32],
) -> None:  # fmt: skip
    """Head as a lit ellipsoid with jaw, ears and warm cheeks."""
    x, y = coordinates(size_of(canvas))
    for side in (-1, 1):
        part, at = _around(canvas, (head[0] + side * radii[0], head[1] + 6), (24, 40))
        ear = _oval(part, at, (17, 30), 3)
        paint(part, ear, skin * (0.86 if side < 0 else 0.7))
    u, v = (x - head[0]) / radii[0], (y - head[1]) / radii[1]
    narrow = u / np.where(v > 0, 1 - rng.uniform(0.1, 0.3) * v**2, 1)
    inside = np.clip((1 - np.hypot(narrow, v)) * radii[0] / 2 + 0.5, 0, 1)
    facing = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
    light = 0.62 + 0.42 * np.clip(0.85 * facing - 0.35 * u - 0.25 * v, 0, 1.2)
    pores = 1 + 0.012 * fractal(rng, size_of(canvas), 1.2)
    paint(canvas, inside.astype(np.float32), skin * (light * pores)[..., None])
    for side in (-1, 1):
        part, at = _around(canvas, (head[0] + side * 52, head[1] + 38), (60, 60))
        paint(part, 0.16 * _oval(part, at, (34, 26), 40), (214, 96, 84))


def _eyes(
    canvas: Canvas, rng: Rng, head: tuple[float, float], wide: float, hair: NDArray[np.float32],
    mood: Mood,
) -> None:  # fmt: skip
    """Eyes with lids and brows."""
    apart, large = wide * rng.uniform(0.38, 0.46), rng.uniform(16, 21)
    iris, brow = rng.uniform(30, 150, 3), rng.uniform(28, 38)
    y = head[1] - 14
    for side in (-1, 1):
        part, at = _around(canvas, (head[0] + side * apart, y), (64, 64))
        paint(part, 0.35 * _oval(part, at, (large + 9, large * 0.85), 14), (70, 40, 34))
        lens = _oval(part, at, (large, large * 0.52 * mood.lids))
        paint(part, lens, (240, 238, 236))
        pupil = (at[0] + mood.gaze, at[1])
        paint(part, lens * _oval(part, pupil, (large * 0.46, large * 0.46)), iris)
        paint(part, lens * _oval(part, pupil, (large * 0.2, large * 0.2)), (12, 10, 10))
        shine = _oval(part, (pupil[0] - 3, pupil[1] - 3), (2.4, 2.4))
        paint(part, lens * shine, (255, 255, 255))
        lid = _oval(part, (at[0], at[1] - 2), (large + 2, large * 0.62))
        below = _oval(part, (at[0], at[1] + 2), (large + 2, large * 0.6))
        paint(part, 0.8 * np.clip(lid - below, 0, 1), (40, 24, 20))
        arch = _oval(part, (at[0] + 2 * side, at[1] - brow), (large + 10, 8), 3)
        cut = _oval(part, (at[0] + 2 * side, at[1] - brow + 8), (large + 16, 8), 3)
        paint(part, 0.85 * np.clip(arch - cut, 0, 1), hair * np.float32(0.7))


def _nose(
    canvas: Canvas, rng: Rng, head: tuple[float, float], tall: float, skin: NDArray[np.float32]
) -> None:
    """Bridge, tip and nostrils by their light and shade."""
    tip = (head[0], head[1] + tall * rng.uniform(0.24, 0.31))
    part, (x, y) = _around(canvas, tip, (64, 96))
    broad = rng.uniform(15, 23)
    paint(part, 0.35 * _oval(part, (x + 9, y - 26), (9, 44), 14), skin * np.float32(0.6))
    bright = np.minimum(skin * np.float32(1.15), 255)
    paint(part, 0.45 * _oval(part, (x - 3, y - 16), (6, 34), 10), bright)
    paint(part, 0.4 * _oval(part, (x + 2, y + 7), (broad, 9), 9), skin * np.float32(0.5))
    for side in (-1, 1):
        nostril = _oval(part, (x + side * broad * 0.5, y + 6), (5, 3.2))
        paint(part, 0.8 * nostril, skin * np.float32(0.3))


def _mouth(
    canvas: Canvas, rng: Rng, head: tuple[float, float], radii: tuple[float, float],
    skin: NDArray[np.float32], mood: Mood,
) -> None:  # fmt: skip
    """Lips, more or less of a smile, and a beard around them now and then."""
    where, wide = (head[0], head[1] + radii[1] * rng.uniform(0.52, 0.58)), rng.uniform(32, 44)
    part, mouth = _around(canvas, where, (110, 70))
    if rng.random() < 0.22:
        chin = (mouth[0], mouth[1] + radii[1] * 0.07)
        beard = _oval(part, chin, (radii[0] * 0.72, radii[1] * 0.4), 16)
        grain = np.clip(0.7 + 0.25 * fractal(rng, size_of(part), 1.0), 0, 1)
        paint(
            part, 0.8 * beard * (1 - _oval(part, mouth, (wide * 1.1, 13), 5)) * grain, (54, 38, 30)
        )
    lips = skin * np.float32(0.4) + np.array((104, 40, 44), np.float32)
    paint(part, 0.85 * _oval(part, mouth, (wide, rng.uniform(8, 13)), 4), lips)
    x, y = coordinates(size_of(part))
    line = mouth[1] - mood.smile * ((x - mouth[0]) / wide) ** 2
    slit = np.clip(1.8 - np.abs(y - line), 0, 1) * (np.abs(x - mouth[0]) < wide)
    paint(part, 0.85 * slit.astype(np.float32), (70, 24, 26))
    paint(part, 0.25 * _oval(part, (mouth[0], mouth[1] + 26), (26, 7), 8), skin * np.float32(0.5))


def _hair_before(
    canvas: Canvas, rng: Rng, head: tuple[float, float], radii: tuple[float, float],
    hair: NDArray[np.float32],
) -> None:  # fmt: skip
    """Hair over the forehead, parted somewhere; a few are bald."""
    if rng.random() < 0.08:
        return
    top = _oval(canvas, (head[0], head[1] - 18), (radii[0] + 13, radii[1] + 4), 6)
    parting = rng.uniform(-60, 60)
    low = rng.uniform(0.72, 0.95)
    brow = _oval(canvas, (head[0] + parting, head[1] + 30), (radii[0] * 1.1, radii[1] * low), 8)
    side = _oval(canvas, (head[0], head[1] + 50), (radii[0] * 0.93, radii[1] * 1.05), 6)
    paint(canvas, top * (1 - np.maximum(brow, side)), _strands(canvas, rng, hair))


def _glasses(canvas: Canvas, head: tuple[float, float], wide: float) -> None:
    for side in (-1, 1):
        part, at = _around(canvas, (head[0] + side * wide * 0.43, head[1] - 10), (44, 36))
        rim = _oval(part, at, (36, 28)) - _oval(part, at, (32, 24))
        paint(part, np.clip(rim, 0, 1), (24, 22, 24))
    part, at = _around(canvas, (head[0], head[1] - 14), (20, 8))
    paint(part, _oval(part, at, (wide * 0.43 - 34, 3)), (24, 22, 24))
