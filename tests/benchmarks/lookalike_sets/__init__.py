"""Sets of really different pictures that look alike, drawn from seeds with Pillow and NumPy.

`SETS` has a function for each set: (generator, number, layout) -> picture. Layout 1 is for choosing
thresholds, layout 2 for reporting on them; nothing but the kind of picture is common to both.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.lookalike_sets import bills, bursts, forms, products

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    Draw = Callable[[np.random.Generator, int, int], Image.Image]

SETS: dict[str, Draw] = {
    "form": forms.form,
    "form by hand": forms.form_by_hand,
    "questionnaire": forms.questionnaire,
    "invoice": bills.invoice,
    "receipt": bills.receipt,
    "boarding pass": bills.boarding_pass,
    "certificate": bills.certificate,
    "product": products.product,
    "recoloured": products.recoloured,
    "button": products.button,
    "burst on a tripod": bursts.tripod,
    "burst by hand": bursts.hand_held,
}


def drawn(name: str, number: int, layout: int) -> Image.Image:
    """Picture of a set by its number, always the same."""
    seed = [zlib.crc32(name.encode()), number, layout]
    return SETS[name](np.random.default_rng(seed), number, layout)
