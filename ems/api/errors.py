"""What the API refuses, with stable codes; `ems.api.problems` turns them into answers."""

from __future__ import annotations

from typing import ClassVar

from ems.errors import EmsError


class ApiError(EmsError):
    """A request that cannot be fulfilled."""

    code = "api"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Cannot do that"


class UnknownStation(ApiError):
    """No station of that name in the site file."""

    code = "unknown_station"
    status = 404
    title = "No such station"

    def __init__(self, station_id: str) -> None:
        super().__init__(f"there is no station {station_id!r} in this house")


class NoSuchThing(ApiError):
    """An address that leads nowhere."""

    code = "not_found"
    status = 404
    title = "Nothing here"


class WidensInstallerLimit(ApiError):
    """Somebody wants more than the installer allows."""

    code = "widens_installer_limit"
    status = 409
    title = "The installer's limit can only be tightened"


class BelowMinimum(ApiError):
    """A bound below the smallest charging current of a station."""

    code = "below_minimum"
    status = 409
    title = "Below the station's smallest current"


class NoCar(ApiError):
    """Something about the car that is there, where none is."""

    code = "no_car"
    status = 409
    title = "No car is there"


class CannotSwitchPhases(ApiError):
    """A number of phases for a station that has no choice."""

    code = "cannot_switch_phases"
    status = 409
    title = "This station cannot change its phases"


class StrategyFixed(ApiError):
    """A choice that the site file keeps for itself."""

    code = "strategy_fixed"
    status = 409
    title = "The installer chose the strategy"


class NoTimeToCome(ApiError):
    """A time that is over, or too far away."""

    code = "no_time_to_come"
    status = 409
    title = "Not a time to come"


class NotYet(ApiError):
    """Nothing was decided yet."""

    code = "not_yet"
    status = 503
    title = "Not yet"


class UnknownFile(ApiError):
    """A file that is not kept, or not any more."""

    code = "unknown_file"
    status = 404
    title = "No such file"


class FilesTrouble(ApiError):
    """The disk does not take or give a file."""

    code = "files_trouble"
    status = 503
    title = "The disk does not play along"


class NoDoor(ApiError):
    """Stations could not fetch or bring a file now."""

    code = "no_door"
    status = 503
    title = "No way for files"


class WrongSignature(ApiError):
    """A signature that does not fit its file and certificate."""

    code = "wrong_signature"
    status = 409
    title = "The signature does not fit"


class KeptSetting(ApiError):
    """A setting that is changed elsewhere, in steps that lock nobody out."""

    code = "kept_setting"
    status = 409
    title = "Not changed here"


class DangerousSetting(ApiError):
    """A setting with which a person can do harm, without being sure."""

    code = "dangerous_setting"
    status = 409
    title = "Are you sure?"


class WrongValue(ApiError):
    """A value that this setting cannot have."""

    code = "wrong_value"
    status = 409
    title = "Not a value for this setting"


class UnknownTag(ApiError):
    """A tag that nobody wrote down."""

    code = "unknown_tag"
    status = 404
    title = "No such tag"


class StorageOff(ApiError):
    """What is asked for needs the database, and the site file wants none."""

    code = "storage_off"
    status = 409
    title = "Nothing is kept"


class StorageTrouble(ApiError):
    """The database cannot be read or written now."""

    code = "storage_trouble"
    status = 503
    title = "The database does not answer"


class NeedsLogin(ApiError):
    """Nobody is logged in."""

    code = "needs_login"
    status = 401
    title = "Log in first"


class MayNot(ApiError):
    """The role does not reach so far."""

    code = "may_not"
    status = 403
    title = "Your role may not do that"


class WrongPassword(ApiError):
    """Name or password is wrong; which of them is not said."""

    code = "wrong_password"
    status = 401
    title = "Name or password is wrong"


class WrongCode(ApiError):
    """A setup or pairing code that is wrong, used or over."""

    code = "wrong_code"
    status = 403
    title = "That code is wrong or over"


class Throttled(ApiError):
    """Something that was asked too often."""

    code = "too_often"
    status = 429
    title = "Too often"

    def __init__(self, said: str, *, wait_s: float) -> None:
        super().__init__(said)
        self.wait_s = wait_s


class TooManyTries(Throttled):
    """Somebody knocks too often."""

    code = "too_many_tries"
    title = "Too many tries"


class TooOften(Throttled):
    """One token asks for more explanations than one person reads."""


class AlreadySetUp(ApiError):
    """The first account exists; others are made by people who are logged in."""

    code = "already_set_up"
    status = 409
    title = "Somebody has an account already"


class NameTaken(ApiError):
    """Two people cannot share a name."""

    code = "name_taken"
    status = 409
    title = "That name is taken"


class LastInstaller(ApiError):
    """Without an installer nobody could commission the house any more."""

    code = "last_installer"
    status = 409
    title = "The last installer stays"


class TooMany(ApiError):
    """Memory for people and tokens is bounded."""

    code = "too_many"
    status = 409
    title = "Too many"


class TooLarge(ApiError):
    """A body larger than any request of ours."""

    code = "too_large"
    status = 413
    title = "Too large"


class TooSlow(ApiError):
    """A body that did not arrive in time."""

    code = "too_slow"
    status = 408
    title = "Too slow"


class CrossSite(ApiError):
    """A page of somebody else asks in the name of a person."""

    code = "cross_site"
    status = 403
    title = "Asked from another site"
