"""What serviced stations are asked and say, in no protocol's spelling: firmware, logs, tags, reservations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class FirmwareState(StrEnum):
    """How far a firmware update is, in the words of OCPP 2."""

    ASKED = "Asked"
    """The station was asked and has not said anything of it yet; our own word."""

    IDLE = "Idle"
    DOWNLOAD_SCHEDULED = "DownloadScheduled"
    DOWNLOADING = "Downloading"
    DOWNLOAD_PAUSED = "DownloadPaused"
    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    SIGNATURE_VERIFIED = "SignatureVerified"
    INVALID_SIGNATURE = "InvalidSignature"
    INVALID_CERTIFICATE = "InvalidCertificate"
    REVOKED_CERTIFICATE = "RevokedCertificate"
    INSTALL_SCHEDULED = "InstallScheduled"
    INSTALLING = "Installing"
    INSTALL_REBOOTING = "InstallRebooting"
    INSTALLED = "Installed"
    INSTALLATION_FAILED = "InstallationFailed"
    INSTALL_VERIFICATION_FAILED = "InstallVerificationFailed"
    REFUSED = "Refused"
    """The station did not want to; our own word."""

    @property
    def failed(self) -> bool:
        """Whether it ended without new firmware."""
        return self in _FIRMWARE_FAILED

    @property
    def ended(self) -> bool:
        """Whether nothing more is expected."""
        return self.failed or self is FirmwareState.INSTALLED

    @property
    def installing(self) -> bool:
        """Whether the station may stop and boot at any moment."""
        return self in _INSTALLING


_FIRMWARE_FAILED: Final = frozenset(
    {
        FirmwareState.DOWNLOAD_FAILED,
        FirmwareState.INVALID_SIGNATURE,
        FirmwareState.INVALID_CERTIFICATE,
        FirmwareState.REVOKED_CERTIFICATE,
        FirmwareState.INSTALLATION_FAILED,
        FirmwareState.INSTALL_VERIFICATION_FAILED,
        FirmwareState.REFUSED,
    }
)
_INSTALLING: Final = frozenset({FirmwareState.INSTALLING, FirmwareState.INSTALL_REBOOTING})


class UploadState(StrEnum):
    """How far an upload of diagnostics or of a log is."""

    ASKED = "Asked"
    """The station was asked and has not said anything of it yet; our own word."""

    IDLE = "Idle"
    UPLOADING = "Uploading"
    UPLOADED = "Uploaded"
    UPLOAD_FAILED = "UploadFailure"
    BAD_MESSAGE = "BadMessage"
    NOT_SUPPORTED = "NotSupportedOperation"
    PERMISSION_DENIED = "PermissionDenied"
    CANCELED = "AcceptedCanceled"
    REFUSED = "Refused"
    """The station did not want to; our own word."""

    @property
    def failed(self) -> bool:
        return self in _UPLOAD_FAILED

    @property
    def ended(self) -> bool:
        """Whether nothing more is expected."""
        return self.failed or self is UploadState.UPLOADED


_UPLOAD_FAILED: Final = frozenset(
    {
        UploadState.UPLOAD_FAILED,
        UploadState.BAD_MESSAGE,
        UploadState.NOT_SUPPORTED,
        UploadState.PERMISSION_DENIED,
        UploadState.CANCELED,
        UploadState.REFUSED,
    }
)


class LogKind(StrEnum):
    """Which log a station sends."""

    DIAGNOSTICS = "DiagnosticsLog"
    SECURITY = "SecurityLog"


class ListAnswer(StrEnum):
    """What a station made of a list of tags."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    NOT_SUPPORTED = "NotSupported"
    VERSION_MISMATCH = "VersionMismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareReport:
    """What a station says of its update."""

    state: FirmwareState | None
    """None for a word that no version of the standard has."""

    said: str
    """Its own word."""

    request_id: int | None = None
    """None where this version or this station does not number them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadReport:
    """What a station says of an upload."""

    state: UploadState | None
    said: str
    request_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedWith:
    """What proves that firmware is its maker's."""

    certificate: str
    """Of the maker, PEM."""

    signature: str
    """Over the file, base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareOrder:
    """An update that a station is asked for."""

    request_id: int
    location: str
    fetch_at: datetime
    signed: SignedWith | None = None
    retries: int = 3
    retry_after_s: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOrder:
    """A log that a station is asked for."""

    request_id: int
    location: str
    kind: LogKind = LogKind.DIAGNOSTICS
    since: datetime | None = None
    until: datetime | None = None
    retries: int = 3
    retry_after_s: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTag:
    """One line of a station's list of tags."""

    tag: str
    status: str | None = "Accepted"
    """None takes it off a list that is only changed."""

    expires: datetime | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrder:
    """A list of tags, or what changed of it."""

    version: int
    whole: bool
    tags: tuple[ListedTag, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationOrder:
    """A connector that is kept for somebody."""

    reservation_id: int
    connector: int
    """0 is any."""

    tag: str
    until: datetime
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAnswer:
    """What a station answered to data that only its maker understands."""

    status: str
    content: str


UNSUPPORTED_LIST: Final = -1
"""The version of a list that a station cannot keep."""

EMPTY_LIST: Final = 0
"""The version of a list that was never sent."""
