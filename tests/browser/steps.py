"""What people do at their screens in the loop, in the words of the pages."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, expect

from civicloop.matters import doubts
from tests.browser.conftest import Sitting

NUMBER = re.compile(r"\d{8}-\d{7}-[0-9A-Z]")


def says(page: Page, words: str) -> None:
    """The page says this somewhere."""
    expect(page.locator("body")).to_contain_text(words)


def sheet(page: Page, action: str) -> Locator:
    """The act sheet of an action (with its result), opened."""
    found = page.locator(f"[data-act='{action}']")
    folded = found.locator("details:not([open]) > summary")
    if folded.count():
        folded.first.click()
    return found


def do(page: Page, action: str, photo: Path | None = None, **fields: str) -> None:
    """Fill the sheet of an action and press its button."""
    one = sheet(page, action)
    for name, value in fields.items():
        field = one.locator(f"[name={name}]:not([type=hidden])").first
        if field.get_attribute("type") == "radio":
            one.locator(f"[name={name}][value='{value}']").check()
        elif field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    if photo is not None:
        one.locator("input[type=file]").last.set_input_files(photo)
        expect(one.locator("form[aria-busy]")).to_have_count(0)
        expect(one.locator("[data-photo-preview] img")).to_have_count(1)
    with page.expect_navigation():
        one.locator("[data-act-button]").click()


def take_a_while(page: Page) -> None:
    """As long as a person takes to write a report, at least: what is sent faster waits apart."""
    page.wait_for_timeout(1000 * doubts.HASTE + 200)


def report(resident: Sitting, photo: Path | None, text: str) -> tuple[str, str]:
    """A resident's report from where they stand; the receipt number and the check code."""
    page = resident.go("/")
    page.get_by_role("link", name="拍照反映").click()
    if photo is not None:
        page.locator("input[name=photo]").set_input_files(photo)
        expect(page.locator("[data-photo-preview] img")).to_have_count(1)
    page.get_by_label("是什么情况？").fill(text)
    page.get_by_role("button", name="我就在现场").click()
    expect(page.locator("[data-place-said]")).to_contain_text("9")
    take_a_while(page)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已收到您的反映")
    number, code = page.locator(".receipt dd").all_inner_texts()[:2]
    assert NUMBER.fullmatch(number.strip())
    return number.strip(), code.strip()


def open_at_desk(clerk: Sitting, title: str) -> Page:
    """The desk with the matter of that title chosen."""
    page = clerk.go("/desk/")
    page.locator(".pane-list").get_by_role("link", name=title).first.click()
    expect(page.locator("h2", has_text=title).first).to_be_visible()
    return page


def tab_to(page: Page, selector: str, most: int = 12) -> None:
    """Press Tab until the focus is there."""
    for _press in range(most):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab on {page.url}")


def file_and_dispatch(page: Page, kind: str, condition: int) -> None:
    """受理并派遣 with the keyboard alone: Enter brings the sheet, figures choose the kind, arrows its condition."""
    page.locator("main").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#act-both select[name=kind]")).to_be_focused()
    page.keyboard.type(kind)
    expect(page.locator("#act-both [name=condition]").first).to_be_visible()
    tab_to(page, "#act-both [name=condition]")
    page.keyboard.press("Space")
    for _press in range(condition - 1):
        page.keyboard.press("ArrowDown")
    tab_to(page, "#act-both [data-act-button]")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def batch(receiver: Sitting, tab: str, title: str, action: str, worker: str = "") -> None:
    """Tick one line of the receiving desk and press the button of an act."""
    page = receiver.go(f"/receiving/?tab={tab}")
    page.locator("tr", has_text=title).locator("input[type=checkbox]").check()
    if worker:
        page.locator("select[name=worker]").select_option(worker)
    with page.expect_navigation():
        page.locator(f"button[name=action][value={action}]").click()


def to_worker(receiver: Sitting, title: str) -> None:
    """The receiving clerk accepts and assigns."""
    batch(receiver, "dispatched", title, "accept")
    batch(receiver, "accepted", title, "assign", "worker")


def handle(worker: Sitting, title: str, result: str, photo: Path) -> None:
    """The unit's worker records what was done, with the photo after."""
    page = worker.go("/receiving/?tab=handling")
    page.get_by_role("link", name=title).first.click()
    do(page, "handle", photo, result=result)


def check(checker: Sitting, title: str, outcome: str, photo: Path, **fields: str) -> None:
    """The checker opens the matter from the list and says what is there."""
    page = checker.go("/checks/")
    page.get_by_role("link", name=title).first.click()
    do(page, outcome, photo, **fields)


def handling_clock(sitting: Sitting, matter: str) -> dict[str, Any]:
    """The handling clock of a matter, as the interface gives it to whoever is signed in here."""
    found = sitting.context.request.get(f"{sitting.address}/api/v1/matters/{matter}/clocks").json()
    (clock,) = [each for each in found if each["name"] == "handle"]
    return dict(clock)


def until_drawn(grid: Sitting, photo: Callable[[int], Path], most: int) -> bool:
    """Put things right until one of them is drawn, which stays open; the form of the page is sent as it stands.

    They lie away from where the other tests are: however many it takes, none of them crowds a hint out.
    """
    drawn = "待抽查核查"
    for number in range(2, most + 1):
        if drawn in grid.page.locator("main").inner_text():
            return True
        page = grid.go("/field/handled").locator("form[data-queue]")
        token = page.locator("[name=csrfmiddlewaretoken]").input_value()
        answer = grid.context.request.post(
            f"{grid.address}/field/handled",
            multipart={
                "csrfmiddlewaretoken": token, "text": f"井盖移位，第 {number} 处", "result": "已推回原位。",
                "lon": "117.02", "lat": "39.06", "crs": "wgs84", "before": _file(photo(100 + number)),
                "after": _file(photo(300 + number)),
            },
        )  # fmt: skip
        assert answer.ok
        grid.go(answer.url.removeprefix(grid.address))
    return drawn in grid.page.locator("main").inner_text()


def _file(path: Path) -> FilePayload:
    return {"name": path.name, "mimeType": "image/jpeg", "buffer": path.read_bytes()}
