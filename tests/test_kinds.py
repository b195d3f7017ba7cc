"""How two files are related: the table of kinds, on real files."""

import os
from pathlib import Path

import pytest

from imageshelf.pictures.digests import digest
from imageshelf.searching import kinds
from imageshelf.searching.kinds import (
    KINDS,
    KnownFile,
    is_another_shot,
    is_burst,
    is_similar,
    kind_of,
    same_file,
)
from tests.test_digests import RGB, SHOT, png

NOON = 1_700_000_000_000


def side(path: Path, captured_at: int | None = None, luma: bytes = b"") -> KnownFile:
    size_bytes = path.stat().st_size if path.exists() else 0
    return KnownFile(str(path), size_bytes, captured_at, luma=luma)


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    path = tmp_path / "shot.jpg"
    path.write_bytes(SHOT)
    return path


def written(folder: Path, data: bytes, name: str = "other") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_picture_is_the_same_file_as_itself(shot: Path) -> None:
    assert kind_of(side(shot), side(shot), "") == "same file"
    assert kind_of(side(shot), side(shot.parent / "." / shot.name), "mirrored") == "same file"


def test_a_hard_link_and_a_symbolic_link_are_the_same_file(shot: Path) -> None:
    for make, name in ((os.link, "hard.jpg"), (os.symlink, "soft.jpg")):
        make(shot, shot.parent / name)
        assert kind_of(side(shot), side(shot.parent / name), "") == "same file"


def test_an_inode_of_zero_proves_nothing(shot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = written(shot.parent, SHOT)
    real = os.stat

    def without_inodes(path: str, **how: bool) -> os.stat_result:
        status = real(path, **how)
        return os.stat_result((status[0], 0, *status[2:]))

    monkeypatch.setattr(os, "stat", without_inodes)
    assert not same_file(str(shot), str(other))
    assert same_file(str(shot), str(shot.parent / "." / shot.name))


def test_a_copy_has_identical_bytes(shot: Path) -> None:
    other = written(shot.parent, SHOT)
    assert kind_of(side(shot), side(other), "") == "identical bytes"
    assert kind_of(side(shot, NOON), side(other, NOON + 5000), "mirrored") == "identical bytes"


def test_one_byte_makes_the_difference_wherever_it_is(
    shot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "CHUNK_BYTES", 512)
    for at in (0, 511, 512, 513, len(SHOT) - 1):
        data = bytearray(SHOT)
        data[at] ^= 1
        other = written(shot.parent, bytes(data))
        assert not kinds.identical_bytes(side(shot), side(other))
    assert kinds.identical_bytes(side(shot), side(written(shot.parent, SHOT)))


@pytest.mark.parametrize(
    ("a", "b", "turn", "kind"),
    [
        (None, None, "", "near"),
        (None, None, "mirrored", "turned"),
        (NOON, None, "", "near"),
        (NOON, NOON, "", "near"),
        (NOON, NOON, "mirrored", "turned"),
        (NOON, NOON + 1000, "", "another shot"),
        (NOON, NOON + 1000, "mirrored", "another shot"),
        (NOON + 120, NOON + 480, "", "another shot"),
        (NOON + 120, NOON + 120, "", "near"),
        (NOON, NOON + 480, "", "near"),  # the fraction may just not have been kept
        (NOON + 999, NOON + 1000, "", "another shot"),
        (0, 1000, "", "another shot"),
    ],
)
def test_capture_times_tell_copies_from_bursts(
    a: int | None, b: int | None, turn: str, kind: str, shot: Path
) -> None:
    other = written(shot.parent, png(RGB // 2))
    assert kind_of(side(shot, a), side(other, b), turn) == kind
    assert kind_of(side(other, b), side(shot, a), turn) == kind


def test_an_unknown_time_is_never_another_shot() -> None:
    assert not is_another_shot(None, None)
    assert not is_another_shot(NOON, None)


def test_with_known_digests_no_file_is_opened(tmp_path: Path) -> None:
    gone = KnownFile(str(tmp_path / "a"), 7, None, b"d" * 32, b"p" * 32)
    assert kind_of(gone, gone._replace(path="b"), "") == "identical bytes"
    assert kind_of(gone, gone._replace(path="b", digest=b"e" * 32), "") == "identical pixels"
    other = gone._replace(path="b", digest=b"e" * 32, pixel_digest=b"q" * 32)
    assert kind_of(gone, other, "") == "near"


def test_one_known_digest_is_compared_with_the_file(shot: Path) -> None:
    other = written(shot.parent, SHOT)
    known = side(shot)._replace(digest=digest(str(shot)), path="gone")
    assert kinds.identical_bytes(known, side(other))
    assert not kinds.identical_bytes(known._replace(digest=bytes(32)), side(other))


def test_a_vanished_or_damaged_file_is_never_called_identical(shot: Path) -> None:
    gone = KnownFile(str(shot.parent / "gone"), len(SHOT))
    assert kind_of(side(shot), gone, "") == "near"
    assert kind_of(gone, gone._replace(path=gone.path + "2"), "mirrored") == "turned"
    halves = [written(shot.parent, SHOT[: 900 + n], str(n)) for n in range(2)]
    assert kind_of(side(halves[0]), side(halves[1]), "") == "near"
    assert kind_of(KnownFile("a\0b", 1), KnownFile("a\0b", 1), "") == "near"


@pytest.mark.parametrize(("levels", "similar"), [(0, True), (19, True), (20, False), (255, False)])
def test_similar_is_a_mean_difference_of_7_5_percent(levels: int, similar: bool) -> None:
    assert is_similar(bytes(256), bytes([levels]) * 256) is similar
    assert is_similar(bytes([levels]) * 256, bytes(256)) is similar


def test_pictures_without_thumbnails_are_not_similar() -> None:
    assert not is_similar(b"", b"")
    assert not is_similar(bytes(256), bytes(64))


@pytest.mark.parametrize(
    ("a", "b", "levels", "series"),
    [
        (NOON, NOON + 10_000, 5, True),
        (NOON + 10_000, NOON, 5, True),
        (NOON, NOON + 10_001, 5, False),
        (NOON, NOON, 5, False),
        (NOON, NOON + 3000, 50, False),
        (NOON, None, 5, False),
        (None, NOON, 5, False),
    ],
)
def test_a_burst_is_near_in_time_and_similar(
    a: int | None, b: int | None, levels: int, series: bool
) -> None:
    one = KnownFile("a", 1, a, luma=bytes(256))
    assert is_burst(one, KnownFile("b", 1, b, luma=bytes([levels]) * 256)) is series


def test_the_kinds_are_in_order_of_strength() -> None:
    assert KINDS == (
        "same file", "identical bytes", "identical pixels", "turned", "near", "variant",
        "developed from", "piece", "another shot", "similar",
    )  # fmt: skip
