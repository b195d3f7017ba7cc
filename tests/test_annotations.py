"""What a person wrote is read from every form it stands in, and put into a sidecar."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from imageshelf.pictures import xmp
from imageshelf.pictures.annotated_file import (
    read_picture,
    read_sidecar,
    read_takeout,
    record_statements,
)
from imageshelf.pictures.annotations import Annotations, Face, Position, combined
from imageshelf.pictures.xmp import XmpError, read_packet, written
from imageshelf.system.files import UnreadableImage
from tests.conftest import drawn

FULL = Annotations(
    taken="2021-05-06T07:08:09+02:00",
    position=Position(48.8582, -2.2945, 35.5),
    rating=4,
    keywords=("sea", "Zoë & <Bob>", "两"),
    caption="A caption\nof two lines",
    title='A "title"',
    faces=(Face("Anna", 0.25, 0.3, 0.1, 0.2),),
)
WORDS = ("a", "é", "<b>", "&amp;", '"', "两个", "\U0001f600", "x;y", "]]>", "'", "{c}")


def drawn_annotations(rnd: random.Random) -> Annotations:
    def words(most: int) -> str:
        return " ".join(rnd.choices(WORDS, k=rnd.randint(0, most)))

    def share() -> float:
        return rnd.randrange(10**6) / 10**6

    faces = [Face(words(2) or "n", share(), share(), share(), share()) for _ in range(2)]
    place = Position(
        rnd.randrange(-90, 90) + 0.5,
        rnd.randrange(-180, 180) + 0.25,
        rnd.choice((None, 8.25, -3.0)),
    )
    return Annotations(
        rnd.choice(("", "2020-02-03T04:05:06", "2020-02-03T04:05:06.12Z")),
        rnd.choice((None, place)),
        rnd.choice((None, -1, 1, 5)),
        tuple(dict.fromkeys(filter(None, (words(2) for _ in range(3))))),
        words(6),
        words(3),
        tuple(faces[: rnd.randrange(3)]),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_what_is_written_is_read(seed: int) -> None:
    rnd = random.Random(seed)
    first, second = drawn_annotations(rnd), drawn_annotations(rnd)
    packet = written(first)
    assert read_packet(packet) == first
    merged = read_packet(written(second, packet))
    for field, value in second._asdict().items():
        assert getattr(merged, field) == (value or getattr(first, field))


def test_all_else_in_a_sidecar_stays() -> None:
    packet = b"""<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF
 xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about='' xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/'
 xmlns:xmp='http://ns.adobe.com/xap/1.0/' crs:Exposure2012='+0.50' xmp:Rating='2'>
<!-- by hand -->
<crs:ToneCurve><rdf:Seq><rdf:li>0, 0</rdf:li></rdf:Seq></crs:ToneCurve></rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end='w'?>"""
    changed = written(Annotations(rating=5, keywords=("sea",)), packet)
    assert read_packet(changed) == Annotations(rating=5, keywords=("sea",))
    root = xmp.parsed(changed)
    settings = "{http://ns.adobe.com/camera-raw-settings/1.0/}"
    (description,) = xmp._descriptions(root)
    assert description.get(settings + "Exposure2012") == "+0.50"
    assert "0, 0" in [item.text for item in description.iter(f"{{{xmp.RDF}}}li")]
    assert b"<!-- by hand -->" in changed
    assert changed.count(b"Rating") == 2  # one element, opened and closed


def jpeg(path: Path, exif: Image.Exif | None = None) -> Path:
    drawn(1).save(path, exif=exif if exif is not None else b"")
    return path


def exif(**values: object) -> Image.Exif:
    block = Image.Exif()
    tags = {
        "description": 0x010E,
        "rating": 0x4746,
        "title": 0x9C9B,
        "comment": 0x9C9C,
        "keywords": 0x9C9E,
    }
    for name, value in values.items():
        if name in tags:
            block[tags[name]] = value
    inner = {"taken": 0x9003, "offset": 0x9011, "user": 0x9286}
    block[0x8769] = {tag: values[name] for name, tag in inner.items() if name in values}
    if "gps" in values:
        block[0x8825] = values["gps"]
    return block


def iptc(*fields: tuple[int, bytes]) -> bytes:
    data = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value for number, value in fields
    )
    padded = data + b"\0" * (len(data) % 2)
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(data)) + padded


def with_segment(path: Path, marker: int, content: bytes) -> None:
    data = path.read_bytes()
    segment = b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content
    path.write_bytes(data[:2] + segment + data[2:])


GPS = {1: "S", 2: (33.0, 30.0, 0.0), 3: "E", 4: (18.0, 15.0, 36.0), 5: b"\1", 6: 12.5}


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_exif_is_read_from_every_format(suffix: str, tmp_path: Path) -> None:
    block = exif(
        description="A caption", rating=3, title="A title\0".encode("utf-16-le"),
        keywords="sea; sun;sea\0".encode("utf-16-le"), taken="2021:05:06 07:08:09",
        offset="+02:00", gps=GPS,
    )  # fmt: skip
    with Image.open(jpeg(tmp_path / "made.jpg", exif=block)) as made:
        made.save(path := tmp_path / f"a{suffix}", exif=made.getexif())
    read = read_picture(str(path))
    assert read.position == pytest.approx((-33.5, 18.26, -12.5))
    assert read._replace(position=None) == Annotations(
        "2021-05-06T07:08:09+02:00",
        None,
        3,
        ("sea", "sun"),
        "A caption",
        "A title",
    )


def test_iptc_is_read_and_xmp_goes_before_it(tmp_path: Path) -> None:
    path = jpeg(tmp_path / "a.jpg", exif=exif(description="of EXIF", rating=2))
    fields = (25, b"sea"), (25, "Zo\xeb".encode()), (120, b"of IPTC"), (5, b"A \xe9 title")
    with_segment(path, 0xED, iptc(*fields))
    assert read_picture(str(path)) == Annotations(
        rating=2, keywords=("sea", "Zoë"), caption="of IPTC", title="A é title"
    )
    packet = written(Annotations(caption="of XMP", keywords=("sun",)))
    with_segment(path, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)
    read = read_picture(str(path))
    assert read.caption == "of XMP"
    assert read.keywords == ("sun", "sea", "Zoë")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_xmp_is_read_from_every_format(suffix: str, tmp_path: Path) -> None:
    packet = written(FULL)
    path = tmp_path / f"a{suffix}"
    if suffix == ".png":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        drawn(1).save(path, pnginfo=info)
    elif suffix == ".tif":
        drawn(1).save(path, tiffinfo={700: packet})
    elif suffix == ".jpg":
        with_segment(jpeg(path), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)
    else:
        drawn(1).save(path, xmp=packet)
    assert read_picture(str(path)) == FULL


def test_prompts_and_comments_are_captions(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a fox, watercolour")
    drawn(1).save(tmp_path / "a.png", pnginfo=info)
    assert read_picture(str(tmp_path / "a.png")).caption == "a fox, watercolour"
    comment = exif(user=b"UNICODE\0" + "a fox".encode("utf-16"))
    assert read_picture(str(jpeg(tmp_path / "b.jpg", exif=comment))).caption == "a fox"


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "DCIM\\100MEDIA\\DJI.JPG", "   "]
)
def test_what_cameras_write_is_no_caption(text: str, tmp_path: Path) -> None:
    path = jpeg(tmp_path / "a.jpg", exif=exif(description=text, taken="0000:00:00 00:00:00"))
    assert not read_picture(str(path)).is_written
    assert read_picture(str(path)) == Annotations()


def test_values_that_make_no_sense_are_left_out(tmp_path: Path) -> None:
    wild = {1: "N", 2: (933.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)}
    path = jpeg(tmp_path / "a.jpg", exif=exif(rating=77, gps=wild, taken="yesterday"))
    assert read_picture(str(path)) == Annotations()
    path = jpeg(
        tmp_path / "b.jpg", exif=exif(gps={1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)})
    )
    assert read_picture(str(path)).position is None


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no picture")
    with pytest.raises(UnreadableImage):
        read_picture(str(tmp_path / "a.jpg"))


def takeout(tmp_path: Path, content: object) -> str:
    path = tmp_path / "a.jpg.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_takeout_is_read(tmp_path: Path) -> None:
    record = {
        "title": "IMG_1.jpg",
        "description": "At the sea",
        "photoTakenTime": {"timestamp": "1620278889"},
        "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        "geoDataExif": {"latitude": 48.5, "longitude": 2.25, "altitude": 0.0},
        "people": [{"name": "Anna"}, {"name": ""}, 7],
    }
    assert read_takeout(takeout(tmp_path, record)) == Annotations(
        "2021-05-06T05:28:09Z", Position(48.5, 2.25), keywords=("Anna",), caption="At the sea"
    )


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "[" * 100_000, '"text"', "\0"],
)
def test_a_broken_record_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(XmpError):
        read_takeout(takeout(tmp_path, content))


@pytest.mark.parametrize(
    "record",
    [
        {"photoTakenTime": {"timestamp": "9" * 400}, "people": "Anna", "geoData": 7},
        {"photoTakenTime": 7, "description": 7, "geoData": {"latitude": "a", "longitude": []}},
        {"geoData": {"latitude": 1e400, "longitude": 3.0}, "people": [None]},
    ],
)
def test_odd_values_of_a_record_say_nothing(record: object, tmp_path: Path) -> None:
    assert not read_takeout(takeout(tmp_path, record)).is_written


ENTITIES = (
    b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b"<a>&c;&c;&c;&c;</a>"
)


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"", "is no XML"),
        (b"<a>", "is no XML"),
        (b"\xff\xfe<", "is no XML"),
        (ENTITIES, "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "too deep"),
        (b"<a>" + b" " * xmp.MOST_BYTES + b"</a>", "larger than 8 MB"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "is no XML"),
    ],
)
def test_a_hostile_packet_is_refused(packet: bytes, reason: str) -> None:
    with pytest.raises(XmpError, match=reason):
        read_packet(packet)


def test_a_packet_without_properties_cannot_be_changed() -> None:
    assert read_packet(b"<a/>") == Annotations()
    with pytest.raises(XmpError, match="no rdf:Description"):
        written(FULL, b"<a/>")


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    packet = written(Annotations(caption="a\0b\x1b[31m\ud800c"))
    assert read_packet(packet).caption == "ab[31mc"


def test_usual_prefixes_need_no_declaration() -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description xmp:Rating="4">'
        b"<dc:subject><rdf:Bag><rdf:li>Grandma</rdf:li></rdf:Bag></dc:subject>"
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    read = xmp.read_packet(packet)
    assert (read.rating, read.keywords) == (4, ("Grandma",))
    with pytest.raises(xmp.XmpError, match="is no XML"):
        xmp.read_packet(packet.replace(b"dc:", b"whose:"))


def test_microsofts_faces_are_read() -> None:
    packet = b"""<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF
 xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description
 xmlns:MP='http://ns.microsoft.com/photo/1.2/' xmlns:MPRI='http://ns.microsoft.com/photo/1.2/t/RegionInfo#'
 xmlns:MPReg='http://ns.microsoft.com/photo/1.2/t/Region#'><MP:RegionInfo rdf:parseType='Resource'>
<MPRI:Regions><rdf:Bag><rdf:li MPReg:Rectangle='0.2, 0.2, 0.1, 0.2' MPReg:PersonDisplayName='Anna'/>
<rdf:li MPReg:Rectangle='0.2, 0.2' MPReg:PersonDisplayName='Bob'/></rdf:Bag></MPRI:Regions>
</MP:RegionInfo></rdf:Description></rdf:RDF></x:xmpmeta>"""
    (face,) = read_packet(packet).faces
    assert face.name == "Anna"
    assert face[1:] == pytest.approx((0.25, 0.3, 0.1, 0.2))


def test_conflicts_are_told_and_the_own_value_stays() -> None:
    own = Annotations("2021-05-06T07:08:09", Position(1.0, 2.0), 3, ("a",), "mine", "", FULL.faces)
    other = Annotations(
        "2021-05-06T07:08:09.5+02:00", Position(1.00001, 2.0), 3, ("b",), "theirs", "T"
    )
    result = combined(own, [other, other, FULL])
    assert result.annotations == own._replace(keywords=("a", "b", *FULL.keywords), title="T")
    assert tuple(one.sentence for one in result.conflicts) == (
        "the caption is theirs there, mine here",
        "the position is another one there",
        "the rating is 4 there, 3 here",
        "the caption is A caption of two lines there, mine here",
        'the title is A "title" there, T here',
    )


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_exiftool_reads_the_same_from_a_sidecar(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(written(FULL))
    assert read_sidecar(str(path)) == FULL
    command = ["exiftool", "-json", "-n", "-struct", str(path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    assert "Warning" not in told
    assert told["Rating"] == 4
    assert told["Subject"] == list(FULL.keywords)
    assert told["Description"] == FULL.caption
    assert told["Title"] == FULL.title
    assert told["DateTimeOriginal"] == "2021:05:06 07:08:09+02:00"
    assert told["GPSLatitude"] == pytest.approx(48.8582)
    assert told["GPSLongitude"] == pytest.approx(-2.2945)
    assert told["GPSAltitude"] == 35.5
    (region,) = told["RegionInfo" if "RegionInfo" in told else "Regions"]["RegionList"]
    assert (region["Name"], region["Type"]) == ("Anna", "Face")
    assert float(region["Area"]["X"]) == 0.25


# -- all that a sidecar says -----------------------------------------------------------------------

HEAD = '<x:xmpmeta xmlns:x="adobe:ns:meta/" {kit}><rdf:RDF xmlns:rdf="{rdf}" {names}>'
NAMES = (
    f'xmlns:dc="{xmp.DC}" xmlns:xmp="{xmp.XAP}" xmlns:crs="c" '
    f'xmlns:mwg-rs="{xmp.REGIONS}" xmlns:stArea="{xmp.AREA}"'
)


def packet(body: str, kit: str = "") -> bytes:
    head = HEAD.format(kit=kit, rdf=xmp.RDF, names=NAMES)
    return f"{head}{body}</rdf:RDF></x:xmpmeta>".encode()


ATTRIBUTES = """<rdf:Description rdf:about="" xmp:Rating="4" crs:Exposure="+1.0"
  xmp:MetadataDate="2026-01-01T00:00:00Z"><dc:subject><rdf:Bag><rdf:li>sea</rdf:li>
  <rdf:li>sun</rdf:li></rdf:Bag></dc:subject><crs:Curve><rdf:Seq><rdf:li>0, 0</rdf:li>
  <rdf:li>9, 9</rdf:li></rdf:Seq></crs:Curve><mwg-rs:Area rdf:parseType="Resource">
  <stArea:x>0.5</stArea:x><stArea:y>0.4</stArea:y></mwg-rs:Area></rdf:Description>"""
ELEMENTS = """<!-- by another program --><rdf:Description rdf:about="a.jpg"><dc:subject><rdf:Bag>
  <rdf:li>sun</rdf:li><rdf:li> sea </rdf:li></rdf:Bag></dc:subject>
  <xmp:CreatorTool>Another</xmp:CreatorTool></rdf:Description><rdf:Description>
  <mwg-rs:Area><rdf:Description stArea:y="0.4" stArea:x="0.5"/></mwg-rs:Area>
  <xmp:Rating>4</xmp:Rating><crs:Exposure>+1.0</crs:Exposure><dc:title><rdf:Alt/></dc:title>
  <crs:Curve><rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>9, 9</rdf:li></rdf:Seq></crs:Curve>
  </rdf:Description>"""
LESS = {
    "a keyword": ("<rdf:li>sun</rdf:li>", ""),
    "a rating": ("<xmp:Rating>4</xmp:Rating>", ""),
    "a setting": ("<crs:Exposure>+1.0</crs:Exposure>", ""),
    "a coordinate": ('stArea:y="0.4"', ""),
}
OTHER = {
    "a rating": (">4<", ">5<"),
    "an order that counts": ("<rdf:li>0, 0</rdf:li><rdf:li>9, 9</rdf:li>",
                             "<rdf:li>9, 9</rdf:li><rdf:li>0, 0</rdf:li>"),
    "a language": ("<rdf:Alt/>", '<rdf:Alt><rdf:li xml:lang="de">See</rdf:li></rdf:Alt>'),
}  # fmt: skip


def test_two_forms_of_one_sidecar_say_the_same() -> None:
    one = xmp.statements(packet(ATTRIBUTES, 'x:xmptk="one"'))
    assert one == xmp.statements(packet(ELEMENTS, 'x:xmptk="two"'))
    assert len(one) == 7


@pytest.mark.parametrize("missing", LESS.values(), ids=LESS)
def test_a_sidecar_that_lacks_something_says_less(missing: tuple[str, str]) -> None:
    whole, less = (xmp.statements(packet(body)) for body in (ELEMENTS, ELEMENTS.replace(*missing)))
    assert less < whole


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_a_sidecar_with_another_value_says_something_else(change: tuple[str, str]) -> None:
    one, other = (xmp.statements(packet(body)) for body in (ELEMENTS, ELEMENTS.replace(*change)))
    assert not other <= one


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_into_a_sidecar_is_all_that_it_says_more(seed: int) -> None:
    before = packet(ELEMENTS)
    added = drawn_annotations(random.Random(seed))._replace(keywords=(), rating=None)
    assert xmp.statements(before) <= xmp.statements(xmp.written(added, before))


def test_a_record_says_what_google_does_not_note_for_itself(tmp_path: Path) -> None:
    record = {"title": "a.jpg", "description": "x", "imageViews": "7", "people": [{"name": "Ada"}]}
    same = {"people": [{"name": "Ada"}], "description": "x", "imageViews": "9", "url": "https://x"}
    more = {**same, "favorited": True}
    for name, content in (("a", record), ("b", same), ("c", more)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content, indent=ord(name) % 3))
    one, other, third = (record_statements(str(tmp_path / f"{name}.json")) for name in "abc")
    assert one == other < third
