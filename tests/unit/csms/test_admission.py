"""Who may come in by what he shows, and what is remembered of it (scenarios T07, T09, T15)."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.config.schema import StationEntry
from ems.csms.security import issuing
from ems.csms.security.admission import Admitted, Lock, Profile, Refusal, Shown, admit
from ems.csms.security.credentials import HashedPassword, SitePassword, new_key
from ems.csms.security.gate import Gate
from ems.csms.security.key_kind import KeyKind
from ems.csms.security.keyring import Keyring, Remembered
from ems.csms.security.requests import marked

CLOCK = VirtualClock()
NOW = CLOCK.utc_now()
ROOT = issuing.root("House", KeyKind.EC, NOW)
KEY = issuing.new_key(KeyKind.EC).public_key()
PASSWORD = SitePassword("Correct-Horse")


def certificate(name: str = "garage") -> x509.Certificate:
    return issuing.station(ROOT, name, KEY, NOW)


def basic(password: bytes, user: str = "garage") -> str:
    return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


def lock(*passwords: SitePassword | HashedPassword, least: Profile = Profile.OPEN) -> Lock:
    return Lock(identity="garage", names=frozenset({"garage", "SN1"}), passwords=passwords, least=least)


def profile_of(verdict: Admitted | Refusal) -> Profile | Refusal:
    return verdict.profile if isinstance(verdict, Admitted) else verdict


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        (Shown(), Refusal.PASSWORD),
        (Shown(authorization=basic(b"wrong")), Refusal.PASSWORD),
        (Shown(authorization=basic(b"Correct-Horse")), Profile.BASIC),
        (Shown(encrypted=True, authorization=basic(b"Correct-Horse")), Profile.TLS),
        (Shown(encrypted=True, certificate=certificate()), Profile.MUTUAL),
        (Shown(encrypted=True, certificate=certificate("sn1")), Profile.MUTUAL),
        (Shown(encrypted=True, certificate=certificate("carport")), Refusal.CERTIFICATE_NAME),
    ],
)
def test_what_is_shown_decides_the_profile(shown: Shown, verdict: Profile | Refusal) -> None:
    assert profile_of(admit(lock(PASSWORD), shown, frozenset(), NOW)) == verdict


def test_a_certificate_counts_while_it_is_valid_and_not_revoked() -> None:
    mine = certificate()
    shown = Shown(encrypted=True, certificate=mine)
    revoked = {marked(mine.issuer, mine.serial_number)}

    assert admit(lock(), shown, revoked, NOW) is Refusal.CERTIFICATE_REVOKED
    assert admit(lock(), shown, frozenset(), NOW + timedelta(days=800)) is Refusal.CERTIFICATE_EXPIRED
    assert profile_of(admit(lock(), shown, {("CN=another", mine.serial_number)}, NOW)) is Profile.MUTUAL


def test_who_came_by_a_certificate_does_not_come_by_a_password_again() -> None:
    shown = Shown(encrypted=True, authorization=basic(b"Correct-Horse"))

    assert admit(lock(PASSWORD, least=Profile.MUTUAL), shown, frozenset(), NOW) is Refusal.DOWNGRADE
    assert admit(lock(PASSWORD, least=Profile.MUTUAL), Shown(), frozenset(), NOW) is Refusal.DOWNGRADE
    assert admit(lock(), Shown(encrypted=True), frozenset(), NOW) == Admitted(profile=Profile.OPEN)


@given(st.sampled_from(Profile), st.booleans(), st.binary(max_size=30), st.booleans())
def test_nobody_comes_in_below_the_least_profile_or_by_a_wrong_password(
    least: Profile, encrypted: bool, said: bytes, with_password: bool
) -> None:
    known = lock(*([PASSWORD] if with_password else []), least=least)

    verdict = admit(known, Shown(encrypted=encrypted, authorization=basic(said)), frozenset(), NOW)

    if isinstance(verdict, Admitted):
        assert verdict.profile >= least
        assert not with_password or PASSWORD.is_proven_by(said)


@given(st.binary(min_size=1, max_size=40))
def test_a_password_that_we_made_is_kept_as_a_hash_and_taken_in_either_spelling(other: bytes) -> None:
    """Q25: the decoded bytes, or the hexadecimal text in either case."""
    key = new_key()
    made = HashedPassword.of(key)

    assert all(made.is_proven_by(each) for each in (key, key.hex().encode(), key.hex().upper().encode()))
    assert other == key or not made.is_proven_by(other)
    assert not made.is_proven_by(b"")
    assert key.hex() not in repr(made)
    assert "Horse" not in repr(PASSWORD)


def gate(folder: Path, **more: object) -> Gate:
    entry = StationEntry.model_validate({"id": "garage", **more})
    return Gate({"CP1": entry}, {"garage": "Correct-Horse"}, VirtualClock(), folder=folder)


async def test_downgrade_is_refused_over_restarts_until_an_installer_allows_it(tmp_path: Path) -> None:
    first = gate(tmp_path)
    await first.prepare()
    first.let_in("CP1", Admitted(profile=Profile.TLS))
    await first.keyring.keep()

    again = gate(tmp_path)
    await again.prepare()
    plain = Shown(authorization=basic(b"Correct-Horse", "CP1"))

    assert again.judge("CP1", plain) is Refusal.DOWNGRADE
    again.forget_profile("garage")
    assert profile_of(again.judge("CP1", plain)) is Profile.BASIC


async def test_old_and_new_password_open_until_the_station_comes_with_the_new_one(tmp_path: Path) -> None:
    """T15."""
    key = new_key()
    first = gate(tmp_path)
    await first.prepare()
    await first.expect("garage", HashedPassword.of(key))
    old, new = Shown(authorization=basic(b"Correct-Horse")), Shown(authorization=basic(key.hex().encode()))

    assert isinstance(first.judge("CP1", old), Admitted)
    verdict = first.judge("CP1", new)
    assert isinstance(verdict, Admitted)
    first.let_in("CP1", verdict)
    assert first.judge("CP1", old) is Refusal.PASSWORD
    await first.keyring.keep()

    again = gate(tmp_path)
    await again.prepare()
    assert again.judge("CP1", old) is Refusal.PASSWORD
    assert isinstance(again.judge("CP1", new), Admitted)
    kept = (tmp_path / "station-security.json").read_text()
    assert key.hex() not in kept
    assert "Horse" not in kept


async def test_a_new_password_that_came_to_nothing_opens_nothing(tmp_path: Path) -> None:
    key = new_key()
    there = gate(tmp_path)
    await there.prepare()
    await there.expect("garage", HashedPassword.of(key))
    there.expect_no_more("garage")

    assert there.judge("CP1", Shown(authorization=basic(key))) is Refusal.PASSWORD
    assert isinstance(there.judge("CP1", Shown(authorization=basic(b"Correct-Horse"))), Admitted)


def test_a_damaged_keyring_lets_nobody_in_who_could_not_come_without_it(tmp_path: Path) -> None:
    (tmp_path / "station-security.json").write_text('{"layout": 1, "stations": {"garage": 7}}')
    keyring = Keyring(tmp_path)
    keyring.open()

    assert keyring.trouble is not None
    assert keyring.of("garage").made is None


def test_keeping_waits_for_changes(tmp_path: Path) -> None:
    async def story() -> None:
        keyring = Keyring(tmp_path)
        running = asyncio.create_task(keyring.run())
        keyring.remember("garage", Remembered(came_by=Profile.MUTUAL))
        while not (tmp_path / "station-security.json").exists():
            await asyncio.to_thread(lambda: None)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        again = Keyring(tmp_path)
        again.open()
        assert again.of("garage").came_by is Profile.MUTUAL

    asyncio.run(story())
