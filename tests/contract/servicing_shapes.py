"""The shapes of servicing stations, one of each kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from ems.api import wire
from ems.api import wire_servicing as service
from ems.api.servicing.settings import setting_state
from ems.csms.messages import Setting
from ems.csms.service_words import FirmwareState, LogKind, UploadState

THEN = datetime(2026, 6, 21, 8, 0, tzinfo=UTC)
FILE_ID = "0123456789abcdef"


def written(shape: BaseModel) -> Any:
    return shape.model_dump(mode="json")


def servicing() -> Any:
    """What a client is told."""
    steps = tuple(
        service.FirmwareStep(state=state, at=THEN) for state in (FirmwareState.ASKED, FirmwareState.INSTALLING)
    )
    heartbeat = setting_state("HeartbeatInterval", Setting(value="60", readonly=False))
    return {
        "service": written(
            service.ServiceState(
                station="garage",
                operative=True,
                change_waits=False,
                installing=True,
                update=service.FirmwareProgress(
                    file="box.bin", state="Installing", failed=False, ended=False, steps=steps
                ),
                upload=service.UploadProgress(
                    kind=LogKind.DIAGNOSTICS,
                    state=UploadState.UPLOADED,
                    failed=False,
                    ended=True,
                    asked=THEN,
                    file_name="diag.zip",
                ),
                reservation=service.ReservationState(tag="ANNA", until=THEN),
                start=service.StartState(tag="FUSEWISE", at=THEN, state="waiting"),
                list_version=2000,
                reboot_needed=("LightIntensity",),
                refused_reports={"Heartbeat": "garage refused TriggerMessage Heartbeat (NotImplemented)"},
            )
        ),
        "configuration": written(
            service.ConfigurationState(
                station="garage", settings=(heartbeat,), unknown=("BlinkRepeat",), reboot_needed=()
            )
        ),
        "file": written(
            service.FileRecord(
                id=FILE_ID,
                name="box.bin",
                size_b=2_000_000,
                sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                at=THEN,
                station=None,
                kind="firmware",
                signed=True,
            )
        ),
        "tags": written(service.TagBookState(only_known=True, version=2000, tags=(tag(),))),
        "vendor_data": written(service.VendorDataAnswer(station="garage", status="Accepted", content="")),
        "command": written(wire.CommandAnswer(station="garage", command="setting", done=True, answer="RebootRequired")),
    }


def servicing_wishes() -> Any:
    """The bodies that a client sends."""
    return {
        "start": written(service.StartWish(tag="ANNA")),
        "availability": written(service.AvailabilityWish(operative=False)),
        "reservation": written(service.ReservationWish(tag="ANNA", until=THEN)),
        "report": written(service.ReportWish(report="MeterValues")),
        "vendor_data": written(service.VendorData(vendor="com.acme", message="hello", content="{}")),
        "setting": written(service.SettingWish(key="HeartbeatInterval", value="120", sure=True)),
        "signature": written(service.SignatureWish(certificate="-----BEGIN CERTIFICATE-----", signature="c2lnbmVk")),
        "firmware": written(service.FirmwareWish(file=FILE_ID, fetch_at=THEN)),
        "log": written(service.LogWish(kind="SecurityLog", since=THEN)),
        "tag": written(tag()),
        "tags": written(service.TagPolicyWish(only_known=True)),
    }


def tag() -> service.TagRecord:
    return service.TagRecord(tag="04A1B2C3", name="Anna's fob", expires=THEN, group="HOME", one_at_a_time=True)


SHAPES = (servicing, servicing_wishes)
