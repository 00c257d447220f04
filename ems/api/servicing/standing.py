"""What a station's service stands at, as the wire has it."""

from __future__ import annotations

from ems.api.servicing.ports import ServicedStation
from ems.api.wire_servicing import (
    FirmwareProgress,
    FirmwareStep,
    ReservationState,
    ServiceState,
    StartState,
    UploadProgress,
)
from ems.csms.service.firmware import FirmwareUpdate
from ems.csms.service.standing import RemoteStart, Upload


def service_state(station_id: str, station: ServicedStation, now_s: float) -> ServiceState:
    """`now_s` is monotonic."""
    standing, kept = station.standing, station.reservation
    return ServiceState(
        station=station_id,
        operative=standing.operative,
        change_waits=standing.change_waits,
        installing=station.is_installing,
        update=None if standing.update is None else _update(standing.update),
        upload=None if standing.upload is None else _upload(standing.upload),
        reservation=None if kept is None else ReservationState(tag=kept.tag, until=kept.until),
        start=None if standing.start is None else _start(standing.start, now_s),
        list_version=standing.list_version,
        reboot_needed=standing.reboot_needed,
        refused_reports=dict(standing.refused_reports),
    )


def _update(update: FirmwareUpdate) -> FirmwareProgress:
    return FirmwareProgress(
        file=update.file,
        state=update.state.value,
        failed=update.state.failed,
        ended=update.state.ended,
        from_before=update.from_before,
        steps=tuple(FirmwareStep(state=step.state.value, at=step.at) for step in update.steps),
    )


def _upload(upload: Upload) -> UploadProgress:
    return UploadProgress(
        kind=upload.kind.value,
        state=upload.state.value,
        failed=upload.state.failed,
        ended=upload.state.ended,
        asked=upload.asked,
        file_name=upload.file_name,
        from_before=upload.from_before,
    )


def _start(start: RemoteStart, now_s: float) -> StartState:
    return StartState(tag=start.tag, at=start.at, state=start.state_at(now_s).value)
