"""Who is answered by the server of the live page, and what it serves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from imageshelf.pictures.thumbnails import GONE
from imageshelf.review import access
from tests.cleaning import copies
from tests.hostile_names import names
from tests.outline import Outline
from tests.reviews import ORIGIN, PORT, Visitor, groups, reviewing, visiting


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with visiting(tmp_path_factory.mktemp("review")) as visitor:
        yield visitor


GET, POST, PICTURE = "GET", "POST", "/picture/1/0/0"
REFUSED = [
    # what is wrong, method, path, headers instead of the right ones, status
    ("another host", GET, "/", {"host": f"evil.example:{PORT}"}, 403),
    ("a name for this computer", GET, "/", {"host": f"localhost:{PORT}"}, 403),
    ("a rebound name without a port", GET, "/", {"host": "127.0.0.1"}, 403),
    ("another port", GET, "/state", {"host": "127.0.0.1:1"}, 403),
    ("a page from elsewhere", POST, "/decide", {"origin": "https://evil.example"}, 403),
    ("a page of another port", POST, "/decide", {"origin": "http://127.0.0.1:8888"}, 403),
    ("a page without an address", POST, "/undo", {"origin": "null"}, 403),
    ("no origin", POST, "/apply", {"origin": None}, 403),
    ("https", POST, "/apply", {"origin": ORIGIN.replace("http", "https")}, 403),
    ("an asking page from elsewhere", GET, "/state", {"origin": "https://evil.example"}, 403),
    ("a picture in a page from elsewhere", GET, PICTURE, {"sec-fetch-site": "cross-site"}, 403),
    ("a picture in a page of another port", GET, PICTURE, {"sec-fetch-site": "same-site"}, 403),
    ("no cookie", GET, "/", {"cookie": None}, 403),
    ("no cookie", GET, "/page.js", {"cookie": None}, 403),
    ("no cookie", GET, "/thumbnails/1/0", {"cookie": None}, 403),
    ("no cookie", POST, "/apply", {"cookie": None}, 403),
    ("another cookie", GET, "/", {"cookie": f"imageshelf_{PORT}=guess"}, 403),
    ("a cookie of odd bytes", GET, "/", {"cookie": f"imageshelf_{PORT}=\u00e9"}, 403),
    ("the wrong token", GET, "/?token=guess", {"cookie": None}, 403),
    ("a token elsewhere", GET, "/state?token=guess", {"cookie": None}, 403),
    ("asking what is told", GET, "/apply", {}, 405),
    ("telling what is asked", POST, "/state", {}, 405),
    ("an unknown method", "PUT", "/decide", {}, 405),
    ("a method without sense", "TRACE", "/", {}, 405),
    ("a preflight", "OPTIONS", "/decide", {}, 405),
    ("a path that climbs", GET, "/picture/1/0/../../../etc/passwd", {}, 404),
    ("a path that climbs, encoded", GET, "/picture/1/0/%2e%2e%2f%2e%2e%2fetc%2fpasswd", {}, 404),
    ("a path as a group", GET, "/thumbnails/1/%2Fetc%2Fpasswd", {}, 404),
    ("a group that is none", GET, "/thumbnails/1/99", {}, 409),
    ("a group of odd digits", GET, "/thumbnails/1/\u0663", {}, 409),
    ("a query that never was", GET, "/thumbnails/1/q1", {}, 409),
    ("a card that is none", GET, "/picture/1/0/99", {}, 409),
    ("an old revision", GET, "/picture/0/0/0", {}, 409),
    ("a card of many digits", GET, "/picture/1/0/" + 5000 * "9", {}, 400),
    ("a state that is no number", GET, "/state?seen=abc", {}, 400),
    ("a start before the first", GET, "/thumbnails/1/0?start=-1", {}, 400),
    ("a start that is no number", GET, "/thumbnails/1/0?start=x", {}, 400),
    ("a purge that is none", GET, "/purge/99", {}, 409),
    ("an undo that is none", POST, "/undo", {}, 400),
    ("no JSON", POST, "/decide", {}, 400),
    ("too long", POST, "/decide", {"content-length": str(access.MOST_BYTES_ELSE + 1)}, 413),
    ("too long a picture", POST, "/search", {"content-length": str((64 << 20) + 1)}, 413),
    ("a length that is none", POST, "/decide", {"content-length": "1e3"}, 413),
]  # fmt: skip


@pytest.mark.parametrize(("what", "method", "path", "headers", "status"), REFUSED)
def test_a_wrong_request_is_refused(
    visitor: Visitor, what: str, method: str, path: str, headers: dict[str, str | None], status: int
) -> None:
    cookie = f"imageshelf_{PORT}={visitor.client.cookies[f'imageshelf_{PORT}']}"
    right = {"host": f"127.0.0.1:{PORT}", "cookie": cookie}
    if method != GET:
        right["origin"] = ORIGIN
    given = {name: value for name, value in (right | headers).items() if value is not None}
    stranger = TestClient(visitor.gate, base_url=ORIGIN, follow_redirects=False)
    sent = {name.encode(): value.encode("latin-1") for name, value in given.items()}
    request = stranger.build_request(
        method, path, headers=sent, content=b"{" if method == POST else b""
    )
    if "origin" not in given:
        request.headers.pop("origin", None)
    answer = stranger.send(request)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-security-policy"] == access.POLICY
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert visitor.review.jobs.job is None


def test_the_link_works_once_and_is_changed_for_a_cookie(visitor: Visitor) -> None:
    gate = access.Gate(visitor.gate.app, PORT)
    link = gate.link.removeprefix(ORIGIN)
    first, second = (TestClient(gate, base_url=ORIGIN, follow_redirects=False) for _ in range(2))
    assert first.head(link).status_code == 403  # a preview of the link does not use it up
    entered = first.get(link, headers={"sec-fetch-site": "cross-site"})
    assert entered.status_code == 200
    cookie = entered.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict"} <= set(cookie.split("; "))
    assert gate.token not in cookie
    assert first.get("/").status_code == 200
    assert first.get(link).headers["location"] == "/"
    assert second.get(link).status_code == 403
    assert second.get("/").status_code == 403


def test_a_body_that_does_not_tell_its_length_is_cut_off(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MOST_BYTES_ELSE", 1000)
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        while len(sent) < 100:
            sent.append(1)
            yield b" " * 500

    answer = visitor.client.post("/decide", content=endless(), headers={"origin": ORIGIN})
    assert answer.status_code == 413


def test_a_page_of_the_server_asks_for_nothing_from_elsewhere(visitor: Visitor) -> None:
    answer = visitor.client.get("/")
    outline = Outline(answer.text)
    asked = [
        a["src"] if "src" in a else a["href"]
        for _, a in outline.elements
        if {"src", "href"} & a.keys()
    ]
    assert set(asked) == {"data:,", "/page.css", "/page.js", "#groups"}
    assert not any({"style", "onclick"} & attributes.keys() for _, attributes in outline.elements)
    assert all(a.get("type") == "application/json" or not text for a, text in outline.raw)
    assert visitor.client.get("/page.js").headers["content-type"].startswith("text/javascript")
    assert "innerHTML" not in visitor.client.get("/page.js").text


def test_hostile_names_add_nothing_to_the_page(tmp_path: Path) -> None:
    odd = [
        name
        for name in names()
        if "/" not in name and name[0] != "." and len(os.fsencode(name)) < 200
    ]
    wanted: dict[str, int | str] = {"photos/a.jpg": 1}
    wanted |= {f"photos/{name}.jpg": "photos/a.jpg" for name in odd}
    copies(tmp_path, wanted)
    with visiting(tmp_path / "harmless") as visitor:
        harmless = Outline(visitor.client.get("/").text)
    with reviewing(tmp_path, "photos") as review:
        visitor = Visitor(review)
        outline = Outline(visitor.client.get("/").text)
        found = {card["name"] for card in outline.json("data")["groups"][0]["cards"]}
        assert found == set(wanted)
        tags = {tag for tag, _ in outline.elements}
        assert tags <= {tag for tag, _ in harmless.elements}
        number = len(outline.json("data")["groups"][0]["cards"])
        for at in range(0, number, 7):
            assert visitor.client.get(f"/picture/1/0/{at}").status_code == 200


def test_thumbnails_and_pictures_are_those_of_the_group(visitor: Visitor) -> None:
    group = groups(visitor.review)[0]
    thumbnails = visitor.client.get("/thumbnails/1/0").json()
    assert len(thumbnails) == len(group.cards)
    assert all(one["src"].startswith("data:image/") for one in thumbnails)
    assert visitor.client.get("/thumbnails/1/0?start=1").json() == thumbnails[1:]
    answer = visitor.client.get("/picture/1/0/1")
    assert answer.content == Path(group.cards[1].path).read_bytes()
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_only_pictures_are_served_whatever_has_come_into_their_place(tmp_path: Path) -> None:
    with visiting(tmp_path) as visitor:
        card = groups(visitor.review)[0].cards[0]
        os.unlink(card.path)
        gone = visitor.client.get("/picture/1/0/0")
        assert (gone.status_code, gone.text) == (404, "This vanished before it could be read.")
        (tmp_path / "secret").write_text("-----BEGIN PRIVATE KEY-----")
        os.symlink(tmp_path / "secret", card.path)
        answer = visitor.client.get("/picture/1/0/0")
        assert answer.status_code == 404
        assert "PRIVATE" not in answer.text
        assert "src" not in visitor.client.get("/thumbnails/1/0").json()[0]
        os.unlink(card.path)
        os.mkfifo(card.path)
        assert visitor.client.get("/picture/1/0/0").status_code == 404


def test_a_thumbnail_that_is_gone_says_so(tmp_path: Path) -> None:
    with visiting(tmp_path) as visitor:
        os.unlink(groups(visitor.review)[1].cards[1].path)
        assert visitor.client.get("/thumbnails/1/1").json()[1]["note"] == GONE


def test_a_picture_that_browsers_do_not_show_comes_as_one_that_they_do(tmp_path: Path) -> None:
    from tests.conftest import drawn

    (tmp_path / "photos").mkdir()
    for name in ("a.tif", "b.tif"):
        drawn(5, (3000, 600)).save(tmp_path / "photos" / name)
    with reviewing(tmp_path, "photos") as review:
        answer = Visitor(review).client.get("/picture/1/0/0")
        assert answer.headers["content-type"] in {"image/webp", "image/jpeg"}
