"""Turned bits against the hashes of turned thumbnails."""

import numpy as np
import pytest

from imageshelf.hashing import turning
from imageshelf.hashing.fingerprints import fingerprints, grid
from imageshelf.hashing.views import Thumbnails
from imageshelf.pictures.reduction import ORIENTATIONS
from tests.turned_thumbnails import turned_fingerprints


def thumbnails(seed: int, greys: int) -> list[Thumbnails]:
    """Views of 50 pictures; few grey levels make many neighbours equal."""
    rng = np.random.default_rng(seed)
    shapes = ((8, 9), (9, 8), (32, 32))
    return [
        Thumbnails(*(rng.integers(0, greys, shape).astype(np.uint8).tobytes() for shape in shapes))
        for _ in range(50)
    ]


def darker(views: list[Thumbnails]) -> turning.Comparisons:
    """Brighter and darker neighbours; a negative's brighter ones are the picture's darker ones."""

    def negative(part: bytes) -> bytes:
        return bytes(255 - grey for grey in part)

    bright = fingerprints(views)
    dark = fingerprints([Thumbnails(*map(negative, view)) for view in views])
    return turning.Comparisons(bright.row, bright.column, dark.row, dark.column)


@pytest.mark.parametrize("turn", range(8))
@pytest.mark.parametrize("greys", [256, 3])
def test_turned_bits_are_the_hashes_of_the_turned_thumbnail(turn: int, greys: int) -> None:
    views = thumbnails(turn, greys)
    found = turning.turned(darker(views), turn)
    upright = fingerprints(views)
    if turn == 0:
        assert (found.row == upright.row).all()
        assert (found.column == upright.column).all()
    else:
        truth = turned_fingerprints(views)[:, turn - 1]
        assert [grid(int(bits)) for bits in found.row] == [grid(int(bits)) for bits in truth[:, 0]]
        assert (found.column == truth[:, 1]).all()


@pytest.mark.parametrize("turn", range(8))
def test_the_inverse_of_a_turn_undoes_it(turn: int) -> None:
    before = darker(thumbnails(turn, 4))
    after = turning.turned(turning.turned(before, turn), turning.INVERSE[turn])
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


def test_complemented_bits_keep_the_distance_of_two_pictures() -> None:
    rng = np.random.default_rng(0)
    row, column = rng.integers(0, 2**64, (2, 40), np.uint64)
    for turn in range(8):
        turned = turning.turned(turning.complemented(row, column), turn)
        rows, columns = (turned.column, turned.row) if turn % 2 else (turned.row, turned.column)
        assert (
            np.bitwise_count(rows[1:] ^ rows[:-1]) == np.bitwise_count(row[1:] ^ row[:-1])
        ).all()
        assert (
            np.bitwise_count(columns[1:] ^ columns[:-1])
            == np.bitwise_count(column[1:] ^ column[:-1])
        ).all()


def test_every_orientation_has_its_turn() -> None:
    assert len(turning.TURNS) == len(ORIENTATIONS) == turning.INVERTED
    assert len(turning.INVERSE) == turning.INVERTED + 1
