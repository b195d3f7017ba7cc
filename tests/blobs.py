"""Drawn pictures with as much detail as photographs have, for keypoints to be found in."""

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter


def blobs(seed: int, size: tuple[int, int] = (500, 375)) -> Image.Image:
    """Return a picture of overlapping shapes of all sizes; equal seeds give equal pictures."""
    chance = random.Random(seed)
    width, height = size
    picture = Image.new("RGB", size, _colour(chance))
    draw = ImageDraw.Draw(picture)
    for number in range(260):
        reach = max(size) * (0.25 if number < 20 else 0.08) * chance.random() + 4
        x, y = chance.random() * width, chance.random() * height
        wide, tall = reach * (0.4 + chance.random()), reach * (0.4 + chance.random())
        box = (x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)
        shape = draw.ellipse if chance.random() < 0.5 else draw.rectangle
        shape(box, fill=_colour(chance))
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return chance.randrange(256), chance.randrange(256), chance.randrange(256)


def folder(path: Path, count: int, first: int = 0) -> Path:
    """Fill a folder with blob pictures, 00.jpg and so on; return it."""
    path.mkdir(exist_ok=True)
    for number in range(first, first + count):
        blobs(number).save(path / f"{number:02}.jpg", quality=90)
    return path
