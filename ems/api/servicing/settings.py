"""Settings of a station for people: explained where the standard knows them, guarded where they can do harm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.api.errors import DangerousSetting, KeptSetting, WrongValue
from ems.api.kept_words import says_of
from ems.api.servicing.told import Telling
from ems.api.wire import CommandAnswer, Sentence
from ems.api.wire_servicing import ConfigurationState, SettingState
from ems.csms.messages import Setting
from ems.csms.redaction import is_secret
from ems.csms.service.known_settings import Danger, SettingKind, about, known_settings
from ems.model.words import Phrase, has_words

LONGEST_SHOWN: Final = 500


class Settings:
    """Reads and changes them."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling

    async def read(self, station_id: str, *, everything: bool) -> ConfigurationState:
        """All settings of the standard; everything asks for the maker's own too, at once. Raises as `Telling` does."""
        station = self._telling.allowed(station_id, "setting")
        found: Mapping[str, Setting | None]
        if everything:
            found = await station.read_every_setting()
        else:
            found = await station.read_settings(tuple(known_settings()))
        told = {key: setting for key, setting in found.items() if setting is not None}
        return ConfigurationState(
            station=station_id,
            settings=tuple(setting_state(key, told[key]) for key in sorted(told, key=str.lower)),
            unknown=tuple(sorted(key for key in found if key not in told)),
            reboot_needed=station.standing.reboot_needed,
        )

    async def change(self, station_id: str, key: str, value: str, *, sure: bool, who: str) -> CommandAnswer:
        """Change one. Raises KeptSetting, DangerousSetting or WrongValue too."""
        known = about(key)
        if known.danger is Danger.KEPT or is_secret(key):
            raise KeptSetting(f"{key} is not changed here, since a mistake would lock the station out")
        if not known.takes(value):
            raise WrongValue(f"{key} is {'a whole number' if known.kind is SettingKind.WHOLE else 'true or false'}")
        if known.danger is not None and not sure:
            raise DangerousSetting(f"{key} can harm: {known.danger}; change it only if you are sure")
        station = self._telling.allowed(station_id, "setting")
        return await self._telling.told(station_id, "setting", station.change_setting(key, value), who, key=key)


def setting_state(key: str, setting: Setting) -> SettingState:
    """As the wire has it; secrets stay where they are."""
    known = about(key)
    return SettingState(
        key=key,
        value=None if is_secret(key) else setting.value[:LONGEST_SHOWN],
        readonly=setting.readonly or known.danger is Danger.KEPT or is_secret(key),
        kind=known.kind.value,
        unit=known.unit,
        meaning=_meaning(key),
        danger=None if known.danger is None else known.danger.value,
    )


def _meaning(key: str) -> Sentence | None:
    said = f"setting.{key}"
    return says_of(Phrase(said)) if has_words(said) else None
