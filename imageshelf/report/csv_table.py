"""Answers for programs: CSV (RFC 4180) and bare paths, both byte for byte, and JSON.

The table is UTF-8 with CRLF line ends and a heading. Bytes of a name that are not UTF-8 are written
as they are. A spreadsheet takes a cell for a formula if it begins with one of `= + - @`, a tab or a
line end; such a cell gets an apostrophe in front, and so does one that begins with an apostrophe.
"""

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

GUARD = "'"
# The full-width signs start a formula in a Japanese or Chinese spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet calculates.

    >>> guarded("=1+1.jpg"), guarded("a.jpg"), guarded("'tis.jpg")
    ("'=1+1.jpg", 'a.jpg', "''tis.jpg")
    """
    return GUARD + text if text.startswith((*FORMULA_STARTS, GUARD)) else text


def table(fields: Sequence[str], records: Iterable[Mapping[str, Any]]) -> bytes:
    r"""Return records as one CSV table; a missing value or None is an empty cell.

    Numbers are written as they are, text is guarded. Lists become their items, separated by spaces,
    and lists within these by commas; objects become names and values, separated by semicolons.

    >>> table(["path", "row"], [{"path": "a,b.jpg", "row": 3}])
    b'path,row\r\n"a,b.jpg",3\r\n'
    """
    import csv

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(fields)
    for record in records:
        writer.writerow([_cell(record.get(field)) for field in fields])
    return encoded(text.getvalue())


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, Mapping):
        return guarded("; ".join(f"{name} {_item(each)}" for name, each in value.items()))
    if isinstance(value, (list, tuple)):
        return guarded(" ".join(map(_item, value)))
    return value


def _item(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def encoded(text: str) -> bytes:
    """Return text as UTF-8, in which the lone surrogates of a name become its bytes again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # Windows allows lone surrogates that stand for no byte
        return text.encode("utf-8", "surrogatepass")


def json_list(records: Iterable[Any]) -> str:
    """Return one JSON document: a list of records."""
    import json

    return json.dumps(list(records), indent=2) + "\n"


def json_lines(records: Iterable[Any]) -> str:
    """Return JSON Lines: a document for each record, nothing for none."""
    import json

    return "".join(json.dumps(record) + "\n" for record in records)


def null_paths(paths: Iterable[str]) -> bytes:
    r"""Return paths for `xargs -0`: their own bytes, a NUL after each.

    >>> null_paths(["a b.jpg", "c\nd.jpg"])
    b'a b.jpg\x00c\nd.jpg\x00'
    """
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
