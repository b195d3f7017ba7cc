"""Lists of paths on standard input, as every system writes them."""

from __future__ import annotations

import codecs
import io

import pytest

from imageshelf.searching.queries import paths_in_list

PATHS = ["p/a.jpg", "p/\u5199 \u771f.jpg"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with mark", "utf-16-be with mark"]
)
def test_a_list_is_read_whatever_wrote_it(encoding: str, ending: str) -> None:
    name, _, marked = encoding.partition(" with ")
    mark = codecs.BOM_UTF16_LE if "le" in name else codecs.BOM_UTF16_BE
    text = ending.join([*PATHS, "", "  \t ", ""])
    data = (mark if marked else b"") + text.encode(name)
    assert paths_in_list(io.BytesIO(data)) == PATHS


@pytest.mark.parametrize(
    ("data", "paths"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b"\xef\xbb\xbf\r\n   \r\n", []),
        (b"a.jpg\0 \0\nb.jpg\0", ["a.jpg", " ", "\nb.jpg"]),  # names are exact between NULs
        (b"\xef\xbb\xbfa.jpg\0", ["a.jpg"]),
        (b" a .jpg \n", [" a .jpg "]),
        (b"\xff\xfea\0.\0j\0", ["a.j"]),
        (b"\xff\xfea\0.", ["a"]),  # cut in the middle of a character
        (b"\xff.jpg\n", ["\udcff.jpg"]),
    ],
)
def test_marks_and_blank_lines_are_no_paths(data: bytes, paths: list[str]) -> None:
    assert paths_in_list(io.BytesIO(data)) == paths
