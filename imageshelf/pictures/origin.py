"""Signs that a camera wrote a file as it is, doubts about it, and what a person wrote into it.

A copy that a messenger, an editor or a converter made often keeps the camera's name and date. What
it cannot keep is all the rest: the size that EXIF states, a thumbnail of the same picture, the
camera's own tables.
"""

import io
import re
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from PIL import ExifTags, Image

from imageshelf.pictures import annotated_file, metadata, reduction, small_baseline
from imageshelf.pictures.annotations import Annotations
from imageshelf.pictures.decoding import Jpeg, opened, pillow_settings, recognised
from imageshelf.pictures.look_tasks import OriginTask
from imageshelf.pictures.xmp import XmpError
from imageshelf.system.files import UnreadableImage, open_regular

Written = tuple[tuple[str, str], ...]  # field, value

SAME_SIZE, SAME_THUMBNAIL, OWN_TABLES = (
    "the size in its EXIF is the picture's",
    "its thumbnail agrees",
    "its tables are the camera's own",
)
ANOTHER_SIZE, ANOTHER_THUMBNAIL = (
    "its EXIF states another size",
    "its thumbnail shows something else",
)
UNREADABLE: Written = (("words", "that cannot be read"),)
LONGEST_VALUE = 2000  # characters of a field that are compared
AGREES = 12  # grey levels on average, between 16x16 luma of a thumbnail and of its picture
_EDITORS = re.compile(
    r"adobe|photoshop|lightroom|gimp|picasa|paint|capture one|darktable|rawtherapee|acdsee|snapseed"
    r"|pixelmator|affinity|luminar|dxo|instagram|whatsapp|vsco|canva|imagemagick|xnview|irfanview"
    r"|ffmpeg|google|topaz|gigapixel|esrgan|waifu|photoscape|fotor|polarr|nx studio|viewnx|ninja"
    r"|^photos \d|windows photo|krita|digikam|shotwell|gthumb|faststone",
    re.IGNORECASE,
)
_SOFTWARE, _EXIF, _WIDTH, _HEIGHT = 305, 0x8769, 40962, 40963
_THUMBNAIL_AT, _THUMBNAIL_BYTES = 513, 514
_LUMA = 16  # cells each way of the catalogue's thumbnail


class Origin(NamedTuple):
    """What a file says of where it comes from; empty where it says nothing or cannot be read."""

    signs: tuple[str, ...] = ()  # that a camera wrote it as it is
    doubts: tuple[str, ...] = ()  # that something else wrote it since
    written: Written = ()


def origin(task: OriginTask) -> Origin:
    """Return the origin of a picture file; never raises for a bad file."""
    try:
        written = _written(annotated_file.read_picture(task.path))
    except XmpError:
        written = UNREADABLE
    except (UnreadableImage, OSError):
        return Origin()
    try:
        with open_regular(task.path) as stream, pillow_settings():
            signs, doubts = _signs(stream, task)
    except Exception:  # noqa: BLE001 - a parser of hostile bytes; without them nothing is claimed
        signs, doubts = [], []
    return Origin(tuple(signs), tuple(doubts), written)


def _written(annotations: Annotations) -> Written:
    """Return what a person wrote, as (field, value)."""
    fields = {"caption": annotations.caption, "title": annotations.title}
    written = [(name, value[:LONGEST_VALUE]) for name, value in fields.items() if value]
    written += [("keyword", word) for word in annotations.keywords]
    written += [("face", face.name) for face in annotations.faces]
    if annotations.rating:
        written.append(("rating", str(annotations.rating)))
    return tuple(written)


def _signs(stream: BinaryIO, task: OriginTask) -> tuple[list[str], list[str]]:
    content, source, _ = recognised(stream, task.path)
    image = opened(source, content.format)
    exif = image.getexif()
    signs: list[str] = []
    doubts: list[str] = []
    stated = [exif.get_ifd(_EXIF).get(tag) for tag in (_WIDTH, _HEIGHT)]
    if all(isinstance(side, int) and side > 0 for side in stated):
        same = tuple(stated) in {image.size, image.size[::-1]}
        (signs if same else doubts).append(SAME_SIZE if same else ANOTHER_SIZE)
    agrees = _thumbnail_agrees(image, exif, task.luma)
    if agrees is not None:
        (signs if agrees else doubts).append(SAME_THUMBNAIL if agrees else ANOTHER_THUMBNAIL)
    if isinstance(image, Jpeg) and not is_libjpegs(image.quantization[0]):
        signs.append(OWN_TABLES)
    software = str(exif.get(_SOFTWARE) or "").strip("\0 ")
    if _EDITORS.search(software):
        doubts.append(f"it was written by {software[:40]}")
    return signs, doubts


def is_libjpegs(table: Sequence[int]) -> bool:
    """Tell whether a table of luma steps is libjpeg's standard one at some quality."""
    steps = metadata.luma_steps(metadata.jpeg_quality(table))
    return sorted(table) == sorted(steps)


def _thumbnail_agrees(image: Image.Image, exif: Image.Exif, luma: bytes) -> bool | None:
    """Tell whether the EXIF thumbnail shows the picture; None without a readable one."""
    data = _thumbnail((image.info.get("exif") or b"").removeprefix(b"Exif\0\0"), exif)
    if not data:
        return None
    try:
        small = Image.open(small_baseline.held(io.BytesIO(data)), formats=["JPEG"]).convert("L")
    except OSError:
        return None
    width, height = small.size  # black bars fill it up to 4:3
    scale = min(width / image.width, height / image.height)
    across, down = image.width * scale, image.height * scale
    x, y = (width - across) / 2, (height - down) / 2
    cells = small.resize((_LUMA, _LUMA), Image.Resampling.LANCZOS, (x, y, x + across, y + down))
    turn = reduction.EXIF_TURNS.get(exif.get(274, 1))
    cells = cells if turn is None else cells.transpose(turn)
    pairs = list(zip(cells.tobytes(), luma, strict=True))
    shift = sum(a - b for a, b in pairs) / len(pairs)
    return sum(abs(a - b - shift) for a, b in pairs) / len(pairs) <= AGREES


def _thumbnail(block: bytes, exif: Image.Exif) -> bytes:
    """Return the JPEG file that the second directory of an EXIF block leads to, or b""."""
    second = exif.get_ifd(ExifTags.IFD.IFD1)
    at, length = (second.get(tag) for tag in (_THUMBNAIL_AT, _THUMBNAIL_BYTES))
    return block[at : at + length] if isinstance(at, int) and isinstance(length, int) else b""
