"""Tell what a file is from its first bytes; its name only words the refusal of other files."""

import os
import re
from typing import NamedTuple

HEAD_BYTES = 4096  # enough for the brands of a HEIF file; all other formats need 16


class FileKind(NamedTuple):
    """What the first bytes say.

    format: Pillow's name of the one decoder to try, or ''
    other: the kind of a file that is not a picture to index ('raw', 'video', ...), or ''
    words: the same for people, with an article
    """

    format: str
    other: str
    words: str


_FIRST_BYTES = (  # offset, magic, format, other, words; the first that fits counts
    (12, b"CgBI", "", "", "a PNG picture for iPhone programs only"),
    (0, b"\xff\xd8\xff\xf7", "", "", "a JPEG-LS picture"),
    (0, b"\xff\xd8\xff", "JPEG", "", "a JPEG picture"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG", "", "a PNG picture"),
    (0, b"GIF87a", "GIF", "", "a GIF picture"),
    (0, b"GIF89a", "GIF", "", "a GIF picture"),
    (8, b"WEBP", "WEBP", "", "a WEBP picture"),
    (0, b"FUJIFILMCCD-RAW", "", "raw", "a camera RAW file"),
    (0, b"IIRO", "", "raw", "a camera RAW file"),
    (0, b"IIRS", "", "raw", "a camera RAW file"),
    (0, b"MMOR", "", "raw", "a camera RAW file"),
    (0, b"IIU\0", "", "raw", "a camera RAW file"),
    (0, b"\0MRM", "", "raw", "a camera RAW file"),
    (0, b"FOVb", "", "raw", "a camera RAW file"),
    (6, b"HEAPCCDR", "", "raw", "a camera RAW file"),
    (4, b"ftypcrx ", "", "raw", "a camera RAW file"),
    (8, b"CR\x02", "", "raw", "a camera RAW file"),
    (0, b"8BPS", "", "", "a Photoshop file"),
    (0, b"%!PS", "", "", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "", "", "a PostScript file"),
    (0, b"\xff\x0a", "", "", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL \r\n", "", "", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cjP  \r\n", "", "", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "", "", "a JPEG 2000 picture"),
    (0, b"\0\0\x01\0", "", "", "an icon"),
    (0, b"gimp xcf", "", "", "a GIMP file"),
    (0, b"%PDF", "", "document", "a PDF document"),
    (0, b"{\\rtf", "", "document", "a text document"),
    (0, b"\xd0\xcf\x11\xe0", "", "document", "an office document"),
    (0, b"PK\x03\x04", "", "archive", "a zip archive"),
    (0, b"Rar!", "", "archive", "a rar archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "", "archive", "a 7z archive"),
    (0, b"\x1f\x8b", "", "archive", "a gzip archive"),
    (0, b"SQLite format 3\0", "", "file", "a database"),
    (0, b"\x1aE\xdf\xa3", "", "video", "a video"),
    (0, b"\0\0\x01\xba", "", "video", "a video"),
    (0, b"\0\0\x01\xb3", "", "video", "a video"),
    (8, b"AVI ", "", "video", "a video"),
    (4, b"moov", "", "video", "a video"),
    (4, b"mdat", "", "video", "a video"),
    (8, b"WAVE", "", "audio", "a sound recording"),
    (0, b"ID3", "", "audio", "a sound recording"),
    (0, b"OggS", "", "audio", "a sound recording"),
    (0, b"fLaC", "", "audio", "a sound recording"),
    (0, b"\x8aMNG", "", "", "an MNG animation"),
    (0, b"\x8bJNG", "", "", "a JNG picture"),
    (0, b"BPG\xfb", "", "", "a BPG picture"),
    (0, b"FLIF", "", "", "a FLIF picture"),
    (0, b"qoif", "", "", "a QOI picture"),
    (0, b"v/1\x01", "", "", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "", "", "a Radiance HDR picture"),
    (0, b"#?RGBE", "", "", "a Radiance HDR picture"),
    (0, b"II\xbc\x01", "", "", "a JPEG XR picture"),
    (0, b"DDS ", "", "", "a DDS texture"),
    (0, b"farbfeld", "", "", "a farbfeld picture"),
    (0, b"SIMPLE  =", "", "", "a FITS picture"),
    (0, b"AT&TFORM", "", "", "a DjVu document"),
    (0, b"\0\0\2\0", "", "", "a cursor"),
    (0, b"\x59\xa6\x6a\x95", "", "", "a Sun raster picture"),
    (0, b"\0\5\x16\7", "", "sidecar", "a file of attributes that a Mac wrote"),
)
KINDS = tuple((offset, magic, FileKind(*kind)) for offset, magic, *kind in _FIRST_BYTES)
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_NETPBM = re.compile(rb"P[1-7Ff]\s[\s\d#WT]")
_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
BRANDS = {  # of ISO base media files; those of no picture are videos
    **dict.fromkeys(["avif", "avis", "MA1A", "MA1B", "avio"], ("AVIF", "", "an AVIF picture")),
    **dict.fromkeys(
        [
            "heic",
            "heix",
            "heim",
            "heis",
            "hevc",
            "hevx",
            "hevm",
            "hevs",
            "mif1",
            "mif2",
            "mif3",
            "msf1",
            "miaf",
            "MiHA",
            "MiHB",
            "MiHE",
            "MiPr",
            "MiAn",
            "avci",
            "avcs",
            "vvic",
            "vvis",
            "evbi",
            "evbs",
            "evmi",
            "evms",
            "j2ki",
            "j2is",
            "jpeg",
            "jpgs",
            "unif",
            "tmap",
            "pred",
            "1pic",
        ],
        ("HEIF", "", "a HEIF picture"),
    ),
    **dict.fromkeys(("M4A ", "M4B ", "M4P ", "F4A "), ("", "audio", "a sound recording")),
    "jxl ": ("", "", "a JPEG XL picture"),
    "jp2 ": ("", "", "a JPEG 2000 picture"),
    "crx ": ("", "raw", "a camera RAW file"),
}
_VIDEO = FileKind("", "video", "a video")
_GENERALBRANDS = {"mif1", "mif2", "mif3", "msf1", "miaf", "tmap", "pred", "1pic", "unif"}
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
    return _PROMISES.get(os.path.splitext(path)[1][1:].lower())


def recognise(head: bytes) -> FileKind:
    """Return the kind of a file that starts with `head` (HEAD_BYTES or fewer)."""
    for offset, magic, kind in KINDS:
        if head.startswith(magic, offset):
            return kind
    if head.startswith(_TIFF):
        return FileKind("TIFF", "", "a TIFF picture")
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return FileKind("BMP", "", "a BMP picture")
    if head[4:8] == b"ftyp":
        return _boxed(head)
    if _NETPBM.match(head):
        return FileKind("", "", "a PNM picture")
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
    if major in _GENERALBRANDS:  # the codec is another brand's
        kinds = [BRANDS[brand] for brand in others if brand in BRANDS]
        avif = any(kind[0] == "AVIF" for kind in kinds)
        return FileKind(*BRANDS["avif" if avif else "mif1"])
    if major in BRANDS:
        return FileKind(*BRANDS[major])
    pictures = [brand for brand in others if BRANDS.get(brand, ("",))[0]]
    known_video = major[:2] in {"is", "mp", "qt", "M4", "3g", "av", "da", "MS"}
    return _VIDEO if known_video or not pictures else FileKind(*BRANDS[pictures[0]])


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
    if content.other == "raw":
        return "is a camera RAW file, which is not indexed", "raw"
    if content.other == "" and not content.format:
        return f"is {content.words}, a kind that is not read", ""
    if promised == "":
        return f"is not a picture: it is {content.words}", ""
    return f"is {content.words}", promised or content.other or "file"
