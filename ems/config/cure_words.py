"""The words of our cures: what to add, what a form looks like, and what other programs call our keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "string": "a word",
    "array": "a list",
    "object": "keys of its own",
}

FORMS: Final[Mapping[str, str]] = {
    "host": "give a name or address alone; a port goes into `port`, and there is no http:// in front",
    "start": 'give the time of day as "11:30"',
    "arrives": 'give the time of day as "17:30"',
    "leaves": 'give the time of day as "07:30"; "24:00" is the end of the day',
    "profile": "profile names are lower case with underscores; `ems devices list` shows them",
    "name": "give it letters and signs that can be printed",
    "interface": "give this machine's own IPv4 address on that network, such as `192.168.1.2`",
    "topic": "give one topic, without the wildcards # and +",
    "url": "write postgresql://USER@HOST/DATABASE; the password stands outside, in storage.password",
    "currency": "three capital letters, such as EUR",
    "id": "use letters, digits, dots, dashes and underscores only, 48 at most",
    "time_zone": "give a name of the time zone database, such as `Europe/Berlin`",
    "base_path": "begin with a slash and end without one, such as `/fusewise`",
    "trusted_proxies": "give addresses or networks, such as `192.168.1.5` or `172.30.32.0/23`",
    "parameters": "use letters, digits, dashes and underscores, with single blanks between at most",
    "fingerprint": "give the SHA-256 of the certificate: 64 hexadecimal digits, with colons between them or without",
    "token_header": "give the name of a header alone, such as `Auth-Token`",
    "prefix": "use letters, digits, dashes and underscores, with slashes between",
    "discovery_prefix": "use letters, digits, dashes and underscores, with slashes between",
}

EXAMPLES: Final[Mapping[str, str]] = {
    "connection": "add the house connection, such as `connection: {phases: 3, main_fuse_a: 25}`",
    "meters": "add the meter at the main fuse: nobody can protect a fuse unmeasured",
    "stations": "add at least one charging station, such as `stations: [{id: garage}]`",
    "id": "give every entry a name of its own, such as `id: garage`",
    "host": "add the address, such as `host: 192.168.1.20`",
    "fuse_a": "add the rating printed on the fuse, such as `fuse_a: 16`",
    "station": "name the station that the car hangs on, such as `station: garage`",
    "topic": "add the MQTT topic that carries the number",
    "rule": "name the operator's rule, such as `rule: de14a`",
    "devices": "count the controllable devices above 4.2 kW, such as `devices: 2`",
    "limit_kw": "add the mean import that cars keep below, such as `limit_kw: 2.5`",
    "import_per_kwh": "add the price of a kWh from the grid, such as `import_per_kwh: 0.32`",
    "certificate": "name the PEM file with the certificate, such as `certificate: tls/fusewise.pem`",
    "key": "name the PEM file with the private key, such as `key: tls/fusewise.key`",
    "days": "name at least one day, such as [mon, tue]",
}

FOREIGN: Final[Mapping[str, str]] = {
    "fuse": "main_fuse_a",
    "main_fuse": "main_fuse_a",
    "breaker": "main_fuse_a",
    "breaker_a": "main_fuse_a",
    "margin_a": "reserve_a",
    "chargers": "stations",
    "evses": "stations",
    "wallboxes": "stations",
    "cars": "vehicles",
    "pv": "solar",
    "inverter": "solar",
    "inverters": "solar",
    "meter": "meters",
    "ip": "host",
    "address": "host",
    "slave": "unit",
    "slave_id": "unit",
    "unit_id": "unit",
    "max_current": "max_a",
    "max_current_a": "max_a",
    "min_current": "min_a",
    "fallback_current": "fallback_a",
    "phase_rotation": "wired",
    "broker": "mqtt",
    "user": "username",
    "interval": "period_s",
    "ocpp": "csms",
    "contract_kw": "max_import_kw",
    "max_power_kw": "max_import_kw",
    "imbalance_a": "max_imbalance_a",
    "database": "storage",
    "db": "storage",
}
"""Words of other programs for our keys."""
