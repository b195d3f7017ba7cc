"""Whole blocks of pairs, of which most cannot be near."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.overlay import coarse
from imageshelf.overlay.comparison import look
from imageshelf.overlay.sheets import PictureSheet
from tests import drawn_arrays as drawn
from tests.coarse_pairs import possible_pair
from tests.numpy_warp import warped

CHANGES = (
    lambda picture: picture,
    lambda picture: drawn.noisy(picture, 5),
    lambda picture: drawn.resized(picture, (90, 90)),
    lambda picture: drawn.as_bytes(picture * 0.7),
    lambda picture: drawn.as_bytes(255 * (picture / 255) ** 1.5),
    lambda picture: drawn.cropped(picture, (0.06, 0.02, 0, 0.04)),
    lambda picture: drawn.cropped(picture, (0.03, 0.03, 0.03, 0.03)),
    lambda picture: drawn.framed(picture, 9),
    lambda picture: picture[..., [1, 2, 0]],
)


def corpus(seed: int) -> list[PictureSheet]:
    """Copies of a scene and of a form, and others of both kinds."""
    change = CHANGES[seed % len(CHANGES)]
    originals = [drawn.scene(seed), drawn.form(seed)]
    others = [drawn.scene(seed + 1), drawn.form(seed + 1), drawn.form(seed + 2)]
    return [PictureSheet(each) for each in (*originals, *map(change, originals), *others)]


@given(seed=st.integers(1, 10_000))
@settings(max_examples=6, deadline=None)
def test_blocks_say_what_pairs_say(seed: int) -> None:
    pictures = [coarse.coarse(sheet) for sheet in corpus(seed)]
    block = coarse.block(pictures)
    told = coarse.possible(block, block)
    alone = [[possible_pair(a, b) for b in pictures] for a in pictures]
    assert told.tolist() == alone


@given(seed=st.integers(1, 10_000))
@settings(max_examples=8, deadline=None)
def test_no_pair_that_is_near_is_thrown_out(seed: int) -> None:
    sheets = corpus(seed)
    block = coarse.block([coarse.coarse(sheet) for sheet in sheets])
    told = coarse.possible(block, block)
    for a, b in itertools.combinations(range(len(sheets)), 2):
        assert told[a, b] or look(sheets[a], sheets[b], 0, warped).kind != "near"


def test_forms_filled_in_differently_are_thrown_out() -> None:
    block = coarse.block([coarse.coarse(PictureSheet(drawn.form(seed))) for seed in range(30)])
    told = coarse.possible(block, block)
    assert told.diagonal().all()
    assert np.count_nonzero(told) < 50


def test_buttons_of_three_hues_are_thrown_out() -> None:
    buttons = []
    for colour in ((200, 40, 40), (20, 125, 20), (60, 80, 230)):
        button = np.full((64, 64, 3), 255, np.uint8)
        button[6:58, 6:58] = colour
        button[24:40, 26:38] = 255
        buttons.append(coarse.coarse(PictureSheet(button)))
    told = coarse.possible(coarse.block(buttons), coarse.block(buttons))
    assert (told == np.eye(3, dtype=bool)).all()


def test_flat_pictures_stay_possible() -> None:
    flat = [
        coarse.coarse(PictureSheet(np.full((40, 60, 3), level, np.uint8))) for level in (0, 255)
    ]
    assert coarse.possible(coarse.block(flat), coarse.block(flat)).all()
