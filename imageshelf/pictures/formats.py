"""Tell what a file is from its first bytes; its name only words the refusal of other files."""

import os
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


_PICTURES = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (8, b"WEBP", "WEBP"),
)
_NOT_INDEXED = (  # offset, magic, other, words
    (0, b"FUJIFILMCCD-RAW", "raw", "a camera RAW file"),
    (0, b"IIRO", "raw", "a camera RAW file"),
    (0, b"IIRS", "raw", "a camera RAW file"),
    (0, b"MMOR", "raw", "a camera RAW file"),
    (0, b"IIU\0", "raw", "a camera RAW file"),
    (0, b"\0MRM", "raw", "a camera RAW file"),
    (0, b"FOVb", "raw", "a camera RAW file"),
    (6, b"HEAPCCDR", "raw", "a camera RAW file"),
    (4, b"ftypcrx ", "raw", "a camera RAW file"),
    (8, b"CR\x02", "raw", "a camera RAW file"),
    (0, b"8BPS", "", "a Photoshop file"),
    (0, b"%!PS", "", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "", "a PostScript file"),
    (0, b"\xff\x0a", "", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL \r\n", "", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cjP  \r\n", "", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "", "a JPEG 2000 picture"),
    (0, b"\0\0\x01\0", "", "an icon"),
    (0, b"gimp xcf", "", "a GIMP file"),
    (0, b"%PDF", "document", "a PDF document"),
    (0, b"{\\rtf", "document", "a text document"),
    (0, b"\xd0\xcf\x11\xe0", "document", "an office document"),
    (0, b"PK\x03\x04", "archive", "a zip archive"),
    (0, b"Rar!", "archive", "a rar archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "archive", "a 7z archive"),
    (0, b"\x1f\x8b", "archive", "a gzip archive"),
    (0, b"SQLite format 3\0", "file", "a database"),
    (0, b"\x1aE\xdf\xa3", "video", "a video"),
    (0, b"\0\0\x01\xba", "video", "a video"),
    (0, b"\0\0\x01\xb3", "video", "a video"),
    (8, b"AVI ", "video", "a video"),
    (4, b"moov", "video", "a video"),
    (4, b"mdat", "video", "a video"),
    (8, b"WAVE", "audio", "a sound recording"),
    (0, b"ID3", "audio", "a sound recording"),
    (0, b"OggS", "audio", "a sound recording"),
    (0, b"fLaC", "audio", "a sound recording"),
)
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_HEIF_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
    *(b"mif1", b"msf1", b"mif2"),
}

_EXTENSIONS = {  # what a name promises
    "": "jpg jpeg jpe jfif jif png apng gif webp bmp dib tif tiff heic heif hif heics heifs avif"
    " avifs jxl jp2 j2k psd psb eps svg ico cur tga pcx ppm pgm pbm pnm xcf exr hdr wbmp mpo jps",
    "raw": "3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq k25 kdc mef mos mrw nef nrw orf ori pef raf"
    " raw rw2 rwl sr2 srf srw x3f",
    "video": "mov mp4 m4v avi mkv webm mpg mpeg mts m2ts 3gp 3g2 wmv flv insv lrv vob",
    "audio": "mp3 m4a wav ogg opus flac aac amr wma aif aiff",
    "document": "pdf txt md rst html htm doc docx odt rtf xls xlsx ods csv ppt pptx odp tex epub",
    "archive": "zip rar 7z gz tgz tar bz2 xz zst",
    "sidecar": "xmp aae json thm pp3 dop xml ini modd moff ithmb photoslibrary cos on1",
}
_PROMISES = {
    extension: other for other, names in _EXTENSIONS.items() for extension in names.split()
}


def promised_kind(path: str) -> str | None:
    """Return what a name promises: '' for a picture, 'video' and so on, or None for nothing."""
    return _PROMISES.get(os.path.splitext(path)[1][1:].lower())


def recognise(head: bytes) -> FileKind:
    """Return the kind of a file that starts with `head` (HEAD_BYTES or fewer)."""
    for offset, magic, name in _PICTURES:
        if head.startswith(magic, offset):
            return FileKind(name, "", f"a {name} picture")
    for offset, magic, other, words in _NOT_INDEXED:
        if head.startswith(magic, offset):
            return FileKind("", other, words)
    if head.startswith(_TIFF):
        return FileKind("TIFF", "", "a TIFF picture")
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return FileKind("BMP", "", "a BMP picture")
    if head[4:8] == b"ftyp":
        return _boxed(head)
    return FileKind("", "document" if _is_text(head) else "file", _plain_words(head))


def _boxed(head: bytes) -> FileKind:
    """Tell HEIF, AVIF and video apart by the brands of an ISO base media file."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if head[8:12] in {b"avif", b"avis"} or (head[8:12] in _HEIF_BRANDS and b"avif" in brands):
        return FileKind("AVIF", "", "an AVIF picture")
    if head[8:12] in _HEIF_BRANDS:
        return FileKind("HEIF", "", "a HEIF picture")
    return FileKind("", "video", "a video")


def _is_text(head: bytes) -> bool:
    try:
        head[:-3].decode()  # the cut may fall inside a character
    except UnicodeDecodeError:
        return False
    return b"\0" not in head


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
