"""The cockpit in the real Airflow UI, after a demo run, through the eyes of a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from dimona_provider.ledger.acknowledging import acknowledgement
from dimona_provider.ledger.keys import read_keys
from dimona_provider.ledger.store import Ledger, open_ledger
from include.demo.environment import home
from include.demo.installation import USER
from include.payroll.store import PayrollStore
from support import people
from support.desks import token_on

from .conftest import EMPLOYMENTS, PATIENCE, Pictured, Shown

PAGES = {
    "overview": "/",
    "declarations": "/declarations",
    "gaps": "/gaps",
    "decisions": "/decisions",
}
_FRAME = "iframe[title=Dimona]"


def frame_of(page: Any) -> Any:
    """Give the cockpit's frame once its page is there."""
    page.locator(_FRAME).wait_for()
    frame = page.locator(_FRAME).element_handle().content_frame()
    frame.locator("h1").wait_for(timeout=PATIENCE)
    return frame


def opened(page: Any, demo: Shown, path: str) -> Any:
    """Open one of the cockpit's pages inside Airflow."""
    page.goto(f"{demo.url}/plugin/dimona/dimona{path}")
    page.frame_locator(_FRAME).locator("h1").wait_for()
    return frame_of(page)


def first_of(page: Any, demo: Shown, state: str) -> Any:
    """Open the first declaration of a state, by its list."""
    frame = opened(page, demo, f"/declarations?state={state}")
    frame.locator("tbody th a").first.click()
    frame.locator("#facts").wait_for()
    return frame


def ledger_of(demo: Shown) -> Ledger:
    place = home(demo.directory) / "dimona"
    return open_ledger(
        f"sqlite:///{place / 'ledger.db'}", read_keys(place / "ledger-keys.json"), actor="test"
    )


def the_run(demo: Shown) -> str:
    return str(demo.stack.api.runs("dimona_declare")[-1].run_id)


def test_the_demo_says_where_the_cockpit_is_above_its_last_line(demo: Shown) -> None:
    *_, above, last = demo.output.rstrip().splitlines()

    assert above == f"cockpit: {demo.url}/plugin/dimona"
    assert last.startswith("declarations: ")


def test_the_nav_page_opens_filters_and_shows_a_refused_declaration(
    page: Any, demo: Shown, pictured: Pictured
) -> None:
    page.goto(demo.url)
    page.get_by_role("link", name="Dimona").first.click()
    frame = frame_of(page)
    assert "badge-custom" in (frame.locator(".badge").get_attribute("class") or "")
    frame.locator("nav a", has_text="Declarations").click()
    frame.locator("#state").select_option("refused")
    frame.locator(".filters button").first.click()
    frame.wait_for_url("**/declarations?state=refused*")

    states = frame.locator("tbody .state").all_inner_texts()
    frame.locator("tbody th a").first.click()
    frame.locator("#facts").wait_for()

    assert states
    assert set(states) == {"refused"}
    assert frame.locator(".anomaly .next").first.inner_text().startswith("What to do now:")
    assert frame.locator(".timeline li").count() >= 3
    page.wait_for_url("**/plugin/dimona/dimona/declarations/*")
    pictured(page, "declaration")


def test_a_national_number_in_a_filter_gets_into_no_address(page: Any, demo: Shown) -> None:
    frame = opened(page, demo, "/declarations")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    field = frame.locator("#employment")

    field.fill(people.SSIN)
    frame.locator(".filters button").first.click()

    assert "national number" in field.evaluate("one => one.validationMessage")
    field.fill("E-000001")
    frame.locator(".filters button").first.click()
    frame.wait_for_url("**/declarations?*employment=E-000001*")
    assert not [url for url in asked if people.SSIN in url]


def test_a_link_in_the_frame_leads_airflow_to_the_run_and_its_tab(
    page: Any, demo: Shown, pictured: Pictured
) -> None:
    frame = first_of(page, demo, "accepted")
    frame.locator("dd a[data-airflow]").click()
    page.wait_for_url("**/dags/dimona_declare/runs/**")

    page.get_by_role("link", name="Dimona").last.click()

    page.wait_for_url("**/runs/**/plugin/dimona-run")
    tab = frame_of(page)
    assert tab.locator("h1").inner_text() == "Declarations of this run"
    assert tab.locator("tbody tr").count() == 50
    pictured(page, "run")


def test_the_tab_of_a_task_shows_what_it_dealt_with(page: Any, demo: Shown, pictured: Pictured) -> None:
    page.goto(f"{demo.url}/dags/dimona_declare/runs/{the_run(demo)}/tasks/plan/plugin/dimona-task")

    frame = frame_of(page)

    assert "plan" in frame.locator(".subtitle").inner_text()
    assert frame.locator("tbody th a").count() == 50
    pictured(page, "task")


def test_the_user_chooses_his_language(page: Any, demo: Shown, pictured: Pictured) -> None:
    frame = opened(page, demo, "/declarations")
    said = []

    for lang in ("fr", "nl", "de", "en"):
        frame.locator("#lang").select_option(lang)
        frame.locator("form[action$='/language'] button").click()
        frame.locator(f"html[lang={lang}] h1").wait_for()
        said.append(frame.locator("h1").inner_text())
        if lang == "nl":
            pictured(page, "declarations-nl")

    assert said == ["Déclarations", "Aangiften", "Meldungen", "Declarations"]


def test_a_warning_is_acknowledged_in_the_users_name(page: Any, demo: Shown) -> None:
    frame = first_of(page, demo, "warned")
    reference = frame.url.rsplit("/", 1)[1]
    frame.locator("#reason-acknowledge").fill("quota was checked with the student")

    frame.locator("#acknowledge button").click()

    frame.locator(".note.good").first.wait_for()
    assert f"user:{USER} took note of this warning" in frame.locator("main").inner_text()
    ledger = ledger_of(demo)
    found = acknowledgement(ledger, reference)
    ledger.close()
    assert found is not None
    assert (found.by, found.reason) == (f"user:{USER}", "quota was checked with the student")


def test_a_person_is_found_without_his_number_in_any_address_or_log(page: Any, demo: Shown) -> None:
    records = PayrollStore(demo.directory / "payroll.db").page(0, EMPLOYMENTS).records
    ssins = [one["worker"].get("ssin") for one in records if isinstance(one.get("worker"), dict)]
    frame = opened(page, demo, "/declarations")
    ssin = next(one for one in ssins if isinstance(one, str) and re.fullmatch(r"\d{11}", one))
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))

    frame.locator("#ssin").fill(ssin)
    frame.locator("form[action$='/search'] button").click()
    frame.locator("p.note[role=status]").wait_for()

    assert "search=" in frame.url
    assert ssin not in " ".join([page.url, frame.url, frame.content(), *seen])
    logs = b"".join(path.read_bytes() for path in (demo.directory / "logs").glob("*.log"))
    assert b"/dimona/search" in logs
    assert ssin.encode() not in logs


def test_a_receipt_is_made_to_be_printed(page: Any, demo: Shown, pictured: Pictured) -> None:
    frame = first_of(page, demo, "accepted")
    frame.get_by_role("link", name="Receipt").click()
    frame.locator(".receipt").wait_for()

    pictured(page, "receipt")
    page.goto(frame.url)  # alone, as it is printed
    page.emulate_media(media="print")

    assert page.locator(".top").is_hidden()
    assert page.locator(".receipt dd strong").inner_text().isdecimal()


@pytest.mark.parametrize(
    "path", ["/", "/declarations", "/declarations.csv", "/gaps", "/decisions", "/static/cockpit.js"]
)
def test_nobody_and_an_empty_role_are_refused(path: str, demo: Shown) -> None:
    with demo.client() as anonymous, demo.client(demo.cookies_of("nobody", "")) as empty:
        assert (anonymous.get(path).status_code, empty.get(path).status_code) == (401, 403)


def test_a_viewer_sees_and_does_not_act(demo: Shown) -> None:
    with demo.client(demo.cookies_of("viv", "viewer")) as viewer:
        page = viewer.get("/declarations?state=warned")
        reference = re.findall(r'/dimona/declarations/([A-Za-z0-9_-]+)"', page.text)[-1]
        form = {"reason": "x", "form_token": token_on(page)}
        answers = [
            viewer.post(f"/declarations/{reference}/{action}", data=form).status_code
            for action in ("acknowledge", "release", "resolve", "person")
        ]
        answers += [
            viewer.post(path, data=form).status_code for path in ("/hold", "/hold/release", "/search")
        ]

    assert page.status_code == 200
    assert answers == [403] * 7


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [*PAGES, "declaration", "receipt", "run"])
def test_axe_finds_no_serious_violation(
    name: str, scheme: str, page: Any, demo: Shown, pictured: Pictured
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.add_init_script(f"localStorage.setItem('theme', '{scheme}')")
    if name in PAGES:
        frame = opened(page, demo, PAGES[name])
    elif name == "run":
        frame = opened(page, demo, f"/run?dag_id=dimona_declare&run_id={the_run(demo).replace('+', '%2B')}")
    else:
        frame = first_of(page, demo, "warned")
        if name == "receipt":
            frame.get_by_role("link", name="Receipt").click()
            frame.locator(".receipt").wait_for()

    found = Axe().run(frame).response["violations"]

    assert frame.locator("html").get_attribute("data-theme") == scheme
    serious = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    if name in PAGES:
        pictured(page, name if scheme == "light" else f"{name}-dark")


@pytest.mark.parametrize("width", [800, 1280])
@pytest.mark.parametrize("path", PAGES.values())
def test_nothing_hangs_over_the_edge(path: str, width: int, page: Any, demo: Shown) -> None:
    page.set_viewport_size({"width": width, "height": 800})

    frame = opened(page, demo, path)

    assert frame.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_keyboard_reaches_the_content(page: Any, demo: Shown) -> None:
    frame = opened(page, demo, "/declarations")
    frame.evaluate("document.body.tabIndex = -1; document.body.focus()")
    page.keyboard.press("Tab")

    assert frame.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert frame.evaluate("document.querySelector('main').contains(document.activeElement)")
