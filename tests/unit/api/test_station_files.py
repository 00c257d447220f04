"""Firmware goes to a station and logs come from it over real HTTP, by addresses that nobody can guess."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ems.api.servicing import door, files
from ems.api.servicing.folder import LONGEST_NAME, FileFolder, safe_name
from ems.api.servicing.signature import check_signature
from ems.api.wire import Role
from ems.csms.messages import Outcome
from ems.csms.service_words import FirmwareOrder, LogOrder
from tests.api_bench import ApiBench

GARAGE = "/api/v1/stations/garage"
BOX = b"firmware of a box" * 1000
AT = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[tuple[ApiBench, httpx.AsyncClient]]:
    """A house that keeps files, its door for stations, and an installer."""
    api = await ApiBench(seconds=20, folder=folder).peopled()
    door_kept = asyncio.create_task(api.servicing.run())
    try:
        async with api.client(Role.INSTALLER) as client:
            yield api, client
    finally:
        door_kept.cancel()
        await asyncio.gather(door_kept, return_exceptions=True)


async def kept_firmware(client: httpx.AsyncClient, content: bytes = BOX, name: str = "box 1.2.bin") -> str:
    answer = await client.post("/api/v1/firmware", params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    file_id: str = answer.json()["id"]
    return file_id


def there(folder: Path) -> list[Path]:
    """Every file in it."""
    return [path for path in folder.rglob("*") if path.is_file()]


def order_of(api: ApiBench) -> FirmwareOrder:
    order: FirmwareOrder = api.stations["garage"].orders[-1]
    return order


def address_for_log(api: ApiBench) -> str:
    order: LogOrder = api.stations["garage"].orders[-1]
    return order.location


@pytest.fixture
def station() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


async def fetched(station: httpx.Client, method: str, url: str, **more: object) -> httpx.Response:
    """A station asks from outside of the loop."""
    return await asyncio.to_thread(lambda: station.request(method, url, **more))  # type: ignore[arg-type]


async def test_a_station_fetches_the_firmware_that_the_installer_gave(tmp_path: Path, station: httpx.Client) -> None:
    """F01."""
    async with bench(tmp_path) as (api, client):
        file_id = await kept_firmware(client)
        answer = await client.post(f"{GARAGE}/firmware", json={"file": file_id})
        order = order_of(api)
        whole = await fetched(station, "GET", order.location)
        part = await fetched(station, "GET", order.location, headers={"Range": "bytes=5-9"})
        guessed = await fetched(station, "GET", order.location.replace("/f/", "/f/x"))
        listed = (await client.get("/api/v1/firmware")).json()

    assert answer.json()["done"]
    assert whole.content == BOX
    assert (part.status_code, part.content) == (206, BOX[5:10])
    assert guessed.status_code == 404
    assert order.location.endswith("/box_1.2.bin")
    assert order.signed is None
    assert listed[0]["sha256"] == hashlib.sha256(BOX).hexdigest()


async def test_an_order_that_is_refused_leaves_no_address_behind(tmp_path: Path, station: httpx.Client) -> None:
    async with bench(tmp_path) as (api, client):
        file_id = await kept_firmware(client)
        api.stations["garage"].answers = Outcome(done=False, answer="Rejected")
        await client.post(f"{GARAGE}/firmware", json={"file": file_id})

        assert (await fetched(station, "GET", order_of(api).location)).status_code == 404


async def test_addresses_end(tmp_path: Path, station: httpx.Client) -> None:
    async with bench(tmp_path) as (api, client):
        file_id = await kept_firmware(client)
        await client.post(f"{GARAGE}/firmware", json={"file": file_id})
        location = order_of(api).location
        # The door itself looks less often than that, so it still listens.
        api.bench.clock._now_s += door.FETCH_WITHIN_S + 1.0

        assert (await fetched(station, "GET", location)).status_code == 404


async def test_signed_firmware_is_checked_here_and_goes_out_with_its_proof(tmp_path: Path) -> None:
    """F02."""
    key = ec.generate_private_key(ec.SECP256R1())
    good = base64.b64encode(key.sign(BOX, ec.ECDSA(SHA256()))).decode()
    other = base64.b64encode(key.sign(BOX + b"!", ec.ECDSA(SHA256()))).decode()
    async with bench(tmp_path) as (api, client):
        file_id = await kept_firmware(client)
        place, pem = f"/api/v1/firmware/{file_id}/signature", certificate(key)
        wrong = await client.put(place, json={"certificate": pem, "signature": other})
        nonsense = await client.put(place, json={"certificate": "no PEM", "signature": good})
        right = await client.put(place, json={"certificate": pem, "signature": good})
        await client.post(f"{GARAGE}/firmware", json={"file": file_id})
        signed = order_of(api).signed

    assert [each.json().get("code") for each in (wrong, nonsense, right)] == ["wrong_signature"] * 2 + [None]
    assert right.json()["signed"]
    assert signed is not None
    assert (signed.certificate, signed.signature) == (pem, good)


def test_both_ways_of_rsa_are_taken(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "box.bin"
    file.write_bytes(BOX)
    for scheme in (padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32), padding.PKCS1v15()):
        signature = base64.b64encode(key.sign(BOX, scheme, SHA256())).decode()
        check_signature(file, certificate(key), signature)


def certificate(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(AT).not_valid_after(AT + timedelta(days=3650))
    return built.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(("method", "tail"), [("PUT", ""), ("POST", "d.zip"), ("PUT", "deep/../../etc/passwd")])
async def test_a_station_brings_its_log_once(tmp_path: Path, station: httpx.Client, method: str, tail: str) -> None:
    """F03."""
    async with bench(tmp_path) as (api, client):
        api.stations["garage"].answers = Outcome(done=True, answer="diag.zip")
        await client.post(f"{GARAGE}/log", json={"kind": "DiagnosticsLog"})
        place = address_for_log(api)
        brought = await fetched(station, method, place + tail.replace("..", "%2e%2e"), content=b"all is well")
        again = await fetched(station, method, place, content=b"more")
        [listed] = (await client.get("/api/v1/station_logs")).json()
        read = await client.get(f"/api/v1/station_logs/{listed['id']}")
        removed = await client.delete(f"/api/v1/station_logs/{listed['id']}")
        gone = await client.get(f"/api/v1/station_logs/{listed['id']}")

    assert (brought.status_code, again.status_code) == (201, 404)
    assert (listed["station"], listed["kind"], listed["size_b"]) == ("garage", "DiagnosticsLog", 11)
    assert "/" not in listed["name"]
    assert ".." not in listed["name"]
    assert read.content == b"all is well"
    assert 'filename="garage-' in read.headers["content-disposition"]
    assert (removed.status_code, gone.json()["code"]) == (204, "unknown_file")
    assert there(tmp_path) == []


async def test_a_station_may_bring_its_log_in_a_form(tmp_path: Path, station: httpx.Client) -> None:
    """F03."""
    async with bench(tmp_path) as (api, client):
        await client.post(f"{GARAGE}/log", json={})
        form = {"file": ("log.tar.gz", b"all is well")}
        brought = await fetched(station, "POST", address_for_log(api), files=form)
        [listed] = (await client.get("/api/v1/station_logs")).json()

    assert brought.status_code == 201
    assert (listed["name"], listed["size_b"]) == ("log.tar.gz", 11)


async def test_a_log_that_is_too_large_is_not_kept_and_may_come_again(
    tmp_path: Path, station: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F03."""
    monkeypatch.setattr(door, "MOST_LOG_B", 1000)
    async with bench(tmp_path) as (api, client):
        await client.post(f"{GARAGE}/log", json={})
        place = address_for_log(api)
        said = await fetched(station, "PUT", place, content=b"x" * 1001)
        unsaid = await fetched(station, "PUT", place, content=iter([b"x" * 600, b"x" * 600]))
        form = await fetched(station, "POST", place, files={"file": ("a", b"x" * 2000)})
        fits = await fetched(station, "PUT", place, content=b"x" * 1000)

    assert [each.status_code for each in (said, unsaid, form, fits)] == [413, 413, 413, 201]
    assert sorted(path.suffix for path in there(tmp_path)) == [".bin", ".json"]


async def test_the_oldest_log_makes_room_and_firmware_does_not(tmp_path: Path) -> None:
    logs = FileFolder(tmp_path / "logs", most=2, drops_oldest=True)
    names = []
    for number in range(4):
        part = logs.begin()
        part.write_bytes(b"x")
        at = AT + timedelta(minutes=number)
        logs.keep(part, name=f"{number}.txt", sha256="", at=at, about={})
        names.append([file.name for file in logs.files()])

    assert names == [["0.txt"], ["1.txt", "0.txt"], ["2.txt", "1.txt"], ["3.txt", "2.txt"]]
    async with bench(tmp_path) as (_, client):
        for _ in range(files.MOST_FIRMWARE):
            await kept_firmware(client, b"x")
        refused = await client.post("/api/v1/firmware", params={"name": "y"}, content=b"y")
    assert refused.json()["code"] == "too_many"


def test_a_file_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, most=2, drops_oldest=True)
    folder.begin().write_bytes(b"half")
    (tmp_path / "0123456789abcdef.json").write_text("no description")
    after_a_restart = FileFolder(tmp_path, most=2, drops_oldest=True)
    after_a_restart.sweep()

    assert after_a_restart.files() == []
    assert [path.suffix for path in there(tmp_path)] == [".json"]


def test_a_file_that_is_being_written_is_never_swept_away(tmp_path: Path) -> None:
    """The sweep of a start runs beside the first requests."""
    folder = FileFolder(tmp_path, most=2, drops_oldest=True)
    part = folder.begin()
    part.write_bytes(b"half")
    folder.sweep()
    part.write_bytes(b"whole")

    assert folder.keep(part, name="a.bin", sha256="", at=AT, about={}).size_b == len(b"whole")


@given(st.text(max_size=300))
def test_a_safe_name_is_one_plain_word(said: str) -> None:
    name = safe_name(said, "log.bin")

    assert 0 < len(name) <= LONGEST_NAME
    assert all(character.isascii() and (character.isalnum() or character in "._-") for character in name)
    assert not name.startswith(".")


async def test_only_an_installer_may_bring_more_than_a_little(tmp_path: Path) -> None:
    async with bench(tmp_path) as (api, client), api.client(Role.HOMEOWNER) as homeowner:
        large = b"x" * 100_000
        taken = await client.post("/api/v1/firmware", params={"name": "a"}, content=large)
        refused = await homeowner.post("/api/v1/firmware", params={"name": "a"}, content=large)

    assert (taken.status_code, taken.json()["size_b"]) == (201, 100_000)
    assert refused.status_code == 413
