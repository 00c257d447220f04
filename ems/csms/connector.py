"""One connector of a station: its state, its transactions, its car's current."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ems.clock import Clock
from ems.csms.car_meter import CarMeter
from ems.csms.measurands_heard import MeasurandsHeard
from ems.csms.messages import MeterReport, StartReport, StatusReport, Step, StopReport, TransactionEvent
from ems.csms.meter_values import MeterSample, normalise
from ems.csms.station_clock import StationClock
from ems.csms.transaction_book import Told, untold
from ems.csms.transaction_ids import TransactionIds
from ems.csms.transaction_words import Reading, When
from ems.csms.transactions import LIVE_WITHIN_S, Transactions
from ems.model.station import CarReading, ConnectorStatus

CHARGING: Final = frozenset({ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE})
"""States in which a transaction must be running."""

_NO_CAR: Final = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED})
"""States in which no car is plugged in: none charges, and none draws."""

_FLOWING_A: Final = 1.0


class Connector:
    """Follows what a station reports of one of its connectors."""

    def __init__(
        self,
        phases: int,
        ids: TransactionIds,
        clock: Clock,
        station_clock: StationClock,
        *,
        station_id: str = "",
        number: int = 1,
        told: Told = untold,
    ) -> None:
        self._phases = phases
        self._clock = clock
        self._station_clock = station_clock
        self._meter = CarMeter(phases)
        self.transactions: Final = Transactions(ids, clock, station_id=station_id, connector=number, told=told)
        self.status: ConnectorStatus | None = None
        self.car: CarReading | None = None
        self.preparing_since_s: float | None = None
        self.drawing_phases: int | None = None
        """On how many phases the car was measured to draw; None while it does not, or while only totals are told."""

        self.metered_at_s: float | None = None
        """When meter values last came, whatever they held."""

        self.heard: Final = MeasurandsHeard()
        """What they are made of."""

    def status_reported(self, report: StatusReport) -> None:
        """Take note of a state; one that the standard does not know changes nothing."""
        if report.status is None:
            return
        if report.status is not self.status:
            preparing = report.status is ConnectorStatus.PREPARING
            self.preparing_since_s = self._clock.monotonic_s() if preparing else None
        self.status = report.status
        if report.status in _NO_CAR:
            self.transactions.end("Other", self._station_clock.ours_utc_s(report.at))
            self.car = CarReading(current_a=(0.0,) * self._phases, taken_at_s=self._clock.monotonic_s(), power_w=0.0)
            self.drawing_phases = None
        elif report.status in CHARGING:
            self.transactions.charges()

    def started(self, report: StartReport, connection: int) -> int:
        """The id of a transaction that began."""
        return self.transactions.start(report, self._when(report.at), connection=connection, busy=self._charges)

    def stopped(self, report: StopReport) -> bool:
        """Whether that transaction was one of this connector's."""
        samples = normalise(report.meter_value, phases=self._phases)
        return self.transactions.stop(report, self._when(report.at), self._readings(samples))

    def told(self, event: TransactionEvent, *, active_phases: int, interval_s: float) -> None:
        """Take note of an event of OCPP 2.x: its register for the transaction, fresh values as the car's current."""
        samples = self._samples(event.meter_value, active_phases)
        if not event.offline:
            self._see_clock(samples)
        when = self._when(event.at)
        if samples and not event.offline:
            self.metered_at_s = self._clock.monotonic_s()
        self.transactions.event(event, when, self._readings(samples), busy=self._charges and when.live)
        if not event.offline and event.step is not Step.ENDED:
            self._feel(self._fresh(samples, interval_s), active_phases)

    def metered(self, report: MeterReport, *, active_phases: int, interval_s: float) -> None:
        """Take note of meter values: all of them for the session, only fresh ones as the car's current."""
        self.metered_at_s = self._clock.monotonic_s()
        samples = self._samples(report.meter_value, active_phases)
        self._see_clock(samples)
        fresh = self._fresh(samples, interval_s)
        self._feel(fresh, active_phases)
        self._adopt(report, fresh)
        for reading in self._readings(samples):
            self.transactions.read(report.transaction_id, reading)

    def restarted(self) -> None:
        """The station booted: nothing that it said before holds."""
        self.transactions.end("Reboot")
        self.status = None
        self.car = None
        self.drawing_phases = None
        self.preparing_since_s = None

    @property
    def _charges(self) -> bool:
        return self.status in CHARGING

    def _when(self, stamp: datetime | None) -> When:
        return When(utc_s=self._station_clock.ours_utc_s(stamp), live=self._station_clock.age_s(stamp) <= LIVE_WITHIN_S)

    def _samples(self, meter_value: object, active_phases: int) -> tuple[MeterSample, ...]:
        samples = normalise(meter_value, phases=self._phases, active_phases=active_phases)
        self.heard.heard(meter_value, self._clock.monotonic_s())
        return samples

    def _see_clock(self, samples: tuple[MeterSample, ...]) -> None:
        if samples:
            self._station_clock.heard(samples[-1].at)

    def _fresh(self, samples: tuple[MeterSample, ...], interval_s: float) -> tuple[MeterSample, ...]:
        return tuple(sample for sample in samples if self._station_clock.age_s(sample.at) <= 2.0 * interval_s)

    def _readings(self, samples: tuple[MeterSample, ...]) -> list[Reading]:
        return [
            Reading(kwh=sample.energy_kwh, utc_s=self._station_clock.ours_utc_s(sample.at))
            for sample in samples
            if sample.energy_kwh is not None
        ]

    def _feel(self, fresh: tuple[MeterSample, ...], active_phases: int) -> None:
        """What the car draws, where these samples say it."""
        reading = self._read(fresh, active_phases)
        if reading is not None:
            self.car = reading
            self.drawing_phases = _drawing(fresh)

    def _read(self, fresh: tuple[MeterSample, ...], active_phases: int) -> CarReading | None:
        idle = self.transactions.running is None and self.status not in CHARGING
        return self._meter.read(fresh, self._clock.monotonic_s(), active_phases=active_phases, idle=idle)

    def _adopt(self, report: MeterReport, fresh: tuple[MeterSample, ...]) -> None:
        if report.transaction_id is None or not fresh or any(sample.closing for sample in fresh):
            return
        flowing = self.car is not None and max(self.car.current_a) > _FLOWING_A
        if self.status in CHARGING or (self.status is None and flowing):
            self.transactions.adopt(report.transaction_id, report.connector)


def _drawing(samples: tuple[MeterSample, ...]) -> int | None:
    """On how many phases current flows in the newest of these samples that tells, where it was measured on each."""
    newest = next((sample for sample in reversed(samples) if sample.current_a is not None), None)
    if newest is None or newest.current_a is None or not newest.phases_measured:
        return None
    return sum(amps > _FLOWING_A for amps in newest.current_a) or None
