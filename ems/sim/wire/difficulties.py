"""The difficult stations by name: one for each oddity alone, and the vendors that are known for theirs.

A site file's `simulation` section and the tests choose by these names, several at once where wanted. Rows say why, in
our own words; `ocpp-charger-quirks.md` has the reports behind them. A vendor's row is what was seen of some firmware,
not a verdict on what it sells today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ems.errors import EmsError
from ems.sim.schedules import COUNTED, Kind, Purpose, RateUnit
from ems.sim.wire.difficulty import PhaseSpelling, RebootHabit, TimeSpelling
from ems.sim.wire.station_build import StationBuild
from ems.sim.wire.version import Version

ONLY_WATTS: Final = frozenset({RateUnit.WATT})
BOTH_UNITS: Final = frozenset(RateUnit)
ONLY_DEFAULT: Final = frozenset({Purpose.TX_DEFAULT})


class UnknownDifficulty(EmsError):
    """There is no difficult station of that name."""

    code = "unknown_difficulty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """What one name changes of a well-bred station."""

    why: str
    odd: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Difficulty`."""

    firmware: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Firmware`."""

    build: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `StationBuild`."""

    def on(self, build: StationBuild) -> StationBuild:
        """That station with this trait."""
        return replace(
            build,
            difficulty=replace(build.difficulty, **self.odd),
            firmware=replace(build.firmware, **self.firmware),
            **self.build,
        )


def difficult(build: StationBuild, names: Iterable[str]) -> StationBuild:
    """That station with all of these traits, later ones over earlier ones. Raises UnknownDifficulty."""
    for name in names:
        trait = DIFFICULTIES.get(name)
        if trait is None:
            raise UnknownDifficulty(
                f"no station is difficult in the way of {name!r}; known are {', '.join(DIFFICULTIES)}"
            )
        build = trait.on(build)
    return build


ON_THE_SOCKET: Final[Mapping[str, Trait]] = {
    "no_subprotocol": Trait(why="offers no version (Q1)", odd={"no_subprotocol": True}),
    "odd_path": Trait(
        why="doubled slash, a folder and a query around its name (Q2)", odd={"path": "//ocpp//{identity}/?=sn"}
    ),
    "no_path": Trait(why="dials `/` without a name (Q3)", odd={"path": "/"}),
    "no_pong": Trait(why="never answers a ping (Q6)", odd={"no_pong": True}),
    "slow": Trait(why="takes a minute for an answer (Q8)", odd={"answer_delay_s": 60.0}),
    "leading_comma": Trait(why="its meter values begin with a comma (Q16)", odd={"leading_comma": True}),
    "login_storm": Trait(why="hangs up and dials again all the time", odd={"storms_every_s": 1.0}),
    "slow_redial": Trait(why="stays away for minutes once the connection was lost", odd={"waits_to_redial_s": 360.0}),
}

IN_WHAT_IT_TELLS: Final[Mapping[str, Trait]] = {
    "no_boot": Trait(why="never sends a BootNotification (Q4)", odd={"no_boot": True}),
    "boots_always": Trait(why="sends one with every connection", build={"boots_on_reconnect": True}),
    "no_status": Trait(why="tells its status only when asked (Q5)", odd={"no_status": True}),
    "transaction_zero": Trait(why="calls its transaction 0 in meter values (Q9)", odd={"odd_transaction_id": 0}),
    "transaction_minus_one": Trait(why="calls it -1 (Q9)", odd={"odd_transaction_id": -1}),
    "transaction_huge": Trait(why="calls it 2^63-1 (Q9)", odd={"odd_transaction_id": 2**63 - 1}),
    "transaction_of_yesterday": Trait(why="calls it by an old session's number (Q9)", odd={"odd_transaction_id": 4711}),
    "late_values": Trait(why="its last meter values come after the end (Q10)", odd={"late_values": True}),
    "forgets_sessions": Trait(why="a reboot swallows its transaction (Q11)", odd={"reboot": RebootHabit.FORGETS}),
    "long_tag": Trait(why="echoes tags longer than allowed (Q13)", odd={"tag": "0123456789ABCDEF0123456789ABCDEF"}),
    "empty_tag": Trait(why="echoes an empty tag (Q13)", odd={"tag": ""}),
    "no_zone": Trait(why="times without a zone (Q14)", odd={"times": TimeSpelling.NO_ZONE}),
    "short_zone": Trait(why="zone without minutes (Q14)", odd={"times": TimeSpelling.SHORT_ZONE}),
    "local_marked_z": Trait(why="local time marked as UTC (Q14)", odd={"times": TimeSpelling.LOCAL_MARKED_Z}),
    "epoch": Trait(why="its clock shows 1970 (Q14)", odd={"times": TimeSpelling.EPOCH}),
    "clock_fast": Trait(why="its clock is five minutes ahead", odd={"clock_off_s": 300.0}),
    "clock_slow": Trait(why="its clock is five minutes behind", odd={"clock_off_s": -300.0}),
    "odd_words": Trait(why="error codes, fields and units that nobody defined (Q17)", odd={"odd_words": True}),
    "plain_phases": Trait(why="voltages as `L1`", odd={"phases": PhaseSpelling.PLAIN}),
    "phases_to_neutral": Trait(why="currents as `L1-N`", odd={"phases": PhaseSpelling.TO_NEUTRAL}),
    "only_neutral": Trait(why="one current, on phase `N`", odd={"phases": PhaseSpelling.ONLY_NEUTRAL}),
    "no_phases": Trait(why="one current for all phases", odd={"phases": PhaseSpelling.NONE}),
    "no_power": Trait(why="has no power among its meter values", odd={"no_power": True}),
    "kilo_units": Trait(why="kW and kWh", odd={"kilo_units": True}),
    "empty_values": Trait(why="an empty text stands for 0 W", odd={"empty_values": True}),
    "energy_only_idle": Trait(why="nothing but energy while no transaction runs", odd={"energy_only_idle": True}),
    "constant_offer": Trait(why="`Current.Offered` never changes", odd={"offered_is": 32.0}),
    "values_when_asked": Trait(why="meter values only after a trigger", odd={"values_when_asked": True}),
    "meter_start_max": Trait(why="meterStart is 2147483647", odd={"meter_start_wh": 2**31 - 1}),
    "session_register": Trait(why="its register begins anew with every session", odd={"session_register": True}),
    "chatters": Trait(why="floods DataTransfer", odd={"chatters": True}),
}

IN_ITS_ANSWERS: Final[Mapping[str, Trait]] = {
    "short_pages": Trait(why="three keys in an answer, the rest is dropped (Q18)", odd={"page": 3}),
    "full_list_reboots": Trait(why="a request for all keys takes it down (Q18)", odd={"reboots_on_full_list": True}),
    "poison_measurands": Trait(
        why="takes measurands that it does not have, and reboots at the next read (Q19)",
        odd={"poison_measurands": True},
    ),
    "lower_case_unit": Trait(why="its unit key says `power`", odd={"unit_word": "power"}),
    "no_keys": Trait(why="has none of the keys about profiles", odd={"hides_keys": True}),
    "report_shuffled": Trait(why="the parts of its inventory come mixed", odd={"shuffles_reports": True}),
    "report_cut": Trait(why="the last part of its inventory never comes", odd={"loses_report_end": True}),
    "no_changes": Trait(why="refuses every change of a key", odd={"no_changes": True}),
    "wants_reset": Trait(why="takes no limit after a changed key before its reset", odd={"wants_reset": True}),
    "no_triggers": Trait(why="refuses every TriggerMessage", odd={"no_triggers": True}),
    "mute_on_absolute": Trait(why="never answers an absolute profile", odd={"mute_on_absolute": True}),
}

IN_ITS_LIMITS: Final[Mapping[str, Trait]] = {
    "watts_only": Trait(why="amperes are rejected", firmware={"units": ONLY_WATTS}),
    "stack_zero": Trait(why="one stack level", firmware={"max_stack_level": 0}),
    "two_levels": Trait(
        why="two stack levels, and the largest that it states is not one of them",
        firmware={"max_stack_level": 2, "level_exclusive": True},
    ),
    "one_period": Trait(why="one period in a schedule", firmware={"max_periods": 1}),
    "one_profile": Trait(why="one profile in all", firmware={"max_installed": 1}),
    "relative_only": Trait(why="absolute profiles are rejected", firmware={"kinds": frozenset({Kind.RELATIVE})}),
    "not_dynamic": Trait(why="OCPP 2.1 without dynamic profiles", firmware={"kinds": COUNTED}),
    "default_only": Trait(why="no limit for the whole station", firmware={"purposes": ONLY_DEFAULT}),
    "transaction_only": Trait(why="limits in a transaction alone", firmware={"purposes": frozenset({Purpose.TX})}),
    "station_is_one": Trait(
        why="its whole-station limit belongs to connector 1 (Q21)", firmware={"station_connector": 1}
    ),
    "void_tx": Trait(
        why="accepts a TxProfile without a transaction and forgets it", firmware={"void_tx_profiles": True}
    ),
    "whole_amps": Trait(why="rounds down to whole amperes", firmware={"whole_amps": True}),
    "stepped": Trait(why="rounds down to 6, 8, 10, 13 or 16 A", firmware={"steps_a": (6.0, 8.0, 10.0, 13.0, 16.0)}),
    "ignores_start": Trait(why="counts from validFrom or the transaction", firmware={"ignores_start": True}),
    "no_smart_charging": Trait(why="has no profiles at all", firmware={"smart_charging": False}),
    "forgets_offline": Trait(why="its limits are gone with the connection", odd={"forgets_offline": True}),
    "deaf_after_zero": Trait(why="misses the first limit after 0 A", odd={"deaf_after_zero": True}),
    "zero_ends": Trait(why="0 A ends the transaction for good", odd={"zero_ends": True}),
    "strangers_limit": Trait(
        why="an earlier central system left 10 A in it for good (Q24)", build={"resident_a": 10.0}
    ),
    "strangers_high_limit": Trait(
        why="an earlier central system left 10 A at a high level (Q24)",
        build={"resident_a": 10.0, "resident_level": 8},
    ),
    "refuses": Trait(why="rejects every limit", odd={"refuses_limits": True}),
    "never_obeys": Trait(why="accepts every limit and follows none (Q22)", odd={"never_obeys": True}),
    "remote_start": Trait(why="waits for a remote start", build={"free_vending": False}),
}

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

DIFFICULTIES: Final[Mapping[str, Trait]] = {
    **ON_THE_SOCKET,
    **IN_WHAT_IT_TELLS,
    **IN_ITS_ANSWERS,
    **IN_ITS_LIMITS,
    **VENDORS,
}
