"""The page in a real browser: Debian's Chromium, driven through Playwright.

Skipped where either is missing. axe-core, the accessibility checker, is fetched by npm once, at a
fixed version, into pytest's cache.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageOps

import imageshelf
from imageshelf.report import sheets
from imageshelf.report.cards import Card, CardGroup, Sheet
from imageshelf.report.page import SELECTION_NAME, write_page
from tests.blobs import blobs, folder
from tests.conftest import ROOT, drawn
from tests.hostile_names import names
from tests.sheets import choosing_sheet, named_sheet

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright_api.expect
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
AXE_VERSION = "4.10.3"
AXE_SHA256 = "880970c081707360e64f34cea25ff91892f5bc95675b0776925b9709dd8a68bb"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
VIEWS = [(size, scheme) for size in (DESK, PHONE) for scheme in ("light", "dark")]

SPOKEN = """(() => { const one = document.activeElement;
    return (one.getAttribute("aria-label") || one.textContent).trim(); })()"""

Visit = Callable[[Sheet], "Page"]


class Watched:
    """A browser with a profile of its own; keeps what the console said and what was asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.console: list[str] = []
        self.requests: list[str] = []

    def page(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        return page


@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    with playwright_api.sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def profile(
    driver: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    context = driver.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"), executable_path=CHROMIUM, headless=True, args=FLAGS,
        viewport=DESK,  # type: ignore[arg-type]
    )  # fmt: skip
    yield context
    context.close()


@pytest.fixture
def browser(profile: BrowserContext) -> Iterator[Watched]:
    watched = Watched(profile)
    yield watched
    for page in profile.pages[1:]:
        page.close()


@pytest.fixture
def visit(browser: Watched, tmp_path: Path) -> Visit:
    """Write a sheet as a page and open it."""

    def visit(sheet: Sheet) -> Page:
        path = tmp_path / "page.html"
        write_page(str(path), sheet, jobs=0)
        page = browser.page()
        page.goto(path.as_uri())
        return page

    return visit


@pytest.fixture
def page(visit: Visit, tmp_path: Path) -> Page:
    page = visit(choosing_sheet(tmp_path))
    page.wait_for_selector(".card img")
    return page


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest) -> str:
    assert request.config.cache
    folder = request.config.cache.mkdir("axe-core")
    script = folder / "node_modules/axe-core/axe.min.js"
    npm = shutil.which("npm")
    if not script.exists() and npm:
        command = [npm, "install", "--no-save", "--ignore-scripts", "--silent"]
        subprocess.run(
            [*command, "--prefix", str(folder), f"axe-core@{AXE_VERSION}"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False,
        )  # fmt: skip
    if not script.exists():
        pytest.skip("axe-core is not there, and npm could not fetch it")
    text = script.read_bytes()
    assert hashlib.sha256(text).hexdigest() == AXE_SHA256
    return text.decode()


def counts(page: Page) -> str:
    return page.inner_text("#counts")


def titles(page: Page) -> list[str]:
    return page.locator(".group h3 bdi").all_text_contents()


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)


def exported(page: Page) -> dict[str, Any]:
    page.click("#export-open")
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == SELECTION_NAME
    page.click("#export form[method=dialog] button.strong")
    answer: dict[str, Any] = json.loads(Path(download.value.path()).read_text("utf-8"))
    return answer


def view(page: Page) -> Image.Image:
    """Return what is seen of the two pictures, without the pixels at the rim."""
    shot = Image.open(io.BytesIO(page.locator("#view").screenshot()))
    return ImageOps.crop(shot.convert("L"), 2)


def faults(page: Page) -> list[str]:
    """Return what axe-core, which is on the page already, has to say against it."""
    answer = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in answer["violations"]
        for node in fault["nodes"]
    ]


# -- deciding -------------------------------------------------------------------------------------


def test_nothing_is_chosen_before_somebody_chooses(page: Page) -> None:
    assert counts(page).startswith("0 of 5 groups decided")
    page.click("#export-open")
    assert page.is_disabled("#download")


def test_the_keys_decide(page: Page, tmp_path: Path) -> None:
    keys(page, "n", "a")  # accept the first, go to the second
    keys(page, "ArrowRight", "k")  # keep its second picture only
    keys(page, "n", "s")  # skip the third, go to the fourth
    keys(page, "ArrowRight", "x", "ArrowRight", "x")  # keep all of it: nothing to export
    keys(page, "n", "ArrowRight", "x")  # the burst: set one of it aside
    assert counts(page).startswith("4 of 5 groups decided, 1 skipped \u00b7 5 pictures")
    assert exported(page) == {
        "imageshelf_selection": 1,
        "shelf": str(tmp_path / "db.shelve"),
        "groups": [
            {"keep": ["home/0-a.jpg"], "set_aside": ["home/0-b.jpg", "home/0-c.jpg"]},
            {"keep": ["trip/1-b.jpg"], "set_aside": ["trip/1-a.jpg", "trip/1-c.jpg"]},
            {"keep": ["burst/1.jpg"], "set_aside": ["burst/2.jpg"]},
        ],
    }


def test_the_buttons_decide_as_the_keys_do(page: Page) -> None:
    first = page.locator(".group").first
    first.get_by_role("button", name="Accept").click()
    first.get_by_role("button", name="Set aside").nth(1).press("Enter")
    first.get_by_role("button", name="Keep", exact=True).nth(2).press("Space")
    assert exported(page)["groups"] == [
        {"keep": ["home/0-a.jpg", "home/0-c.jpg"], "set_aside": ["home/0-b.jpg"]}
    ]


def test_a_group_keeps_at_least_one_picture(page: Page) -> None:
    keys(page, "n", "x")
    assert page.inner_text("#said") == "At least one picture of a group is kept."
    assert counts(page).startswith("0 of 5")


def test_a_picture_that_another_group_keeps_is_left_out(visit: Visit, tmp_path: Path) -> None:
    first, second = choosing_sheet(tmp_path, 2).groups[:2]
    shared = (first.cards[1], first.cards[2])
    kept = replace(shared[0], role="keep")
    other = replace(second, cards=(kept, shared[1], second.cards[1]))
    page = visit(replace(choosing_sheet(tmp_path, 2), groups=(first, other)))
    page.click("#accept-all")
    page.click("#export-open")
    assert page.inner_text("#export-note").startswith("2 pictures set aside here that another")
    page.click("#export form[method=dialog] button.strong")
    assert exported(page)["groups"] == [
        {"keep": ["home/0-a.jpg"], "set_aside": ["home/0-c.jpg"]},
        {"keep": ["home/0-b.jpg"], "set_aside": ["trip/1-b.jpg"]},
    ]


def test_a_choice_can_be_undone_and_all_forgotten(page: Page) -> None:
    keys(page, "n", "a", "p", "u")
    assert counts(page).startswith("0 of 5")
    page.click("#accept-all")
    assert counts(page).startswith("5 of 5")
    page.click("#export-open")
    page.click("#forget")
    assert counts(page).startswith("0 of 5")


def test_letter_keys_can_be_turned_off_and_leave_fields_alone(page: Page) -> None:
    page.fill("#text", "")
    keys(page, "a", "s")
    assert page.input_value("#text") == "as"
    page.fill("#text", "")
    page.locator("h1").click()
    keys(page, "?")
    page.uncheck("#keys-on")
    page.click("#help form button")
    keys(page, "n", "a")
    assert counts(page).startswith("0 of 5")


def test_the_space_to_be_freed_is_that_of_the_files(page: Page, tmp_path: Path) -> None:
    keys(page, "n", "a")
    freed = sum((tmp_path / f"home/0-{letter}.jpg").stat().st_size for letter in "bc")
    assert f"{freed / 1000:.1f} kB to be freed".replace(".0 kB", " kB") in counts(page) or (
        f"{freed / 1000:.0f} kB to be freed" in counts(page)
    )


def test_clean_does_what_was_exported(browser: Watched, photos: Path, tmp_path: Path) -> None:
    for name in ("0", "1"):
        shutil.copy(photos / f"{name}.jpg", photos / f"trip/{name} copy.jpg")
    hostile = "-$(touch hit)\udcff<img>.jpg"
    shutil.copy(photos / "2.jpg", photos / hostile)
    command = [sys.executable, "-m", "imageshelf", "clean", "--shelve", "db.shelve"]
    imageshelf.index(photos, tmp_path / "db.shelve")
    found = imageshelf.duplicates(tmp_path / "db.shelve")
    write_page(
        str(tmp_path / "page.html"),
        sheets.of_duplicates(found, str(tmp_path / "db.shelve")),
        jobs=0,
    )
    page = browser.page()
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_selector(".card img")
    keys(page, "n", "ArrowRight", "k", "n", "a", "n", "a")  # the copy of the first stays
    (tmp_path / SELECTION_NAME).write_text(json.dumps(exported(page)))
    done = subprocess.run(
        [*command, "--selection", SELECTION_NAME, "--apply"], cwd=tmp_path, capture_output=True,
        text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("To take it back: ")
    kept = {path.relative_to(photos).as_posix() for path in photos.rglob("*.jpg")}
    assert {"trip/0 copy.jpg", "1.jpg", "3.jpg", "trip/4.jpg", "trip/5.jpg"} <= kept
    assert not {"0.jpg", "trip/1 copy.jpg"} & kept
    assert len({"2.jpg", hostile} & kept) == 1
    assert not (tmp_path / "hit").exists()


# -- choices kept ---------------------------------------------------------------------------------


def test_choices_are_there_when_the_page_is_opened_again(page: Page) -> None:
    keys(page, "n", "a", "s")
    before = counts(page)
    page.reload()
    assert counts(page) == before
    assert exported(page)["groups"][0]["keep"] == ["home/0-a.jpg"]


def test_choices_that_no_longer_fit_are_told_and_not_exported(
    page: Page, visit: Visit, tmp_path: Path
) -> None:
    keys(page, "n", "a", "a")
    sheet = choosing_sheet(tmp_path)
    shorter = replace(sheet.groups[0], cards=sheet.groups[0].cards[:2])
    page = visit(replace(sheet, groups=(shorter, *sheet.groups[1:])))
    notice = page.locator("#notices").inner_text()
    assert notice.startswith("1 choice made in this browser no longer fits")
    assert len(exported(page)["groups"]) == 1
    page.get_by_role("button", name="Forget them").click()
    for _ in range(20):  # Chromium hands what was stored to the next page in its own time
        page.reload()
        if counts(page).startswith("1 of 5"):
            break
        page.wait_for_timeout(100)
    assert page.locator("#notices").inner_text() == ""
    assert counts(page).startswith("1 of 5")


@pytest.mark.parametrize(
    "kept", ["{", "[]", "null", '{"choices": [1, [2], ["a", "b", "<img src=x>"], ["a", 1, "b"]]}']
)
def test_damaged_storage_is_no_obstacle(page: Page, browser: Watched, kept: str) -> None:
    page.evaluate(
        "kept => { for (const key of Object.keys(localStorage)) localStorage[key] = kept; "
        "localStorage['imageshelf ' + JSON.parse(data.textContent).subject] = kept; }", kept
    )  # fmt: skip
    page.reload()
    assert counts(page).startswith("0 of 5")
    assert page.locator("#notices img").count() == 0
    assert not browser.console


# -- looking --------------------------------------------------------------------------------------


def test_filters_show_what_passes(page: Page) -> None:
    page.fill("#text", "trip")
    expect(page.locator("#shown")).to_have_text("2 of 5 groups")
    assert titles(page) == ["1-a.jpg", "3-a.jpg"]
    page.fill("#text", "")
    expect(page.locator("#shown")).to_have_text("5 groups")
    page.uncheck("#kinds input[value=turned]", force=True)
    page.uncheck("#kinds input[value=near]", force=True)
    assert titles(page) == ["0-a.jpg", "2-a.jpg", "1.jpg"]
    page.uncheck("#kinds input[value='identical bytes']", force=True)
    page.uncheck("#kinds input[value='another shot']", force=True)
    assert page.inner_text("#nothing") == "No group matches these filters."


def test_decided_groups_can_be_left_out(page: Page) -> None:
    keys(page, "n", "a", "s")
    for state, expected in (("open", 3), ("done", 1), ("skipped", 1), ("", 5)):
        page.select_option("#state", state)
        assert len(titles(page)) == expected


def test_groups_are_sorted_within_their_section(page: Page) -> None:
    page.select_option("#sort", "far")
    assert titles(page) == ["3-a.jpg", "2-a.jpg", "1-a.jpg", "0-a.jpg", "1.jpg"]
    assert page.locator(".section").all_text_contents() == [
        "Copies",
        "Other shots of the same moment",
    ]


def test_two_pictures_are_compared_in_four_ways(page: Page) -> None:
    keys(page, "n", "c")
    assert page.is_visible("#compare")
    assert page.inner_text("#compare-title") == "Compare 2 of 3 with the first"
    for key, mode in zip("1234", ("side", "over", "flicker", "difference"), strict=True):
        keys(page, key)
        assert page.get_attribute("#view", "data-mode") == mode
        assert page.is_visible("#right") or mode == "flicker"
    keys(page, "ArrowRight")
    assert page.inner_text("#compare-title") == "Compare 3 of 3 with the first"
    keys(page, "k", "Escape")
    assert not page.is_visible("#compare")
    assert exported(page)["groups"][0]["keep"] == ["home/0-c.jpg"]


def test_what_a_piece_shows_is_outlined_in_the_query_too(visit: Visit, tmp_path: Path) -> None:
    shelf, query = tmp_path / "db.shelve", tmp_path / "piece.jpg"
    imageshelf.index(folder(tmp_path / "photos", 4), shelf, jobs=0, pieces=True)
    blobs(3).crop((100, 60, 420, 330)).save(query, quality=80)
    page = visit(sheets.of_matches(imageshelf.search(query, shelf), str(shelf)))
    page.wait_for_selector(".card img")
    keys(page, "n", "c")
    assert page.is_visible("#compare")
    for whose in ("#regions", "#first-regions"):
        assert page.locator(f"{whose} .region").count() == 1, whose


def test_a_difference_of_equal_pictures_is_black(page: Page) -> None:
    keys(page, "n", "c", "4")
    page.wait_for_timeout(200)
    assert max(view(page).tobytes()) < 12


@pytest.mark.parametrize(
    ("turn", "transpose"),
    [
        ("turned 90 degrees right", 4), ("turned 180 degrees", 3), ("turned 90 degrees left", 2),
        ("mirrored", 0), ("mirrored and turned 90 degrees right", 6),
        ("mirrored and turned 180 degrees", 1), ("mirrored and turned 90 degrees left", 5),
    ],
)  # fmt: skip
def test_a_turned_copy_is_laid_on_its_original(
    visit: Visit, tmp_path: Path, turn: str, transpose: int
) -> None:
    image = drawn(3, (320, 200))
    image.save(tmp_path / "a.png")
    image.transpose(Image.Transpose(transpose)).save(tmp_path / "b.png")
    cards = (Card(str(tmp_path / "a.png")), Card(str(tmp_path / "b.png"), turn=turn))
    page = visit(Sheet("", (CardGroup("g", cards),)))
    page.wait_for_selector(".card img")
    keys(page, "n", "c", "4")
    page.wait_for_timeout(200)
    shot = view(page)
    assert sum(shot.resize((32, 32)).tobytes()) / 1024 < 12


def test_a_missing_original_says_so(visit: Visit, browser: Watched, tmp_path: Path) -> None:
    cards = (Card(str(tmp_path / "gone.jpg")), Card(str(tmp_path / "gone-too.jpg")))
    page = visit(Sheet("Gone", (CardGroup("g", cards),)))
    page.wait_for_selector(".picture span")
    assert "is gone" in page.inner_text(".picture >> nth=0")
    keys(page, "n", "c", "Escape")
    assert not browser.console


def test_no_groups_are_said(visit: Visit) -> None:
    page = visit(Sheet("Duplicates", ()))
    assert page.inner_text("#nothing") == "There is nothing to show: no groups were found."


def test_groups_are_filled_when_they_come_into_view(visit: Visit, tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path, 1)
    groups = tuple(
        replace(sheet.groups[0], cards=tuple(
            replace(card, name=f"{at}-{card.name}") for card in sheet.groups[0].cards
        ))
        for at in range(2000)
    )  # fmt: skip
    page = visit(replace(sheet, groups=groups))
    page.wait_for_selector(".card img")
    assert page.locator(".group").count() == 2000
    assert page.locator(".card").count() < 200
    page.locator(".group").last.scroll_into_view_if_needed()
    page.locator(".group").last.locator("img").first.wait_for()
    assert page.locator(".card").count() < 400


def test_the_command_is_copied_as_it_is_shown(page: Page, browser: Watched, tmp_path: Path) -> None:
    page.click("#export-open")
    shown = page.inner_text("#command")
    assert str(tmp_path / "db.shelve") in shown
    assert shown.endswith(f"--selection {SELECTION_NAME}")
    page.click("#copy")
    expect(page.locator("#export-note")).to_contain_text("Cop")
    if page.inner_text("#export-note") != "Copied.":  # then it is selected
        assert page.evaluate("getSelection().toString()") == shown


def test_a_box_adds_the_take_over_to_the_command(page: Page, browser: Watched) -> None:
    page.click("#export-open")
    shown = page.inner_text("#command")
    page.check("#take-over")
    assert page.inner_text("#command") == f"{shown} --take-over"
    page.uncheck("#take-over")
    assert page.inner_text("#command") == shown


def test_a_group_of_thousands_is_drawn_as_it_is_looked_at(visit: Visit, tmp_path: Path) -> None:
    first, *others = next(iter(choosing_sheet(tmp_path, 1).groups)).cards
    many = tuple(replace(others[at % 2], name=f"{at}.jpg") for at in range(3000))
    page = visit(Sheet("Matches", (CardGroup("g", (first, *many)),)))
    page.wait_for_selector(".card img")
    assert page.locator(".card").count() < 400
    page.locator(".more").scroll_into_view_if_needed()
    page.locator(".card").nth(200).wait_for(state="attached")
    before = page.locator(".card").count()
    page.locator(".more").focus()
    keys(page, "Enter")
    assert page.locator(".card").count() > before
    assert page.evaluate("document.activeElement.className") == "card"
    page.locator(".card").first.focus()
    keys(page, "ArrowLeft")  # to the last picture of the group
    assert page.locator(".card").count() == 3001
    assert page.evaluate("!!document.activeElement.querySelector('img')")
    assert page.locator(".more").count() == 0


# -- what there is to read ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[Sheet]:
    """An explanation, a calibration, and matches of two queries."""
    folder = tmp_path_factory.mktemp("answers")
    (folder / "photos").mkdir()
    for seed in range(55):
        drawn(seed, (320, 240)).save(folder / f"photos/{seed}.jpg")
    drawn(1, (320, 240)).transpose(Image.Transpose.ROTATE_90).save(folder / "turned.png")
    drawn(999).save(folder / "stranger.png")
    shelf = str(folder / "db.shelve")
    imageshelf.index(folder / "photos", shelf)
    asked = [folder / "turned.png", folder / "stranger.png"]
    pair = str(folder / "photos/1.jpg"), str(folder / "turned.png")
    return [
        sheets.of_explanation(imageshelf.explain(*pair)),
        sheets.of_calibration(imageshelf.calibrate(shelf), shelf),
        sheets.of_matches(imageshelf.search(asked, shelf), shelf),
    ]


def test_every_answer_is_silent_and_free_of_faults(
    visit: Visit, browser: Watched, axe: str, answers: list[Sheet]
) -> None:
    for sheet in answers:
        for size, scheme in VIEWS:
            page = visit(sheet)
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), sheet.title
            page.evaluate(axe)
            assert not faults(page), sheet.title
            if sheet.groups:
                keys(page, "n", "c")
                assert not faults(page), sheet.title
            page.close()
    assert not browser.console
    assert all(url.startswith(("data:", "file:", "blob:")) for url in browser.requests)


def test_the_two_pictures_of_an_explanation_are_laid_on_each_other(
    visit: Visit, answers: list[Sheet]
) -> None:
    page = visit(answers[0])
    page.wait_for_selector(".card img")
    assert page.is_hidden("#tools")
    assert page.locator(".panel").count() == 3
    assert page.locator(".hashes svg").count() == 6
    keys(page, "n", "c", "4")
    page.wait_for_timeout(200)
    shot = view(page)
    assert sum(shot.resize((32, 32)).tobytes()) / 1024 < 12
    keys(page, "Escape", "n")
    assert page.inner_text("#said") == "This is the last group."


def test_a_calibration_has_a_plot_and_tables_and_nothing_to_choose(
    visit: Visit, answers: list[Sheet]
) -> None:
    page = visit(answers[1])
    plot = page.get_by_role("img", name="Row distances of copies and of strangers")
    assert plot.bounding_box()["width"] > 500  # type: ignore[index]
    assert page.get_by_role("rowheader", name="--max-distance 10", exact=True).is_visible()
    assert page.is_hidden("#tools")
    assert page.is_hidden("#export-open")
    assert page.is_hidden("#nothing")


def test_queries_without_a_match_say_so(visit: Visit, answers: list[Sheet]) -> None:
    page = visit(answers[2])
    page.wait_for_selector(".card img")
    expect(page.locator("#shown")).to_have_text("2 queries")
    assert "No picture on the shelf matches." in page.inner_text("#list")


# -- harmless -------------------------------------------------------------------------------------


def test_the_page_is_silent_and_asks_for_nothing(page: Page, browser: Watched) -> None:
    keys(page, "n", "a", "ArrowRight", "c", "2", "3", "4", "Escape", "s", "?", "Escape")
    exported(page)
    page.wait_for_timeout(200)
    assert not browser.console
    local = [url for url in browser.requests if not url.startswith(("data:", "file:", "blob:"))]
    assert not local
    assert len([url for url in browser.requests if url.endswith("page.html")]) == 1


def test_hostile_names_add_nothing_to_the_document(
    visit: Visit, browser: Watched, tmp_path: Path
) -> None:
    choosing_sheet(tmp_path, 1)
    thumbnail = tmp_path / "home/0-a.jpg"
    inventory = """() => {
        scrollTo(0, document.body.scrollHeight);
        const found = new Set();
        for (const one of document.querySelectorAll("*"))
            found.add(one.tagName + " " + one.getAttributeNames().sort().join(" "));
        return [...found].sort();
    }"""

    def look(some: list[str]) -> tuple[list[str], Page]:
        page = visit(named_sheet(some, thumbnail))
        page.wait_for_selector(".card img")
        keys(page, "n", "a", *["n", "c", "2", "Escape"] * (len(some) - 1))
        return page.evaluate(inventory), page

    harmless, _ = look([f"{n}.jpg" for n in range(6)])
    every = names()
    every += every[: -len(every) % 6]
    for at in range(0, len(every), 6):
        hostile, page = look(every[at : at + 6])
        assert hostile == harmless, every[at : at + 6]
        assert page.evaluate("window.hit") is None
        page.close()
    assert not [text for text in browser.console if "ERR_FILE_NOT_FOUND" not in text]


@pytest.mark.skipif(os.name == "nt", reason="names are not bytes there")
def test_hostile_names_come_back_from_the_export_as_they_were(visit: Visit, tmp_path: Path) -> None:
    choosing_sheet(tmp_path, 1)
    sheet = named_sheet(names(), tmp_path / "home/0-a.jpg")
    page = visit(sheet)
    page.click("#accept-all")
    selection = exported(page)
    assert [group["set_aside"] for group in selection["groups"]] == [[name] for name in names()]
    assert selection["shelf"] == sheet.shelf


# -- for everybody --------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "scheme"), VIEWS)
def test_axe_finds_no_fault(page: Page, axe: str, size: dict[str, int], scheme: Any) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)
    page.evaluate(axe)
    keys(page, "n", "a", "s")

    assert not faults(page)
    for opener, closer in (("c", "Escape"), ("?", "Escape")):
        keys(page, opener)
        assert not faults(page)
        keys(page, closer)
    page.click("#export-open")
    assert not faults(page)


@pytest.mark.parametrize("size", [DESK, PHONE, {"width": 320, "height": 600}])
def test_no_width_scrolls_sideways(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_focused_picture_is_seen_to_be_so(page: Page) -> None:
    keys(page, "n")
    focused = "getComputedStyle(document.activeElement)"
    assert page.evaluate("document.activeElement.className") == "card"
    assert page.evaluate(f"{focused}.outlineStyle") == "solid"
    assert page.evaluate(f"parseFloat({focused}.outlineWidth)") >= 2


def test_tab_alone_reaches_a_decision(page: Page) -> None:
    for _ in range(60):
        keys(page, "Tab")
        if page.evaluate("document.activeElement.textContent") == "Set aside":
            break
    keys(page, "Tab", "Tab", "Tab", "Enter")  # the next picture: its link, Keep, Set aside
    assert counts(page).startswith("1 of 5")


def test_the_keyboard_alone_filters_decides_compares_and_exports(page: Page) -> None:
    """No letter keys, which a screen reader takes for itself: Tab, arrows, Space and Enter."""

    def tab_to(name: str, backwards: str = "") -> None:
        for _ in range(80):
            keys(page, f"{backwards}Tab")
            if page.evaluate(SPOKEN).startswith(name):
                return
        raise AssertionError(name)

    keys(page, "Tab", "Enter", "Tab")  # past the head of the page to the first group
    assert page.evaluate("document.activeElement.closest('.group') !== null")
    tab_to("Compare: 0-a.jpg")
    keys(page, "Enter")
    assert page.evaluate(SPOKEN).startswith("Next")
    tab_to("Set aside")
    keys(page, "Enter", "Escape")
    page.locator(".card:focus").wait_for()
    assert counts(page).startswith("1 of 5")
    tab_to("Export")
    keys(page, "Enter")
    tab_to("Save the selection file")
    with page.expect_download():
        keys(page, "Enter")
    keys(page, "Escape")
    assert page.evaluate(SPOKEN).startswith("Export")  # the focus is where it was


def test_a_screen_reader_is_told_what_is_what(page: Page) -> None:
    """Roles, names and states, as the accessibility tree has them."""
    told = page.locator("body").aria_snapshot()
    for line in (
        "- banner:", '- heading "Duplicates" [level=1]', '- form "Filter and sort":',
        '- combobox "Folder or name"', '- group "Kinds":', '- checkbox "turned 4" [checked]',
        "- main:", '- heading "Copies" [level=2]', '- article "0-a.jpg 3 pictures":',
        '- heading "0-a.jpg 3 pictures" [level=3]', 'button "Accept: 0-a.jpg"',
        '- listitem "0-b.jpg, set aside, as suggested, identical bytes, 320 \u00d7 240',
        '- link "Open 0-b.jpg"', '- group "0-b.jpg, as suggested":', '- button "Keep"',
        '- button "Set aside" [pressed]', "- contentinfo:", "- status",
    ):  # fmt: skip
        assert line in told, line


def test_what_a_key_did_is_said_once_and_politely(page: Page) -> None:
    live = page.locator("[aria-live], [role=status], [role=alert]")
    roles = live.evaluate_all("all => all.map((one) => one.id)")
    assert roles.count("said") == 1
    assert "counts" not in roles
    assert not page.locator("[role=alert], [aria-live=assertive]").count()
    keys(page, "n", "a")
    assert page.inner_text("#said") == "The suggestion for 0-a.jpg is accepted."
