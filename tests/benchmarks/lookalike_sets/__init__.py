"""Sets of really different pictures that look alike, drawn from seeds with Pillow and NumPy.

`SETS` has a function for each set: (generator, number, layout) -> picture. Layout 1 is for choosing
thresholds, layout 2 for reporting on them; nothing but the kind of picture is common to both.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.lookalike_sets import (
    bills,
    bursts,
    cards,
    charts,
    desktops,
    forms,
    maps,
    pages,
    portraits,
    posts,
    products,
    radiographs,
    scenes,
    screens,
    symbols,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    Draw = Callable[[np.random.Generator, int, int], Image.Image]

SETS: dict[str, Draw] = {
    "form": forms.form,
    "form-by-hand": forms.form_by_hand,
    "questionnaire": forms.questionnaire,
    "invoice": bills.invoice,
    "receipt": bills.receipt,
    "boarding-pass": bills.boarding_pass,
    "certificate": bills.certificate,
    "chat": screens.chat,
    "settings": screens.settings,
    "news": screens.news,
    "editor": desktops.editor,
    "spreadsheet": desktops.spreadsheet,
    "letter": pages.letter,
    "book-page": pages.book_page,
    "slide": pages.slide,
    "crossword": pages.crossword,
    "calendar": pages.calendar,
    "line-chart": charts.line_chart,
    "bar-chart": charts.bar_chart,
    "score": charts.score,
    "icon": symbols.icon,
    "logo": symbols.logo,
    "card": cards.card,
    "product": products.product,
    "recoloured": products.recoloured,
    "button": products.button,
    "portrait": portraits.portrait,
    "portrait-burst": portraits.portrait_burst,
    "identity-card": cards.identity_card,
    "sky": scenes.clouds,
    "sea": scenes.sea,
    "night": scenes.night,
    "map": maps.street_map,
    "radiograph": radiographs.radiograph,
    "meme": posts.meme,
    "square-code": posts.code,
    "webcam": posts.webcam,
    "burst-on-a-tripod": bursts.tripod,
    "burst-by-hand": bursts.hand_held,
}
LOSSLESS = frozenset(  # what programs make is kept as PNG, what cameras and scanners make as JPEG
    (
        "chat", "settings", "news", "editor", "spreadsheet", "line-chart", "bar-chart", "icon",
        "logo", "button", "map", "square-code",
    )
)  # fmt: skip


def drawn(name: str, number: int, layout: int) -> Image.Image:
    """Picture of a set by its number, always the same."""
    return SETS[name](_generator(name, number, layout), number, layout)


def write(name: str, number: int, layout: int, folder: str) -> str:
    """Draw a picture into a folder, as such pictures are kept; its path."""
    path = os.path.join(folder, f"{number:03}.{'png' if name in LOSSLESS else 'jpg'}")
    quality = int(_generator(name, number, layout).integers(78, 96))  # PNG takes no notice of it
    drawn(name, number, layout).save(path, quality=quality)
    return path


def _generator(name: str, number: int, layout: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(name.encode()), number, layout])
