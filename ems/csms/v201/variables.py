"""The neutral configuration words as variables of version 2, and reading and writing them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from ems.csms.fields import text, whole
from ems.csms.lane import Urgency
from ems.csms.messages import Configuration, Outcome, Setting
from ems.csms.v201.asking import AskingV201
from ems.csms.v201.device_model import Place, Variable, place_of, spelled
from ems.errors import StationRefused, StationSilent

LOGGER = logging.getLogger(__name__)

PAGE: Final = 10
"""Variables per request where the station has not said how many it takes."""

REPORT_WITHIN_S: Final = 60.0
"""A base report that is not complete by then is used as far as it came."""


def _at(component: str, variable: str, instance: str = "") -> Place:
    return Place(component=component, variable=variable, variable_instance=instance)


NAMES: Final[Mapping[str, Place]] = {
    "ChargeProfileMaxStackLevel": _at("SmartChargingCtrlr", "ProfileStackLevel"),
    "ChargingScheduleAllowedChargingRateUnit": _at("SmartChargingCtrlr", "RateUnit"),
    "ChargingScheduleMaxPeriods": _at("SmartChargingCtrlr", "PeriodsPerSchedule"),
    "ConnectorSwitch3to1PhaseSupported": _at("SmartChargingCtrlr", "Phases3to1"),
    "GetConfigurationMaxKeys": _at("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"),
    "MeterValueSampleInterval": _at("SampledDataCtrlr", "TxUpdatedInterval"),
    "MeterValuesSampledData": _at("SampledDataCtrlr", "TxUpdatedMeasurands"),
    "StopTxnSampledData": _at("SampledDataCtrlr", "TxEndedMeasurands"),
    "ClockAlignedDataInterval": _at("AlignedDataCtrlr", "Interval"),
    "MeterValuesAlignedData": _at("AlignedDataCtrlr", "Measurands"),
    "HeartbeatInterval": _at("OCPPCommCtrlr", "HeartbeatInterval"),
    "WebSocketPingInterval": _at("OCPPCommCtrlr", "WebSocketPingInterval"),
    "ConnectionTimeOut": _at("TxCtrlr", "EVConnectionTimeOut"),
    "StopTransactionOnEVSideDisconnect": _at("TxCtrlr", "StopTxOnEVSideDisconnect"),
    "StopTransactionOnInvalidId": _at("TxCtrlr", "StopTxOnInvalidId"),
    "LocalAuthListEnabled": _at("LocalAuthListCtrlr", "Enabled"),
    "LocalPreAuthorize": _at("AuthCtrlr", "LocalPreAuthorize"),
    "LocalAuthorizeOffline": _at("AuthCtrlr", "LocalAuthorizeOffline"),
    "AllowOfflineTxForUnknownId": _at("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
    "AuthorizeRemoteTxRequests": _at("AuthCtrlr", "AuthorizeRemoteStart"),
    "AuthorizationCacheEnabled": _at("AuthCacheCtrlr", "Enabled"),
    "AuthorizationKey": _at("SecurityCtrlr", "BasicAuthPassword"),
    "SecurityProfile": _at("SecurityCtrlr", "SecurityProfile"),
    "CpoName": _at("SecurityCtrlr", "OrganizationName"),
}
"""OCPP 1.6's configuration keys are the neutral words; any other variable is called `Component.Variable`."""

MOST_PROFILES: Final = "MaxChargingProfilesInstalled"
_PROFILES: Final = _at("SmartChargingCtrlr", "Entries", "ChargingProfiles")
FEATURES: Final = "SupportedFeatureProfiles"
_AVAILABLE: Final = _at("SmartChargingCtrlr", "Available")


class VariablesV201(AskingV201):
    """GetVariables, SetVariables and GetBaseReport as `messages.Dialect` wants them."""

    async def get_configuration(self, keys: tuple[str, ...]) -> Configuration:
        """The named settings; for no name all that the station reported of itself, asked for when it has not yet."""
        if not keys:
            await self.read_model()
            return Configuration(known={name_of(place): _setting(variable) for place, variable in self._book.model})
        known = self._derived(keys)
        asked = {key: place for key in keys if key not in known and (place := place_named(key)) is not None}
        told = await self._get(list(asked.values()))
        known.update({key: _setting(told[place]) for key, place in asked.items() if place in told})
        if FEATURES in keys and FEATURES not in known:
            known.update(self._features(await self._get([_AVAILABLE])))
        return Configuration(known=known, unknown=frozenset(key for key in keys if key not in known))

    async def change_configuration(self, key: str, value: str) -> None:
        said = await self._set(key, value, Urgency.ROUTINE)
        if not said.done:
            raise StationRefused(f"{self._station} refused {key} ({said.answer or 'no status'})")

    async def change_setting(self, key: str, value: str) -> Outcome:
        """Change one setting; `RebootRequired` is done too."""
        return await self._set(key, value, Urgency.COMMAND)

    async def _set(self, key: str, value: str, urgency: Urgency) -> Outcome:
        place = place_named(key)
        if place is None:
            return Outcome(done=False, answer="UnknownVariable")
        request = {"setVariableData": [{"attributeValue": value, **spelled(place)}]}
        answer = await self._ask("SetVariables", request, urgency)
        status = text(next(iter(_entries(answer.payload, "setVariableResult")), {}), "attributeStatus")
        done = status in {"Accepted", "RebootRequired"}
        if done:
            self._book.model.update(place, value)
        return Outcome(done=done, answer=status)

    async def read_model(self) -> None:
        """Have the station report all its variables, unless it has. One that does not is taken to have one EVSE."""
        if self._book.inventoried:
            return
        request_id = self._number()
        self._book.base_report.expect(request_id)
        try:
            answer = await self._ask("GetBaseReport", {"requestId": request_id, "reportBase": "FullInventory"})
            self._accepted("GetBaseReport", answer)
            async with self._clock.timeout(REPORT_WITHIN_S):
                await self._book.base_report.complete.wait()
        except (StationRefused, StationSilent) as err:
            LOGGER.info("%s", err)
        except TimeoutError:
            missing = self._book.base_report.missing
            LOGGER.info(
                "%s did not end its report of variables (%d known, parts %s missing)",
                self._station, len(self._book.model), ", ".join(map(str, missing[:10])) or "at the end",
            )  # fmt: skip
        self._book.inventoried = True

    async def _get(self, places: Sequence[Place]) -> Mapping[Place, Variable]:
        """The variables that the station gave; asked for in pages as long as it takes."""
        told: dict[Place, Variable] = {}
        page = self._page()
        for first in range(0, len(places), page):
            wanted = places[first : first + page]
            answer = await self._ask("GetVariables", {"getVariableData": [spelled(place) for place in wanted]})
            given = {_key(place): text(each, "attributeValue") for place, each in _given(answer.payload)}
            told.update({place: self._kept(place, given[_key(place)]) for place in wanted if _key(place) in given})
        return told

    def _kept(self, place: Place, value: str) -> Variable:
        self._book.model.update(place, value)
        return self._book.model.find(place) or Variable(value=value)

    def _page(self) -> int:
        limit = self._book.model.find(_at("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"))
        most = whole({"most": limit.value}, "most") if limit is not None else None
        return min(max(most or PAGE, 1), 50)

    def _derived(self, keys: Sequence[str]) -> dict[str, Setting]:
        """Words that no single variable's value holds: how many profiles there may be is the bound of a variable."""
        profiles = self._book.model.find(_PROFILES)
        if MOST_PROFILES not in keys or profiles is None or profiles.most is None:
            return {}
        return {MOST_PROFILES: Setting(value=f"{profiles.most:.0f}", readonly=True)}

    def _features(self, told: Mapping[Place, Variable]) -> Mapping[str, Setting]:
        available = told.get(_AVAILABLE)
        if available is None:
            return {}
        offered = "Core,SmartCharging" if available.value.lower() == "true" else "Core"
        return {FEATURES: Setting(value=offered, readonly=True)}


def place_named(key: str) -> Place | None:
    """The variable of a neutral word, or of `Component.Variable`, each with its instance behind a slash."""
    known = NAMES.get(key)
    if known is not None:
        return known
    of, dot, name = key.partition(".")
    if not dot or not of or not name:
        return None
    component, _, instance = of.partition("/")
    variable, _, variable_instance = name.partition("/")
    return Place(component=component, variable=variable, instance=instance, variable_instance=variable_instance)


def name_of(place: Place) -> str:
    """What that variable is called here: its neutral word, or `Component.Variable`, with `#2` behind one of EVSE 2."""
    neutral = next((word for word, each in NAMES.items() if each == place), None)
    if neutral is not None:
        return neutral
    component = f"{place.component}/{place.instance}" if place.instance else place.component
    variable = f"{place.variable}/{place.variable_instance}" if place.variable_instance else place.variable
    return f"{component}.{variable}" + (f"#{place.evse}" if place.evse else "")


def _setting(variable: Variable) -> Setting:
    return Setting(value=variable.value, readonly=variable.readonly)


def _given(payload: Mapping[str, object]) -> list[tuple[Place, Mapping[str, object]]]:
    results = _entries(payload, "getVariableResult")
    placed = [(place_of(each), each) for each in results if text(each, "attributeStatus") == "Accepted"]
    return [(place, each) for place, each in placed if place is not None]


def _entries(payload: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    listed = payload.get(name)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _key(place: Place) -> tuple[str, ...]:
    words = (place.component, place.variable, place.instance, place.variable_instance)
    return tuple(word.lower() for word in words)
