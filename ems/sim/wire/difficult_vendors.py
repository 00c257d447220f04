"""The vendors that are known for their oddities, as difficult stations.

A row is what was seen of some firmware (`ocpp-charger-quirks.md`, section B), no verdict on what a vendor sells today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.sim.schedules import Kind, Purpose
from ems.sim.wire.difficult_trait import BOTH_UNITS, ONLY_DEFAULT, ONLY_WATTS, Trait
from ems.sim.wire.difficulty import PhaseSpelling, RebootHabit, TimeSpelling
from ems.sim.wire.version import Version

_ABB: Final = {"unit_word": "Current,Power", "page": 20, "poison_measurands": True}
_GO_E: Final = {"forgets_offline": True, "deaf_after_zero": True}
_HUAWEI: Final = {"unit_word": "power", "zero_ends": True, "path": "/"}

VENDORS: Final[Mapping[str, Trait]] = {
    "abb_terra": Trait(
        why="states level 3 and takes less; unknown measurands send it into a boot loop",
        odd=_ABB,
        firmware={
            "max_stack_level": 3,
            "level_exclusive": True,
            "units": BOTH_UNITS,
            "max_periods": 25,
            "max_installed": 16,
        },
        build={"vendor": "ABB", "model": "Terra AC W22", "firmware_version": "1.6.6"},
    ),
    "charge_amps": Trait(
        why="three keys at a time, a unit nobody defined",
        odd={"page": 3, "odd_words": True},
        build={"vendor": "Charge Amps", "model": "Halo"},
    ),
    "easee": Trait(
        why="waits for a remote start",
        firmware={"purposes": ONLY_DEFAULT},
        build={"vendor": "Easee", "model": "Charge", "firmware_version": "328", "free_vending": False},
    ),
    "en_plus": Trait(
        why="connector 1 for everything, no pong, chatters, offers 32 A for ever",
        odd={"no_pong": True, "chatters": True, "offered_is": 32.0, "odd_transaction_id": 4711},
        firmware={"max_stack_level": 5, "max_periods": 5, "max_installed": 3, "station_connector": 1},
        build={"vendor": "EN+", "model": "Caro"},
    ),
    "evbox_elvi": Trait(
        why="refuses the station's limit, and a change of its measurands",
        odd={"no_changes": True, "offered_is": 0.0},
        firmware={"purposes": frozenset({Purpose.TX, Purpose.TX_DEFAULT}), "units": BOTH_UNITS, "max_stack_level": 6},
        build={"vendor": "EVBox", "model": "Elvi"},
    ),
    "evbox_livo": Trait(
        why="boots in OCPP 2.0.1 where no version was agreed",
        odd={"no_subprotocol": True},
        build={"vendor": "EVBox", "model": "Livo", "version": Version.V201},
    ),
    "foxess_201": Trait(
        why="refuses every profile in OCPP 2.0.1, stays away for minutes",
        odd={"refuses_limits": True, "waits_to_redial_s": 360.0},
        build={"vendor": "FoxESS", "model": "A011", "firmware_version": "1.10", "version": Version.V201},
    ),
    "go_e": Trait(
        why="forgets its limits offline, misses the first one after 0 A, voids those before a transaction",
        odd=_GO_E,
        firmware={"void_tx_profiles": True, "purposes": frozenset({Purpose.TX, Purpose.TX_DEFAULT})},
        build={"vendor": "go-e", "model": "Gemini", "firmware_version": "56.2"},
    ),
    "grizzl_e": Trait(
        why="no version, no name in its path, a comma too many; accepts and does not apply",
        odd={
            "no_subprotocol": True,
            "path": "/",
            "leading_comma": True,
            "never_obeys": True,
            "reboot": RebootHabit.FORGETS,
        },
        build={"vendor": "United Chargers", "model": "Grizzl-E", "firmware_version": "03.09"},
    ),
    "growatt": Trait(
        why="local time without a zone, none of the keys, plain phases",
        odd={"times": TimeSpelling.NO_ZONE, "hides_keys": True, "phases": PhaseSpelling.PLAIN},
        build={"vendor": "Growatt", "model": "THOR"},
    ),
    "homecharge": Trait(
        why="wants watts and does not say so",
        odd={"hides_keys": True},
        firmware={"units": ONLY_WATTS, "max_stack_level": 0, "purposes": ONLY_DEFAULT},
        build={"vendor": "EFR", "model": "SECC"},
    ),
    "huawei": Trait(
        why="watts only, no name in its path, 0 W ends the session and no other begins",
        odd=_HUAWEI,
        firmware={
            "units": ONLY_WATTS,
            "max_stack_level": 30,
            "purposes": frozenset({Purpose.CHARGE_POINT_MAX, Purpose.TX_DEFAULT}),
        },
        build={"vendor": "Huawei", "model": "SCharger-22KT"},
    ),
    "injet": Trait(
        why="one current on phase N, power in kW",
        odd={"phases": PhaseSpelling.ONLY_NEUTRAL, "kilo_units": True},
        build={"vendor": "Injet", "model": "Swift"},
    ),
    "legrand": Trait(
        why="an error code that nobody defined",
        odd={"odd_words": True},
        firmware={"hardware_max_a": 16.0},
        build={"vendor": "Legrand", "model": "GreenUp"},
    ),
    "mennekes": Trait(
        why="answers after a minute, and wants a reset after every changed key",
        odd={"answer_delay_s": 60.0, "wants_reset": True, "no_status": True},
        firmware={"purposes": ONLY_DEFAULT},
        build={"vendor": "Mennekes", "model": "4Business"},
    ),
    "mennekes_acu": Trait(
        why="nothing but energy while idle",
        odd={"energy_only_idle": True},
        firmware={"purposes": ONLY_DEFAULT},
        build={"vendor": "Mennekes", "model": "ACU"},
    ),
    "necharge": Trait(
        why="rounds down to 6, 8, 10, 13 or 16 A",
        firmware={"steps_a": (6.0, 8.0, 10.0, 13.0, 16.0), "purposes": ONLY_DEFAULT},
        build={"vendor": "NEcharge", "model": "Home"},
    ),
    "ocular": Trait(
        why="late meter values, tags that are too long",
        odd={"late_values": True, "tag": "OCULAR-0123456789-0123456789"},
        build={"vendor": "Ocular", "model": "LTE Plus"},
    ),
    "project_ev": Trait(
        why="no meter values when asked",
        odd={"no_triggers": True},
        build={"vendor": "Project EV", "model": "Pro Earth"},
    ),
    "schneider": Trait(
        why="rejects all limits until somebody switches them on; level 999",
        odd={"refuses_limits": True},
        firmware={"max_stack_level": 999},
        build={"vendor": "Schneider Electric", "model": "EVlink"},
    ),
    "syncev": Trait(
        why="meter values only after a trigger",
        odd={"values_when_asked": True},
        build={"vendor": "SyncEV", "model": "EVS"},
    ),
    "timxon": Trait(
        why="an absolute profile is never answered; nothing but defaults at level 1 and below",
        odd={"mute_on_absolute": True},
        firmware={"purposes": ONLY_DEFAULT, "max_stack_level": 1},
        build={"vendor": "Timxon", "model": "A0"},
    ),
    "wallbox_5": Trait(
        why="level 0 and a remote start",
        firmware={"purposes": ONLY_DEFAULT, "max_stack_level": 0},
        build={"vendor": "Wall Box Chargers", "model": "Pulsar", "firmware_version": "5.17.67", "free_vending": False},
    ),
    "wallbox_6": Trait(
        why="relative profiles, and no boot after a lost connection",
        odd={"no_boot": True},
        firmware={"purposes": ONLY_DEFAULT, "kinds": frozenset({Kind.RELATIVE})},
        build={"vendor": "Wall Box Chargers", "model": "Pulsar Pro", "firmware_version": "6.13"},
    ),
    "zaptec_go2": Trait(
        why="no profiles, no power, an impossible meter start",
        odd={"no_power": True, "meter_start_wh": 2**31 - 1},
        firmware={"smart_charging": False},
        build={"vendor": "Zaptec", "model": "Go 2"},
    ),
    "zj_beny": Trait(
        why="a comma too many in its meter values",
        odd={"leading_comma": True},
        firmware={"max_stack_level": 10, "purposes": ONLY_DEFAULT},
        build={"vendor": "ZJ Beny", "model": "BCP"},
    ),
}
