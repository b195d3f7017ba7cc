"""Sketches give what the pictures themselves would give, in whatever company."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from imageshelf.hashing import sketch_hashes
from imageshelf.hashing.fingerprints import (
    Fingerprints,
    fingerprints,
    hashed,
    turned_perceptual_hashes,
)
from imageshelf.hashing.turning import TURNS
from imageshelf.hashing.views import Sketch, Thumbnails
from imageshelf.pictures import reduction
from tests.conftest import drawn
from tests.turned_thumbnails import perceptual_hashes

SIZES = ((180, 160), (250, 97))
PICTURES = [drawn(seed, size).convert("L") for seed in range(12) for size in SIZES]


def sketch(image: Image.Image, *, centre: bool = False) -> Sketch:
    return Sketch(reduction.whole(image).sketch().tobytes(), centre=centre)


def exact(image: Image.Image) -> Thumbnails:
    return reduction.whole(image).thumbnails()


def distances(one: Fingerprints, other: Fingerprints) -> np.ndarray:
    return np.array([np.bitwise_count(a ^ b) for a, b in zip(one[:3], other[:3], strict=True)])


def test_a_sketch_gives_nearly_the_hashes_of_its_picture() -> None:
    ours = fingerprints([sketch(image) for image in PICTURES])
    truth = fingerprints([exact(image) for image in PICTURES])
    assert distances(ours, truth).max() <= 4
    assert distances(ours, truth).mean() <= 0.5


@pytest.mark.parametrize("size", [8, 9, 32])
def test_undoing_the_blur_comes_nearer_to_lanczos(size: int) -> None:
    weights = sketch_hashes.resizing(size, 0.0)
    errors = []
    for image in PICTURES:
        small = reduction.whole(image).sketch()
        truth, blurred = (
            np.asarray(each.convert("F").resize((size, size), reduction.LANCZOS))
            for each in (image, small)
        )
        ours = weights @ np.asarray(small, float) @ weights.T
        errors.append([np.abs(ours - truth).mean(), np.abs(blurred - truth).mean()])
    ours, blurred = np.mean(errors, axis=0)
    assert ours < blurred / 2


@pytest.mark.parametrize("cut", [0.0, sketch_hashes.CENTRE_CUT])
@pytest.mark.parametrize("size", [8, 9, 32])
def test_weights_keep_an_even_grey(size: int, cut: float) -> None:
    weights = sketch_hashes.resizing(size, cut)
    assert weights.shape == (size, 48)
    assert np.allclose(weights.sum(axis=1), 1)
    assert np.allclose(weights, weights[::-1, ::-1])  # no side is preferred


def test_a_flat_picture_has_no_differences() -> None:
    for level in (0, 1, 77, 254, 255):
        found = sketch_hashes.hash_inputs([sketch(Image.new("L", (48, 48), level))])
        assert (found.rows == level).all()
        assert (found.columns == level).all()
        assert hashed(found).phash.tolist() == [(level > 0) << 63]


def test_the_centre_of_a_picture_is_the_whole_of_what_is_cropped() -> None:
    middles = [image.resize((400, 400)) for image in PICTURES]
    crops = fingerprints([sketch(image.crop((20, 20, 380, 380))) for image in middles])
    centres = fingerprints([sketch(image, centre=True) for image in middles])
    wholes = fingerprints([sketch(image) for image in middles])
    assert distances(centres, crops).mean() < 2
    assert distances(wholes, crops).mean() > 2 * distances(centres, crops).mean()


def test_a_better_row_is_taken_over() -> None:
    row = bytes(range(72))
    found = sketch_hashes.hash_inputs([sketch(PICTURES[0]), sketch(PICTURES[0])._replace(row=row)])
    assert found.rows[1].tobytes() == row != found.rows[0].tobytes()
    assert (found.columns[0] == found.columns[1]).all()


def test_views_of_all_kinds_keep_their_order() -> None:
    makers = (sketch, exact, lambda image: sketch(image, centre=True))
    views = [makers[n % 3](image) for n, image in enumerate(PICTURES)]
    together = fingerprints(views)
    for number, view in enumerate(views):
        alone = fingerprints([view])
        assert [part[number] for part in together] == [part[0] for part in alone]


def test_turned_waves_are_those_of_the_turned_picture() -> None:
    squares = np.random.default_rng(1).integers(0, 256, (20, 32, 32), np.uint8)
    found = turned_perceptual_hashes(sketch_hashes.waves(squares))
    for number, (quarters, mirror) in enumerate(TURNS[1:]):
        turned = np.rot90(squares[:, :, ::-1] if mirror else squares, -quarters, axes=(1, 2))
        assert found[:, number].tolist() == perceptual_hashes(turned).tolist()
