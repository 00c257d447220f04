"""Devices that answer JSON over HTTP, on real sockets: every profile there and back, and every way to fail."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import unquote

import pytest

from ems.clock import WallClock
from ems.config.schema import HttpSource, MeterEntry, Secret
from ems.devices.http.device import HttpAddress, HttpDevice
from ems.devices.http.entry_requests import http_address_of
from ems.devices.http.profile import HttpPoint, HttpProfile, LoginWay
from ems.devices.library import profile, profiles
from ems.devices.plausibility import Bounds
from ems.devices.profile_parts import Kind
from ems.devices.sample import Sample
from ems.devices.views import GridView, Mounting
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused
from ems.model.electrical import PerPhase, Phase
from ems.model.readings import GridReading, SolarReading
from ems.sim.wire.http_devices import HttpPort
from tests.protocol.modbus_bench import LOOPBACK, HandClock

HTTP = [each.filled(each.id, each.as_named) for each in profiles() if isinstance(each, HttpProfile)]
USES = [pytest.param(each, kind, id=f"{each.id}-{kind}") for each in HTTP for kind in each.kinds]
POINTS = {"power": HttpPoint(path="power"), "current_l1": HttpPoint(path="amps[0]", signed=True)}
IMPATIENT_S = 2.0
"""Longer than a busy machine takes to connect, which must not be what is given up."""


def shelly() -> HttpProfile:
    found = profile("shelly_pro3em_http")
    assert isinstance(found, HttpProfile)
    return found


@asynccontextmanager
async def served(found: HttpProfile, *, login: str = "") -> AsyncIterator[HttpPort]:
    port = HttpPort(found, login=login)
    await port.open()
    try:
        yield port
    finally:
        await port.close()


def reader_of(port: HttpPort, kind: Kind, **more: str) -> HttpDevice[SolarReading]:
    """Hands out samples as they are, in a reading's place."""
    found = port.profile
    address = HttpAddress(
        host=LOOPBACK,
        port=port.port,
        request=found.request,
        login=found.login if more.get("password") or found.session else "none",
        session=found.session,
        stamp=found.stamp,
        token_header=found.token_header,
        user=more.get("user", ""),
        password=more.get("password", ""),
        token=more.get("token", ""),
    )
    return HttpDevice(
        name=found.id, period_s=1.0, address=address, points=found.uses[kind].points, view=_kept, clock=HandClock()
    )


KEPT: list[Sample] = []


def _kept(sample: Sample) -> SolarReading:
    KEPT.append(sample)
    return SolarReading(power_w=sample.values.get("power", 0.0), taken_at_s=sample.taken_at_s)


@pytest.mark.parametrize(("found", "kind"), USES)
async def test_every_number_of_every_profile_comes_back_with_either_sign(found: HttpProfile, kind: Kind) -> None:
    points = found.uses[kind].points
    alone = {point.path for point in points.values()}
    names = [name for name, point in points.items() if not {term.path for term in point.sum_of} & alone]
    async with served(found) as port:
        device = reader_of(port, kind)
        for direction in (1.0, -1.0):
            values = {name: direction * (100.0 + 7.0 * place) for place, name in enumerate(names)}
            port.show({kind: values})
            await device.read()
            assert {name: KEPT[-1].values[name] for name in names} == pytest.approx(values)
        await device.close()

    session = {found.session.request} if found.session else set()
    asked = {request for point in points.values() for request in point.requests(found.request)}
    assert {unquote(each) for each in port.asked} == {unquote(each) for each in asked | session}


@pytest.mark.parametrize(("found", "kind"), USES)
async def test_what_the_device_does_not_know_is_absent_and_never_0_but_where_it_means_0(
    found: HttpProfile, kind: Kind
) -> None:
    points = found.uses[kind].points
    async with served(found) as port:
        port.show({kind: dict.fromkeys(points)})
        device = reader_of(port, kind)
        await device.read()
        await device.close()

    assert dict(KEPT[-1].values) == {name: 0.0 for name, point in points.items() if point.null_is_zero}


async def test_a_meter_is_read_with_our_signs() -> None:
    mounting = Mounting(bounds=Bounds(phases=tuple(Phase), fuse_a=25.0))
    async with served(shelly()) as port:
        phases = {"power_l1": 2300.0, "power_l2": -1150.0, "power_l3": 690.0}
        currents = {"current_l1": 10.0, "current_l2": 5.0, "current_l3": 3.0}
        port.show({"meter": {"power": 1840.0, **phases, **currents, "energy_import": 12.5}})
        device: HttpDevice[GridReading] = HttpDevice(
            name="grid",
            period_s=1.0,
            address=HttpAddress(host=LOOPBACK, port=port.port, request=port.profile.request),
            points=port.profile.uses["meter"].points,
            view=GridView(mounting).reading,
            clock=HandClock(),
        )
        reading = await device.read()
        await device.close()

    assert reading.current_a == PerPhase(10.0, -5.0, 3.0)
    assert (reading.power_w, reading.energy_import_kwh) == (1840.0, 12.5)


async def test_one_connection_is_kept_and_opened_again_after_a_restart() -> None:
    async with served(shelly()) as port:
        device = reader_of(port, "meter")
        port.show({"meter": {"power": 500.0}})
        first = await device.read()
        await device.close()
        again = await device.read()
        await device.close()

    assert (first.power_w, again.power_w) == (500.0, 500.0)


async def test_a_password_and_a_token_let_in_and_nothing_else_does() -> None:
    gen1 = profile("shelly_3em")
    sonnen = profile("sonnen_batterie")
    assert isinstance(gen1, HttpProfile)
    assert isinstance(sonnen, HttpProfile)
    async with served(gen1, login="me:secret") as port:
        port.show({"meter": {"power": 100.0}})
        assert (await _read_once(port, "meter", user="me", password="secret")).power_w == 100.0
        with pytest.raises(Refused, match="lets nobody in"):
            await _read_once(port, "meter", user="me", password="wrong")
        with pytest.raises(Refused, match="lets nobody in"):
            await _read_once(port, "meter")
    async with served(sonnen, login="t0ken") as port:
        port.show({"battery": {"power": -900.0, "soc": 0.5}})
        assert (await _read_once(port, "battery", token="t0ken")).power_w == -900.0
        with pytest.raises(Refused):
            await _read_once(port, "battery", token="other")


async def _read_once(port: HttpPort, kind: Kind, **more: str) -> SolarReading:
    device = reader_of(port, kind, **more)
    try:
        return await device.read()
    finally:
        await device.close()


async def test_secrets_of_the_site_file_reach_the_device_and_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELLY", "secret")
    source = HttpSource(host=LOOPBACK, user="me", password=Secret(env="SHELLY"))
    address = http_address_of(MeterEntry(id="grid", profile="shelly_3em", http=source), profile("shelly_3em"))  # type: ignore[arg-type]

    assert (address.login, address.user, address.password) == ("basic", "me", "secret")
    assert "secret" not in repr(address)


@asynccontextmanager
async def odd_server(answer: bytes, *, close: bool = False, first: bytes = b"") -> AsyncIterator[int]:
    """Says `first` to the first request of a connection and `answer` to every other one, whatever they are."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            said = first or answer
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(said)
                said = answer
                await writer.drain()
                if close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close() if close else writer.transport.abort()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.ensure_future(converse(reader, writer)))

    talks: list[asyncio.Future[None]] = []
    server = await asyncio.start_server(begin, LOOPBACK, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in talks:
            each.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        for _ in range(3):
            await WallClock().sleep(0)


def device_at(port: int, *, timeout_s: float = 20.0, login: LoginWay = "none") -> HttpDevice[SolarReading]:
    address = HttpAddress(host=LOOPBACK, port=port, request="/", timeout_s=timeout_s, login=login, user="me")
    return HttpDevice(name="grid", period_s=1.0, address=address, points=POINTS, view=_kept, clock=WallClock())


def ok(body: bytes, length: Callable[[bytes], int] = len) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (length(body), body)


def typed(kind: bytes, body: bytes, encoding: bytes = b"identity") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (kind, encoding, len(body)) + body


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (ok(b'{"power": "much"}'), Nonsense, "text where a number"),
        (ok(b'{"power": true}'), Nonsense, "true or false"),
        (ok(b'{"power": 1e999}'), Nonsense, "not finite"),
        (ok(b'{"power": NaN}'), Nonsense, "neither JSON"),
        (ok(b'{"power": Infinity}'), Nonsense, "neither JSON"),
        (ok(b'{"power": [1]}'), Nonsense, "a list where a number"),
        (ok(b'{"power": {"power": 1}}'), Nonsense, "an object where a number"),
        (ok(b'{"power": 1, "power": 2}'), Nonsense, "something twice"),
        (ok(b'{"of": [{"a": 1, "a": 2}], "power": 1}'), Nonsense, "something twice"),
        (ok(b"<html>"), Nonsense, "a word where"),
        (typed(b"text/html", b"<html><body>Log in</body></html>"), Nonsense, "a word where"),
        (typed(b"application/json; charset=utf-16", '{"power": 1}'.encode("utf-16")), Nonsense, "not text"),
        (typed(b"application/json", gzip.compress(b'{"power": 1}'), b"gzip"), Nonsense, "not text"),
        (typed(b"application/json", gzip.compress(b" " * 50_000_000), b"gzip"), Nonsense, "not text"),
        (ok(b"\xff\xfe"), Nonsense, "not text"),
        (ok(b"[" * 50_000), Nonsense, "neither JSON"),
        (ok(b" " * 70_000), Nonsense, "larger than"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Refused, "status 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n", Refused, "status 302"),
        (b"HTTP/1.1 307 Go\r\nLocation: https://192.0.2.1/\r\nContent-Length: 0\r\n\r\n", Refused, "status 307"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", Refused, "lets nobody in"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, LinkDown, "does not answer HTTP"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", Refused, "status 503"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", LinkDown, "does not answer HTTP"),
    ],
)
async def test_nothing_wrong_ever_becomes_a_reading(answer: bytes, error: type[Exception], said: str) -> None:
    async with odd_server(answer) as port:
        device = device_at(port)
        before = len(KEPT)
        with pytest.raises(error, match=said):
            await device.read()
        await device.close()
    assert len(KEPT) == before or "power" not in KEPT[-1].values


async def test_a_connection_cut_in_the_middle_of_an_answer_is_a_lost_link() -> None:
    async with odd_server(ok(b'{"power": 1', lambda body: len(body) + 40), close=True) as port:
        device = device_at(port)
        with pytest.raises(LinkDown):
            await device.read()
        await device.close()


@pytest.mark.parametrize("login", ["none", "digest"])
@pytest.mark.parametrize("status", [b"200 OK", b"401 Unauthorized"])
async def test_an_answer_without_end_is_read_no_further_than_a_long_one(status: bytes, login: LoginWay) -> None:
    """Whether the device sends chunks for ever or asks for a login with a page that never ends."""
    head = b"HTTP/1.1 %s\r\nTransfer-Encoding: chunked\r\nWWW-Authenticate: Digest realm=a, nonce=b\r\n\r\n" % status
    async with odd_server(head + (b"1000\r\n" + b" " * 4096 + b"\r\n") * 64) as port:
        device = device_at(port, login=login)
        with pytest.raises(DeviceError, match=r"larger than|ReadError|lets nobody in"):
            await device.read()
        await device.close()


async def test_a_page_of_another_type_is_read_when_it_is_json() -> None:
    """Small devices call everything text/html."""
    async with odd_server(typed(b"text/html", b'{"power": 12.5, "amps": [1]}')) as port:
        device = device_at(port)
        await device.read()
        await device.close()

    assert KEPT[-1].values == {"power": 12.5, "current_l1": 1.0}


async def test_silence_and_a_trickle_end_in_time() -> None:
    for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"):
        async with odd_server(answer, first=ok(b'{"power": 1}')) as port:
            device = device_at(port, timeout_s=IMPATIENT_S)
            await device.read()
            with pytest.raises(NoAnswer, match="did not answer within 2 s"):
                await device.read()
            await device.close()


async def test_nobody_there_is_a_lost_link() -> None:
    async with odd_server(b"") as port:
        pass
    device = device_at(port)
    with pytest.raises(LinkDown):
        await device.read()
    await device.close()


@pytest.mark.parametrize(
    "doubled",
    [
        ok(b'{"power": 1}') + ok(b'{"power": 666}'),
        ok(b'{"power": 1}', lambda body: len(body) + 1) + b"\n" + ok(b'{"power": 666}'),
    ],
)
async def test_an_answer_to_no_question_is_not_the_next_ones(doubled: bytes) -> None:
    """What comes behind an answer is thrown away with its connection."""
    async with odd_server(ok(b'{"power": 2}'), first=doubled) as port:
        device = device_at(port)
        values = []
        for _ in range(2):
            await device.read()
            values.append(KEPT[-1].values["power"])
        await device.close()

    # A new connection hears the doubled answer once more, and again only its first.
    assert set(values) <= {1.0, 2.0}


async def test_a_cloud_that_repeats_its_last_number_is_no_living_meter() -> None:
    """The maker's cloud answers also when the reading head at the meter has been silent for days."""
    found = profile("powerfox")
    assert isinstance(found, HttpProfile)
    ours, theirs = HandClock(), HandClock()
    port = HttpPort(found, clock=theirs)
    port.show({"meter": {"power": 800.0}})
    await port.open()
    device: HttpDevice[SolarReading] = HttpDevice(
        name="grid",
        period_s=5.0,
        address=HttpAddress(host=LOOPBACK, port=port.port, request=port.profile.request, stamp=found.stamp),
        points=found.uses["meter"].points,
        view=_kept,
        clock=ours,
    )
    began_s = ours.now_s
    taken = []
    for pause_s in (0.0, 5.0, 20.0):
        ours.now_s += pause_s
        taken.append((await device.read()).taken_at_s - began_s)
    ours.now_s += 1.0
    with pytest.raises(NoAnswer, match="measured nothing new for 25 s"):
        await device.read()
    theirs.now_s += 26.0
    taken.append((await device.read()).taken_at_s - began_s)
    await device.close()
    await port.close()

    assert taken == [0.0, 0.0, 0.0, 26.0]


async def test_an_answer_that_does_not_say_when_is_no_sample() -> None:
    async with odd_server(ok(b'{"power": 1, "Timestamp": null}')) as port:
        address = HttpAddress(host=LOOPBACK, port=port, request="/", stamp="Timestamp")
        device = HttpDevice(name="grid", period_s=1.0, address=address, points=POINTS, view=_kept, clock=WallClock())
        with pytest.raises(Nonsense, match="does not say when"):
            await device.read()
        await device.close()


async def test_a_mean_counts_as_old_as_what_it_is_the_mean_of() -> None:
    async with odd_server(ok(b'{"power": 1, "amps": [1]}')) as port:
        clock = HandClock()
        address = HttpAddress(host=LOOPBACK, port=port, request="/", behind_s=10.0)
        device = HttpDevice(name="grid", period_s=5.0, address=address, points=POINTS, view=_kept, clock=clock)
        reading = await device.read()
        await device.close()

    assert reading.taken_at_s == clock.now_s - 10.0
