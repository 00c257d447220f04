"""What systemd hears of us, on a socket as it makes one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ems.clock import VirtualClock
from ems.runtime.supervisor import Supervisor


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        yield heard


def messages(heard: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(heard.recv(100).decode())
        except BlockingIOError:
            return found


def test_it_hears_that_we_are_ready_and_that_we_end(listening: socket.socket) -> None:
    supervisor = Supervisor(VirtualClock(), {"NOTIFY_SOCKET": listening.getsockname()})
    supervisor.ready()
    supervisor.ending()

    assert messages(listening) == ["READY=1", "STOPPING=1"]


def test_a_sign_of_life_comes_three_times_within_its_patience(listening: socket.socket) -> None:
    clock = VirtualClock()
    environment = {"NOTIFY_SOCKET": listening.getsockname(), "WATCHDOG_USEC": "30000000"}
    supervisor = Supervisor(clock, environment)
    for _ in range(60):
        supervisor.beat()
        clock.advance(1.0)

    assert messages(listening) == ["WATCHDOG=1"] * 6


def test_without_a_watchdog_one_sign_is_enough(listening: socket.socket) -> None:
    clock = VirtualClock()
    supervisor = Supervisor(clock, {"NOTIFY_SOCKET": listening.getsockname()})
    for _ in range(10):
        supervisor.beat()
        clock.advance(10.0)

    assert messages(listening) == ["WATCHDOG=1"]


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "@nobody-listens"])
def test_a_supervisor_that_cannot_hear_disturbs_nobody(address: str) -> None:
    supervisor = Supervisor(VirtualClock(), {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "nonsense"})
    supervisor.ready()
    supervisor.beat()
