"""Who comes in, and how far: every way through the gate and every way it stays shut."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any, cast

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route, WebSocketRoute

from ems.api.access.book import SESSION
from ems.api.access.knocking import NAME_ANYWHERE_EVERY_S, Knocking
from ems.api.commissioning_port import Commissioning
from ems.api.cookies import SESSION_COOKIE
from ems.api.errors import TooManyTries
from ems.api.gate import OPEN, OPEN_BELOW
from ems.api.routes.commissioning import installer_router
from ems.api.wire import Role
from ems.config.schema_api import ApiSection
from tests.api_bench import HERE, PASSWORD, PEOPLE, ApiBench
from tests.live import HandClock

LOGIN = "/api/v1/login"
MAY_ASK_UNKNOWN = {"/api/v1/health", "/api/v1/login", "/api/v1/setup", "/api/v1/pairing/trade"}
"""Every address of the API that answers without a token, as the issue allows it: health, and the ways to log in."""


async def logged_in(client: httpx.AsyncClient, role: Role = Role.HOMEOWNER) -> httpx.Response:
    answer = await client.post(LOGIN, json={"name": PEOPLE[role], "password": PASSWORD}, headers={"Origin": HERE})
    assert answer.status_code == 200, answer.text
    return answer


def routes(found: Any, below: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every method and path of an application, sub-applications too."""
    for route in found.routes:
        if isinstance(route, Mount):
            yield from routes(route, below + route.path)
        elif isinstance(route, Route):
            for method in sorted(route.methods or ()):
                yield method, below + route.path, route
        elif isinstance(route, WebSocketRoute):
            yield "WEBSOCKET", below + route.path, route
        else:
            yield from routes(route.original_router, below)


def roles_of(dependant: Any) -> Iterator[Role]:
    for each in dependant.dependencies:
        role = getattr(each.call, "needed_role", None)
        if role is not None:
            yield role
        yield from roles_of(each)


def called_by(dependant: Any) -> Iterator[Any]:
    """What is called to answer: the route and all it depends on."""
    yield dependant.call
    for each in dependant.dependencies:
        yield from called_by(each)


async def test_every_route_runs_where_the_house_runs() -> None:
    api = await ApiBench(routers=[installer_router(cast("Commissioning", None))]).peopled()
    ours = [route for _, _, route in routes(api.app) if isinstance(route, APIRoute)]
    in_threads = [each for route in ours for each in called_by(route.dependant) if not iscoroutinefunction(each)]

    assert len(ours) > 30
    assert in_threads == []


async def test_no_address_but_health_and_login_answers_without_a_token() -> None:
    api = await ApiBench(routers=[installer_router(cast("Commissioning", None))]).peopled()
    asked = [(method, path) for method, path, _ in routes(api.app) if method != "WEBSOCKET"]
    answers = {}
    async with api.client() as nobody:
        for method, path in asked:
            answer = await nobody.request(method, path.replace("{station_id}", "garage"), json={})
            answers[method, path] = answer.status_code

    open_ones = {path for (_, path), status in answers.items() if status != 401}
    assert len(asked) > 50
    assert open_ones == MAY_ASK_UNKNOWN
    assert {path for path in OPEN if path.startswith("/api/")} == MAY_ASK_UNKNOWN


async def test_every_guarded_route_names_its_role() -> None:
    api = await ApiBench(routers=[installer_router(cast("Commissioning", None))]).peopled()
    guarded = [
        (path, route)
        for method, path, route in routes(api.app)
        if method != "WEBSOCKET" and path not in MAY_ASK_UNKNOWN and not path.endswith("/openapi.json")
    ]
    nameless = [path for path, route in guarded if not list(roles_of(route.dependant))]

    assert nameless == []


@pytest.mark.parametrize(
    "path", ["/api/v1/../state", "/api/v1/health/", "//api/v1/state", "/api/v1/nothing", "/x", "/"]
)
async def test_odd_addresses_are_guarded_too(path: str) -> None:
    api = await ApiBench().peopled()
    async with api.client() as nobody:
        assert (await nobody.get(path)).status_code == 401


CHANGES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("PUT", "/stations/garage/mode", {"mode": "fast"}),
    ("PUT", "/stations/garage/settings", {"max_a": 10}),
    ("PUT", "/stations/garage/goal", {"energy_kwh": 5}),
    ("DELETE", "/stations/garage/goal", None),
    ("PUT", "/stations/garage/limit", {"limit_a": 8, "duration_s": 60}),
    ("DELETE", "/stations/garage/limit", None),
    ("PUT", "/stations/garage/boost", {"duration_s": 60}),
    ("DELETE", "/stations/garage/boost", None),
    ("PUT", "/optimising", {"optimising": True}),
    ("GET", "/users", None),
    ("POST", "/users", {"name": "new", "password": "long enough"}),
    ("GET", "/tokens", None),
    ("POST", "/tokens", {"name": "new"}),
    ("POST", "/pairing", {}),
]
LOOKS = ["/state", "/site", "/devices", "/stations", "/stations/garage", "/explain/garage", "/metrics", "/me"]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_a_viewer_looks_and_a_homeowner_sets(method: str, path: str, body: dict[str, Any] | None) -> None:
    api = await ApiBench(seconds=5).peopled()
    answers = []
    for role in Role:
        async with api.client(role) as client:
            answers.append((await client.request(method, f"/api/v1{path}", json=body)).status_code)

    assert answers[0] == 403
    assert 200 <= answers[1] < 300
    assert answers[2] < 300 or answers[2] == 409  # the same name twice


@pytest.mark.parametrize("path", LOOKS)
async def test_everybody_who_is_in_may_look(path: str) -> None:
    api = await ApiBench(seconds=5).peopled()
    for role in Role:
        async with api.client(role) as client:
            assert (await client.get(f"/api/v1{path}")).status_code == 200


async def test_reference_lists_every_route_of_the_document_and_fetches_nothing() -> None:
    api = await ApiBench(routers=[installer_router(cast("Commissioning", None))]).peopled()
    async with api.client(Role.VIEWER) as viewer, api.client() as nobody:
        page = (await viewer.get("/docs")).text
        document = (await viewer.get("/api/v1/openapi.json")).json()
        sent_away = await nobody.get("/docs", headers={"Accept": "text/html"})
        refused = await nobody.get("/docs")

    assert [path for path in document["paths"] if f" {path}</code>" not in page] == []
    assert [name for name in document["components"]["schemas"] if f'id="{name}"' not in page] == []
    assert re.findall(r"<script|<link|src=|https?:", page) == []
    assert set(re.findall(r'href="([^#"][^"]*)"', page)) == {"api/v1/openapi.json"}
    assert (sent_away.status_code, sent_away.headers["location"], refused.status_code) == (303, "/login", 401)


async def test_only_installers_read_the_audit_log() -> None:
    api = await ApiBench(seconds=5).peopled()
    answers = []
    for role in Role:
        async with api.client(role) as client:
            answers.append((await client.get("/api/v1/audit")).json()["code"])

    assert answers == ["may_not", "may_not", "storage_off"]


async def test_last_use_of_a_client_is_shown() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.VIEWER) as client:
        await client.get("/api/v1/state")
    api.clock.advance(60.0)
    async with api.client(Role.HOMEOWNER) as client:
        tokens = {each["name"]: each["used_at"] for each in (await client.get("/api/v1/tokens")).json()}

    now = api.clock.utc_now()
    assert {name: at and (now - datetime.fromisoformat(at)).total_seconds() for name, at in tokens.items()} == {
        "viewer's client": 60.0,
        "homeowner's client": 0.0,
        "installer's client": None,
    }


async def test_the_first_person_needs_the_code_of_the_log() -> None:
    api = ApiBench(seconds=5)
    await api.access.open()
    body = {"name": "ines", "password": "long enough", "code": "AAAA-AAAA"}
    async with api.client() as client:
        needed = (await client.get("/api/v1/setup")).json()
        wrong = await client.post("/api/v1/setup", json=body)
        body["code"] = (api.access.setup_code or "").lower().replace("-", " ")
        right = await client.post("/api/v1/setup", json=body)
        again = await client.post("/api/v1/setup", json=body)
        me = await client.get("/api/v1/me")

    assert needed == {"needed": True}
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_code")
    assert (right.status_code, right.json()) == (200, {"name": "ines", "role": "installer"})
    assert (again.status_code, again.json()["code"]) == (409, "already_set_up")
    assert me.json()["role"] == "installer"
    assert api.access.setup_code is None


async def test_a_call_from_this_machine_is_nobody_special() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(address="127.0.0.1") as client:
        assert (await client.get("/api/v1/state")).status_code == 401


async def test_a_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        cookie = (await logged_in(client)).headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/;" in cookie
    assert "secure" not in cookie


async def test_over_https_the_cookie_stays_on_https() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(base="https://fusewise.test") as client:
        answer = await client.post(LOGIN, json={"name": PEOPLE[Role.VIEWER], "password": PASSWORD})

    assert "secure" in answer.headers["set-cookie"].lower()


async def test_names_may_be_typed_in_any_case() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        assert (await client.post(LOGIN, json={"name": " VERA ", "password": PASSWORD})).status_code == 200


@pytest.mark.parametrize("name", ["vera", "nobody"])
async def test_a_wrong_password_and_a_wrong_name_look_alike(name: str) -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        answer = await client.post(LOGIN, json={"name": name, "password": "wrong"})

    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_password")
    assert answer.json()["detail"] == "name or password is wrong"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("sign", ["\0", "\n", "\x7f"])
async def test_a_name_that_would_write_lines_into_the_log_is_none(sign: str) -> None:
    api = await ApiBench(seconds=5).peopled()
    noted = len(api.bench.diary.notes)
    async with api.client() as client:
        answer = await client.post(LOGIN, json={"name": f"vera{sign}x", "password": PASSWORD})

    assert answer.status_code == 422
    assert len(api.bench.diary.notes) == noted


async def test_who_tries_too_often_must_wait() -> None:
    api = await ApiBench(seconds=5).peopled()
    body = {"name": PEOPLE[Role.VIEWER], "password": "wrong"}
    async with api.client() as client:
        tries = [(await client.post(LOGIN, json=body)).status_code for _ in range(9)]
        refused = await client.post(LOGIN, json={**body, "password": PASSWORD})
        api.clock.advance(31.0)
        later = await client.post(LOGIN, json={**body, "password": PASSWORD})

    assert tries == [401] * 8 + [429]
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tries")
    assert int(refused.headers["retry-after"]) == 30
    assert later.status_code == 200


def test_many_addresses_do_not_help_to_guess_one_name() -> None:
    clock = HandClock()
    knocking = Knocking(clock)
    for last in range(60):
        clock.advance(2.0)  # as fast as everybody together may
        with suppress(TooManyTries):
            knocking.knock(f"192.0.2.{last}", "vera")

    with pytest.raises(TooManyTries) as refused:
        knocking.knock("192.0.2.99", "vera")
    assert refused.value.wait_s == NAME_ANYWHERE_EVERY_S


def test_who_guesses_all_day_fills_no_log() -> None:
    clock = HandClock()
    knocking = Knocking(clock)
    noted = []
    for _ in range(86_400 // 2):
        clock.advance(2.0)
        noted.append(knocking.refused())

    told = [each.more for each in noted if each is not None]
    assert told[0] == 0
    assert told[-1] == 149
    assert len(told) < 320


async def test_a_neighbour_who_guesses_does_not_lock_the_person_out() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(address="192.0.2.66") as neighbour:
        guesses = [
            (await neighbour.post(LOGIN, json={"name": "vera", "password": "wrong"})).status_code for _ in range(9)
        ]
    async with api.client() as vera:
        answer = await vera.post(LOGIN, json={"name": "vera", "password": PASSWORD})

    assert guesses[-1] == 429
    assert answer.status_code == 200


async def test_knocking_is_bounded_in_memory() -> None:
    api = await ApiBench(seconds=5).peopled()
    for number in range(400):
        async with api.client(address=f"198.51.{number // 250}.{number % 250}") as client:
            await client.post(LOGIN, json={"name": f"name{number}", "password": "wrong"})
        api.clock.advance(2.0)

    assert len(api.access._knocking._by_name._buckets) <= 256


async def test_logging_out_ends_the_session() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        await logged_in(client)
        cookie = client.cookies[SESSION_COOKIE]
        left = await client.post("/api/v1/logout", headers={"Origin": HERE})
        after = await client.get("/api/v1/me", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"})

    assert (left.status_code, after.status_code) == (204, 401)


async def test_a_session_ends_after_thirty_days() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        await logged_in(client)
        before = await client.get("/api/v1/me")
        api.clock.advance(SESSION.total_seconds())
        after = await client.get("/api/v1/me")

    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
async def test_a_page_of_somebody_else_cannot_use_the_cookie(headers: dict[str, str]) -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        await logged_in(client)
        answer = await client.put("/api/v1/optimising", json={"optimising": False}, headers=headers)

    assert answer.status_code == 401
    assert api.bench.live.state().optimising


@pytest.mark.parametrize("headers", [{"Origin": HERE}, {"Sec-Fetch-Site": "same-origin"}, {"X-Fusewise": "1"}])
async def test_our_own_page_can(headers: dict[str, str]) -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        await logged_in(client)
        answer = await client.put("/api/v1/optimising", json={"optimising": False}, headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://["])
async def test_nobody_logs_a_browser_in_from_another_site(origin: str) -> None:
    api = await ApiBench(seconds=5).peopled()
    body = {"name": PEOPLE[Role.VIEWER], "password": PASSWORD}
    async with api.client() as client:
        answer = await client.post(LOGIN, json=body, headers={"Origin": origin})

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_a_client_is_paired_with_a_code_once() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.HOMEOWNER) as homeowner, api.client() as client:
        offer = (await homeowner.post("/api/v1/pairing", json={"role": "viewer"})).json()
        body = {"code": offer["code"], "name": "wall tablet"}
        traded = await client.post("/api/v1/pairing/trade", json=body)
        again = await client.post("/api/v1/pairing/trade", json=body)
        token = traded.json()["token"]
        seen = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert (len(offer["code"]), offer["ends_in_s"]) == (6, 180.0)
    assert traded.json()["role"] == "viewer"
    assert (again.status_code, again.json()["code"]) == (403, "wrong_code")
    assert seen.json() == {"name": "wall tablet", "role": "viewer"}


async def test_a_pairing_code_is_short_lived() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.HOMEOWNER) as homeowner, api.client() as client:
        offer = (await homeowner.post("/api/v1/pairing", json={})).json()
        api.clock.advance(180.0)
        answer = await client.post("/api/v1/pairing/trade", json={"code": offer["code"], "name": "late"})

    assert answer.json()["code"] == "wrong_code"


async def test_five_wrong_codes_void_the_right_one() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.HOMEOWNER) as homeowner, api.client() as client:
        offer = (await homeowner.post("/api/v1/pairing", json={})).json()
        wrong = f"{(int(offer['code']) + 1) % 10**6:06d}"
        for _ in range(5):
            await client.post("/api/v1/pairing/trade", json={"code": wrong, "name": "thief"})
        answer = await client.post("/api/v1/pairing/trade", json={"code": offer["code"], "name": "thief"})

    assert answer.json()["code"] == "wrong_code"


@pytest.mark.parametrize(
    ("role", "path", "body"),
    [
        (Role.HOMEOWNER, "/api/v1/tokens", {"name": "x", "role": "installer"}),
        (Role.HOMEOWNER, "/api/v1/users", {"name": "x", "password": "long enough", "role": "installer"}),
        (Role.INSTALLER, "/api/v1/pairing", {"role": "installer"}),
    ],
)
async def test_nobody_makes_somebody_who_may_do_more(role: Role, path: str, body: dict[str, str]) -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(role) as client:
        answer = await client.post(path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "may_not")


async def test_a_revoked_client_is_out_at_once() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.HOMEOWNER) as homeowner, api.client(Role.VIEWER) as viewer:
        listed = (await homeowner.get("/api/v1/tokens")).json()
        number = next(each["id"] for each in listed if each["role"] == "viewer")
        before = await viewer.get("/api/v1/me")
        revoked = await homeowner.delete(f"/api/v1/tokens/{number}")
        after = await viewer.get("/api/v1/me")

    assert [before.status_code, revoked.status_code, after.status_code] == [200, 204, 401]
    assert "token" not in listed[0]


async def test_the_last_installer_stays() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.INSTALLER) as client:
        removed = await client.delete("/api/v1/users/ines")
        lowered = await client.patch("/api/v1/users/INES", json={"role": "viewer"})

    assert [removed.json()["code"], lowered.json()["code"]] == ["last_installer"] * 2


async def test_a_new_password_ends_all_sessions_of_that_person() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as browser, api.client(Role.INSTALLER) as installer:
        await logged_in(browser, Role.VIEWER)
        changed = await installer.patch("/api/v1/users/vera", json={"password": "another one"})
        after = await browser.get("/api/v1/me")
        old = await browser.post(LOGIN, json={"name": "vera", "password": PASSWORD})
        new = await browser.post(LOGIN, json={"name": "vera", "password": "another one"})

    assert [each.status_code for each in (changed, after, old, new)] == [200, 401, 401, 200]


async def test_one_changes_ones_own_password_with_the_old_one() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as browser:
        await logged_in(browser, Role.VIEWER)
        wrong = await browser.put(
            "/api/v1/me/password", json={"old": "wrong", "new": "another one"}, headers={"Origin": HERE}
        )
        right = await browser.put(
            "/api/v1/me/password", json={"old": PASSWORD, "new": "another one"}, headers={"Origin": HERE}
        )
        again = await browser.post(LOGIN, json={"name": "vera", "password": "another one"})

    assert [wrong.status_code, right.status_code, again.status_code] == [401, 204, 200]


async def test_somebody_who_is_removed_is_out() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as browser, api.client(Role.INSTALLER) as installer:
        await logged_in(browser, Role.HOMEOWNER)
        removed = await installer.delete("/api/v1/users/homer")
        after = await browser.get("/api/v1/me")

    assert [removed.status_code, after.status_code] == [204, 401]


async def test_everything_that_was_changed_is_in_the_audit_log_without_secrets() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.HOMEOWNER) as client:
        offer = (await client.post("/api/v1/pairing", json={})).json()
        await client.post("/api/v1/users", json={"name": "kim", "password": "very secret", "role": "viewer"})
        await client.put("/api/v1/stations/garage/mode", json={"mode": "fast"})
    notes = api.bench.diary.notes

    assert {kind for kind, _, _ in notes} >= {"setup", "user", "token", "pairing", "wish"}
    assert ("wish", "homeowner's client", "garage: mode fast") in notes
    assert not any("very secret" in text or offer["code"] in text for _, _, text in notes)


async def test_a_browser_without_a_login_is_sent_to_the_page_for_it() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        page = await client.get("/history", headers={"Accept": "text/html"})
        script = await client.get("/history")

    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert script.status_code == 401


async def test_before_the_first_account_it_is_sent_to_the_set_up() -> None:
    api = ApiBench(seconds=5)
    await api.access.open()
    async with api.client() as client:
        page = await client.get("/", headers={"Accept": "text/html"})

    assert page.headers["location"] == "/setup"


PROXY = ApiSection(host="127.0.0.1", trusted_proxies=("10.0.0.0/24",))


@pytest.mark.parametrize("header", ["X-Forwarded-Prefix", "X-Ingress-Path"])
async def test_a_trusted_proxy_names_the_path_prefix(header: str) -> None:
    api = await ApiBench(section=PROXY, seconds=5).peopled()
    claims = {header: "/api/hassio_ingress/abc", "X-Forwarded-Proto": "https", "Accept": "text/html"}
    async with api.client(address="10.0.0.5") as client:
        stranger = await client.get("/", headers=claims)
        body = {"name": PEOPLE[Role.VIEWER], "password": PASSWORD}
        login = await client.post(LOGIN, json=body, headers=claims)
        whole = await client.get(f"/api/hassio_ingress/abc{LOGIN}", headers=claims)

    assert stranger.headers["location"] == "/api/hassio_ingress/abc/login"
    assert "Path=/api/hassio_ingress/abc;" in login.headers["set-cookie"]
    assert "secure" in login.headers["set-cookie"].lower()
    assert whole.status_code == 405  # it is there, and knows no GET


async def test_nobody_else_names_anything() -> None:
    api = await ApiBench(section=PROXY, seconds=5).peopled()
    claims = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "https", "Accept": "text/html"}
    async with api.client(address="10.0.1.5") as client:
        stranger = await client.get("/", headers=claims)
        login = await client.post(LOGIN, json={"name": "vera", "password": PASSWORD}, headers=claims)

    assert stranger.headers["location"] == "/login"
    assert "path=/;" in login.headers["set-cookie"].lower()


async def test_behind_a_proxy_tries_count_by_the_address_that_it_saw() -> None:
    api = await ApiBench(section=PROXY, seconds=5).peopled()
    statuses = []
    async with api.client(address="10.0.0.5") as client:
        for number in range(12):
            claims = {"X-Forwarded-For": "203.0.113.9, 10.0.0.7"}
            body = {"name": f"name{number}", "password": "wrong"}
            statuses.append((await client.post(LOGIN, json=body, headers=claims)).status_code)
        other = await client.post(
            LOGIN, json={"name": "vera", "password": PASSWORD}, headers={"X-Forwarded-For": "203.0.113.10"}
        )

    assert statuses == [401] * 10 + [429] * 2
    assert other.status_code == 200


async def test_a_fixed_base_path_needs_no_header() -> None:
    section = ApiSection(host="127.0.0.1", base_path="/fusewise")
    api = await ApiBench(section=section, seconds=5).peopled()
    async with api.client() as client:
        page = await client.get("/", headers={"Accept": "text/html"})
        below = await client.get("/fusewise/api/v1/health")

    assert page.headers["location"] == "/fusewise/login"
    assert below.status_code == 200


async def pieces() -> AsyncIterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(70):
        yield b"x" * 1000


async def test_a_body_has_an_end() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client() as client:
        said = await client.post(LOGIN, content=b"x" * 70_000)
        unsaid = await client.post(LOGIN, content=pieces())

    assert [said.json()["code"], said.status_code] == ["too_large", 413]
    assert unsaid.status_code == 413


async def test_every_answer_tells_browsers_to_be_careful() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.VIEWER) as client:
        headers = (await client.get("/api/v1/state")).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"


def test_pages_may_be_open_only_below_our_own_scripts() -> None:
    assert OPEN_BELOW == ("/_nicegui/",)


async def test_clients_go_with_the_person_who_made_them() -> None:
    api = await ApiBench().peopled()
    async with api.client() as homer:
        await logged_in(homer)
        homer.headers["Origin"] = HERE
        made = (await homer.post("/api/v1/tokens", json={"name": "mine", "role": "viewer"})).json()["token"]
        as_mine = {"Authorization": f"Bearer {made}"}
        before = await homer.get("/api/v1/site", headers=as_mine)
        code = (await homer.post("/api/v1/pairing", json={})).json()["code"]
    async with api.client(Role.INSTALLER) as installer, api.client() as nobody:
        await installer.delete(f"/api/v1/users/{PEOPLE[Role.HOMEOWNER]}")
        after = await nobody.get("/api/v1/site", headers=as_mine)
        traded = await nobody.post("/api/v1/pairing/trade", json={"code": code, "name": "late"})

    assert (before.status_code, after.status_code, traded.status_code) == (200, 401, 403)


async def test_a_lower_role_takes_the_clients_that_may_do_more() -> None:
    api = await ApiBench().peopled()
    homer, _ = await api.access.log_in(PEOPLE[Role.HOMEOWNER], PASSWORD, address="here")
    _, above = await api.access.add_client("above", Role.HOMEOWNER, by=homer)
    _, within = await api.access.add_client("within", Role.VIEWER, by=homer)
    installer = api.access.holder(api.tokens[Role.INSTALLER])
    assert installer is not None

    await api.access.change_account(homer.name, role=Role.VIEWER, password=None, by=installer)

    assert api.access.holder(above) is None
    assert api.access.holder(within) is not None
