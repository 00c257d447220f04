"""Long calculations side by side in processes of their own, with news of how far they are."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from queue import Empty
from typing import ClassVar, Final, Protocol, TypeAlias, TypeVar

from ems.errors import EmsError

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

HowFar: TypeAlias = Callable[[float], None]
"""Takes the share that is done, 0 to 1."""

News: TypeAlias = "Queue[tuple[int, float]]"
Told: TypeAlias = Callable[[int, float], None]
"""Takes the place of a job in the list, and the share of it that is done."""

LOOK_EVERY_S: Final = 0.2
SERVICE_LOG: Final = logging.getLogger("ems")
LEAST_NEWS: Final = 0.005
"""Smaller steps of a job are not worth a message."""


class Job(Protocol[T_co]):
    """A calculation that travels to another process: everything in it, and its answer, can be pickled."""

    def __call__(self, how_far: HowFar) -> T_co: ...


@contextmanager
def hushed() -> Iterator[None]:
    """No warnings of the simulated service meanwhile: its devices fail on purpose."""
    level = SERVICE_LOG.level
    SERVICE_LOG.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        SERVICE_LOG.setLevel(level)


class JobFailed(EmsError):
    """A job ended with a typed error; the message is that error's."""

    code: ClassVar[str] = "job"

    def __init__(self, number: int, cause_code: str, problem: str) -> None:
        self.number: Final = number
        self.cause_code: Final = cause_code
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class _Failed:
    cause_code: str
    problem: str


class _Unwanted(Exception):
    """The others have ended already; nobody waits for this job."""


def all_done(jobs: Sequence[Job[T]], *, workers: int, told: Told) -> list[T]:
    """The answers in the order of the jobs. Raises JobFailed; an interrupt ends all jobs before it goes on."""
    if workers <= 1 or len(jobs) <= 1:
        return [_answer(i, _attempt(job, partial(told, i))) for i, job in enumerate(jobs)]
    context = get_context("spawn")
    news: News = context.Queue()
    over = context.Event()
    with ProcessPoolExecutor(
        min(workers, len(jobs)), mp_context=context, initializer=_begin, initargs=(news, over)
    ) as pool:
        with _children_deaf_to_interrupts():
            futures: list[Future[T | _Failed]] = [pool.submit(_work, i, job) for i, job in enumerate(jobs)]
        try:
            return _gathered(futures, news, told)
        except BaseException:
            over.set()
            for future in futures:
                future.cancel()
            raise


@contextmanager
def _children_deaf_to_interrupts() -> Iterator[None]:
    """A signal that is ignored stays ignored in new processes, from their first instruction on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _gathered(futures: Sequence[Future[T | _Failed]], news: News, told: Told) -> list[T]:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=LOOK_EVERY_S, return_when=FIRST_COMPLETED)
        _pass_on(news, told)
        for number, future in enumerate(futures):
            if future in done:
                _answer(number, future.result())
                told(number, 1.0)
    return [_answer(number, future.result()) for number, future in enumerate(futures)]


def _pass_on(news: News, told: Told) -> None:
    while True:
        try:
            number, share = news.get_nowait()
        except Empty:
            return
        told(number, share)


def _answer(number: int, result: T | _Failed) -> T:
    if isinstance(result, _Failed):
        raise JobFailed(number, result.cause_code, result.problem)
    return result


def _attempt(job: Job[T], how_far: HowFar) -> T | _Failed:
    # Typed errors have constructors of their own, and would not survive the way between processes.
    try:
        return job(how_far)
    except EmsError as error:
        return _Failed(error.code, str(error))


class _Reporter:
    """In a worker: sends news in steps that are worth it, and ends the job when nobody wants it any more."""

    news: ClassVar[News]
    over: ClassVar[Event]

    def __init__(self, number: int) -> None:
        self._number = number
        self._last = 0.0

    def __call__(self, share: float) -> None:
        if self.over.is_set():
            raise _Unwanted
        if share - self._last >= LEAST_NEWS:
            self._last = share
            self.news.put((self._number, share))


def _begin(news: News, over: Event) -> None:
    """In a worker: Ctrl-C is for the one who waits for us, and what simulated devices do wrong is no news."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    SERVICE_LOG.setLevel(logging.CRITICAL)
    news.cancel_join_thread()
    _Reporter.news, _Reporter.over = news, over


def _work(number: int, job: Job[T]) -> T | _Failed:
    return _attempt(job, _Reporter(number))
