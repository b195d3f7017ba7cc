"""What copies leave to the picture that stays: each field, from each form that it stands in."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from imageshelf.cleanup.apply import apply_plan
from imageshelf.cleanup.taking_over import _task, with_taking_over
from imageshelf.copies.companions import Listings
from imageshelf.pictures import xmp
from imageshelf.pictures.annotated_file import read_all
from imageshelf.pictures.annotations import Annotations, Face, Position
from imageshelf.pictures.xmp import written
from imageshelf.searching.kinds import PIXELS
from imageshelf.shelf import open_shelf
from tests.cleaning import group, indexed, planned
from tests.conftest import drawn
from tests.test_annotations import exif, iptc, with_segment

VALUES: dict[str, list[Any]] = {
    "taken": ["2021-05-06T07:08:09", "2001-02-03T04:05:06"],
    "position": [Position(48.5, -2.25, None), Position(-33.5, 18.25, None)],
    "rating": [1, 5],
    "keywords": [("sea", "sun"), ("sun", "Zoë"), ("snow",)],
    "caption": ["At the sea", "In the snow, Zoë"],
    "title": ["Holidays", "Winter é"],
    "faces": [(Face("Anna", 0.25, 0.5, 0.125, 0.25),), (Face("Bo", 0.5, 0.5, 0.25, 0.25),)],
}
RDF = "<x:xmpmeta xmlns:x='{x}'><rdf:RDF xmlns:rdf='{rdf}'><rdf:Description {names} {{}}>{{}}"
RDF = RDF.format(
    x=xmp.X, rdf=xmp.RDF, names=" ".join(f"xmlns:{p}='{u}'" for p, u in xmp.PREFIXES.items())
)  # fmt: skip
END = "</rdf:Description></rdf:RDF></x:xmpmeta>"


class Draft:
    """A picture file and what is to be written in it and beside it, form by form."""

    def __init__(self) -> None:
        self.exif: dict[str, Any] = {}
        self.iptc: list[tuple[int, bytes]] = []
        self.attributes, self.elements, self.sidecar = "", "", ""
        self.texts: dict[str, str] = {}
        self.record: dict[str, Any] = {}

    def save(self, path: Path, picture: Image.Image) -> Path:
        """Save it as JPEG, or as PNG if it has texts."""
        packet = RDF.format(self.attributes, self.elements) + END
        block = exif(**self.exif).tobytes().replace(b"Zo??", "Zoë".encode())  # Pillow is ASCII
        if self.texts:
            path = path.with_suffix(".png")
            info = PngImagePlugin.PngInfo()
            for name, text in self.texts.items():
                info.add_itxt(name, text)
            info.add_itxt("XML:com.adobe.xmp", packet)
            picture.save(path, pnginfo=info, exif=block)
        else:
            path.write_bytes(BASE["jpeg"])
            with_segment(path, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())
            with_segment(path, 0xED, iptc(*self.iptc))
            with_segment(path, 0xE1, block)
        if self.sidecar:
            path.with_name(path.name + ".xmp").write_text(RDF.format("", self.sidecar) + END)
        if self.record:
            path.with_name(path.name + ".json").write_text(json.dumps(self.record))
        return path


Form = Callable[[Draft, Any], object]


def in_packet(field: str, *, sidecar: bool = False) -> Form:
    """Write a field as this program does, into the file or beside it."""

    def write(draft: Draft, value: Any) -> None:
        packet = written(Annotations(**{field: value})).decode()
        body = packet[packet.index("<rdf:Description") : packet.index("</rdf:Description>")]
        body = body[body.index(">") + 1 :]
        if sidecar:
            draft.sidecar += body
        else:
            draft.elements += body

    return write


def attribute(name: str) -> Form:
    def write(draft: Draft, value: Any) -> None:
        draft.attributes += f" {name}='{value}'"

    return write


def in_exif(name: str, encode: Callable[[Any], Any] = lambda value: value) -> Form:
    return lambda draft, value: draft.exif.update({name: encode(value)})


def in_iptc(number: int) -> Form:
    return lambda draft, value: draft.iptc.append((number, value.encode()))


def in_text(name: str) -> Form:
    return lambda draft, value: draft.texts.update({name: value})


def in_record(name: str, encode: Callable[[Any], Any] = lambda value: value) -> Form:
    return lambda draft, value: draft.record.update({name: encode(value)})


def utf16(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def gps(at: Position) -> dict[int, Any]:
    parts = ((abs(degrees), 0.0, 0.0) for degrees in at[:2])
    ways = "NS"[at.latitude < 0], "EW"[at.longitude < 0]
    return dict(zip((1, 2, 3, 4), (ways[0], next(parts), ways[1], next(parts)), strict=True))


def place(at: Position) -> dict[str, float]:
    return {"latitude": at.latitude, "longitude": at.longitude, "altitude": 0.0}


def microsoft(draft: Draft, faces: tuple[Face, ...]) -> None:
    ((name, x, y, width, height),) = faces
    sides = f"{x - width / 2}, {y - height / 2}, {width}, {height}"
    draft.elements += (
        "<MP:RegionInfo rdf:parseType='Resource'><MPRI:Regions><rdf:Bag><rdf:li "
        f"MPReg:Rectangle='{sides}' MPReg:PersonDisplayName='{name}'/></rdf:Bag></MPRI:Regions>"
        "</MP:RegionInfo>"
    )


def degrees(draft: Draft, at: Position) -> None:
    parts = xmp._in_minutes(at.latitude, "NS"), xmp._in_minutes(at.longitude, "EW")
    draft.attributes += " exif:GPSLatitude='{}' exif:GPSLongitude='{}'".format(*parts)


def each(form: Form) -> Form:
    return lambda draft, values: [form(draft, value) for value in values]


FORMS: dict[str, dict[str, Form]] = {
    "taken": {
        "EXIF": in_exif("taken", lambda t: t.replace("-", ":").replace("T", " ")),
        "exif:DateTimeOriginal": attribute("exif:DateTimeOriginal"),
        "photoshop:DateCreated": attribute("photoshop:DateCreated"),
        "xmp:CreateDate": attribute("xmp:CreateDate"),
    },
    "position": {
        "EXIF": in_exif("gps", gps),
        "attributes": degrees,
        "Takeout": in_record("geoData", place),
        "Takeout's EXIF": in_record("geoDataExif", place),
    },
    "rating": {"EXIF": in_exif("rating"), "attribute": attribute("xmp:Rating")},
    "keywords": {
        "EXIF": in_exif("keywords", lambda words: utf16(";".join(words))),
        "IPTC": each(in_iptc(25)),
        "Takeout": in_record("people", lambda words: [{"name": word} for word in words]),
    },
    "caption": {
        "EXIF": in_exif("description", lambda text: text.replace("ë", "??")),
        "Windows": in_exif("comment", utf16),
        "user comment": in_exif("user", lambda text: b"UNICODE\0" + text.encode("utf-16")),
        "user comment in the block's order": in_exif(
            "user", lambda text: b"UNICODE\0" + text.encode("utf-16-be")
        ),
        "user comment in UTF-8": in_exif("user", lambda text: b"ASCII\0\0\0" + text.encode()),
        "IPTC": in_iptc(120),
        "attribute": attribute("dc:description"),
        "Takeout": in_record("description"),
        "PNG description": in_text("Description"),
        "PNG comment": in_text("Comment"),
        "parameters": in_text("parameters"),
        "prompt": in_text("prompt"),
    },
    "title": {
        "EXIF": in_exif("title", utf16),
        "IPTC": in_iptc(5),
        "attribute": attribute("dc:title"),
        "PNG": in_text("Title"),
    },
    "faces": {"Microsoft": microsoft},
}
for name, forms in FORMS.items():
    forms |= {"XMP": in_packet(name), "sidecar": in_packet(name, sidecar=True)}
SINGLE = [(field, form) for field, forms in FORMS.items() for form in forms]
IN_PNG = {"PNG", "PNG description", "PNG comment", "parameters", "prompt"}
PICTURE = drawn(1, (48, 36))
BASE: dict[str, bytes] = {}


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Image.Image:
    """Save the picture as JPEG; return what that shows, for PNG files of identical pixels."""
    PICTURE.save(tmp_path / "base.jpg")
    monkeypatch.setitem(BASE, "jpeg", (tmp_path / "base.jpg").read_bytes())
    with Image.open(tmp_path / "base.jpg") as opened:
        return opened.copy()


def said_after(
    folder: Path, copies: list[dict[str, tuple[str, Any]]], picture: Image.Image
) -> tuple[Annotations, set[str]]:
    """Draw a picture and its copies, each with (form, value) by field; let all but the first go.

    Return what is said of the first then, and the first words of what was not taken over.
    """
    paths = []
    (folder / "photos").mkdir()
    for number, fields in enumerate(copies):
        draft = Draft()
        for field, (form, value) in fields.items():
            FORMS[field][form](draft, value)
        paths.append(draft.save(folder / f"photos/{number}.jpg", picture))
    indexed(folder, "photos")
    with open_shelf(folder / "db.shelve", "w") as shelf:
        one, *others = (f"photos/{path.name}" for path in paths)
        plan = planned(shelf, [group(shelf, one, *((other, PIXELS) for other in others))])
        plan = with_taking_over(plan, (), lambda tasks: ((t, read_all(t)) for t in tasks))
        assert not apply_plan(shelf, plan, jobs=0).left
    untaken = {sentence for step in plan.steps for sentence in step.untaken}
    return said_of(paths[0]), untaken


def said_of(path: Path) -> Annotations:
    read = read_all(_task(str(path), Listings()))
    assert not read.problem
    return read.annotations


@pytest.mark.parametrize(("field", "form"), SINGLE)
def test_each_field_is_taken_over_from_each_form(
    tmp_path: Path, base: Image.Image, field: str, form: str
) -> None:
    value = VALUES[field][1]
    said, untaken = said_after(tmp_path, [{}, {field: (form, value)}], base)
    assert said == Annotations(**{field: value})
    assert not untaken


@pytest.mark.parametrize("seed", range(25))
def test_what_stays_says_the_union_of_all(tmp_path: Path, base: Image.Image, seed: int) -> None:
    rnd = random.Random(seed)
    copies: list[dict[str, tuple[str, Any]]] = []
    for _ in range(4):
        not_in_file = rnd.choice(({"IPTC"}, IN_PNG))
        fields = {f: sorted({*FORMS[f]} - not_in_file) for f in FORMS if rnd.random() < 0.5}
        copies.append(
            {f: (rnd.choice(forms), rnd.choice(VALUES[f])) for f, forms in fields.items()}
        )
    expected: dict[str, Any] = {}
    words: set[str] = set()
    contradicted = set()
    for copy in copies:
        for field, (_, value) in copy.items():
            if field == "keywords":
                words.update(value)
            elif expected.setdefault(field, value) != value:
                contradicted.add(field)
    said, untaken = said_after(tmp_path, copies, base)
    assert said._replace(keywords=()) == Annotations(**expected)
    assert sorted(said.keywords) == sorted(words)
    told = {field for field in FORMS if any(field in sentence for sentence in untaken)}
    assert told == contradicted - {"taken", "position"}
