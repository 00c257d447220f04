"""A firmware update as its station tells it: in order, repeated, tried again, or never to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.service.firmware import INSTALLS_WITHIN_S, MOST_STEPS, FirmwareUpdate, booted, follow, ordered
from ems.csms.service_words import FirmwareReport, FirmwareState

AT = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
ASKED = ordered(7, "box.bin", "1.0", AT, 0.0)


def told(*states: FirmwareState | None, update: FirmwareUpdate | None = ASKED) -> FirmwareUpdate:
    for number, state in enumerate(states):
        report = FirmwareReport(state=state, said=str(state))
        update = follow(update, report, firmware="1.0", at=AT, now_s=float(number))
    assert update is not None
    return update


def test_an_update_goes_its_way() -> None:
    """F01."""
    update = told(
        FirmwareState.DOWNLOADING, FirmwareState.DOWNLOADED, FirmwareState.INSTALLING, FirmwareState.INSTALLED
    )

    assert update.state is FirmwareState.INSTALLED
    assert update.state.ended
    assert not update.state.failed


def test_repeats_are_one_step() -> None:
    """F01."""
    assert len(told(*[FirmwareState.DOWNLOADING] * 5).steps) == 2


def test_a_station_that_tries_again_is_followed() -> None:
    """F01."""
    update = told(FirmwareState.DOWNLOADING, FirmwareState.DOWNLOAD_FAILED, FirmwareState.DOWNLOADING)

    assert update.state is FirmwareState.DOWNLOADING


@pytest.mark.parametrize(
    "state",
    [
        FirmwareState.DOWNLOAD_FAILED,
        FirmwareState.INSTALLATION_FAILED,
        FirmwareState.INVALID_SIGNATURE,
        FirmwareState.REVOKED_CERTIFICATE,
        FirmwareState.INSTALL_VERIFICATION_FAILED,
    ],
)
def test_a_failure_is_shown_as_one(state: FirmwareState) -> None:
    """F01, F02."""
    assert told(FirmwareState.DOWNLOADING, state).state.failed


@pytest.mark.parametrize("state", [FirmwareState.IDLE, None])
def test_idle_and_unknown_words_change_nothing(state: FirmwareState | None) -> None:
    assert told(FirmwareState.DOWNLOADED, state).state is FirmwareState.DOWNLOADED


def test_a_state_of_another_order_changes_nothing() -> None:
    report = FirmwareReport(state=FirmwareState.DOWNLOADING, said="", request_id=8)

    assert follow(ASKED, report, firmware="1.0", at=AT, now_s=1.0) == ASKED


def test_an_update_that_somebody_else_ordered_is_seen_too() -> None:
    update = told(FirmwareState.INSTALLING, update=None)

    assert (update.request_id, update.file) == (None, "")
    assert update.is_installing(1.0)


def test_installing_does_not_last_for_ever() -> None:
    update = told(FirmwareState.INSTALLING)

    assert update.is_installing(INSTALLS_WITHIN_S - 1.0)
    assert not update.is_installing(INSTALLS_WITHIN_S + 1.0)


def test_another_version_after_a_boot_means_that_it_is_installed() -> None:
    installing = told(FirmwareState.INSTALLING)

    same, other = booted(installing, "1.0", AT, 9.0), booted(installing, "2.0", AT, 9.0)

    assert same is installing
    assert other is not None
    assert other.state is FirmwareState.INSTALLED


@given(st.lists(st.sampled_from(FirmwareState)))
def test_whatever_is_said_memory_is_bounded_and_steps_never_repeat(states: list[FirmwareState]) -> None:
    steps = told(*states).steps

    assert 1 <= len(steps) <= MOST_STEPS
    assert all(one.state is not two.state for one, two in pairwise(steps))
