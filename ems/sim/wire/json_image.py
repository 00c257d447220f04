"""JSON in which numbers stand where a profile's paths look for them. Pure."""

from __future__ import annotations

from typing import Any

from ems.devices.messages import Choice, JsonPath


def put(tree: dict[str, Any], path: JsonPath, value: object) -> None:
    """Let `value` stand at `path`, which is not empty; what stands elsewhere stays."""
    here: Any = tree
    for step, following in zip(path, [*path[1:], None], strict=True):
        inside: Any = value if following is None else [] if isinstance(following, int | Choice) else {}
        here = _enter(here, step, inside, is_last=following is None)


def put_into(tree: Any, path: JsonPath, value: object) -> Any:  # noqa: ANN401 (JSON)
    """The tree with `value` at `path`; a list where the path begins in one."""
    around = {"": tree if tree or not isinstance(path[0], int | Choice) else []}
    put(around, ("", *path), value)
    return around[""]


def _enter(here: Any, step: str | int | Choice, inside: Any, *, is_last: bool) -> Any:  # noqa: ANN401 (JSON)
    """What stands at `step`, put there first where nothing stood."""
    if isinstance(step, Choice):
        found = next((each for each in here if each.get(step.key) == step.value), None)
        if found is None:
            found = {step.key: step.value}
            here.append(found)
        return found
    if isinstance(step, int):
        here.extend({} for _ in range(len(here), step + 1))
        if is_last or (isinstance(inside, list) and not isinstance(here[step], list)):
            here[step] = inside
        return here[step]
    if is_last or step not in here:
        here[step] = inside
    return here[step]
