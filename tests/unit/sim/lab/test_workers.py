"""Jobs in processes of their own: answers in order, news of their progress, typed errors, a clean end."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ems.config.problems import Problem, SiteFileError
from ems.sim.lab.workers import HowFar, Job, JobFailed, all_done


@dataclass(frozen=True)
class Doubled:
    """Twice a number, in four steps."""

    number: int

    def __call__(self, how_far: HowFar) -> int:
        for step in range(4):
            how_far((step + 1) / 4)
        return 2 * self.number


@dataclass(frozen=True)
class Broken:
    """A job that meets a wrong file."""

    def __call__(self, how_far: HowFar) -> int:
        how_far(0.5)
        raise SiteFileError([Problem(file="a.yaml", line=3, place="", problem="is empty", cure="fill it")])


class Endless:
    """A job that never ends by itself."""

    def __call__(self, how_far: HowFar) -> int:
        while True:
            how_far(0.1)


def ignore(_number: int, _share: float) -> None:
    """Nobody looks."""


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_the_order_of_the_jobs(workers: int) -> None:
    assert all_done([Doubled(1), Doubled(2), Doubled(3)], workers=workers, told=ignore) == [2, 4, 6]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_job_is_told_to_its_end(workers: int) -> None:
    news: list[tuple[int, float]] = []
    all_done([Doubled(1), Doubled(2)], workers=workers, told=lambda number, share: news.append((number, share)))

    assert {number for number, share in news if share == 1.0} == {0, 1}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_typed_error_is_told_with_its_number_and_code(workers: int) -> None:
    jobs: list[Job[int]] = [Doubled(1), Broken()]
    with pytest.raises(JobFailed, match=r"a\.yaml line 3: is empty: fill it") as raised:
        all_done(jobs, workers=workers, told=ignore)

    assert (raised.value.number, raised.value.cause_code) == (1, "site_file")


def test_an_interrupt_ends_the_other_jobs() -> None:
    def interrupt(_number: int, share: float) -> None:
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        all_done([Endless(), Endless()], workers=2, told=interrupt)
