"""Every page of every role at a phone's and a desk's width: whole, quiet, in both languages, by keyboard."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, City, Sit

pytestmark = pytest.mark.browser

PAGES: dict[str, tuple[str, ...]] = {
    "": ("/", "/done", "/public/figures/", "/roots", "/report", "/report?photo", "/track", "/sign-in"),
    "grid": (
        "/field/", "/field/report", "/field/handled", "/field/checks", "/field/visit", "/field/service", "/field/mine",
        "/field/feedback", "/field/matters/{verifying}", "/shift/", "/admin/delegations/",
    ),
    "clerk": ("/desk/", "/desk/?m={reported}", "/desk/?m={checked}", "/desk/doubted",
              "/approvals/", "/matters/", "/phrases/", "/repeated/", "/matters/{closed}",
              "/matters/{reported}/broadcast",
              "/matters/{again}/cluster", "/matters/{again}/compare/{alike}"),
    "receiver": (
        "/receiving/", "/receiving/?tab=accepted", "/receiving/?tab=handled", "/matters/{accepted}",
        "/matters/{handled}", "/matters/{dispatched}/order", "/orders/", "/orders/{ordered}", "/orders/{answered}",
    ),
    "worker": ("/receiving/", "/matters/{handling}", "/matters/{handling}/films/{film}", "/inbox/", "/inbox/?unread=1",
               "/inbox/ways"),
    "head": ("/receiving/", "/approvals/", "/matters/{asked}", "/operations/"),
    "checker": ("/checks/", "/checks/{to_check}", "/matters/", "/publishing/"),
    "supervisor": (
        "/desk/", "/approvals/", "/matters/", "/admin/stand-ins/", "/admin/leave/new", "/orders/",
        "/orders/suggestions", "/orders/new?matter={handling}", "/orders/{ordered}", "/orders/{answered}",
        "/matters/{handling}", "/matters/{designating}", "/whistles/", "/admin/rules/from/{designated}",
    ),
    "leader": ("/operations/", "/operations/matters?what=overdue", "/matters/", "/matters/{closed}",
               "/matters/{closed}/why-unit", "/admin/boundaries/{boundaries}"),
    "system": ("/admin/", "/admin/areas/", "/admin/areas/990101", "/admin/units/", "/admin/settings",
               "/admin/notices/", "/admin/notices/wording", "/admin/delegations/new", "/admin/rules/new",
               "/admin/rules/file", "/admin/boundaries/", "/admin/kinds/responsibilities?area=990101001",
               "/admin/kinds/responsibilities/gaps",
               "/admin/kinds/responsibilities/overlaps", "/admin/kinds/duty-lists", "/admin/kinds/components",
               "/admin/kinds/components/new", "/admin/delegations/", "/admin/settings?q=x"),
    "security": ("/admin/", "/admin/posts/", "/admin/stand-ins/new", "/admin/sign-ins/", "/admin/tokens/",
                 "/admin/people/", "/admin/people/3/access/", "/admin/why/", "/security/rights"),
    "audit": ("/admin/audit", "/admin/reads", "/admin/anomalies/", "/matters/"),
}  # fmt: skip
# words that are broken after every sign (two may stand at the end of a line); a phone hides the head of a table
CRUSHED = """() => {
  const found = [], walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const text = node.data.trim(), range = document.createRange();
    if (text.length < 3 || /\\s/.test(text) || node.parentElement.closest('thead')) continue;
    range.selectNodeContents(node);
    const lines = new Set([...range.getClientRects()].map(line => Math.round(line.top)));
    if (lines.size >= text.length) found.push(text.slice(0, 20));
  }
  return found;
}"""
TAB_AWAY = """() => { const open = document.querySelector('.side [aria-current]');
  const box = open?.getBoundingClientRect(); return !!box && (box.left < 0 || box.right > innerWidth + 1) }"""
CASES = [(user, width) for user in PAGES for width in (PHONE, DESK)]


def name_of(user: str, path: str) -> str:
    """The name of a page's picture."""
    return (user or "resident") + path.replace("/", "_").replace("?", "_").replace("{", "").replace("}", "").rstrip("_")


def faults_of(page: Page) -> list[str]:
    """What is wrong with a page at first sight: sticks out to the side, says not with one heading what it is."""
    wide, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    found = [f"{page.url} is {wide} wide on a screen of {screen}"] if wide > screen else []
    found += [f"{page.url} has words in a column of single signs: {words}" for words in page.evaluate(CRUSHED)]
    if page.evaluate(TAB_AWAY):
        found.append(f"{page.url} does not show which page of the navigation is open")
    heads = [text.strip() for text in page.locator("h1").all_text_contents()]
    return found if len(heads) == 1 and heads[0] else [*found, f"{page.url} has the headings {heads}"]


@pytest.mark.parametrize(("user", "width"), CASES)
def test_every_page_of_a_role_fits_its_screen(sit: Sit, city: City, user: str, width: int) -> None:
    sitting, faults = sit(user, width), []
    for path in PAGES[user]:
        page = sitting.go(path.format(**city.matters))
        sitting.picture(name_of(user, path))
        faults += faults_of(page)
    assert not faults
