"""The integration's client and shapes for tests beside the service, in an environment that has no Home Assistant.

The package's own first module imports Home Assistant; an empty one stands in for it, unless the real one is there.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

PACKAGE = "custom_components.fusewise"

if find_spec("homeassistant") is None and PACKAGE not in sys.modules:
    _package = ModuleType(PACKAGE)
    _package.__path__ = [str(Path(__file__).parents[1] / "custom_components" / "fusewise")]
    sys.modules[PACKAGE] = _package

from custom_components.fusewise import answers, client, models, parsing, words  # noqa: E402 (after the package that stands in)

__all__ = ["answers", "client", "models", "parsing", "words"]
