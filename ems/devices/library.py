"""The device profiles that ship: found by their file names, read when somebody asks for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from ems.config.cures import closest
from ems.devices.config_error import DeviceConfigError
from ems.devices.profile import Profile, parse_profile, takes_of
from ems.devices.profile_parts import Kind
from ems.model.battery import BatteryTakes

_FOLDER = files("ems.devices") / "profiles"
_SUFFIX = ".yaml"


@cache
def profile_ids() -> tuple[str, ...]:
    """The names of all profiles, sorted."""
    names = (path.name for path in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


@cache
def profiles() -> tuple[Profile, ...]:
    """Every profile, by id."""
    return tuple(profile(each) for each in profile_ids())


@cache
def profile(profile_id: str) -> Profile:
    """The profile with that id. Raises DeviceConfigError when there is none."""
    if profile_id not in profile_ids():
        meant = closest(profile_id, profile_ids())
        cure = f"did you mean {meant}?" if meant else "take one of `ems devices list`"
        raise DeviceConfigError(f"there is no device profile {profile_id}: {cure}")
    return parse_profile((_FOLDER / f"{profile_id}{_SUFFIX}").read_text(encoding="utf-8"))


class KindsByProfile(Mapping[str, tuple[Kind, ...]]):
    """The kinds of devices that a profile describes, by its id; a profile is read when it is asked for."""

    def __getitem__(self, profile_id: str) -> tuple[Kind, ...]:
        if profile_id not in profile_ids():
            raise KeyError(profile_id)
        return profile(profile_id).kinds

    def takes(self, profile_id: str) -> BatteryTakes | None:
        """What batteries of that profile can be ordered; None for those that are only read."""
        return takes_of(profile(profile_id))

    def __iter__(self) -> Iterator[str]:
        return iter(profile_ids())

    def __len__(self) -> int:
        return len(profile_ids())
