"""`clean --take-over`: the picture that stays gets what was written about its copies."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from imageshelf import __main__ as verbs
from imageshelf.cleanup import planning, sidecars, undo_run
from imageshelf.cleanup.apply import Result, apply_plan
from imageshelf.cleanup.history import history
from imageshelf.cleanup.planning import CHOSEN, Plan, Planned
from imageshelf.cleanup.purging import purge
from imageshelf.cleanup.taking_over import with_taking_over
from imageshelf.pictures.annotated_file import read_all, read_sidecar
from imageshelf.pictures.annotations import Annotations, Face, Position
from imageshelf.pictures.xmp import written
from imageshelf.searching.kinds import ANOTHER_SHOT, BYTES, NEAR, PIXELS, TURNED, VARIANT
from imageshelf.shelf import Shelf, open_shelf
from imageshelf.system.signals import stopping
from tests.cleaning import CLEAN, copies, group, indexed, killed_after, planned, tree
from tests.conftest import drawn

Output = pytest.CaptureFixture[str]
KEEP, FIRST, SECOND = "photos/a.jpg", "photos/x/a.jpg", "photos/x/b.jpg"
SMALL = "photos/c small.jpg"
OF_FIRST = Annotations(rating=4, keywords=("sea", "sun"), caption="At the sea")
OF_SECOND = Annotations(rating=2, keywords=("sun", "Anna"), title="Holidays")
FACE = Annotations(faces=(Face("Anna", 0.5, 0.5, 0.1, 0.1),))
OTHERS = b"""<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF
 xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about=''
 xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/' crs:Exposure2012='+0.50'/></rdf:RDF>
</x:xmpmeta>"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture with two identical copies, each with a sidecar, and one with a near copy."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = copies(tmp_path / "home", {KEEP: 1, FIRST: KEEP, SECOND: KEEP})
    (folder / (FIRST + ".xmp")).write_bytes(written(OF_FIRST))
    (folder / "photos/x/b.xmp").write_bytes(written(OF_SECOND))
    drawn(3, (480, 360)).save(folder / "photos/c.jpg", quality=95)
    drawn(3, (480, 360)).resize((240, 180)).save(folder / SMALL, quality=90)
    (folder / (SMALL + ".xmp")).write_bytes(written(FACE))
    indexed(folder, "photos")
    return folder


@pytest.fixture
def shelf(folder: Path) -> Iterator[Shelf]:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        yield shelf


def planned_take_over(
    shelf: Shelf, action: str = planning.SET_ASIDE, references: tuple[str, ...] = ()
) -> Plan:
    every = [
        group(shelf, KEEP, (FIRST, BYTES), (SECOND, BYTES)),
        group(shelf, "photos/c.jpg", (SMALL, NEAR)),
    ]
    plan = planned(shelf, every, action, take_over=True)
    return with_taking_over(plan, references, lambda tasks: ((t, read_all(t)) for t in tasks))


def taken_over(shelf: Shelf) -> Result:
    return apply_plan(shelf, planned_take_over(shelf), jobs=0)


def reasons(plan: Plan, folder: Path) -> dict[str, str]:
    return {os.path.relpath(left.path, folder): left.reason for g in plan.groups for left in g.left}


def test_the_picture_that_stays_gets_what_it_lacks_and_undo_takes_it_back(
    folder: Path, shelf: Shelf
) -> None:
    before = tree(folder)
    result = taken_over(shelf)
    assert not result.left
    assert result.taken_over == [str(folder / KEEP) + ".xmp"]
    said = read_sidecar(str(folder / KEEP) + ".xmp")
    assert said == OF_FIRST._replace(keywords=("sea", "sun", "Anna"), title="Holidays")
    assert not (folder / SECOND).exists()
    assert (folder / KEEP).read_bytes() == before[KEEP][0]  # type: ignore[index]
    undone = undo_run.undo(shelf)
    assert not undone.lost
    assert tree(folder) == before
    assert shelf.check() == []


def test_the_plan_says_what_goes_where_and_what_cannot(folder: Path, shelf: Shelf) -> None:
    first, second, small = planned_take_over(shelf).steps
    assert first.take_over is not None
    assert first.take_over.added == OF_FIRST
    assert second.take_over is not None
    assert second.take_over.added == Annotations(keywords=("Anna",), title="Holidays")
    assert second.untaken == ("the rating is 2 there, 4 here",)
    assert "not taken over: the rating is 2 there, 4 here" in second.warning
    assert small.take_over is None
    assert small.untaken == ("1 face cannot be placed in another picture",)


@pytest.mark.parametrize(
    ("kind", "orientation", "taken"),
    [(PIXELS, 1, True), (PIXELS, 6, False), (TURNED, 1, False), (NEAR, 1, False)],
)
def test_faces_are_taken_over_where_they_have_their_place(
    tmp_path: Path, kind: str, orientation: int, taken: bool
) -> None:
    block = Image.Exif()
    block[274] = orientation
    picture = drawn(5, (64, 48))
    stored = picture.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else picture
    for name, shown, exif in (("keep", picture, None), ("goes", stored, block)):
        (tmp_path / "photos").mkdir(exist_ok=True)
        shown.save(tmp_path / f"photos/{name}.png", exif=exif)
    (tmp_path / "photos/goes.png.xmp").write_bytes(written(FACE._replace(rating=3)))
    indexed(tmp_path, "photos")
    with open_shelf(tmp_path / "db.shelve") as shelf:
        plan = planned(shelf, [group(shelf, "photos/keep.png", ("photos/goes.png", kind))])
    (step,) = with_taking_over(plan, (), lambda tasks: ((t, read_all(t)) for t in tasks)).steps
    assert step.take_over
    assert step.take_over.added == (FACE if taken else Annotations())._replace(rating=3)
    told = () if taken else ("1 face cannot be placed in another picture",)
    assert step.untaken == told


def test_what_is_not_taken_over_is_neither_deleted_nor_purged(folder: Path, shelf: Shelf) -> None:
    left = reasons(planned_take_over(shelf, planning.DELETE), folder)
    assert left == {
        SECOND: "stays: the rating is 2 there, 4 here",
        SMALL: "stays: 1 face cannot be placed in another picture",
    }
    taken_over(shelf)
    with stopping() as stop:
        result = purge(shelf, stop, jobs=0)
    kept = {os.path.relpath(path, folder): reason for path, reason in result.left}
    assert kept[SECOND].startswith("stays, for not all of it was taken over: the rating is 2")
    assert kept[SMALL].startswith("stays, for not all of it was taken over: 1 face")
    freed = [os.path.relpath(file.path, folder) for file in result.freed]
    assert freed == [FIRST, FIRST + ".xmp"]


def test_a_copy_that_left_all_it_said_is_deleted_with_its_sidecar(
    folder: Path, shelf: Shelf
) -> None:
    before = tree(folder)
    assert not apply_plan(shelf, planned_take_over(shelf, planning.DELETE), jobs=0).left
    after = tree(folder)
    assert set(before) - set(after) == {FIRST, FIRST + ".xmp"}
    assert set(after) - set(before) == {KEEP + ".xmp"}
    said = read_sidecar(str(folder / KEEP) + ".xmp")
    assert said == OF_FIRST


RECORD = {"title": "a.jpg", "description": "At the sea", "people": [{"name": "Ada"}], "url": "x"}
MORE: dict[str, tuple[str, bytes, str]] = {
    "settings": (".xmp", written(OF_FIRST, OTHERS), "has an xmp sidecar that would be lost"),
    "no XML": (".pp3", b"[Exposure]", "has a pp3 sidecar that would be lost"),
    "a mark": (
        ".json", json.dumps({**RECORD, "favorited": True}).encode(), "has a Takeout record"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_a_copy_whose_sidecar_has_more_than_can_be_taken_over_is_not_deleted(
    folder: Path, shelf: Shelf, name: str
) -> None:
    ending, content, reason = MORE[name]
    (folder / (FIRST + ending)).write_bytes(content)
    before = tree(folder)
    plan = planned_take_over(shelf, planning.DELETE)
    assert reasons(plan, folder)[FIRST].startswith(reason)
    apply_plan(shelf, plan, jobs=0)
    gone = set(before) - set(tree(folder))
    assert gone == {SECOND, "photos/x/b.xmp"}  # without the first, nothing contradicts it


def test_a_record_of_takeout_goes_once_all_it_says_is_in_the_sidecar(
    folder: Path, shelf: Shelf
) -> None:
    (folder / (FIRST + ".json")).write_text(json.dumps(RECORD))
    assert not apply_plan(shelf, planned_take_over(shelf, planning.DELETE), jobs=0).left
    assert not list((folder / "photos/x").glob("a.*"))
    assert read_sidecar(str(folder / KEEP) + ".xmp").keywords == ("sea", "sun", "Ada")


def test_a_sidecar_that_is_written_to_meanwhile_is_not_deleted(folder: Path, shelf: Shelf) -> None:
    plan = planned_take_over(shelf, planning.DELETE)
    (folder / (KEEP + ".xmp")).write_bytes(written(Annotations(rating=1)))
    apply_plan(shelf, plan, jobs=0)  # what stays keeps its own rating
    assert (folder / (FIRST + ".xmp")).read_bytes() == written(OF_FIRST)


@pytest.mark.parametrize("name", [KEEP + ".xmp", "photos/a.xmp", "photos/A.XMP"])
def test_a_sidecar_that_is_there_keeps_all_else_and_its_own_values(
    folder: Path, shelf: Shelf, name: str
) -> None:
    (folder / name).write_bytes(written(Annotations(rating=1), OTHERS))
    os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    (folder / name).chmod(0o640)
    before = tree(folder)
    taken_over(shelf)
    content = (folder / name).read_bytes()
    assert b"Exposure2012" in content
    assert read_sidecar(str(folder / name)).rating == 1
    assert read_sidecar(str(folder / name)).caption == "At the sea"
    assert [
        path.name for path in folder.glob("photos/*.[xX][mM][pP]") if "small" not in path.name
    ] == [os.path.basename(name)]
    undo_run.undo(shelf)
    assert tree(folder) == before


def test_nothing_goes_into_a_reference_folder(folder: Path, shelf: Shelf) -> None:
    plan = planned_take_over(shelf, references=(str(folder / "photos/x"),))
    assert not reasons(plan, folder)  # the picture that stays is not in it
    (folder / "photos/x2").mkdir()
    plan = planned_take_over(shelf, references=(str(folder / "photos"),))
    assert reasons(plan, folder)[FIRST].startswith(
        "stays: rating, 2 keywords and caption would go to a picture that is in the reference"
    )


def sidecar_changed(folder: Path) -> None:
    (folder / (KEEP + ".xmp")).write_bytes(written(Annotations(title="mine")))


def sidecar_hostile(folder: Path) -> None:
    (folder / (KEEP + ".xmp")).write_bytes(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')


def sidecar_linked(folder: Path) -> None:
    (folder / "other").write_bytes(written(OF_FIRST))
    os.link(folder / "other", folder / (KEEP + ".xmp"))


def sidecar_without_properties(folder: Path) -> None:
    (folder / (KEEP + ".xmp")).write_bytes(b"<a/>")


@pytest.mark.skipif(os.name != "posix", reason="links")
@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (sidecar_hostile, "stays: the sidecar to take over into has a document type"),
        (sidecar_linked, "is no plain file to take anything over into"),
        (sidecar_without_properties, "has no rdf:Description"),
    ],
)
def test_a_copy_stays_if_its_sidecar_cannot_be_changed(
    folder: Path, shelf: Shelf, meanwhile: Callable[[Path], None], reason: str
) -> None:
    plan = planned_take_over(shelf)
    meanwhile(folder)
    before = tree(folder)
    result = apply_plan(shelf, plan, jobs=0)
    left = {os.path.relpath(path, folder): why for path, why in result.left}
    assert reason in left[FIRST]
    assert reason in left[SECOND]
    undo_run.undo(shelf)
    assert tree(folder) == before


def test_a_sidecar_that_changed_since_the_plan_keeps_its_own_values(
    folder: Path, shelf: Shelf
) -> None:
    plan = planned_take_over(shelf)
    sidecar_changed(folder)
    assert not apply_plan(shelf, plan, jobs=0).left
    assert read_sidecar(str(folder / KEEP) + ".xmp").title == "mine"
    assert read_sidecar(str(folder / KEEP) + ".xmp").rating == 4


def test_a_sidecar_written_to_after_the_clean_up_is_not_undone(folder: Path, shelf: Shelf) -> None:
    taken_over(shelf)
    sidecar_changed(folder)
    undone = undo_run.undo(shelf)
    assert {reason for _, reason in undone.lost} == {"has been written to since; it stays as it is"}
    assert (folder / FIRST).exists()
    assert read_sidecar(str(folder / KEEP) + ".xmp").title == "mine"


@pytest.mark.parametrize(
    "packet",
    [b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a" + b" " * (9 << 20) + b"/>", b"<a>" * 99],
)
@pytest.mark.parametrize("name", [FIRST + ".xmp", KEEP + ".xmp"])
def test_a_copy_with_metadata_that_cannot_be_read_stays(
    folder: Path, shelf: Shelf, packet: bytes, name: str
) -> None:
    (folder / name).write_bytes(packet)
    left = reasons(planned_take_over(shelf), folder)
    assert left[FIRST].startswith("stays: nothing can be taken over: a.jpg.xmp ")
    assert (SECOND in left) == name.startswith(KEEP)


SIDECARS: dict[str, Callable[[Path], object]] = {
    "link": lambda path: path.symlink_to(path.with_name("other.xmp")),
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "link to a folder": lambda path: path.symlink_to("."),
    "circle": lambda path: path.symlink_to(path.name),
    "link to itself by its folder": lambda path: path.symlink_to(
        f"../{path.parent.name}/{path.name}"
    ),
    "64 MB": lambda path: path.write_bytes(b"<a>" + b"a" * (64 << 20) + b"</a>"),
    "64 MB of zeros": lambda path: path.write_bytes(bytes(64 << 20)),
    "no text": lambda path: path.write_bytes(os.urandom(9999)),
    "empty": lambda path: path.touch(),
}


@pytest.mark.skipif(os.name != "posix", reason="links")
@pytest.mark.parametrize("kind", SIDECARS)
@pytest.mark.parametrize("name", [FIRST + ".xmp", "photos/x/a.xmp", KEEP + ".xmp", "photos/a.xmp"])
def test_hostile_sidecars_keep_the_copy(folder: Path, shelf: Shelf, kind: str, name: str) -> None:
    path = folder / name
    path.with_name("other.xmp").write_bytes(written(Annotations(title="elsewhere")))
    path.unlink(missing_ok=True)
    SIDECARS[kind](path)
    before = tree(folder)
    plan = planned_take_over(shelf)
    reason = reasons(plan, folder)[FIRST]
    assert reason.startswith(f"stays: nothing can be taken over: {path.name} ")
    assert "\n" not in reason
    assert not apply_plan(shelf, plan, jobs=0).left
    assert (folder / FIRST).exists()
    assert (folder / SECOND).exists() == name.startswith("photos/a")
    undo_run.undo(shelf)
    assert tree(folder) == before


def embedded(name: str, packet: bytes) -> bytes:
    """Return a picture file with a packet in it, as large as the format lets it be."""
    file = io.BytesIO()
    picture = drawn(1, (48, 36))
    if name == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
        picture.save(file, name, pnginfo=info)
    elif name == "TIFF":
        picture.save(file, name, tiffinfo={700: packet})
    else:
        picture.save(file, name, xmp=packet)
    return file.getvalue()


PACKETS = {
    "entities": b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>',
    "a file": b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "depth": b"<a>" * 5000,
    "64 MB": b"<a>" + b" " * (64 << 20) + b"</a>",
}
HOLDERS = [(f, p) for p in PACKETS for f in ("JPEG", "PNG", "TIFF", "WEBP")]


@pytest.mark.parametrize(("name", "packet"), [h for h in HOLDERS if h != ("JPEG", "64 MB")])
@pytest.mark.parametrize("side", ["keeper", "copy"])
def test_hostile_packets_inside_a_picture_keep_the_copy(
    tmp_path: Path, name: str, packet: str, side: str
) -> None:
    ending = name.lower().replace("jpeg", "jpg")
    path = tmp_path / f"photos/a.{ending}"
    path.parent.mkdir()
    path.write_bytes(embedded(name, PACKETS[packet]))
    pair = path, path.with_name(f"b.{ending}")
    pair[1].write_bytes(embedded(name, written(OF_FIRST)))
    indexed(tmp_path, "photos")
    keep, goes = pair if side == "keeper" else pair[::-1]
    with open_shelf(tmp_path / "db.shelve") as shelf:
        plan = planned(
            shelf, [group(shelf, f"photos/{keep.name}", (f"photos/{goes.name}", PIXELS))]
        )
    plan = with_taking_over(plan, (), lambda tasks: ((t, read_all(t)) for t in tasks))
    assert not plan.steps
    (reason,) = reasons(plan, tmp_path).values()
    assert reason.startswith(f"stays: nothing can be taken over: a.{ending} ")
    assert "\n" not in reason


@pytest.mark.parametrize("call", ["open", "fsync", "replace", "chmod", "unlink", "rename"])
def test_a_failing_call_leaves_all_as_it_was_or_undoes(
    folder: Path, shelf: Shelf, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / (KEEP + ".xmp")).write_bytes(written(Annotations(rating=1), OTHERS))
    before = tree(folder)
    real, change = getattr(os, call), sidecars.change
    armed = [False]

    def failing(*arguments: object, **options: object) -> object:
        if armed[0]:
            raise OSError(5, "Input/output error")
        return real(*arguments, **options)

    def changing(*arguments: object) -> None:
        armed[0] = True
        try:
            change(*arguments)  # type: ignore[arg-type]
        finally:
            armed[0] = False

    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing)
        patch.setattr(sidecars, "change", changing)
        taken_over(shelf)
    undo_run.undo(shelf)
    after = {name: what for name, what in tree(folder).items() if ".imageshelf-" not in name}
    assert after == before
    assert shelf.check() == []


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("seed", range(6))
def test_a_take_over_that_was_killed_is_undone(folder: Path, shelf: Shelf, seed: int) -> None:
    kill_a_take_over(folder, shelf, seed)


@pytest.mark.stress
@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("seed", range(100, 300))
def test_a_take_over_that_was_killed_is_undone_every_time(
    folder: Path, shelf: Shelf, seed: int
) -> None:
    kill_a_take_over(folder, shelf, seed)


def kill_a_take_over(folder: Path, shelf: Shelf, seed: int) -> None:
    rnd = random.Random(seed)
    if rnd.random() < 0.5:
        (folder / (KEEP + ".xmp")).write_bytes(written(Annotations(rating=1), OTHERS))
    before = tree(folder)
    plan = pickle.dumps(planned_take_over(shelf))
    shelf.close()
    killed_after(rnd.random() * 0.15, CLEAN.format(steps=1), folder / "db.shelve", plan)
    with open_shelf(folder / "db.shelve", "w") as again:
        while any(past.state != "undone" for past in history(again)):
            assert not undo_run.undo(again).lost
        assert again.check() == []
    after = {n: what for n, what in tree(folder).items() if not n.startswith("db-set-aside")}
    assert after == before  # killed before it began, it left an empty folder


UNDO = """
import sys
from imageshelf.cleanup import undo_run
from imageshelf.shelf import open_shelf
shelf = open_shelf(sys.argv[1], "w")
undo_run.FILES_PER_BATCH = 1
print("ready", flush=True)
undo_run.undo(shelf)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("seed", range(4))
def test_an_undo_of_it_that_was_killed_is_finished(folder: Path, shelf: Shelf, seed: int) -> None:
    kill_an_undo(folder, shelf, seed)


@pytest.mark.stress
@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("seed", range(100, 200))
def test_an_undo_of_it_that_was_killed_is_finished_every_time(
    folder: Path, shelf: Shelf, seed: int
) -> None:
    kill_an_undo(folder, shelf, seed)


def kill_an_undo(folder: Path, shelf: Shelf, seed: int) -> None:
    rnd = random.Random(seed)
    if rnd.random() < 0.5:
        (folder / (KEEP + ".xmp")).write_bytes(written(Annotations(rating=1), OTHERS))
    before = tree(folder)
    taken_over(shelf)
    shelf.close()
    killed_after(rnd.random() * 0.06, UNDO, folder / "db.shelve")
    with open_shelf(folder / "db.shelve", "w") as again:
        while any(past.state != "undone" for past in history(again)):
            assert not undo_run.undo(again).lost
        assert again.check() == []
    assert tree(folder) == before


def test_a_place_that_only_the_copy_has_is_deleted_only_once_it_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    block = Image.Exif()
    block[0x8825] = {1: "N", 2: (48.0, 30.0, 0.0), 3: "E", 4: (2.0, 15.0, 0.0)}
    drawn(5, (64, 48)).save("photos/keep.png")
    drawn(5, (64, 48)).save("photos/z goes.png", exif=block)
    indexed(tmp_path, "photos")
    clean = ["clean", "-j", "0", "--keep", "short-path"]
    delete = [*clean, "--delete", "--apply", "--yes"]
    assert verbs.main(clean) == 0
    assert "warning: has a place (GPS) that the one to keep lacks" in capsys.readouterr().out
    assert verbs.main(delete) == 0
    assert Path("photos/z goes.png").exists()
    assert verbs.main([*delete, "--take-over"]) == 0
    assert not Path("photos/z goes.png").exists()
    assert read_sidecar("photos/keep.png.xmp").position == Position(48.5, 2.25)


def test_the_verb_takes_over_and_says_so(
    folder: Path, shelf: Shelf, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.close()
    monkeypatch.chdir(folder)
    assert verbs.main(["clean", "--take-over", "--keep", "short-path", "-j", "0"]) == 0
    assert "    its rating, 2 keywords and caption into photos/a.jpg.xmp" in capsys.readouterr().out
    assert (
        verbs.main(["clean", "--take-over", "--keep", "short-path", "-j", "0", "--format", "json"])
        == 0
    )
    actions = json.loads(capsys.readouterr().out)["actions"]
    assert actions[0]["taken_over"] == "rating, 2 keywords and caption"
    assert actions[0]["sidecar"] == str(folder / KEEP) + ".xmp"
    assert verbs.main(["clean", "--take-over", "--keep", "short-path", "--apply", "-j", "1"]) == 0
    assert "What was written about them is in 1 sidecar now." in capsys.readouterr().out
    assert verbs.main(["undo"]) == 0


@pytest.mark.parametrize("kind", [VARIANT, ANOTHER_SHOT, CHOSEN])
def test_nothing_is_taken_over_from_what_is_no_copy(folder: Path, shelf: Shelf, kind: str) -> None:
    (step, *_), *_ = [g.steps for g in planned_take_over(shelf).groups]
    group_ = Planned(step.keeper, (step._replace(kind=kind, chosen=True, take_over=None),), ())
    plan = with_taking_over(
        Plan(planning.SET_ASIDE, (group_,)), (), lambda tasks: ((t, read_all(t)) for t in tasks)
    )
    assert [one.take_over for one in plan.steps] == [None]
