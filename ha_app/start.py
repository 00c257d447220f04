"""What the app starts: the service with the site file that people edit, and word of it to Home Assistant.

The standard library alone. `start.py` becomes the service; `start.py announce` runs beside it and ends by itself.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

LOGGER: Final = logging.getLogger("app")

SITE: Final = Path("/config/site.yaml")
TEMPLATE: Final = Path(__file__).with_name("site.yaml")
OPTIONS: Final = Path("/data/options.json")
API_PORT: Final = 8480
HEALTH: Final = f"http://127.0.0.1:{API_PORT}/api/v1/health"
SUPERVISOR: Final = "http://supervisor"

ANSWER_WITHIN_S: Final = 10.0
TRIES: Final = 100
PAUSE_S: Final = 3.0


def main(arguments: list[str]) -> None:
    """Does not come back: it ends, or becomes the service."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)-7s %(name)s: %(message)s")
    if arguments[:1] == ["announce"]:
        health, supervisor = arguments[1:] or (HEALTH, SUPERVISOR)
        sys.exit(announce(health, supervisor, os.environ.get("SUPERVISOR_TOKEN", "")))
    place_template(SITE)
    subprocess.Popen([sys.executable, __file__, "announce"])  # noqa: S603 (this very file)
    command = ["ems", "run", str(SITE), *(["--verbose"] if wants_much_said(OPTIONS) else [])]
    os.execvp(command[0], command)  # noqa: S606 (our own command, by the image's own path)


def place_template(site: Path) -> None:
    """A site file to begin with, where there is none."""
    if not site.exists():
        shutil.copyfile(TEMPLATE, site)
        LOGGER.warning(
            "there was no site file; made one to begin with: describe your house in it, then restart the app"
        )


def wants_much_said(options: Path) -> bool:
    """What people chose on the app's page."""
    try:
        chosen = json.loads(options.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        LOGGER.warning("the app's options cannot be read (%s)", error)
        return False
    return isinstance(chosen, dict) and chosen.get("verbose") is True


def announce(health: str, supervisor: str, token: str) -> int:
    """Tell the Supervisor where we are, once the service answers. 1 when that cannot be done."""
    told = {"service": "fusewise", "config": {"host": socket.gethostname(), "port": API_PORT}}
    post = Request(  # noqa: S310 (both addresses are ours)
        f"{supervisor}/discovery",
        data=json.dumps(told).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="POST",
    )
    is_up = False
    for _ in range(TRIES):
        is_up = is_up or _status(Request(health)) is not None  # noqa: S310
        status = _status(post) if is_up else None
        if status == HTTPStatus.OK:
            LOGGER.info("Home Assistant knows where we are")
            return 0
        if status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            LOGGER.error("the Supervisor does not take our word (status %d); add the integration by hand", status)
            return 1
        time.sleep(PAUSE_S)
    LOGGER.error("Home Assistant could not be told where we are; add the integration by hand")
    return 1


def _status(request: Request) -> int | None:
    """What somebody answers; None where nobody does."""
    try:
        with urlopen(request, timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310
            status: int = answer.status
            return status
    except HTTPError as error:
        return error.code
    except (URLError, OSError):
        return None


if __name__ == "__main__":
    main(sys.argv[1:])
