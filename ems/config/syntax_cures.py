"""What the YAML parser complains about, in the words of people who do not write YAML for a living."""

from __future__ import annotations

from typing import Final

_CURES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "mapping values are not allowed here",
        "has a colon where none may stand",
        "put a text that holds `: ` in quotes, and check the indentation of the line",
    ),
    ("but got '<stream end>'", "has a bracket that is never closed", "close every [ with ] and every { with }"),
    ("expected ',' or", "has a comma or bracket missing", "separate list entries with commas, and close the bracket"),
    (
        "expected <block end>",
        "is indented differently from the lines around it",
        "entries of one list or section start in the same column",
    ),
    ("unexpected end of stream", "has a quote that is never closed", "close the quote in the same line"),
    ("could not find expected ':'", "has a key without a colon", "write `key: value`, with a space after the colon"),
    ("cannot start any token", "starts a value with a sign that YAML keeps for itself", "put the value in quotes"),
    ("special characters are not allowed", "holds control characters", "save it as plain UTF-8 text"),
    ("control characters are not allowed", "holds control characters", "save it as plain UTF-8 text"),
    ("version directive", "starts with a directive that is not understood", "leave out the line that starts with %"),
)


def explain(said: str) -> tuple[str, str]:
    """Problem and cure for a message of the YAML parser."""
    for part, problem, cure in _CURES:
        if part in said:
            return problem, cure
    return "is not valid YAML", f"the parser says: {said.splitlines()[0][:120]}"
