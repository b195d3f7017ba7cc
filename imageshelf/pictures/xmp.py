"""XMP packets: what somebody wrote about a picture, read from one and put into one.

XMP (ISO 16684-1) is RDF in XML. A property stands as an attribute or as an element, a list as
`rdf:Bag`, a text in languages as `rdf:Alt`. Faces are regions of the Metadata Working Group
(`mwg-rs`), or of Microsoft (`MP`), which is only read. A sidecar is changed property by property,
and all that is not ours stays in it.

A packet may come from anybody: one with a document type, which could define entities, one too
large or too deep, and what is no XML are refused with XmpError.
"""

import math
import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element
from xml.parsers import expat

from imageshelf.pictures.annotations import ISO_DATE, Annotations, Face, Position

MOST_BYTES = 8 << 20
DEEPEST = 48  # elements within elements
MOST_ITEMS = 1000  # of a list
LONGEST = 20_000  # characters of a value
_UNBOUND_PREFIX = expat.errors.codes[expat.errors.XML_ERROR_UNBOUND_PREFIX]
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

X, RDF = "adobe:ns:meta/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"
DC, XAP = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/xap/1.0/"
EXIF, PHOTOSHOP = "http://ns.adobe.com/exif/1.0/", "http://ns.adobe.com/photoshop/1.0/"
REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
AREA = "http://ns.adobe.com/xmp/sType/Area#"
MICROSOFT = "http://ns.microsoft.com/photo/1.2/"
MICROSOFT_LIST, MICROSOFT_REGION = (
    f"http://ns.microsoft.com/photo/1.2/t/{name}#" for name in ("RegionInfo", "Region")
)
PREFIXES = {
    "x": X, "rdf": RDF, "dc": DC, "xmp": XAP, "exif": EXIF, "photoshop": PHOTOSHOP,
    "mwg-rs": REGIONS, "stArea": AREA, "MP": MICROSOFT, "MPRI": MICROSOFT_LIST,
    "MPReg": MICROSOFT_REGION,
}  # fmt: skip
_FORMS = {f"{{{RDF}}}about", f"{{{RDF}}}parseType"}
_BY_PROGRAMS = {f"{{{XAP}}}{name}" for name in ("MetadataDate", "ModifyDate", "CreatorTool")}
_BY_PROGRAMS.add("{http://ns.adobe.com/xap/1.0/mm/}InstanceID")
_DEGREES = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])")
_HEAD = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = b'\n<?xpacket end="w"?>\n'


class XmpError(Exception):
    """A packet that is not read; the message completes "this file ..."."""


def read_packet(data: bytes) -> Annotations:
    """Return what a packet says; a value that makes no sense is left out. Raises XmpError."""
    properties = _Properties(_descriptions(parsed(data)))
    return Annotations(
        taken=_date(properties),
        position=_position(properties),
        rating=_rating(properties.text(XAP, "Rating")),
        keywords=tuple(dict.fromkeys(properties.items(DC, "subject"))),
        caption=properties.in_any_language(DC, "description"),
        title=properties.in_any_language(DC, "title"),
        faces=(*_faces(properties), *_microsoft_faces(properties)),
    )


def statements(data: bytes) -> frozenset[tuple[str, object]]:
    """Return all that a packet says, as (property, value), in whichever form and order it stands.

    Each item of an unordered list and each field of a structure counts by itself. Left out is
    which program wrote the packet, and when. Raises XmpError.
    """
    found: set[tuple[str, object]] = set()
    for description in _descriptions(parsed(data)):
        fields = _value(description)
        for name, value in fields if isinstance(fields, frozenset) else ():
            values = value if isinstance(value, frozenset) else [value]
            found.update((name, each) for each in values if name not in _BY_PROGRAMS and each)
    return frozenset(found)


def written(annotations: Annotations, packet: bytes | None = None) -> bytes:
    """Return a sidecar with these annotations, all else in `packet` as it was. Raises XmpError.

    A field that is empty here is left as the packet has it.
    """
    root = parsed(packet) if packet is not None else _new()
    descriptions = _descriptions(root)
    if not descriptions:
        raise XmpError("has no rdf:Description to put anything into")
    if annotations.position:  # an altitude belongs to one position
        _remove(descriptions, f"{{{EXIF}}}GPSAltitude")
    for namespace, name, element in _elements(annotations):
        _remove(descriptions, f"{{{namespace}}}{name}")
        descriptions[0].append(element)
    for prefix, namespace in PREFIXES.items():
        ET.register_namespace(prefix, namespace)
    ET.indent(root)
    body: bytes = ET.tostring(root, "utf-8")
    return _HEAD + body + _TAIL


# -- the tree -------------------------------------------------------------------------------------


def parsed(data: bytes) -> Element:
    """Return the root of a packet's tree; expat alone, as nothing else lets us refuse a DTD."""
    if len(data) > MOST_BYTES:
        raise XmpError(f"is larger than {MOST_BYTES >> 20} MB, which no sidecar is")
    builder = ET.TreeBuilder(insert_comments=True)
    parser = expat.ParserCreate(namespace_separator="}")
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise XmpError("nests elements too deep")
        builder.start(_tag(tag), {_tag(name): value for name, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_tag(tag))

    def doctype(*_: object) -> None:
        raise XmpError("has a document type, which XMP has not")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.CommentHandler = builder.comment
    parser.StartDoctypeDeclHandler = doctype
    parser.buffer_text = True
    try:
        parser.Parse(data.strip(b"\0 \t\r\n"), True)  # padded by some writers
        return builder.close()
    except (expat.ExpatError, LookupError, ValueError, AssertionError) as exc:
        unbound = isinstance(exc, expat.ExpatError) and exc.code == _UNBOUND_PREFIX
        if unbound and (declared := _with_prefixes(data)) != data:
            return parsed(declared)
        raise XmpError("is no XML") from exc


def _with_prefixes(data: bytes) -> bytes:
    """Return a packet with the usual namespaces of prefixes that its writer did not declare."""
    declarations = "".join(
        f' xmlns:{prefix}="{namespace}"'
        for prefix, namespace in PREFIXES.items()
        if f"xmlns:{prefix}=".encode() not in data
    )
    return re.sub(rb"<[A-Za-z][\w:.-]*", rb"\g<0>" + declarations.encode(), data, count=1)


def _tag(name: str) -> str:
    return "{" + name if "}" in name else name


def _descriptions(root: Element) -> list[Element]:
    return [one for rdf in root.iter(f"{{{RDF}}}RDF") for one in rdf if _is(one, "Description")]


def _is(element: Element, name: str) -> bool:
    return element.tag == f"{{{RDF}}}{name}"


def _new() -> Element:
    root = ET.Element(f"{{{X}}}xmpmeta")
    rdf = ET.SubElement(root, f"{{{RDF}}}RDF")
    ET.SubElement(rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""})
    return root


def _remove(descriptions: Sequence[Element], tag: str) -> None:
    for description in descriptions:
        description.attrib.pop(tag, None)
        for child in description.findall(tag):
            description.remove(child)


def _value(element: Element) -> object:
    """Return a text, a frozenset of fields or of items in no order, or a tuple of items."""
    children = [child for child in element if isinstance(child.tag, str)]  # no comments
    if len(children) == 1 and _is(children[0], "Description"):
        return _value(children[0])
    for child in children[:1]:
        if _is(child, "Seq"):
            return tuple(map(_value, child))
        if _is(child, "Bag") or _is(child, "Alt"):
            return frozenset(map(_value, child))
    fields: set[tuple[str, object]] = set(element.attrib.items())
    fields = {(name, value) for name, value in fields if name not in _FORMS}
    fields.update((child.tag, _value(child)) for child in children)
    text = (element.text or "").strip()
    if not fields and not _is(element, "Description"):
        return text
    return frozenset(fields | ({("", text)} if text else set()))


# -- reading --------------------------------------------------------------------------------------


class _Properties:
    """The properties of all descriptions, in whichever form they stand."""

    def __init__(self, descriptions: Sequence[Element]) -> None:
        self._descriptions = descriptions

    def listed(self, namespace: str, name: str) -> list[Element]:
        """Return the items of a property that is a list, [] for none."""
        found = (one.find(f"{{{namespace}}}{name}") for one in self._descriptions)
        element = next((one for one in found if one is not None), None)
        return [] if element is None else element.findall(f".//{{{RDF}}}li")[:MOST_ITEMS]

    def text(self, namespace: str, name: str) -> str:
        """Return a simple value, "" for none."""
        tag = f"{{{namespace}}}{name}"
        for description in self._descriptions:
            if value := _clean(description.get(tag) or description.findtext(tag) or ""):
                return value
        return ""

    def items(self, namespace: str, name: str) -> list[str]:
        """Return the items of a list, or of a value that should have been one."""
        texts = [_clean(item.text or "") for item in self.listed(namespace, name)]
        return [text for text in texts or [self.text(namespace, name)] if text]

    def in_any_language(self, namespace: str, name: str) -> str:
        """Return a text in its default language, else in the first that it has."""
        items = self.listed(namespace, name)
        items.sort(key=lambda item: item.get(f"{{{XML}}}lang") != "x-default")
        texts = [_clean(item.text or "") for item in items] or [self.text(namespace, name)]
        return next((text for text in texts if text), "")


def _clean(text: str) -> str:
    """Return a value without what XML cannot hold, blank ends, and what no person wrote."""
    return re.sub(_NOT_IN_XML, "", text[:LONGEST]).strip()


def _date(properties: _Properties) -> str:
    for namespace, name in (
        (EXIF, "DateTimeOriginal"),
        (PHOTOSHOP, "DateCreated"),
        (XAP, "CreateDate"),
    ):
        text = properties.text(namespace, name)
        if re.fullmatch(ISO_DATE, text):
            return text
    return ""


def _rating(text: str) -> int | None:
    """Return a rating; 0 says that there is none.

    >>> _rating("4.0"), _rating("0"), _rating("x")
    (4, None, None)
    """
    number = _number(text)
    return round(number) or None if number is not None and -1 <= number <= 5 else None


def _number(text: str) -> float | None:
    """Return a decimal or a fraction, None for anything else.

    >>> _number("1234/10"), _number("-2"), _number("1/0"), _number("nan")
    (123.4, -2.0, None, None)
    """
    above, _, below = text.partition("/")
    try:
        number = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


def _position(properties: _Properties) -> Position | None:
    latitude = _degrees(properties.text(EXIF, "GPSLatitude"), "NS", 90)
    longitude = _degrees(properties.text(EXIF, "GPSLongitude"), "EW", 180)
    if latitude is None or longitude is None:
        return None
    altitude = _number(properties.text(EXIF, "GPSAltitude"))
    if altitude is not None and properties.text(EXIF, "GPSAltitudeRef") == "1":
        altitude = -altitude
    return Position(latitude, longitude, altitude)


def _degrees(text: str, directions: str, most: int) -> float | None:
    """Return degrees, south and west being negative.

    >>> _degrees("48,30.0N", "NS", 90), _degrees("2,15,36W", "EW", 180), _degrees("x", "NS", 90)
    (48.5, -2.26, None)
    """
    if not (match := re.fullmatch(_DEGREES, text)) or match[4] not in directions:
        return None
    degrees = int(match[1]) + float(match[2]) / 60 + float(match[3] or 0) / 3600
    return None if degrees > most else -degrees if match[4] in "SW" else degrees


def _faces(properties: _Properties) -> Iterator[Face]:
    """Yield the named faces of the Metadata Working Group."""
    for item in properties.listed(REGIONS, "Regions"):
        values = _flat(item)
        if values.get(f"{{{REGIONS}}}Type", "Face") != "Face":
            continue
        if values.get(f"{{{AREA}}}unit", "normalized") != "normalized":
            continue
        numbers = [_number(values.get(f"{{{AREA}}}{name}", "")) for name in "xywh"]
        if face := _face(values.get(f"{{{REGIONS}}}Name", ""), numbers):
            yield face


def _microsoft_faces(properties: _Properties) -> Iterator[Face]:
    for item in properties.listed(MICROSOFT, "RegionInfo"):
        values = _flat(item)
        sides = values.get(f"{{{MICROSOFT_REGION}}}Rectangle", "").split(",")
        numbers = [_number(side.strip()) for side in sides]
        if len(numbers) == 4 and None not in numbers:
            left, top, width, height = (float(number or 0) for number in numbers)
            numbers = [left + width / 2, top + height / 2, width, height]
        name = values.get(f"{{{MICROSOFT_REGION}}}PersonDisplayName", "")
        if face := _face(name, numbers):
            yield face


def _flat(item: Element) -> dict[str, str]:
    """Return all attributes and texts at and below an element, by their names."""
    values: dict[str, str] = {}
    for element in item.iter():
        values |= element.attrib
        if text := _clean(element.text or ""):
            values[element.tag] = text
    return values


def _face(name: str, numbers: Sequence[float | None]) -> Face | None:
    known = [number for number in numbers if number is not None and -1 <= number <= 2]
    return Face(_clean(name), *known) if name and len(numbers) == len(known) == 4 else None


# -- writing --------------------------------------------------------------------------------------


def _elements(annotations: Annotations) -> Iterator[tuple[str, str, Element]]:
    """Yield the properties of all fields that are set: namespace, name and element."""
    for namespace, name, text in _simple(annotations):
        element = ET.Element(f"{{{namespace}}}{name}")
        element.text = _clean(text)
        yield namespace, name, element
    if annotations.keywords:
        yield DC, "subject", _list("subject", "Bag", annotations.keywords)
    for name, text in (("description", annotations.caption), ("title", annotations.title)):
        if text:
            yield DC, name, _list(name, "Alt", [text], {f"{{{XML}}}lang": "x-default"})
    if annotations.faces:
        yield REGIONS, "Regions", _regions(annotations.faces)


def _simple(annotations: Annotations) -> Iterator[tuple[str, str, str]]:
    if annotations.taken:
        yield EXIF, "DateTimeOriginal", annotations.taken
        yield PHOTOSHOP, "DateCreated", annotations.taken
    if annotations.rating:
        yield XAP, "Rating", str(annotations.rating)
    if (position := annotations.position) is not None:
        yield EXIF, "GPSLatitude", _in_minutes(position.latitude, "NS")
        yield EXIF, "GPSLongitude", _in_minutes(position.longitude, "EW")
        if position.altitude is not None:
            yield EXIF, "GPSAltitude", f"{round(abs(position.altitude) * 100)}/100"
            yield EXIF, "GPSAltitudeRef", "1" if position.altitude < 0 else "0"


def _in_minutes(degrees: float, directions: str) -> str:
    """Return degrees as XMP writes them.

    >>> _in_minutes(48.5, "NS"), _in_minutes(-2.26, "EW")
    ('48,30.000000N', '2,15.600000W')
    """
    millionths = round(abs(degrees) * 60e6)
    whole, minutes = divmod(millionths, 60_000_000)
    return f"{whole},{minutes / 1e6:.6f}{directions[degrees < 0]}"


def _list(
    name: str, kind: str, texts: Sequence[str], attributes: dict[str, str] | None = None
) -> Element:
    element = ET.Element(f"{{{DC}}}{name}")
    items = ET.SubElement(element, f"{{{RDF}}}{kind}")
    for text in texts:
        ET.SubElement(items, f"{{{RDF}}}li", attributes or {}).text = _clean(text)
    return element


def _regions(faces: Sequence[Face]) -> Element:
    resource = {f"{{{RDF}}}parseType": "Resource"}
    element = ET.Element(f"{{{REGIONS}}}Regions", resource)
    listed = ET.SubElement(element, f"{{{REGIONS}}}RegionList")
    bag = ET.SubElement(listed, f"{{{RDF}}}Bag")
    for face in faces:
        item = ET.SubElement(bag, f"{{{RDF}}}li", resource)
        ET.SubElement(item, f"{{{REGIONS}}}Name").text = _clean(face.name)
        ET.SubElement(item, f"{{{REGIONS}}}Type").text = "Face"
        area = {
            f"{{{AREA}}}{name}": f"{value:.6f}"
            for name, value in zip("xywh", face[1:], strict=True)
        }
        ET.SubElement(item, f"{{{REGIONS}}}Area", area | {f"{{{AREA}}}unit": "normalized"})
    return element
