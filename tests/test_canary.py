"""The canary notices what changes bits, and nothing else."""

from __future__ import annotations

import pytest
from PIL import Image

from imageshelf import canary, hashing, reduction
from imageshelf.images import Sketch


def averaged_otherwise(self: Image.Image, factor: int) -> Image.Image:
    size = (-(-self.width // factor), -(-self.height // factor))
    return self.resize(size, Image.Resampling.NEAREST)


CHANGES = {
    "the filter of keys": (reduction, "LANCZOS", Image.Resampling.HAMMING),
    "the filter of sketches": (reduction, "CHEAP", Image.Resampling.NEAREST),
    "averaging blocks": (Image.Image, "reduce", averaged_otherwise),
    "our own way": (canary, "WAY", canary.WAY + 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_canary_notices_a_change_of(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = canary.canary(full_decode=False)
    assert canary.canary(full_decode=False) == before
    where, name, value = CHANGES[change]
    monkeypatch.setattr(where, name, value)
    assert canary.canary(full_decode=False) != before


def test_full_decoding_has_a_canary_of_its_own() -> None:
    assert canary.canary(full_decode=True) != canary.canary(full_decode=False)


def test_the_drawn_picture_is_not_flat() -> None:
    levels = canary.drawn(608, 384).tobytes()
    low, high = min(levels), max(levels)
    assert low > 0
    assert high < 255
    assert high - low > 100


GOLDEN = [  # of the whole, of its centre: row, column, phash
    ["317373e7e6c6cecc", "716363e3e7c7cecc"],
    ["700778c73cc31ee0", "e10ff0873ce10ff8"],
    ["a71f7215f2953215", "871fd295d297c095"],
]


def test_what_is_hashed_of_a_sketch_is_as_it_always_was() -> None:
    """When this fails, shelves made before hold other hashes: raise canary.WAY, then the digits."""
    sketch = canary.drawn(624, 624).resize((48, 48), Image.Resampling.NEAREST)
    view = Sketch(sketch.tobytes())
    found = hashing.fingerprints([view, view._replace(centre=True)])
    digits = [[hashing.to_hex(int(bits)) for bits in part] for part in found[:3]]
    assert (canary.WAY, digits) == (1, GOLDEN)
