"""Whether a sidecar says anything that others do not."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from imageshelf.copies.sidecar_contents import says_no_more
from imageshelf.pictures import xmp
from imageshelf.pictures.annotations import Annotations, combined
from imageshelf.pictures.xmp import XmpError, written
from tests.test_annotations import drawn_annotations


def some_of(every: Annotations, rnd: random.Random) -> Annotations:
    """Return annotations with some of the fields, and some of the keywords."""
    kept = {name: value for name, value in every._asdict().items() if rnd.random() < 0.6}
    kept["keywords"] = tuple(word for word in every.keywords if rnd.random() < 0.8)
    return Annotations(**kept)


def lacks_nothing(known: Annotations, other: Annotations) -> bool:
    """Return the definition: each field is empty, or known; faces and texts exactly."""
    values = Annotations(other.taken, other.position, other.rating)
    return (
        combined(known, [values]) == (known, ())
        and {*other.keywords} <= {*known.keywords}
        and other.caption in {"", known.caption}
        and other.title in {"", known.title}
        and (not other.faces or {*other.faces} == {*known.faces})
    )


@pytest.mark.parametrize("seed", range(60))
def test_the_answer_is_that_of_the_definition(tmp_path: Path, seed: int) -> None:
    rnd = random.Random(seed)
    every = drawn_annotations(rnd)
    said = [every, some_of(every, rnd), some_of(every, rnd), drawn_annotations(rnd)]
    paths = [str(tmp_path / f"{n}.xmp") for n in range(len(said))]
    for path, other in zip(paths, said, strict=True):
        Path(path).write_bytes(written(other))
    for path, other in zip(paths, said, strict=True):
        for above, known in zip(paths, said, strict=True):
            assert says_no_more(path, [above]) == lacks_nothing(known, other), (other, known)


def test_several_together_say_it_and_what_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    files = {
        "both.xmp": written(Annotations(rating=4, keywords=("sea", "sun"))),
        "sea.xmp": written(Annotations(rating=4, keywords=("sea",))),
        "sun.xmp": written(Annotations(keywords=("sun",))),
        "broken.xmp": b"<a>",
        "other.pp3": b"[Exposure]",
        "record.json": json.dumps({"people": [{"name": "sun"}], "title": "x"}).encode(),
        "deep.json": b"[" * 100_000,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    paths = {name: str(tmp_path / name) for name in files}

    def more(name: str, *others: str) -> bool:
        return not says_no_more(paths[name], [paths[other] for other in others])

    assert not more("both.xmp", "sea.xmp", "sun.xmp", "broken.xmp", "deep.json")
    assert more("both.xmp", "sea.xmp", "broken.xmp")
    assert not more("record.json", "sun.xmp")
    assert more("sun.xmp", "record.json")  # its keywords must stand in a sidecar
    for name in ("broken.xmp", "deep.json", "other.pp3"):
        assert more(name, "both.xmp", name)
    assert more("sun.xmp")


def test_no_mutated_packet_ends_in_anything_but_a_sentence() -> None:
    rnd = random.Random(5)
    packet = written(drawn_annotations(rnd)._replace(rating=3, keywords=("a", "b"), caption="c"))
    refused = 0
    for _ in range(2000):
        changed = bytearray(packet)
        for _ in range(rnd.randint(1, 4)):
            changed[rnd.randrange(len(changed))] = rnd.choice(b"<>/:\"'ax \0\xff")
        try:
            xmp.statements(bytes(changed))
        except XmpError:
            refused += 1
    assert 0 < refused < 2000
