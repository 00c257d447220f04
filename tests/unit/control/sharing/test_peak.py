"""The running quarter hour: its energy, its month, and what its rest allows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.control.sharing.peak import PeakWindow, allowed_w, seen
from ems.model.site import PeakTariff

TARIFF = PeakTariff(limit_w=2_500.0)
NOON_S = datetime(2026, 5, 10, 12, 0, tzinfo=UTC).timestamp()


def after(*looks: tuple[float, float | None], start_s: float = NOON_S) -> PeakWindow:
    """The window after looks at (seconds since the start, grid watts)."""
    window = None
    for at_s, grid_w in looks:
        window = seen(window, TARIFF, start_s + at_s, grid_w)
    assert window is not None
    return window


def test_quiet_beginning_leaves_more_for_the_rest() -> None:
    window = after((0.0, 500.0), (450.0, 500.0))

    assert window.imported_wh == pytest.approx(62.5)
    assert allowed_w(window, TARIFF) == pytest.approx(4_500.0)


def test_rest_makes_up_for_no_more_than_twice_the_target() -> None:
    assert allowed_w(after((0.0, 0.0), (700.0, 0.0)), TARIFF) == 5_000.0


def test_overspent_window_allows_no_import() -> None:
    assert allowed_w(after((0.0, 9_000.0), (400.0, 9_000.0)), TARIFF) == 0.0


def test_last_minute_is_treated_as_a_whole_one() -> None:
    window = after((0.0, 2_400.0), (895.0, 2_400.0))
    left_wh = 625.0 - 2_400.0 * 895.0 / 3600.0

    assert allowed_w(window, TARIFF) == pytest.approx(left_wh * 60.0)


def test_export_is_not_set_off_against_import() -> None:
    assert after((0.0, 0.0), (300.0, 3_000.0), (600.0, -9_000.0)).imported_wh == pytest.approx(250.0)


def test_look_without_a_sample_repeats_the_last_power() -> None:
    assert after((0.0, 1_200.0), (300.0, None)).imported_wh == pytest.approx(100.0)


def test_new_window_begins_at_the_quarter_hour_with_what_flowed_since() -> None:
    window = after((0.0, 2_000.0), (890.0, 2_000.0), (920.0, 1_800.0))

    assert window.began_utc_s == NOON_S + 900.0
    assert window.imported_wh == pytest.approx(10.0)


def test_higher_peak_of_the_month_raises_the_target_until_the_month_ends() -> None:
    last_quarter_s = datetime(2026, 5, 31, 21, 30, tzinfo=UTC).timestamp()
    window = after((0.0, 4_000.0), (890.0, 4_000.0), (905.0, 4_000.0), start_s=last_quarter_s)

    assert window.target_w(TARIFF) == pytest.approx(4_000.0)

    in_june = seen(window, TARIFF, last_quarter_s + 1_800.0, 0.0)

    assert in_june.target_w(TARIFF) == 2_500.0


def test_lower_mean_does_not_tighten_the_target() -> None:
    assert after((0.0, 300.0), (890.0, 300.0), (905.0, 300.0)).target_w(TARIFF) == 2_500.0


def test_what_nobody_saw_counts_as_imported_at_the_target_and_makes_no_peak() -> None:
    window = after((600.0, 9_000.0), (890.0, 9_000.0))

    assert after((600.0, 0.0)).imported_wh == pytest.approx(2_500.0 / 6.0)
    assert seen(window, TARIFF, NOON_S + 905.0, 0.0).month_peak_w == 0.0


@pytest.mark.parametrize("jump_s", [-5.0, 3_000.0])
def test_clock_that_jumps_starts_anew_and_keeps_the_peak_of_the_month(jump_s: float) -> None:
    window = after((0.0, 4_000.0), (890.0, 4_000.0), (910.0, 4_000.0))
    jumped = seen(window, TARIFF, NOON_S + 910.0 + jump_s, 0.0)

    assert not jumped.whole
    assert jumped.month_peak_w == window.month_peak_w
    assert jumped.imported_wh == pytest.approx(4_000.0 * (jumped.seen_until_utc_s - jumped.began_utc_s) / 3600.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-4_000.0, 2_400.0), min_size=15, max_size=15), st.integers(0, 12))
def test_car_that_follows_late_keeps_every_window_within_two_per_cent(house_w: list[float], late_s: int) -> None:
    window: PeakWindow | None = None
    allowed = [0.0] * (late_s + 1)
    peaks = []
    for second in range(4 * 900):
        house = house_w[second // 60 % 15]
        car_w = max(0.0, min(11_000.0, allowed[-1 - late_s] - house))
        before, window = window, seen(window, TARIFF, NOON_S + second, house + car_w)
        if before is not None and window.began_utc_s > before.began_utc_s:
            peaks.append(window.month_peak_w)
        allowed.append(allowed_w(window, TARIFF))

    assert max(peaks) <= TARIFF.limit_w * 1.02
