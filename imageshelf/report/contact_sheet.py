"""A contact sheet: labelled thumbnails in a grid, as one JPEG or PNG file to send to somebody."""

import io
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from imageshelf.report import picture_text, saving
from imageshelf.report.cards import Card, CardGroup, Sheet, pictured
from imageshelf.report.saving import ReportError
from imageshelf.system.words import shown

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
PAGE_PICTURES = 400  # nobody can look at more at once, and JPEG ends at 65,500 pixels
CELL, PICTURE, GAP, MARGIN = 250, 240, 14, 24  # pixels
TITLE_PX, HEADING_PX, LABEL_PX = 26, 17, 13
MOST_COLUMNS = 6
QUALITY = 88
MARK_INK = "#d9480f"
GROUND, BOX, INK, QUIET = "#ffffff", "#f0f0ee", "#1d1f21", "#5b6064"


class Strip(NamedTuple):
    """A strip of the sheet: a line of text, or a row of cards."""

    height: int
    text: str = ""
    size_px: int = LABEL_PX
    cards: tuple[Card, ...] = ()


def write_sheet(path: str, sheet: Sheet, *, jobs: int | None = None) -> list[str]:
    """Write a sheet as a labelled grid; return the files: one for every 400 pictures.

    The suffix says JPEG or PNG. The second page of `a.jpg` is `a-2.jpg`. An earlier report in
    their place is replaced, any other file is not. Raises ReportError.
    """
    form = format_of(path)
    pages = _pages(sheet.groups)
    stem, suffix = os.path.splitext(path)
    files = [path, *(f"{stem}-{number}{suffix}" for number in range(2, len(pages) + 1))]
    for file in files:
        saving.require_replaceable(file, "contact sheet")
    columns = _columns(sheet.groups)
    for number, (file, groups) in enumerate(zip(files, pages, strict=True), 1):
        title = f"{sheet.title}, page {number} of {len(pages)}" if len(pages) > 1 else sheet.title
        intro = sheet.intro if number == 1 else ()
        _write(file, form, _lines(title, intro, groups, columns, jobs), columns)
    return files


def _lines(
    title: str, intro: Iterable[str], groups: Sequence[CardGroup], columns: int, jobs: int | None
) -> list[Strip]:
    """Return the strips of one page."""
    cards = pictured([card for group in groups for card in group.cards], jobs)
    at = 0
    lines = [Strip(TITLE_PX + 12, shown(title), TITLE_PX)]
    lines += [Strip(LABEL_PX + 8, shown(sentence)) for sentence in intro]
    for group in groups:
        lines += _strips(group, tuple(cards[at : at + len(group.cards)]), columns)
        at += len(group.cards)
    return lines


def _write(path: str, form: str, lines: Sequence[Strip], columns: int) -> None:
    image = _drawn(lines, columns)
    with saving.saved(path, "contact sheet") as file:
        if form == "PNG":
            words = PngInfo()
            words.add_text("Software", saving.MARK.decode())
            image.save(file, "PNG", pnginfo=words)
        else:
            image.save(file, "JPEG", quality=QUALITY, comment=saving.MARK)


def format_of(path: str) -> str:
    """Return JPEG or PNG, by the suffix; raises ReportError for any other."""
    suffix = os.path.splitext(path)[1]
    if suffix.lower() not in FORMATS:
        raise ReportError(
            f"a contact sheet is a .jpg, .jpeg or .png file, not {suffix or 'one without suffix'}"
        )
    return FORMATS[suffix.lower()]


def _pages(groups: Sequence[CardGroup]) -> list[list[CardGroup]]:
    """Return the groups of each page; only a group that is larger than a page is parted."""
    pages, room = [list[CardGroup]()], PAGE_PICTURES
    for group in groups:
        for at in range(0, max(len(group.cards), 1), PAGE_PICTURES):
            cards = group.cards[at : at + PAGE_PICTURES]
            if len(cards) > room:
                pages.append([])
                room = PAGE_PICTURES
            pages[-1].append(replace(group, cards=cards))
            room -= len(cards)
    return pages


def _columns(groups: Sequence[CardGroup]) -> int:
    return max(2, min(MOST_COLUMNS, max((len(group.cards) for group in groups), default=1)))


def _strips(group: CardGroup, cards: tuple[Card, ...], columns: int) -> Iterator[Strip]:
    heading = " \u00b7 ".join(text for text in (group.title, group.note) if text)
    yield Strip(HEADING_PX + 18, heading, HEADING_PX)
    for at in range(0, len(cards), columns):
        row = cards[at : at + columns]
        words = max(len(_labels(card)) for card in row)
        yield Strip(PICTURE * 3 // 4 + words * (LABEL_PX + 5) + GAP + 8, cards=row)


def _labels(card: Card) -> list[str]:
    kind = " \u00b7 ".join(text for text in (card.role, card.kind, card.turn, card.differs) if text)
    measures = " \u00b7 ".join(text for text in (card.pixels, card.size) if text)
    note = card.thumbnail.note if card.thumbnail and card.thumbnail.data else ""
    return [text for text in (card.label, card.folder, measures, card.date, kind, note) if text]


def _drawn(lines: Sequence[Strip], columns: int) -> Image.Image:
    width = 2 * MARGIN + columns * CELL + (columns - 1) * GAP
    image = Image.new("RGB", (width, 2 * MARGIN + sum(line.height for line in lines)), GROUND)
    draw = ImageDraw.Draw(image)
    y = MARGIN
    for line in lines:
        if line.text:
            text = clipped(line.text, width - 2 * MARGIN, line.size_px)
            picture_text.draw(draw, (MARGIN, y + 6), text, INK, line.size_px)
        for at, card in enumerate(line.cards):
            _draw_card(image, draw, card, (MARGIN + at * (CELL + GAP), y))
        y += line.height
    return image


def _draw_card(
    image: Image.Image, draw: ImageDraw.ImageDraw, card: Card, corner: tuple[int, int]
) -> None:
    x, y = corner
    height = PICTURE * 3 // 4
    draw.rounded_rectangle((x, y, x + CELL, y + height), 6, BOX)
    thumbnail = card.thumbnail
    if thumbnail and thumbnail.data:
        small = Image.open(io.BytesIO(thumbnail.data), formats=["WEBP", "JPEG"]).convert("RGB")
        small.thumbnail((PICTURE, height - 8))
        left, top = x + (CELL - small.width) // 2, y + (height - small.height) // 2
        image.paste(small, (left, top))
        for box in _marked(card, small.size):
            edges = (left + box[0], top + box[1], left + box[2], top + box[3])
            draw.rectangle(edges, outline=MARK_INK, width=2)
    else:
        why = f"no picture: {thumbnail.note if thumbnail else 'not read'}"
        words = clipped(why, CELL - 16)
        picture_text.draw(draw, (x + 8, y + height // 2 - 8), words, QUIET, LABEL_PX)
    y += height + 6
    for at, label in enumerate(_labels(card)):
        ink = QUIET if at else INK
        picture_text.draw(draw, (x + 2, y), clipped(label, CELL - 4), ink, LABEL_PX)
        y += LABEL_PX + 5


def _marked(card: Card, size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the corners of what differs from the first card, in pixels of a thumbnail."""
    whole = card.thumbnail and (card.thumbnail.picture_width, card.thumbnail.picture_height)
    width, height = (card.width, card.height) if card.width else whole or (0, 0)
    if not width or not height:
        return
    across, down = size[0] / width, size[1] / height
    for x, y, wide, tall in card.regions:
        right, bottom = math.ceil((x + wide) * across), math.ceil((y + tall) * down)
        yield int(x * across), int(y * down), min(right, size[0] - 1), min(bottom, size[1] - 1)


def clipped(text: str, width: int, size_px: int = LABEL_PX) -> str:
    """Return a text that fits, with an ellipsis for its middle if it is too long.

    Names that differ only at their ends stay distinct.
    """
    text = shown(text)[:2000]
    if picture_text.length(text, size_px) <= width:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest that fits, by halving
        middle = (low + high + 1) // 2
        if picture_text.length(_without_middle(text, middle), size_px) <= width:
            low = middle
        else:
            high = middle - 1
    return _without_middle(text, low)


def _without_middle(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return text[:head] + "\u2026" + text[len(text) - (kept - head) :]
