"""What a search has found so far, whoever looks: kept outside it, so that one which is ended has said something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ems.devices.inspection.search.candidate import Candidate, best_first

OCCUPIED: Final = (
    "A port takes connections and gives no answer of use. Many inverters serve one connection only: end other programs "
    "that read it, or read it through theirs (proxy_port of the site file)."
)


@dataclass(slots=True)
class HostFound:
    """What was found, and what was looked at."""

    candidates: list[Candidate] = field(default_factory=list)
    """The surest first, once the search is over."""

    looked: list[str] = field(default_factory=list)
    """Sentences, in order."""

    untold: tuple[str, ...] = ()
    """Profiles whose devices cannot be told by what they say: no search finds them."""

    hints: dict[str, None] = field(default_factory=dict)
    """What may be the reason why nothing was found; each once."""

    begin: Callable[[str], None] = lambda _: None
    """Is told what is looked at next."""

    def sort(self) -> None:
        """The surest first."""
        self.candidates = list(best_first(self.candidates))
