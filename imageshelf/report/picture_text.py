"""Text drawn on a picture, each letter in the first font that has it.

Pillow's own font has the letters of English; the system's fonts supply the others. A letter that
none of them has is drawn as a box. Right-to-left text is drawn as well as Pillow can.
"""

import functools
from itertools import groupby

from PIL import ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

OWN = ""  # the font that comes with Pillow
FONTS = (  # where Linux, Windows and macOS have many letters; Chinese, Japanese, Korean last
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf",
    "segoeui.ttf", "arial.ttf", "Arial Unicode.ttf", "Arial.ttf",
    "NotoSansCJK-Regular.ttc", "NotoSerifCJK-Regular.ttc", "WenQuanYi Zen Hei.ttf",
    "msyh.ttc", "YuGothM.ttc", "malgun.ttf", "PingFang.ttc", "AppleSDGothicNeo.ttc",
)  # fmt: skip
_TRIED_PX = 16
_NO_LETTER = "\uffff"  # fonts draw it as they draw every letter that they lack


def length(text: str, size_px: int) -> float:
    """Return the width of a text in pixels."""
    return sum(_font(name, size_px).getlength(part) for name, part in _runs(text))


def draw(
    on: ImageDraw.ImageDraw, corner: tuple[float, float], text: str, ink: str, size_px: int
) -> None:
    """Draw a text with its top left at `corner`, all letters on one line."""
    x, y = corner
    for name, part in _runs(text):
        font = _font(name, size_px)
        on.text((x, y + size_px), part, ink, font, anchor="ls")
        x += font.getlength(part)


def _runs(text: str) -> list[tuple[str, str]]:
    """Return the parts of a text that share a font, each with the name of the font."""
    return [(name, "".join(part)) for name, part in groupby(text, _font_for)]


@functools.lru_cache(maxsize=10_000)
def _font_for(letter: str) -> str:
    return next((name for name in (OWN, *FONTS) if _has(name, letter)), OWN)


def _has(name: str, letter: str) -> bool:
    try:
        font = _font(name, _TRIED_PX)
    except OSError:  # this system has no such font
        return False
    return letter.isascii() or bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))


@functools.cache
def _font(name: str, size_px: int) -> Font:
    return ImageFont.truetype(name, size_px) if name else ImageFont.load_default(size_px)
