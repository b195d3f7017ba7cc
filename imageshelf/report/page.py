"""One self-contained HTML page that works offline in any folder and touches nothing.

Template, style and script are files of their own, packed into the page when it is written. Names
reach the page as JSON data and as text that Jinja2 escapes, never as markup; the page's
Content-Security-Policy allows its own style and script by their hashes, embedded and local
pictures, and nothing else. What the first view needs comes first; the thumbnails follow, one block
for each group.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from imageshelf.report import cards, panels, saving, sheets
from imageshelf.report.thumbnails import made
from imageshelf.system.words import shown, size

if TYPE_CHECKING:
    from imageshelf.pictures.thumbnails import Thumbnail, ThumbnailTask
    from imageshelf.report.cards import Card, CardGroup, Sheet

SELECTION_NAME = "imageshelf-selection.json"
SECTIONS = (
    cards.QUERIES, cards.COPIES, cards.VARIANTS, cards.DEVELOPED, cards.PIECES, cards.SHOTS,
    cards.SIMILAR, cards.NOT_COMPARED,
)  # fmt: skip
Block = tuple[int, "list[Thumbnail]"]  # a group's number and its cards' thumbnails


def write_page(
    path: str,
    sheet: Sheet,
    *,
    jobs: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> None:
    """Write a sheet as one HTML file and make its thumbnails; `progress` counts them.

    An earlier report at `path` is replaced, any other file is not. Raises ReportError.
    """
    with saving.saved(path, "page") as file:
        for text in rendered(sheet, blocks(sheet, jobs, progress)):
            file.write(text.encode("utf-8", "backslashreplace"))


def rendered(
    sheet: Sheet,
    thumbs: Iterable[Block],
    live: Mapping[str, Any] | None = None,
    data: Markup | None = None,
) -> Iterator[str]:
    """Yield the page piece by piece; `thumbs` is read only after everything else.

    With `live`, what a server tells its page, it is the page of that server: its style, script and
    thumbnails come from there, and `data` is the sheet's, if it is at hand.
    """
    style, script = panels.part("page.css"), panels.script()
    return panels.template("page.html").generate(
        mark=saving.MARK.decode(),
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        live="" if live is None else _json(live),
        title=shown(sheet.title),
        intro=[shown(sentence) for sentence in sheet.intro],
        shelf=shown(sheet.shelf),
        choosing=live is not None or any(group.choosing for group in sheet.groups),
        home=shown(sheets.home()),
        command=sheets.command_line(sheet, SELECTION_NAME) if sheet.command else "",
        many=len(sheet.groups) > 1,
        written=f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
        pictured=bool(sheet.groups or not sheet.panels),
        panels=panels.markup(sheet.panels),
        data=data or data_of(sheet, linked=live is None),
        blocks=((n, _json([picture(thumb) for thumb in block])) for n, block in thumbs),
    )


def blocks(
    sheet: Sheet, jobs: int | None = None, progress: Callable[[int], object] = lambda _: None
) -> Iterator[Block]:
    """Yield the thumbnails of each group as soon as all of them are made."""
    every = list(sheet.cards)
    home = [number for number, group in enumerate(sheet.groups) for _ in group.cards]
    first = {number: at for at, number in reversed(list(enumerate(home)))}
    missing = {number: len(group.cards) for number, group in enumerate(sheet.groups)}
    ready = {at: card.thumbnail for at, card in enumerate(every) if card.thumbnail}
    wishes = (
        card.wanted(at, len(every)) for at, card in enumerate(every) if card.thumbnail is None
    )
    for at in list(ready):
        missing[home[at]] -= 1
    complete = [number for number, left in missing.items() if not left]
    for number in complete:
        yield number, _taken(ready, first.get(number, 0), len(sheet.groups[number].cards))
    if len(complete) == len(sheet.groups):
        return
    for wish, thumbnail in _made(wishes, jobs):
        progress(1)
        ready[wish.key] = thumbnail
        number = home[wish.key]
        missing[number] -= 1
        if not missing[number]:
            yield number, _taken(ready, first[number], len(sheet.groups[number].cards))


def _made(
    wishes: Iterable[ThumbnailTask], jobs: int | None
) -> Iterator[tuple[ThumbnailTask, Thumbnail]]:
    return made(wishes, jobs)


def _taken(ready: dict[int, Thumbnail], first: int, number: int) -> list[Thumbnail]:
    return [ready.pop(at) for at in range(first, first + number)]


# -- the data blocks ------------------------------------------------------------------------------


def data_of(sheet: Sheet, *, linked: bool) -> Markup:
    """Return what the page knows of a sheet, as JSON; `linked` cards name their files."""
    return _json({
        "subject": hashlib.sha256(ascii((sheet.title, sheet.shelf)).encode()).hexdigest()[:16],
        "content": sheet.key,
        "version": cards.SELECTION_VERSION,
        "nouns": sheet.nouns,
        "shelf": sheet.shelf,
        "file": SELECTION_NAME,
        "sections": [name for name in SECTIONS if any(g.section == name for g in sheet.groups)],
        "groups": [group_data(group, linked=linked) for group in sheet.groups],
    })  # fmt: skip


def group_data(group: CardGroup, *, linked: bool) -> dict[str, Any]:
    """Return what the page shows of a group; `linked` cards name their files."""
    return _without_empty(
        {
            "key": group.key,
            "title": group.title,
            "section": group.section,
            "note": group.note,
            "choosing": group.choosing,
            "cards": [_card(card, card.link if linked else "") for card in group.cards],
        }
    )


def _card(card: Card, link: str) -> dict[str, Any]:
    return _without_empty(
        {
            "name": card.name,
            "label": card.label,
            "folder": card.folder,
            "link": link,
            "role": card.role,
            "kind": card.kind,
            "turn": card.turn,
            "facts": tuple(text for text in (card.differs, *card.facts) if text),
            "reason": card.reason,
            "warning": card.warning,
            "pixels": card.pixels,
            "size": card.size,
            "date": cards.moment(card.captured_at),
            "written": cards.moment(None, card.mtime_ns),
            "bytes": max(card.size_bytes, 0),
            "area": (card.width or 0) * (card.height or 0),
            "taken": card.captured_at,
            "score": card.score,
            "regions": card.regions,
            "inFirst": card.in_first,
        }
    )


def picture(thumbnail: Thumbnail) -> dict[str, Any]:
    """Return what the page shows of a thumbnail."""
    return _without_empty(
        {
            "src": _uri(thumbnail),
            "width": thumbnail.width,
            "height": thumbnail.height,
            "note": shown(thumbnail.note),
            "pixels": f"{thumbnail.picture_width} \u00d7 {thumbnail.picture_height}"
            if thumbnail.picture_width
            else "",
            "size": size(thumbnail.size_bytes) if thumbnail.size_bytes else "",
            "date": cards.moment(thumbnail.captured_at, thumbnail.mtime_ns),
        }
    )


def _uri(thumbnail: Thumbnail) -> str:
    if not thumbnail.data:
        return ""
    return f"data:{thumbnail.mime};base64,{base64.b64encode(thumbnail.data).decode()}"


def _without_empty(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without its empty values; the number 0 is not empty."""
    return {name: value for name, value in record.items() if value or type(value) is int}


def _json(value: Any) -> Markup:
    """Return JSON that can stand in a script element: nothing in it ends the element."""
    text = json.dumps(value, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no markup character is left


# -- the policy ------------------------------------------------------------------------------------


def _policy(style: str, script: str) -> str:
    return (
        "default-src 'none'; img-src data: file:; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
