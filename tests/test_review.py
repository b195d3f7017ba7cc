"""A whole visit to the live page, without its looks: decide, apply, undo, purge, search."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageshelf.cleanup import run as cleanup_run
from imageshelf.copies.groups import GroupOptions
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.review import work
from imageshelf.review.decisions import Decisions
from imageshelf.review.session import Review
from imageshelf.shelf import not_duplicates, open_shelf
from imageshelf.system import user_key
from tests.cleaning import copies
from tests.conftest import ROOT, drawn
from tests.reviews import PAIRS, Visitor, groups, reviewing, shown, visiting


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    with visiting(tmp_path) as visitor:
        yield visitor


def test_what_is_named_is_indexed_first_and_its_groups_are_there(visitor: Visitor) -> None:
    assert visitor.news()["outcome"]["sentence"] == "Indexed 2 folders: 5 new."
    first, second = groups(visitor.review)
    assert {first.title, second.title} == {"a.jpg", "b.jpg"}
    assert first.cards[1].size_bytes >= second.cards[1].size_bytes  # the largest saving first


def test_a_decision_is_applied_and_taken_back(visitor: Visitor, tmp_path: Path) -> None:
    assert visitor.decide("kx").status_code == 204
    second = groups(visitor.review)[1]
    news = visitor.apply(1)
    outcome = news["outcome"]
    assert outcome["sentence"].startswith("1 file set aside, ")
    assert outcome["set_aside"]
    assert len(shown(tmp_path)) == 4
    assert groups(visitor.review) == (second,)
    news = visitor.after("/undo", run=outcome["run"])
    assert news["outcome"]["sentence"] == f"1 file of clean-up {outcome['run']} back in place."
    assert shown(tmp_path) == set(PAIRS)
    assert news["revision"] == 3


def test_a_purge_frees_what_was_set_aside_and_only_what_was_shown(
    visitor: Visitor, tmp_path: Path
) -> None:
    visitor.decide("kx", "xk")
    run = visitor.apply(2)["outcome"]["run"]
    outlook = visitor.client.get(f"/purge/{run}").json()
    assert outlook["files"] == 2
    assert visitor.tell("/purge", run=run, files=1).status_code == 409
    sentence = visitor.after("/purge", run=run, files=2)["outcome"]["sentence"]
    assert sentence.startswith(f"2 files of clean-up {run} deleted for good, ")
    assert len([*tmp_path.rglob("*.jpg")]) == 3
    (past,) = visitor.client.get("/history").json()
    assert (past["run"], past["purged"], past["done"]) == (run, 2, 0)


@pytest.mark.parametrize("action", ["trash", "hard link"])
def test_other_ways_to_go_are_those_of_clean(
    tmp_path: Path, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.cleaning import keep_trash_in

    keep_trash_in(tmp_path / "data", monkeypatch)
    with visiting(tmp_path / "pictures") as visitor:
        visitor.decide("kx")
        run = visitor.apply(1, action=action)["outcome"]["run"]
        visitor.after("/undo", run=run)
    assert shown(tmp_path / "pictures") == set(PAIRS)


def test_nothing_is_deleted_at_once(visitor: Visitor, tmp_path: Path) -> None:
    visitor.decide("kx")
    answer = visitor.tell("/apply", revision=1, action="delete", take_over=False, pictures=1)
    assert answer.status_code == 400
    assert shown(tmp_path) == set(PAIRS)


def test_a_decision_that_keeps_nothing_or_fits_no_group_is_refused(visitor: Visitor) -> None:
    for marks in ("xx", "k", "kxx", "k.", "n", "?", ""):
        assert visitor.decide(marks).status_code == 400, marks
    stranger = [["0" * 16, "kx"]]
    assert visitor.tell("/decide", revision=1, changes=stranger).status_code == 400
    assert visitor.tell("/decide", revision=0, changes=[]).status_code == 409
    assert visitor.news()["decided"] == []


def test_what_one_group_keeps_no_other_sets_aside(tmp_path: Path) -> None:
    from imageshelf.report.cards import ASIDE, KEEP, Card, CardGroup, Sheet

    def group(*found: str) -> CardGroup:
        first, *others = found
        return CardGroup(
            first, (Card("/" + first, first, KEEP), *(Card("/" + n, n, ASIDE) for n in others))
        )

    a, b, c = group("a", "b"), group("b", "c"), group("d", "c")
    found = work.Groups(Sheet("", (a, b, c)), {}, None, 0, None)  # type: ignore[arg-type]
    selected = work.chosen(found, {a.key: "kx", b.key: "kx", c.key: "kx"})
    assert [(one.keep, one.set_aside) for one in selected] == [(("b",), ("c",))]


def test_an_apply_of_another_number_than_was_shown_does_nothing(
    visitor: Visitor, tmp_path: Path
) -> None:
    visitor.decide("kx", "kx")
    told = {"revision": 1, "action": "set aside", "take_over": False}
    answer = visitor.tell("/apply", **told, pictures=1)
    assert answer.status_code == 409
    assert "2 pictures would go" in answer.text
    assert visitor.tell("/apply", **(told | {"revision": 0}), pictures=2).status_code == 409
    assert shown(tmp_path) == set(PAIRS)


def test_decisions_survive_a_reload_and_a_restart(tmp_path: Path) -> None:
    with visiting(tmp_path) as visitor:
        visitor.decide("kx", "s")
        decided = visitor.news()["decided"]
        assert 'choices":[["' in visitor.client.get("/").text
    with reviewing(tmp_path) as review:
        assert [[*each] for each in review.marks().items()] == decided


def test_two_reviews_of_one_shelf_see_each_others_decisions(tmp_path: Path) -> None:
    with visiting(tmp_path) as visitor, reviewing(tmp_path) as second:
        other = Visitor(second)
        visitor.decide("kx")
        other.decide("s", "kx")
        assert visitor.review.marks() == second.marks()
        assert [marks for _, marks in visitor.news()["decided"]] == ["kx", "s", "kx"]
        visitor.apply(1)
        assert other.news()["stale"]
        other.after("/look")
        assert not other.news()["stale"]
        assert len(groups(second)) == 1


def test_a_line_that_a_kill_cut_short_costs_no_other(tmp_path: Path) -> None:
    first = Decisions("aa")
    first.add([("0" * 16, "kx"), ("1" * 16, "kkx")])
    path = Path(user_key.state_folder(), "review", "aa")
    with path.open("ab") as file:
        file.write(b"2222222222222222 k")
    again = Decisions("aa")
    again.add([("3" * 16, "s"), ("0" * 16, "-")])
    first.refresh()
    assert (
        first.marks
        == again.marks | {"2" * 16: "k"}
        == {"1" * 16: "kkx", "2" * 16: "k", "3" * 16: "s"}
    )
    first.close()
    again.close()
    assert path.stat().st_mode & 0o077 == 0


def test_without_a_place_for_decisions_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("IMAGESHELF_STATE", str(tmp_path / "file"))
    kept = Decisions("aa")
    assert "cannot be kept" in kept.problem
    kept.add([("0" * 16, "kx")])
    assert kept.marks == {"0" * 16: "kx"}


def test_what_is_no_duplicate_is_remembered_on_the_shelf_and_forgotten(tmp_path: Path) -> None:
    copies(tmp_path, {"photos/a.jpg": 1})
    drawn(1, (48, 36)).save(tmp_path / "photos/b.jpg", quality=60)
    with reviewing(tmp_path, "photos") as review:
        visitor = Visitor(review)
        (group,) = groups(review)
        for forget, pairs in ((False, 1), (True, 0)):
            answer = visitor.tell("/not-duplicates", revision=1, group=group.key, forget=forget)
            assert answer.status_code == 204, answer.text
            with open_shelf(review.shelf) as shelf:
                assert len(not_duplicates.listed(shelf, lambda _: b"")) == pairs
            assert review.marks() == ({} if forget else {group.key: "n"})
            assert not visitor.news()["stale"]
        visitor.tell("/not-duplicates", revision=1, group=group.key, forget=False)
        visitor.after("/look")
        assert not groups(review)


def test_identical_pictures_cannot_be_declared_different(visitor: Visitor) -> None:
    key = groups(visitor.review)[0].key
    answer = visitor.tell("/not-duplicates", revision=1, group=key, forget=False)
    assert answer.status_code == 409
    assert "identical, byte for byte" in answer.text
    assert visitor.news()["decided"] == []


def test_a_dropped_picture_finds_its_copies(visitor: Visitor, tmp_path: Path) -> None:
    picture = (tmp_path / "photos/lone.jpg").read_bytes()
    answer = visitor.ask(picture)
    assert [card["label"] for card in answer["cards"][1:]] == ["lone.jpg"]
    ref = answer["ref"]
    assert all(one["src"] for one in visitor.client.get(f"/thumbnails/1/{ref}").json())
    assert visitor.client.get(f"/picture/1/{ref}/0").content == picture
    assert visitor.review.jobs.job is None


def test_what_is_dropped_and_is_no_picture_is_told(visitor: Visitor) -> None:
    answer = visitor.ask(b"no picture")
    assert "text" in answer["note"]
    assert len(answer["cards"]) == 1


def test_a_search_after_the_shelf_has_changed_finds_what_is_new(
    visitor: Visitor, tmp_path: Path
) -> None:
    new = drawn(9, (64, 48))
    new.save(tmp_path / "photos/new.jpg")
    picture = (tmp_path / "photos/new.jpg").read_bytes()
    assert len(visitor.ask(picture)["cards"]) == 1
    sentence = visitor.after("/index")["outcome"]["sentence"]
    assert sentence == "Indexed 2 folders: 1 new."
    assert len(visitor.ask(picture)["cards"]) == 2


def test_a_folder_that_is_away_is_named_and_the_others_are_indexed(
    visitor: Visitor, tmp_path: Path
) -> None:
    os.rename(tmp_path / "backup", tmp_path / "elsewhere")
    outcome = visitor.after("/index")["outcome"]
    assert outcome["sentence"] == "Indexed 1 folder: nothing new."
    assert outcome["details"] == [f"{tmp_path / 'backup'} is not there"]


def test_another_program_that_changes_the_shelf_is_noticed(
    visitor: Visitor, tmp_path: Path
) -> None:
    drawn(9).save(tmp_path / "photos/new.jpg")
    index(tmp_path / "photos", tmp_path / "db.shelve", Settings(jobs=0))
    assert visitor.news()["stale"]
    assert visitor.decide("kx").status_code == 204  # and nothing is lost
    visitor.after("/look")
    assert not visitor.news()["stale"]


def test_a_shelf_that_is_gone_is_told_and_ends_nothing(visitor: Visitor, tmp_path: Path) -> None:
    (tmp_path / "db.shelve").unlink()
    assert visitor.news()["stale"]
    visitor.decide("kx")
    outcome = visitor.apply(1)["outcome"]
    assert outcome["problem"]
    assert "db.shelve" in outcome["sentence"]
    assert shown(tmp_path) == set(PAIRS)
    assert visitor.client.get("/history").status_code == 409


def test_a_shelf_that_was_replaced_is_told_and_nothing_goes_astray(
    visitor: Visitor, tmp_path: Path
) -> None:
    others = tmp_path / "others"
    copies(others, PAIRS)
    index(others, tmp_path / "other.shelve", Settings(jobs=0))
    visitor.decide("kx", "kx")
    os.replace(tmp_path / "other.shelve", tmp_path / "db.shelve")
    assert visitor.news()["stale"]
    outcome = visitor.apply(2)["outcome"]
    assert outcome["problem"] or outcome["sentence"].startswith("0 files")
    assert shown(tmp_path) == shown(others) == set(PAIRS)
    visitor.after("/look")
    assert {card.path for group in groups(visitor.review) for card in group.cards} == {
        str(others / name) for name in PAIRS if "lone" not in name
    }
    assert visitor.review.marks() == {}  # the choices were about other pictures


def test_one_thing_is_done_at_a_time(visitor: Visitor) -> None:
    going = threading.Event()
    visitor.review.jobs.start("waiting", lambda _: going.wait() and None)  # type: ignore[arg-type, return-value]
    for path in ("/look", "/index"):
        answer = visitor.tell(path)
        assert (answer.status_code, answer.text) == (
            409,
            "This page is busy: waiting. Wait, or stop that.",
        )
    going.set()


def test_a_stopped_clean_up_is_complete_as_far_as_it_went(
    visitor: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup_run, "STEPS_PER_BATCH", 1)
    act = cleanup_run.CleanupRun._do

    def stop_after(*arguments: object) -> None:
        act(*arguments)  # type: ignore[arg-type]
        visitor.review.jobs.stop()

    monkeypatch.setattr(cleanup_run.CleanupRun, "_do", stop_after)
    visitor.decide("kx", "kx")
    outcome = visitor.apply(2)["outcome"]
    assert outcome["sentence"].startswith("Stopped: 1 file set aside")
    monkeypatch.undo()
    visitor.after("/undo", run=outcome["run"])
    assert shown(tmp_path) == set(PAIRS)


@pytest.mark.parametrize("what", ["clean", "index"])
def test_a_command_in_a_terminal_meanwhile_loses_nothing(
    visitor: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    shelf, photos = str(tmp_path / "db.shelve"), str(tmp_path / "photos")
    arguments = {"clean": ["-s", shelf, "--apply"], "index": [photos, "-s", shelf]}[what]
    command = [sys.executable, "-m", "imageshelf", what, *arguments]
    act = cleanup_run.CleanupRun._do
    started: list[subprocess.Popen[str]] = []

    def meanwhile(*given: object) -> None:
        if not started:
            started.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))
            time.sleep(1)  # it is at the shelf by then, or waits
        act(*given)  # type: ignore[arg-type]

    drawn(9).save(tmp_path / "photos/new.jpg")
    monkeypatch.setattr(cleanup_run.CleanupRun, "_do", meanwhile)
    visitor.decide("kx", "kx")
    outcome = visitor.apply(2)["outcome"]
    told = started[0].communicate()[1]
    assert started[0].returncode in {0, 1}, told  # 1: its files went before
    assert "Traceback" not in told
    assert outcome["sentence"].startswith("2 files set aside")
    assert len(shown(tmp_path)) == len(PAIRS) - 1  # with the new one
    monkeypatch.undo()
    assert visitor.after("/look")["outcome"]["problem"] is False
    visitor.after("/undo", run=outcome["run"])
    assert shown(tmp_path) == {*PAIRS, "photos/new.jpg"}


def test_news_are_waited_for(visitor: Visitor) -> None:
    before = visitor.news()
    since = {name: before[name] for name in ("seen", "tick", "revision")} | {"stale": "false"}
    threading.Timer(0.2, visitor.review.look).start()
    news = visitor.client.get("/state", params=since).json()
    assert news["tick"] > before["tick"]


def test_what_nobody_expected_is_told_and_ends_the_program_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("odd")

    copies(tmp_path, PAIRS)
    monkeypatch.setattr(work, "look", broken)
    review = Review(str(tmp_path / "db.shelve"), GroupOptions(), [str(tmp_path / "photos")])
    review.started.result()
    assert review.jobs.outcome
    assert review.jobs.outcome.sentence == "This failed: ZeroDivisionError: odd"
    with pytest.raises(ZeroDivisionError):
        review.close()


SERVED = """
import sys, json, urllib.request
from imageshelf.__main__ import main
sys.exit(main(["review", "--no-browser", "-s", *sys.argv[1:]]))
"""


def served(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start the command; return it and the link that it prints."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVED, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert server.stdout
    return server, server.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped(tmp_path: Path, number: int) -> None:
    copies(tmp_path, PAIRS)
    server, link = served(str(tmp_path / "db.shelve"), str(tmp_path / "photos"))
    with server:
        assert link.startswith("http://127.0.0.1:")
        server.send_signal(number)
        assert server.wait() == 0


def test_without_a_shelf_and_folders_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from imageshelf.__main__ import main

    assert main(["review", "-s", str(tmp_path / "none.shelve")]) == 1
    assert "none.shelve" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told_before_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from imageshelf.__main__ import main

    arguments = [str(tmp_path / "phtoos"), "-s", str(tmp_path / "db.shelve")]
    assert main(["review", "--no-browser", *arguments]) == 1
    told = capsys.readouterr()
    assert "does not exist; check the spelling" in told.err
    assert not told.out


@pytest.mark.parametrize("port", ["99999", "taken"])
def test_a_port_that_cannot_be_used_is_told(
    tmp_path: Path, port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from imageshelf.__main__ import main

    copies(tmp_path, {"photos/a.jpg": 1})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1]) if port == "taken" else port
        arguments = [str(tmp_path / "photos"), "-s", str(tmp_path / "db.shelve"), "--port", port]
        assert main(["review", *arguments]) == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in capsys.readouterr().err


KILLED = """
import os, sys, threading
from pathlib import Path
state = os.environ["IMAGESHELF_STATE"]
from imageshelf.cleanup import run
from tests import reviews
os.environ["IMAGESHELF_STATE"] = state  # tests make one of their own
run.STEPS_PER_BATCH = 1
with reviews.reviewing(Path(sys.argv[1])) as review:
    visitor = reviews.Visitor(review)
    visitor.decide("kx", "kx")
    undoing = sys.argv[2] == "undo"
    run = visitor.apply(2)["outcome"]["run"] if undoing else 0
    print("ready", flush=True)
    visitor.after("/undo", run=run) if undoing else visitor.apply(2)
"""


def killed(folder: Path, what: str, after_s: float) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), what], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with server:
        assert server.stdout
        server.stdout.readline()
        time.sleep(after_s)
        server.kill()


def after_a_kill(folder: Path, what: str, after_s: float) -> None:
    """Kill a server at work; the next one puts it right, and all comes back."""
    copies(folder, PAIRS)
    with reviewing(folder, "photos", "backup"):
        pass
    killed(folder, what, after_s)
    with reviewing(folder) as review:
        visitor = Visitor(review)
        past = visitor.client.get("/history").json()
        assert not any(run["unfinished"] for run in past)
        for run in past:
            if run["done"]:
                outcome = visitor.after("/undo", run=run["run"])["outcome"]
                assert not outcome["problem"], outcome
    assert shown(folder) == set(PAIRS)


@pytest.mark.parametrize("what", ["apply", "undo"])
def test_a_server_that_is_killed_at_work_loses_nothing(tmp_path: Path, what: str) -> None:
    after_a_kill(tmp_path, what, 0.05)


@pytest.mark.stress
@pytest.mark.parametrize("number", range(200))
def test_200_servers_that_are_killed_at_work_lose_nothing(tmp_path: Path, number: int) -> None:
    after_a_kill(tmp_path, "undo" if number % 2 else "apply", number / 1000)
