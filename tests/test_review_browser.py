"""A visit to the live page in a real browser, by keyboard alone and by mouse."""

from __future__ import annotations

import base64
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from imageshelf.review.server import serve
from imageshelf.review.session import Review
from tests import test_page_browser as static
from tests.cleaning import copies
from tests.conftest import drawn
from tests.hostile_names import names
from tests.reviews import reviewing

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = static.pytestmark
expect = static.expect
driver, profile, browser, axe = static.driver, static.profile, static.browser, static.axe
Watched = static.Watched
VIEWS = [
    ({"width": width, "height": 900}, scheme)
    for width in (1440, 390)
    for scheme in ("light", "dark")
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty-two groups of two or three copies."""
    wanted: dict[str, int | str] = {}
    for number in range(22):
        wanted |= {f"photos/{number}.jpg": number, f"backup/{number}.jpg": f"photos/{number}.jpg"}
    wanted |= {"old/0.jpg": "photos/0.jpg"}
    copies(tmp_path, wanted)
    drawn(77, (640, 480)).save(tmp_path / "asked.jpg")
    return tmp_path


@contextmanager
def served(review: Review) -> Iterator[str]:
    """Serve a review from a thread; yield the link to its page."""
    links: Queue[str] = Queue()
    thread = threading.Thread(target=serve, args=(review, 0, links.put))
    thread.start()
    try:
        yield links.get()
    finally:
        review.closing = True
        thread.join()


@pytest.fixture
def live(folder: Path) -> Iterator[tuple[Review, str]]:
    with reviewing(folder, "photos", "backup", "old") as review, served(review) as link:
        yield review, link


def entered(browser: Watched, link: str, **looks: Any) -> Page:
    page = browser.page()
    if looks:
        page.set_viewport_size(looks["size"])
        page.emulate_media(color_scheme=looks["scheme"])
    page.goto(link)
    page.wait_for_url(link.split("?", maxsplit=1)[0])
    page.wait_for_selector(".card img")
    return page


def steps(page: Page, press: Any) -> None:
    """From decided groups to freed space."""
    press("#apply")
    page.wait_for_selector("#outcome button")
    press("#outcome button:nth-of-type(2)")
    page.wait_for_selector("#purge[open]")
    press("#purge-do")
    expect(page.locator("#outcome p")).to_contain_text("deleted for good")


def by_keyboard(page: Page, selector: str) -> None:
    """Reach something with Tab alone, and press it."""
    for _ in range(400):
        if page.evaluate("(s) => document.activeElement === document.querySelector(s)", selector):
            return page.keyboard.press("Enter")
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached")


def decided(review: Review, page: Page, number: int) -> None:
    expect(page.locator("#counts")).to_contain_text(f"{number} of 22")
    for _ in range(200):
        if len(review.marks()) == number:
            return
        page.wait_for_timeout(20)
    raise AssertionError(review.marks())


@pytest.mark.parametrize(
    ("hands", "view"),
    [("keyboard", VIEWS[0]), ("mouse", VIEWS[1]), ("mouse", VIEWS[2]), ("keyboard", VIEWS[3])],
)
def test_a_whole_visit(
    browser: Watched, live: tuple[Review, str], folder: Path, hands: str, view: Any
) -> None:
    review, link = live
    page = entered(browser, link, size=view[0], scheme=view[1])
    pictures = len([*folder.rglob("photos/*"), *folder.rglob("backup/*"), *folder.rglob("old/*")])
    press = by_keyboard if hands == "keyboard" else lambda page, selector: page.click(selector)
    for at in range(20):
        if hands == "keyboard":
            static.keys(page, *(["n", "a"] if at == 0 else ["a"]))
        else:
            page.locator(".group").nth(at).get_by_role("button", name="Accept").click()
    decided(review, page, 20)
    page.reload()
    page.wait_for_selector(".card img")
    decided(review, page, 20)
    press(page, "#apply")
    expect(page.locator("#outcome p")).to_contain_text("set aside")
    press(page, "#outcome button")  # undo
    expect(page.locator("#outcome p")).to_contain_text("back in place")
    assert (
        len([*folder.rglob("photos/*"), *folder.rglob("backup/*"), *folder.rglob("old/*")])
        == pictures
    )
    expect(page.locator("#counts")).to_contain_text("20 of 22")
    steps(page, lambda selector: press(page, selector))
    assert len([*folder.rglob("*.jpg")]) < pictures - 19
    page.set_input_files("#pick", next(folder.rglob("21.jpg")))
    expect(page.locator("#said")).to_contain_text("on the shelf")
    expect(page.locator(".group h3 bdi").first).to_have_text("Your picture")
    assert browser.console == []


def test_four_steps_from_the_command_to_freed_space(
    browser: Watched, live: tuple[Review, str], folder: Path
) -> None:
    page = entered(browser, live[1])
    taken: list[str] = []

    def press(selector: str) -> None:
        taken.append(selector)
        page.click(selector)

    press("#accept-all")
    steps(page, press)
    assert len(taken) == 4
    assert len([*folder.rglob("*.jpg")]) == 23


@pytest.mark.parametrize(("size", "scheme"), VIEWS)
def test_the_live_page_is_accessible_and_fits(
    browser: Watched, live: tuple[Review, str], axe: str, size: Any, scheme: str
) -> None:
    page = entered(browser, live[1], size=size, scheme=scheme)
    page.evaluate(axe)
    assert static.faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for opened in ("#history-open", "#folders-open", "#help-open"):
        page.click(opened)
        assert static.faults(page) == []
        page.keyboard.press("Escape")
    static.keys(page, "n", "c", "5")
    assert static.faults(page) == []
    assert browser.console == []


def test_what_is_compared_zooms_together(browser: Watched, live: tuple[Review, str]) -> None:
    page = entered(browser, live[1])
    static.keys(page, "n", "c", "+", "+", "Shift+ArrowRight")
    boxes = [
        box.evaluate("(b) => getComputedStyle(b).transform") for box in page.locator(".box").all()
    ]
    assert len(set(boxes)) == 1
    assert boxes[0].startswith("matrix(2.25")
    page.keyboard.press("z")
    expect(page.locator("#left")).to_have_attribute("src", re.compile("^/picture/"))
    page.click("#one-to-one")
    shown = page.locator("#left").evaluate(
        "(i) => i.getBoundingClientRect().width * devicePixelRatio / i.naturalWidth"
    )
    assert abs(shown - 1) < 0.02
    assert page.locator(".blurred:visible").count() == 0
    page.keyboard.press("0")
    assert page.inner_text("#zoom-told") == "100 %"


def test_all_pictures_of_a_group_are_compared_at_once(
    browser: Watched, live: tuple[Review, str]
) -> None:
    page = entered(browser, live[1])
    group = page.locator(".group", has=page.locator("h3", has_text="3 pictures"))
    group.get_by_role("button", name="Compare").click()
    page.keyboard.press("5")
    expect(page.locator("#view .frame:visible")).to_have_count(3)
    assert " in " in page.inner_text("#left-caption")  # three of one name


def test_many_are_decided_by_folder_and_taken_back(
    browser: Watched, live: tuple[Review, str]
) -> None:
    review, link = live
    page = entered(browser, link)
    static.keys(page, "n", "e")
    page.fill("#text", "/1")
    page.wait_for_timeout(300)
    page.click("#folders-open")
    for field, name in (("#stays", "backup"), ("#goes", "photos")):
        value = page.locator(f"{field} option", has_text=name).get_attribute("value")
        page.select_option(field, value)
    told = page.inner_text("#folders-count")
    page.click("#folders-do")
    number = int(told.split()[0])
    assert 0 < number < 21
    decided(review, page, number + 1)
    page.fill("#text", "")
    page.click("#back")
    decided(review, page, 1)


def test_a_decision_in_one_tab_is_seen_in_another(
    browser: Watched, live: tuple[Review, str]
) -> None:
    review, link = live
    first = entered(browser, link)
    second = browser.page()
    second.goto(link.split("?")[0])
    second.wait_for_selector(".card img")
    static.keys(first, "n", "a")
    decided(review, second, 1)
    second.click("#apply")
    expect(first.locator("#outcome p")).to_contain_text("set aside")


def test_hostile_names_are_text_in_the_live_page(browser: Watched, tmp_path: Path) -> None:
    odd = [name for name in names() if "/" not in name and name[0] != "."][:40]
    odd = [name for name in odd if len(name.encode("utf-8", "surrogateescape")) < 200]
    wanted: dict[str, int | str] = {"photos/a.jpg": 1}
    copies(tmp_path, wanted | {f"photos/{name}.jpg": "photos/a.jpg" for name in odd})
    with reviewing(tmp_path, "photos") as review, served(review) as link:
        page = entered(browser, link)
        static.keys(page, "n", "a", "c", "5")
        assert page.locator("script").count() == 3
        assert page.locator("[onerror], [onload], iframe, svg").count() == 0
        assert browser.console == []


def test_hostile_metadata_is_text_in_the_live_page(browser: Watched, tmp_path: Path) -> None:
    hostile = "</script><img src=x onerror=alert(1)> {{ 7*7 }} \u202egpj"
    copies(tmp_path, {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg"})
    exif = Image.Exif()
    exif.update({0x010E: hostile, 0x010F: hostile, 0x0110: hostile, 0x0131: hostile})
    with Image.open(tmp_path / "photos/a.jpg") as picture:
        picture.save(tmp_path / "photos/b.jpg", quality="keep", exif=exif, comment=hostile)
    with reviewing(tmp_path, "photos") as review, served(review) as link:
        page = entered(browser, link)
        assert "</script><img" in page.inner_text("#list") or "more" in page.inner_text("#list")
        static.keys(page, "n", "a", "c", "5", "Escape")
        page.check("#take-over")
        page.click("#apply")
        expect(page.locator("#outcome p")).to_contain_text("set aside")
        page.set_input_files("#pick", tmp_path / "photos/b.jpg")
        expect(page.locator("#said")).to_contain_text("on the shelf")
        assert page.locator("script").count() == 3
        assert page.locator("[onerror], [onload], iframe, svg, [src=x]").count() == 0
        assert browser.console == []


def given(page: Page, kind: str, picture: Path) -> None:
    """Drop or paste a file."""
    page.evaluate(
        """([kind, bytes, name]) => {
          const given = new DataTransfer();
          const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
          given.items.add(new File([data], name, { type: "image/jpeg" }));
          const how = { bubbles: true, cancelable: true };
          document.body.dispatchEvent(kind === "paste"
            ? new ClipboardEvent("paste", { ...how, clipboardData: given })
            : new DragEvent(kind, { ...how, dataTransfer: given }));
        }""",
        [kind, base64.b64encode(picture.read_bytes()).decode(), picture.name],
    )


def test_a_picture_is_dropped_or_pasted(
    browser: Watched, live: tuple[Review, str], folder: Path
) -> None:
    page = entered(browser, live[1])
    for number, kind in enumerate(("drop", "paste"), 1):
        given(page, "dragover", folder / "asked.jpg")
        given(page, kind, folder / f"photos/{number}.jpg")
        expect(page.locator(".group h3 bdi", has_text="Your picture")).to_have_count(number)
        expect(page.locator("#said")).to_have_text("2 pictures on the shelf.")
    given(page, "drop", folder / "asked.jpg")
    expect(page.locator("#said")).not_to_have_text("2 pictures on the shelf.")
    expect(page.locator(".group h3 bdi", has_text="Your picture")).to_have_count(3)
    assert browser.console == []


def test_small_files_can_be_hidden_and_are_then_left_undecided(
    browser: Watched, tmp_path: Path
) -> None:
    copies(tmp_path, {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg"})
    for name in ("large.png", "large copy.png"):
        noise = random.Random(7).randbytes(3 * 240 * 240)
        Image.frombytes("RGB", (240, 240), noise).save(tmp_path / "photos" / name)
    with reviewing(tmp_path, "photos") as review, served(review) as link:
        page = entered(browser, link)
        expect(page.locator("#shown")).to_have_text("2 groups")
        page.select_option("#least", "100000")
        expect(page.locator("#shown")).to_have_text("1 of 2 groups")
        page.click("#accept-all")
        expect(page.locator("#counts")).to_contain_text("1 of 2 groups decided")
        page.select_option("#least", "10000000")
        assert page.locator(".group").count() == 0
        assert page.locator("#accept-all").is_disabled()


def test_accepting_changes_no_decision(browser: Watched, live: tuple[Review, str]) -> None:
    review, link = live
    page = entered(browser, link)
    static.keys(page, "n", "e", "p", "a")
    expect(page.locator("#said")).to_contain_text("is already decided")
    page.click("#accept-all")
    decided(review, page, 22)
    assert sum("x" not in marks for marks in review.marks().values()) == 1


IN_VIEW = """(() => {
  const { top, bottom } = document.activeElement.getBoundingClientRect();
  return document.activeElement.className === "card" && bottom > 0 && top < innerHeight;
})()"""


def until(page: Page, holds: str) -> None:
    """Wait; the page's policy forbids to wait in it."""
    for _ in range(200):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(20)
    raise AssertionError(holds)


def test_keys_act_on_what_is_seen_alone(browser: Watched, tmp_path: Path) -> None:
    wanted: dict[str, int | str] = {}
    for number in range(100):
        wanted |= {f"photos/{number}.png": number, f"backup/{number}.png": f"photos/{number}.png"}
    copies(tmp_path, wanted)
    with reviewing(tmp_path, "photos", "backup") as review, served(review) as link:
        page = entered(browser, link)
        static.keys(page, "p")  # to the last one, before all are drawn
        until(page, IN_VIEW)
        static.keys(page, "a")
        expect(page.locator("#said")).to_contain_text("is accepted")
        page.wait_for_timeout(1000)  # a group that was gone to is held in view for some frames
        until(page, "(scrollTo(0, 0), !" + IN_VIEW + ")")
        static.keys(page, "e")
        until(page, IN_VIEW)
        expect(page.locator("#counts")).to_contain_text("1 of 100")
        expect(page.locator("#said")).to_contain_text("is accepted")


def test_not_duplicates_is_taken_back_everywhere_or_nowhere(
    browser: Watched, live: tuple[Review, str]
) -> None:
    review, link = live
    page = entered(browser, link)
    static.keys(page, "n", "e", "p", "d")  # identical bytes are no different pictures
    expect(page.locator("#said")).to_contain_text("identical")
    decided(review, page, 1)
    assert not page.locator(".state", has_text="not duplicates").count()


def test_what_differs_is_outlined(browser: Watched, tmp_path: Path) -> None:
    copies(tmp_path, {"photos/a.jpg": 1, "photos/other.jpg": 2})
    with Image.open(tmp_path / "photos/a.jpg") as picture:
        picture.resize((1280, 960)).save(tmp_path / "photos/a.jpg")
        stamped = picture.resize((1280, 960))
    stamped.paste("white", (900, 700, 1160, 780))
    stamped.save(tmp_path / "photos/stamped.jpg")
    with reviewing(tmp_path, "photos") as review, served(review) as link:
        page = entered(browser, link)
        static.keys(page, "n", "c")
        assert page.locator("#regions > *").count() > 0
        box = page.locator("#regions > *").first.bounding_box()
        frame = page.locator("#right").bounding_box()
        assert box
        assert frame
        middle = (box["x"] + box["width"] / 2 - frame["x"]) / frame["width"]
        assert 0.6 < middle < 1
        page.uncheck("#regions-on")
        expect(page.locator("#regions")).to_be_hidden()


def test_an_enlarged_thumbnail_is_called_one(
    browser: Watched, live: tuple[Review, str], folder: Path
) -> None:
    page = entered(browser, live[1])
    for path in folder.rglob("*.jpg"):
        path.unlink()
    static.keys(page, "n", "c")
    expect(page.locator(".blurred:visible").first).to_contain_text("Enlarged thumbnail")


def test_a_server_that_ends_is_told(browser: Watched, live: tuple[Review, str]) -> None:
    review, link = live
    page = entered(browser, link)
    review.closing = True
    expect(page.locator("#notices")).to_contain_text("The server has stopped")
