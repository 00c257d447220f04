"""What people do with the pages, in a real browser."""

from __future__ import annotations

import re
import signal
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ems.clock import WallClock
from tests.web.conftest import Open, Server
from tests.web.paper_server import CODE


def card(page: Page, station: str = "garage") -> Locator:
    return page.locator(f".charger[data-station={station}]")


def deeds(page: Page) -> list[list[str]]:
    """What reached the house: who, where, what."""
    url = re.sub(r"^(http://[^/]+).*", r"\1", page.url)
    done: list[list[str]] = page.context.request.get(f"{url}/paper/deeds").json()
    return done


def test_first_account_is_made_with_the_code_from_the_log(visit: Open) -> None:
    page = visit("/setup", who="")

    page.get_by_label("Code").fill("0000")
    page.get_by_label("Name").fill("Nora")
    page.get_by_label("Password").fill("battery staple")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_contain_text("That code is wrong.")
    page.get_by_label("Code").fill(CODE)
    page.get_by_role("button", name="Create account").click()

    expect(page.locator("h1")).to_contain_text("charging with")


def test_login_says_what_is_wrong_and_then_lets_in(visit: Open) -> None:
    page = visit("/", who="")
    page.wait_for_url("**/login")

    page.get_by_label("Name").fill("Anna")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong.")
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_contain_text("charging with")


def test_mode_changes_with_one_press(visit: Open) -> None:
    page = visit()

    card(page).get_by_role("button", name="Fast").click()

    expect(card(page).get_by_role("button", name="Fast")).to_have_attribute("aria-pressed", "true")
    assert deeds(page)[-1][:2] == ["Anna", "garage"]
    assert "FAST" in deeds(page)[-1][2]


def test_mode_changes_by_keyboard_alone(visit: Open) -> None:
    page = visit()
    fast = card(page).get_by_role("button", name="Fast")

    for _ in range(40):
        page.keyboard.press("Tab")
        if fast.evaluate("button => button === document.activeElement"):
            break
    outline = fast.evaluate("button => getComputedStyle(button).outlineStyle")
    page.keyboard.press("Enter")

    expect(fast).to_have_attribute("aria-pressed", "true")
    assert outline == "solid"


def test_a_limit_is_set_for_a_while_and_taken_back(visit: Open) -> None:
    page = visit()

    card(page).get_by_role("button", name="Limit: Garage").click()
    page.get_by_label("At most", exact=True).select_option("10")
    page.get_by_label("For", exact=True).select_option("1800")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(card(page).locator(".wish:visible")).to_contain_text("At most 10.0 A until")
    expect(page.locator(".dialog")).to_have_count(0)
    card(page).get_by_role("button", name="End: Limit").click()

    expect(card(page).locator(".wish:visible")).to_have_count(0)


def test_boost_runs_until_a_time(visit: Open) -> None:
    page = visit()

    card(page).get_by_role("button", name="Boost: Garage").click()
    page.get_by_role("button", name="1 h", exact=True).click()

    expect(card(page).locator(".wish:visible")).to_contain_text("Boost until")


def test_a_goal_needs_an_energy_or_a_time_to_come(visit: Open) -> None:
    page = visit()

    card(page).get_by_role("button", name="Goal: Garage").click()
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator(".dialog .problem")).to_contain_text("Say up to 500 kWh")
    page.get_by_label("Energy (kWh)").fill("20")
    tomorrow = WallClock().utc_now() + timedelta(days=1)
    page.get_by_label("Ready by").fill(f"{tomorrow:%Y-%m-%d}T07:00")
    page.get_by_role("button", name="Set", exact=True).click()

    expect(card(page).locator(".wish:visible")).to_contain_text("20.0 kWh by")
    expect(card(page).locator(".wish:visible")).to_contain_text("07:00")


def test_why_shows_the_whole_chain(visit: Open) -> None:
    page = visit()

    card(page).locator(".because").click()

    steps = page.locator(".dialog .chain li")
    expect(steps.first).to_contain_text(re.compile("^meter"))
    expect(steps.last).to_contain_text(re.compile("^guard"))
    page.keyboard.press("Escape")
    expect(page.locator(".dialog")).to_have_count(0)


@pytest.mark.parametrize("kind", ["CSV", "XLSX"])
def test_sessions_are_taken_along_as_a_file(visit: Open, kind: str) -> None:
    page = visit("/sessions")

    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download as {kind}").click()

    assert download.value.suggested_filename == f"fusewise-sessions.{kind.lower()}"


def test_sessions_are_filtered_by_charger(visit: Open) -> None:
    page = visit("/sessions")
    expect(page.locator("tbody")).to_contain_text("Carport")

    page.get_by_label("Charger").select_option("garage")

    expect(page.locator("tbody")).not_to_contain_text("Carport")
    expect(page.get_by_role("link", name="Download as CSV")).to_have_attribute("href", re.compile("station=garage"))


def test_log_is_searched_in_the_readers_language(visit: Open) -> None:
    page = visit("/log", language="de")
    expect(page.locator("tbody")).to_contain_text("Überschuss")

    page.get_by_label("Suche").fill("schieflast")

    expect(page.locator("tbody")).not_to_contain_text("Überschuss")
    expect(page.locator("tbody")).to_contain_text("Schieflast: Autos dürfen einen Leiter um 20,0 A mehr belasten")


def test_events_are_told_in_the_readers_language_and_changes_to_installers_alone(visit: Open) -> None:
    page = visit("/log", who="Ines", language="de")
    page.get_by_role("button", name="Ereignisse").click()
    expect(page.locator("tbody")).to_contain_text("carport ist verbunden")
    page.get_by_role("button", name="Änderungen").click()
    expect(page.locator("tbody")).not_to_contain_text("carport")
    expect(page.locator("tbody")).to_contain_text("von 192.0.2.7")
    expect(page.locator("tbody")).to_contain_text("garage: Modus Sonne")
    expect(page.locator("tbody")).to_contain_text("garage: mode fast")

    others = visit("/log")
    expect(others.get_by_role("button", name="Events")).to_be_visible()
    expect(others.get_by_role("button", name="Changes")).to_have_count(0)


def test_history_goes_back_and_to_a_month(visit: Open) -> None:
    page = visit("/history")
    chart = page.locator(".chart svg")
    expect(chart).to_be_visible()
    expect(page.get_by_role("button", name="Later")).to_be_disabled()

    page.get_by_role("button", name="Earlier").click()
    expect(page.get_by_role("button", name="Later")).to_be_enabled()
    page.get_by_role("button", name="Month", exact=True).click()

    expect(page.locator("h2")).to_contain_text(re.compile(r"^[A-Z][a-z]+ 20\d\d$"))
    expect(chart).to_be_visible()


def test_language_is_switched_and_stays(visit: Open) -> None:
    page = visit("/settings")

    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("h1")).to_contain_text("Einstellungen")
    page.goto(page.url.replace("/settings", "/"))

    expect(page.locator("h1")).to_contain_text("Autos laden mit")
    assert page.evaluate("() => document.documentElement.lang") == "de"


def test_a_viewer_sees_all_and_changes_nothing(visit: Open) -> None:
    page = visit("/", who="Vito")

    expect(card(page).get_by_role("button", name="Fast")).to_be_disabled()
    expect(card(page).get_by_role("button", name="Boost: Garage")).to_be_disabled()
    expect(page.get_by_role("link", name="Commissioning")).to_have_count(0)


def test_who_is_logged_out_elsewhere_sees_no_more_of_the_house(visit: Open) -> None:
    page = visit()
    page.context.request.post(f"{page.url}api/v1/logout")

    page.wait_for_url("**/login")


def test_people_and_clients_are_listed_and_a_code_pairs(visit: Open) -> None:
    page = visit("/settings")

    expect(page.get_by_label("People", exact=True)).to_contain_text("Vito")
    expect(page.get_by_label("Programs and devices")).to_contain_text("Home Assistant")
    expect(page.get_by_label("Programs and devices")).to_contain_text("last used 21 Jun 2026")
    page.get_by_role("button", name="Pair a client").click()

    expect(page.locator(".dialog .code")).to_have_text("482913")


def test_a_persons_bound_is_saved(visit: Open) -> None:
    page = visit("/settings")
    garage = page.get_by_label("Garage", exact=True)

    garage.get_by_label("At most").select_option("10")
    garage.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved")).to_be_visible()
    assert "'max_a': 10.0" in deeds(page)[-1][2]


def test_a_strategy_is_chosen_with_one_press_and_given_back(visit: Open) -> None:
    page = visit("/settings")
    strategy = page.locator("section[aria-label=Strategy]")
    expect(strategy.get_by_role("button", name="Normal")).to_have_attribute("aria-pressed", "true")
    own = strategy.get_by_role("button", name="As set up")
    expect(own).to_be_hidden()

    strategy.get_by_role("button", name="Purist").click()
    expect(strategy.get_by_role("button", name="Purist")).to_have_attribute("aria-pressed", "true")
    expect(strategy).to_contain_text("as little grid as can be")
    assert deeds(page)[-1] == ["Anna", "strategy", "purist"]
    own.click()

    expect(strategy.get_by_role("button", name="Normal")).to_have_attribute("aria-pressed", "true")
    expect(own).to_be_hidden()


def test_the_import_is_bounded_for_a_while_and_set_free_on_a_phone(visit: Open) -> None:
    page = visit("/settings", width=390)
    bound = page.locator("section[aria-label='Import limit']")

    bound.get_by_label("Import at most (kW)").fill("3,5")
    bound.get_by_role("button", name="Set").click()
    expect(bound.get_by_role("alert")).to_contain_text("and a time to come")
    tomorrow = WallClock().utc_now() + timedelta(days=1)
    bound.get_by_label("Until").fill(f"{tomorrow:%Y-%m-%d}T07:00")
    bound.get_by_role("button", name="Set").click()
    expect(bound.locator(".wish:visible")).to_contain_text(re.compile(r"At most 3\.5.kW until .*07:00"))
    expect(bound.get_by_role("alert")).to_be_empty()
    bound.get_by_role("button", name="End: Import limit").click()

    expect(bound.locator(".wish:visible")).to_have_count(0)
    assert deeds(page)[-1] == ["Anna", "import_cap", "None"]


def test_a_viewer_sees_the_strategy_and_changes_none(visit: Open) -> None:
    page = visit("/settings", who="Vito")

    expect(page.locator("section[aria-label=Strategy]").get_by_role("button", name="Keen")).to_be_disabled()
    expect(page.locator("section[aria-label='Import limit']").get_by_role("button", name="Set")).to_be_disabled()


def test_a_car_of_any_name_may_hang_on_a_charger_and_known_ones_are_offered(visit: Open) -> None:
    page = visit("/settings")
    garage = page.get_by_label("Garage", exact=True)

    garage.get_by_label("Car").fill("Grandma's")
    garage.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved")).to_be_visible()
    assert "'vehicle': \"Grandma's\"" in deeds(page)[-1][2]
    assert garage.locator("option[value=Zoe]").count() == 1


def test_the_card_says_what_the_session_costs(visit: Open) -> None:
    expect(card(visit())).to_contain_text("1.42\N{NO-BREAK SPACE}EUR")


def test_values_come_by_themselves(visit: Open) -> None:
    page = visit()
    power = page.locator("[data-circuit=main] .phase-now").first
    before = power.inner_text()

    expect(power).not_to_have_text(before)


def test_old_values_look_old_and_say_how_old(visit: Open) -> None:
    page = visit()
    page.context.request.post(f"{page.url}paper/trouble")

    expect(page.locator("[data-circuit=main] .age")).to_contain_text(re.compile(r"measured 4\d\ss ago"))
    expect(page.locator("[data-circuit=main] .stale")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="without any car")).to_be_visible()


def test_a_house_out_of_reach_is_said_within_three_seconds_and_values_stay(visit: Open, paper: Server) -> None:
    page = visit()
    page.clock.install()
    page.reload()
    expect(page.locator("h1")).to_contain_text("charging with")
    headline = page.locator("h1").inner_text()
    paper.process.send_signal(signal.SIGSTOP)
    try:
        page.clock.fast_forward(2900)
        expect(page.locator(".offline-banner")).to_be_visible()
        shown = page.locator("h1").inner_text()
    finally:
        paper.process.send_signal(signal.SIGCONT)

    expect(page.locator(".offline-banner")).to_be_hidden()
    assert "charging with" in headline
    assert "charging with" in shown


def test_pages_work_below_a_path_that_a_proxy_names(browser: Browser, paper: Server) -> None:
    context = browser.new_context(extra_http_headers={"X-Ingress-Path": "/ingress/x1"})
    # A proxy would strip the path before it asks us; here the browser's requests are rewritten so.
    context.route("**/ingress/x1/**", lambda route: route.continue_(url=route.request.url.replace("/ingress/x1", "")))
    context.request.post(f"{paper.url}/api/v1/login", data={"name": "Anna", "password": "correct horse"})
    page = context.new_page()
    page.goto(f"{paper.url}/ingress/x1/")

    expect(page.locator("h1")).to_contain_text("charging with")
    links = page.locator("nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")

    assert all(href.startswith("/ingress/x1/") for href in links)
    context.close()


def test_devices_say_how_well_they_are_read_and_why_not(visit: Open) -> None:
    page = visit("/settings", who="Vito")

    expect(page.locator("[data-device=grid]")).to_contain_text("answers in 12 ms, 99 of 100 in 48 ms")
    expect(page.locator("[data-device=grid]")).to_contain_text("reconnected 2 times")
    expect(page.locator("[data-device=roof]")).to_contain_text("Nobody answers at its address")
    expect(page.locator("[data-device=roof]")).to_contain_text("3 failures in a row: ")


def test_a_battery_that_is_held_says_why(visit: Open) -> None:
    page = visit("/", who="Vito")

    orders = page.locator("[data-battery=orders]")
    expect(orders).to_contain_text("Battery held: cars take more than the sun gives, since ")
    expect(page.get_by_text("Battery of 10.0")).to_be_visible()
