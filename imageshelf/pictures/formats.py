"""Tell what a file is from its first bytes, and in which words it is refused.

Two tables say all of it: KINDS, what is recognised, and REASONS, why decoders refuse a file of a
kind that is read. A file's name only words the refusal of other files.
"""

import os
import re
from typing import NamedTuple

RAW = "raw"  # of what `other` names, the kind that is a picture after all: camera_raw.py reads it
HEAD_BYTES = 4096  # enough for the brands of a HEIF file; all other formats need 16


class FileKind(NamedTuple):
    """What the first bytes say.

    format: Pillow's name of the one decoder to try, or ''
    other: the kind of a file that is not an ordinary picture ('raw', 'video', ...), or ''
    words: the same for people, with an article
    """

    format: str
    other: str
    words: str


def _kind(words: str, other: str = "") -> FileKind:
    """Return the kind of files that are not read: pictures, unless `other` names their kind."""
    return FileKind("", other, words)


# Everything that is recognised: by first bytes, those from an offset on, a pattern (None instead of
# an offset), or, in an ISO base media file, a brand (text). The first that fits counts.
KINDS: dict[FileKind, tuple[bytes | tuple[int | None, bytes] | str, ...]] = {
    _kind("a PNG picture for iPhone programs only"): ((12, b"CgBI"),),
    _kind("a JPEG-LS picture"): (b"\xff\xd8\xff\xf7",),
    FileKind("JPEG", "", "a JPEG picture"): (b"\xff\xd8\xff",),
    FileKind("PNG", "", "a PNG picture"): (b"\x89PNG\r\n\x1a\n",),
    FileKind("GIF", "", "a GIF picture"): (b"GIF87a", b"GIF89a"),
    FileKind("WEBP", "", "a WEBP picture"): ((8, b"WEBP"),),
    _kind("a camera RAW file", "raw"): (
        *(b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"\0MRM", b"FOVb"),
        *((6, b"HEAPCCDR"), (8, b"CR\x02"), "crx "),
    ),
    FileKind("TIFF", "", "a TIFF picture"): (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    FileKind("BMP", "", "a BMP picture"): (
        (None, rb"(?s)BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
    ),
    FileKind("AVIF", "", "an AVIF picture"): ("avif", "avis", "MA1A", "MA1B", "avio"),
    FileKind("HEIF", "", "a HEIF picture"): (
        *("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "mif3"),
        *("msf1", "miaf", "MiHA", "MiHB", "MiHE", "MiPr", "MiAn", "avci", "avcs", "vvic", "vvis"),
        *("evbi", "evbs", "evmi", "evms", "j2ki", "j2is", "jpeg", "jpgs", "unif", "tmap", "pred"),
        "1pic",
    ),
    FileKind("JXL", "", "a JPEG XL picture"): (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n", "jxl "),
    FileKind("JPEG2000", "", "a JPEG 2000 picture"): (
        *(b"\0\0\0\x0cjP  \r\n", b"\xff\x4f\xff\x51", "jp2 "),
    ),
    _kind("a JPEG XR picture"): (b"II\xbc\x01",),
    FileKind("PSD", "", "a Photoshop file"): (b"8BPS\0\1",),
    _kind("a large Photoshop file (PSB)"): (b"8BPS",),
    _kind("a PostScript file"): (b"%!PS", b"\xc5\xd0\xd3\xc6"),
    _kind("an icon"): (b"\0\0\1\0",),
    _kind("a cursor"): (b"\0\0\2\0",),
    _kind("a GIMP file"): (b"gimp xcf",),
    _kind("an MNG animation"): (b"\x8aMNG",),
    _kind("a JNG picture"): (b"\x8bJNG",),
    _kind("a BPG picture"): (b"BPG\xfb",),
    _kind("a FLIF picture"): (b"FLIF",),
    _kind("a QOI picture"): (b"qoif",),
    _kind("an OpenEXR picture"): (b"v/1\x01",),
    _kind("a Radiance HDR picture"): (b"#?RADIANCE", b"#?RGBE"),
    _kind("a DDS texture"): (b"DDS ",),
    _kind("a farbfeld picture"): (b"farbfeld",),
    _kind("a FITS picture"): (b"SIMPLE  =",),
    _kind("a DjVu document"): (b"AT&TFORM",),
    _kind("a Sun raster picture"): (b"\x59\xa6\x6a\x95",),
    _kind("a PNM picture"): ((None, rb"P[1-7Ff]\s[\s\d#WT]"),),
    _kind("a PDF document", "document"): (b"%PDF",),
    _kind("a text document", "document"): (b"{\\rtf",),
    _kind("an office document", "document"): (b"\xd0\xcf\x11\xe0",),
    _kind("a zip archive", "archive"): (b"PK\3\4",),
    _kind("a rar archive", "archive"): (b"Rar!",),
    _kind("a 7z archive", "archive"): (b"7z\xbc\xaf\x27\x1c",),
    _kind("a gzip archive", "archive"): (b"\x1f\x8b",),
    _kind("a database", "file"): (b"SQLite format 3\0",),
    _kind("a sound recording", "audio"): (
        *((8, b"WAVE"), b"ID3", b"OggS", b"fLaC"),
        *("M4A ", "M4B ", "M4P ", "F4A "),
    ),
    _kind("a video", "video"): (
        *(b"\x1aE\xdf\xa3", b"\0\0\x01\xba", b"\0\0\x01\xb3", (8, b"AVI ")),
        *((4, b"moov"), (4, b"mdat")),
    ),
    _kind("a file of attributes that a Mac wrote", "sidecar"): (b"\0\5\x16\7",),
}
READ = [
    kind.words.split(" ", 1)[1].rpartition(" ")[0].removeprefix("camera ")
    for kind in KINDS
    if kind.format or kind.other == RAW
]
_SIGNS = [
    (sign if isinstance(sign, tuple) else (0, sign), kind)
    for kind, signs in KINDS.items()
    for sign in signs
    if isinstance(sign, (tuple, bytes))
]
_BRANDS = {sign: kind for kind, signs in KINDS.items() for sign in signs if isinstance(sign, str)}
_VIDEO = _kind("a video", "video")  # any ISO base media file of no other brand
_GENERAL_BRANDS = {"mif1", "mif2", "mif3", "msf1", "miaf", "tmap", "pred", "1pic", "unif"}

ENDS_EARLY = "that ends too early"
DAMAGED = "that is damaged"
NOT_READ = "of a kind that is not read"
_CUT_SHORT = (
    r"truncated|not enough (image )?data|requires a (bytes|buffer)|out of range|premature|"
    r"unexpected end|end.of.(file|data|stream)|\beof\b"
)
REASONS = (  # for which a decoder refuses a file, by a pattern in its message; the first counts
    (_CUT_SHORT, ENDS_EARLY),
    (r"12-bit layers", f"{NOT_READ}: 12 bits per sample"),
    (r"\d+-bit layers", f"{NOT_READ}: an unusual number of bits per sample"),
    (r"\d+-layer images", f"{NOT_READ}: an unusual number of colours"),
    (r"unknown pixel mode|unknown data organization", f"{NOT_READ}: an unusual layout of samples"),
    (r"lossless process", f"{NOT_READ}: lossless JPEG"),
    (r"hierarchical process", f"{NOT_READ}: hierarchical JPEG"),
    (
        r"unsupported|not (?:yet )?supported|not implemented|no decoding plugin|decoder \S+ not",
        NOT_READ,
    ),
    (r"unknown compression", f"{NOT_READ}: an unusual compression"),
    ("", DAMAGED),
)
JPEG_EXTENSIONS = {"jpg", "jpeg", "jpe", "jfif", "jif", "mpo", "jps"}

_EXTENSIONS = {  # what a name promises
    "": "jpg jpeg jpe jfif jif png apng gif webp bmp dib tif tiff heic heif hif heics heifs avif"
    " avifs jxl jp2 j2k psd psb eps svg ico cur tga pcx ppm pgm pbm pnm xcf exr hdr wbmp mpo jps",
    "raw": "3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq k25 kdc mef mos mrw nef nrw orf ori pef raf"
    " raw rw2 rwl sr2 srf srw x3f",
    "video": "mov mp4 m4v avi mkv webm mpg mpeg mts m2ts 3gp 3g2 wmv flv insv lrv vob",
    "audio": "mp3 m4a wav ogg opus flac aac amr wma aif aiff",
    "document": "pdf txt md rst html htm doc docx odt rtf xls xlsx ods csv ppt pptx odp tex epub",
    "archive": "zip rar 7z gz tgz tar bz2 xz zst",
    # and developing records: RawTherapee, ART, DxO, Capture One, ON1, Nikon, Canon, SilkyPix
    "sidecar": "xmp aae json thm xml ini modd moff ithmb photoslibrary mie exif"
    " pp3 pp2 arp dop cos cot cop on1 nks nksc nxd vrd dr4 spd rpd",
}
_PROMISES = {
    extension: other for other, names in _EXTENSIONS.items() for extension in names.split()
}


def promised_kind(path: str) -> str | None:
    """Return what a name promises: '' for a picture, 'video' and so on, or None for nothing."""
    if "://" in path:  # in an archive, whose own address comes behind
        path = path.partition("::")[0]
    return _PROMISES.get(os.path.splitext(path)[1][1:].lower())


def is_raw(path: str) -> bool:
    """Tell whether a name is that of a camera RAW file."""
    return promised_kind(path) == RAW


def recognise(head: bytes) -> FileKind:
    """Return the kind of a file that starts with `head` (HEAD_BYTES or fewer)."""
    for (offset, magic), kind in _SIGNS:
        if re.match(magic, head) if offset is None else head.startswith(magic, offset):
            return kind
    if head[4:8] == b"ftyp":
        return _boxed(head)
    return FileKind("", "document" if _is_text(head) else "file", _plain_words(head))


def jpeg_start(head: bytes, path: str, content: FileKind) -> int:
    """Return where a JPEG picture starts behind stray bytes; 0 if there is none.

    It must have the name of one, and its first segments must follow each other.
    """
    known = content.words not in _UNKNOWN_WORDS
    if known or os.path.splitext(path)[1][1:].lower() not in JPEG_EXTENSIONS:
        return 0
    start = head.find(b"\xff\xd8\xff")
    after = start + 4 + int.from_bytes(head[start + 4 : start + 6], "big")
    follows = start > 0 and (after >= len(head) or head[after : after + 1] == b"\xff")
    return start if follows else 0


def _boxed(head: bytes) -> FileKind:
    """Tell pictures, sound and video apart by the brands of an ISO base media file."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major, *others = (head[at : at + 4].decode("latin-1") for at in (8, *range(16, end - 3, 4)))
    if major in _GENERAL_BRANDS:  # the codec is another brand's
        codecs = {_BRANDS[brand].format for brand in others if brand in _BRANDS}
        return _BRANDS["avif" if "AVIF" in codecs else "mif1"]
    if major in _BRANDS:
        return _BRANDS[major]
    pictures = [_BRANDS[brand] for brand in others if brand in _BRANDS and _BRANDS[brand].format]
    known_video = major[:2] in {"is", "mp", "qt", "M4", "3g", "av", "da", "MS"}
    return _VIDEO if known_video or not pictures else pictures[0]


def _is_text(head: bytes) -> bool:
    try:
        head[:-3].decode()  # the cut may fall inside a character
    except UnicodeDecodeError:
        return False
    return b"\0" not in head


_UNKNOWN_WORDS = {"text", "zero bytes", "no known format"}


def _plain_words(head: bytes) -> str:
    if not head:
        return "an empty file"
    if head.lstrip()[:5].lower() in {b"<html", b"<!doc"}:
        return "a web page"
    if b"<svg" in head:
        return "an SVG drawing"
    if _is_text(head):
        return "text"
    return "zero bytes" if not head.strip(b"\0") else "no known format"


def refusal(path: str, content: FileKind) -> tuple[str, str]:
    """Return (reason, other) for a file whose content is not a picture that we read.

    `other` is '' if one would expect a picture there: because of the name, or because it is a
    picture of a kind that is not read.
    """
    promised = promised_kind(path)
    if content.other == "" and not content.format:
        return f"is {content.words}, a kind that is not read", ""
    if promised == "":
        return f"is not a picture: it is {content.words}", ""
    return f"is {content.words}", promised or content.other or "file"


def damage_reason(words: str, exc: Exception) -> str:
    """Return what a decoder's exception says about a file, completing "this file ..."."""
    message = str(exc)
    reasons = (reason for sign, reason in REASONS if re.search(sign, message, re.IGNORECASE))
    return f"is {words} {next(reasons)}"
