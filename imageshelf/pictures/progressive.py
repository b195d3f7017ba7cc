"""A progressive JPEG without its detail: what an eighth of its size needs, and nothing else.

A progressive file sends its picture several times over: first the averages of its 8x8 blocks,
then their detail. Brightness at 1/8 of the size is those averages alone, yet a decoder works
through everything. Here the detail is left out, and one empty scan a component stands for it: the
decoder takes the detail for zero. What it would have refused in the scans that are gone is looked
for here.

Only what is well-formed from the first marker to the last is made light. Whatever is odd goes
the ordinary way, so that a damaged file is refused, or read, exactly as it always was.
"""

from __future__ import annotations

import re

END, SCAN = 0xD9, 0xDA
FRAME = 0xC2  # progressive, with Huffman coding
TABLES = 0xC4  # of Huffman codes
HARMLESS = {TABLES, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}  # tables, restart interval, remarks
ADOBE = 0xEE
MOST_TO_COME = 13  # bits of a coefficient, at which libjpeg draws the line
COEFFICIENTS = 64  # of a block; the first is its average
UNKNOWN = 0xFF
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # no escaped FF, restart, or padding

Precision = dict[int, bytearray]  # component: for each coefficient, the bits still to come
Detail = dict[int, int]  # component: the table of its detail


class _OddError(Exception):
    """Something that a plain, complete progressive file does not have."""


def without_detail(data: bytes) -> bytes | None:
    """Return a far smaller JPEG file with the bit-identical 1/8 luma, or None.

    None for whatever is not a complete, well-formed progressive file with Huffman coding and
    luma, at the highest resolution, as its first component. What follows the end is dropped.
    """
    try:
        return _light(data)
    except (_OddError, IndexError, ValueError):  # the latter two: cut short
        return None


def _light(data: bytes) -> bytes:
    kept: list[bytes] = []
    precision: Precision = {}
    detail: Detail = {}
    tables: set[int] = set()  # of detail, which a decoder would take
    begin, at = 0, 2  # of what is kept next; of the next marker
    while data[at] == 0xFF and (marker := data[at + 1]) != END:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == SCAN:
            header = data[at:end]
            wanted = _holds_luma_averages(header, precision)
            averages = header[-3] == 0
            if not averages:
                table = detail[header[5]] = header[6] & 15
                if table not in tables:
                    raise _OddError
            found = _NEXT_MARKER.search(data, end)
            before, at = at, found.start() if found else len(data)
            if not wanted:
                kept.append(data[begin : end if averages else before])
                begin = at
            continue
        if marker == TABLES:
            _note_tables(data[at + 4 : end], tables)
        if marker == FRAME and not precision:
            precision = _components(data[at:end])
        elif marker not in HARMLESS or (marker == ADOBE and not data[at + 15]):  # no luma
            raise _OddError
        at = end
    complete = precision and not any(map(any, precision.values()))
    complete = complete and tables.issuperset(detail.values())  # not spoiled since
    if data[at] != 0xFF or not complete:
        raise _OddError
    empty = (bytes([0xFF, SCAN, 0, 8, 1, each, detail[each], 1, 63, 0]) for each in precision)
    return b"".join([*kept, data[begin:at], *empty, data[at : at + 2]])


def _components(header: bytes) -> Precision:
    """Return the components that a frame header lists, nothing known of them yet."""
    ids, sampling = header[10::3], header[11::3]
    highest = (max(each >> 4 for each in sampling), max(each & 15 for each in sampling))
    plain = header[4] == 8 and header[9] == len(ids) == len(set(ids)) and len(ids) in {1, 3}
    if not plain or ids == b"RGB" or highest != divmod(sampling[0], 16):
        raise _OddError
    return {each: bytearray([UNKNOWN] * COEFFICIENTS) for each in ids}


def _holds_luma_averages(header: bytes, precision: Precision) -> bool:
    """Tell whether a scan holds averages of luma; note what it completes."""
    ids = header[5:-3:2]
    first, last, bits = header[-3:]
    if header[4] != len(ids) or len(header) != 8 + 2 * len(ids) or not _in_order(header):
        raise _OddError
    for each in ids:
        if each not in precision:
            raise _OddError
        precision[each][first : last + 1] = bytes([bits & 15]) * (last + 1 - first)
    return first == 0 and next(iter(precision)) in ids


def _in_order(header: bytes) -> bool:
    """Tell whether a decoder takes such a scan: as libjpeg does, in jdphuff.c."""
    first, last, bits = header[-3:]
    before, after = divmod(bits, 16)
    band = last == 0 if first == 0 else first <= last < COEFFICIENTS and header[4] == 1
    return band and before in {0, after + 1} and after <= MOST_TO_COME


def _note_tables(segment: bytes, tables: set[int]) -> None:
    """Note which tables of detail are defined from here on, and of codes that can be told apart."""
    at = 0
    while at < len(segment):
        which, counts = segment[at], segment[at + 1 : at + 17]
        at += 17 + sum(counts)
        if which >> 4 == 1:
            tables.discard(which & 15)
            if at <= len(segment) and _decodable(counts):
                tables.add(which & 15)


def _decodable(counts: bytes) -> bool:
    """Tell whether so many codes of 1, 2, ... 16 bits can be told apart, as libjpeg asks for."""
    code = 0
    for length, count in enumerate(counts, 1):
        code += count
        if code >= 1 << length:  # no code is all ones
            return False
        code <<= 1
    return len(counts) == 16 and sum(counts) <= 256
