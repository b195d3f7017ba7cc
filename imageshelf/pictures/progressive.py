"""Strip a progressive JPEG of its detail, leaving what a decode at an eighth of its size needs.

A progressive file stores its picture in passes: first the averages of its 8x8 blocks, then their
detail. Brightness at 1/8 of the size consists of those averages alone, yet a decoder works through
everything. Here the detail is left out and replaced by one empty scan per component, which the
decoder reads as zero. Errors that the decoder would have found in the dropped scans are checked for
here.

Only files that are well-formed from the first marker to the last are stripped. All others are
decoded as they are, so a damaged file is refused, or read, exactly as it would be otherwise.
"""

import re

END, SCAN = 0xD9, 0xDA
FRAME = 0xC2  # progressive, with Huffman coding
TABLES = 0xC4  # of Huffman codes
HARMLESS = {TABLES, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}  # tables, restart interval, comments
ADOBE = 0xEE
MOST_BITS_LEFT = 13  # of a coefficient; libjpeg refuses more
COEFFICIENTS = 64  # of a block; the first is its average
UNKNOWN = 0xFF
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # no escaped FF, restart, or padding

Precision = dict[int, bytearray]  # component: for each coefficient, the bits still missing
Detail = dict[int, int]  # component: the code table of its detail


class _OddError(Exception):
    """The file has something that a plain, complete progressive file does not have."""


def without_detail(data: bytes) -> bytes | None:
    """Return a far smaller JPEG file with bit-identical 1/8 luma, or None.

    None if the file is not a complete, well-formed progressive file with Huffman coding and with
    luma, at the highest resolution, as its first component. Data after the end is dropped.
    """
    try:
        return _light(data)
    except (_OddError, IndexError, ValueError):  # the latter two: the file is cut short
        return None


def _light(data: bytes) -> bytes:
    kept: list[bytes] = []
    precision: Precision = {}
    detail: Detail = {}
    tables: set[int] = set()  # valid code tables of detail
    begin, at = 0, 2  # of the next kept part; of the next marker
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
            next_marker = _NEXT_MARKER.search(data, end)
            before, at = at, next_marker.start() if next_marker else len(data)
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
    complete = complete and tables.issuperset(detail.values())  # none was redefined badly
    if data[at] != 0xFF or not complete:
        raise _OddError
    empty = (bytes([0xFF, SCAN, 0, 8, 1, id_, detail[id_], 1, 63, 0]) for id_ in precision)
    return b"".join([*kept, data[begin:at], *empty, data[at : at + 2]])


def _components(header: bytes) -> Precision:
    """Return the components that a frame header lists, with all bits still missing."""
    ids, sampling = header[10::3], header[11::3]
    highest = (max(factor >> 4 for factor in sampling), max(factor & 15 for factor in sampling))
    plain = header[4] == 8 and header[9] == len(ids) == len(set(ids)) and len(ids) in {1, 3}
    if not plain or ids == b"RGB" or highest != divmod(sampling[0], 16):
        raise _OddError
    return {id_: bytearray([UNKNOWN] * COEFFICIENTS) for id_ in ids}


def _holds_luma_averages(header: bytes, precision: Precision) -> bool:
    """Tell whether a scan holds averages of luma; note the bits that it supplies."""
    ids = header[5:-3:2]
    first, last, bits = header[-3:]
    if header[4] != len(ids) or len(header) != 8 + 2 * len(ids) or not _in_order(header):
        raise _OddError
    for id_ in ids:
        if id_ not in precision:
            raise _OddError
        precision[id_][first : last + 1] = bytes([bits & 15]) * (last + 1 - first)
    return first == 0 and next(iter(precision)) in ids


def _in_order(header: bytes) -> bool:
    """Tell whether a decoder accepts such a scan, by libjpeg's rules in jdphuff.c."""
    first, last, bits = header[-3:]
    before, after = divmod(bits, 16)
    band = last == 0 if first == 0 else first <= last < COEFFICIENTS and header[4] == 1
    return band and before in {0, after + 1} and after <= MOST_BITS_LEFT


def _note_tables(segment: bytes, tables: set[int]) -> None:
    """Update the set of valid code tables of detail with a segment that defines some."""
    at = 0
    while at < len(segment):
        which, counts = segment[at], segment[at + 1 : at + 17]
        at += 17 + sum(counts)
        if which >> 4 == 1:
            tables.discard(which & 15)
            if at <= len(segment) and _decodable(counts):
                tables.add(which & 15)


def _decodable(counts: bytes) -> bool:
    """Tell whether so many codes of 1, 2, ... 16 bits are decodable, by libjpeg's rules."""
    code = 0
    for length, count in enumerate(counts, 1):
        code += count
        if code >= 1 << length:  # no code is all ones
            return False
        code <<= 1
    return len(counts) == 16 and sum(counts) <= 256
