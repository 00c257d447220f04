"""Telegrams of smart meters, made for tests: every number is our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ems.devices.p1.telegram import checksum

HOUSE: Mapping[str, str] = {
    "1-0:1.8.1": "001234.500*kWh",
    "1-0:1.8.2": "002000.250*kWh",
    "1-0:2.8.1": "000100.000*kWh",
    "1-0:2.8.2": "000300.125*kWh",
    "1-0:1.7.0": "01.150*kW",
    "1-0:2.7.0": "00.000*kW",
    "1-0:32.7.0": "230.0*V",
    "1-0:52.7.0": "231.0*V",
    "1-0:72.7.0": "229.0*V",
    "1-0:31.7.0": "010*A",
    "1-0:51.7.0": "005*A",
    "1-0:71.7.0": "000*A",
    "1-0:21.7.0": "02.300*kW",
    "1-0:41.7.0": "00.000*kW",
    "1-0:61.7.0": "00.000*kW",
    "1-0:22.7.0": "00.000*kW",
    "1-0:42.7.0": "01.150*kW",
    "1-0:62.7.0": "00.000*kW",
}
"""A Dutch house on three phases: L1 imports, L2 exports, L3 rests."""


def telegram(
    lines: Mapping[str, str] = HOUSE,
    *,
    stamp: str = "261127120000W",
    version: str = "1-3:0.2.8(50)",
    more: Sequence[str] = (),
    crc: bool = True,
) -> bytes:
    """The bytes of one telegram; `stamp` and `version` empty where the meter tells none."""
    rows = [version] if version else []
    rows += [f"0-0:1.0.0({stamp})"] if stamp else []
    rows += [f"{code}({value})" for code, value in lines.items()]
    body = "\r\n".join(["/FWS5\\TEST-METER", "", *rows, *more, "!"]).encode()
    return body + (b"%04X\r\n" % checksum(body) if crc else b"\r\n")


def at_second(second: int, **swapped: str) -> bytes:
    """The house at a second of the day; `swapped` are codes as `c21_7_0="…"`."""
    lines = dict(HOUSE)
    for key, value in swapped.items():
        lines["1-0:" + key[1:].replace("_", ".")] = value
    stamp = f"261127{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}W"
    return telegram(lines, stamp=stamp)
