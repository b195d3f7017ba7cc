"""`imageshelf leaks`: test pictures that training holds, and pictures under two labels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from imageshelf import __main__ as program
from imageshelf import index
from tests import csv_rows
from tests.conftest import drawn

Output = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight training pictures under two labels, and four test pictures of which two leak."""
    monkeypatch.chdir(tmp_path)
    for name in ("train/cat", "train/dog", "test/cat", "test/dog"):
        (tmp_path / name).mkdir(parents=True)
    for seed in range(8):
        drawn(seed).save(tmp_path / "train" / ("cat" if seed < 4 else "dog") / f"{seed}.jpg")
    shutil.copy(tmp_path / "train/cat/1.jpg", tmp_path / "test/cat/same.jpg")
    drawn(5).save(tmp_path / "test/cat/smaller.jpg", quality=50)  # a dog in training
    drawn(20).save(tmp_path / "test/cat/new.jpg")
    drawn(21).save(tmp_path / "test/dog/other.jpg")
    index(["train", "test"], "db.shelve", jobs=0)
    return tmp_path


def leaks(*words: str) -> int:
    return program.main(["leaks", *words])


def test_leaks_are_counted_and_named_with_kind_and_place(data: Path, capsys: Output) -> None:
    assert leaks("train", "--test", "test") == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "2 of 4 test pictures have a counterpart in training: 1 identical bytes, 1 near"
    )
    assert [line.split() for line in lines[3:]] == [
        ["test/cat/same.jpg", "identical", "bytes", "train/cat/1.jpg"],
        ["test/cat/smaller.jpg", "near,", "100", "%", "alike", "train/dog/5.jpg"],
    ]


def test_the_drop_list_is_paths_in_three_formats(data: Path, capsys: Output) -> None:
    dropped = ["test/cat/same.jpg", "test/cat/smaller.jpg"]
    assert leaks("train", "--test", "test", "--drop") == 3
    assert capsys.readouterr().out.splitlines() == dropped
    leaks("train", "--test", "test", "--drop", "--format", "jsonl")
    told = [json.loads(line)["drop"] for line in capsys.readouterr().out.splitlines()]
    assert told == dropped
    leaks("train", "--test", "test", "--drop", "--format", "csv")
    assert capsys.readouterr().out.split() == ["drop", *dropped]


def test_programs_get_test_training_kind_and_place(data: Path, capsys: Output) -> None:
    leaks("train", "--test", "test", "--format", "jsonl")
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first == {
        "test": "test/cat/same.jpg", "train": str(data / "train/cat/1.jpg"),
        "kind": "identical bytes", "place": "identical bytes", "distance": 0,
    }  # fmt: skip
    leaks("train", "--test", "test", "--format", "csv")
    rows = csv_rows.rows(capsys.readouterr().out.encode())
    assert [row["kind"] for row in rows] == ["identical bytes", "near"]


def test_a_clean_split_is_status_0(data: Path, capsys: Output) -> None:
    assert leaks("train", "--test", "test/dog") == 0
    assert "0 of 1 test picture" in capsys.readouterr().out
    assert leaks("train", "--test", "test", "--kind", "turned") == 0


def test_test_pictures_may_be_on_a_shelf_of_their_own(data: Path, capsys: Output) -> None:
    index("train", "train.shelve", jobs=0)
    index("test", "test.shelve", jobs=0)
    assert leaks("--shelve", "train.shelve", "--test", "test.shelve", "--drop") == 3
    names = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert names == ["same.jpg", "smaller.jpg"]


def test_a_picture_under_two_labels_is_named(data: Path, capsys: Output) -> None:
    shutil.copy("train/cat/0.jpg", "train/dog/zero.jpg")
    index("train", "db.shelve", jobs=0)
    assert leaks("train", "--test", "test/dog", "--labels") == 3
    printed = capsys.readouterr().out
    assert "1 picture under two labels" in printed
    assert "train/cat/0.jpg" in printed
    assert "train/dog/zero.jpg" in printed
    leaks("train", "--test", "test", "--labels")
    assert "2 pictures under two labels" in capsys.readouterr().out  # a dog called a cat in test


def test_training_folders_must_be_named_and_known(data: Path, capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        leaks("--test", "test")
    assert ended.value.code == 2
    assert "name the training folders" in capsys.readouterr().err
    assert leaks("tarin", "--test", "test") == 1
    assert "holds no picture below tarin" in capsys.readouterr().err
