"""The shipped rows as the table of `docs/stations.md`."""

from __future__ import annotations

from collections.abc import Iterator

from ems.config.schema_quirks import QuirkSection
from ems.csms.quirks.rows import CONFIDENCE_WORDS, QuirkRow, rows

BEGIN = "<!-- written from the rows of quirks by `FUSEWISE_GOLDEN=write pytest` -->"
END = "<!-- end -->"


def table() -> str:
    """In Markdown, in the order of the names."""
    head = ("| stations | what is peculiar | what follows | known from |", "|---|---|---|---|")
    return "\n".join((*head, *(_line(row) for row in sorted(rows(), key=lambda row: row.name.lower()))))


def with_table(page: str) -> str:
    """The page with the table as it is now. Raises ValueError for a page without a place for it."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no place for the table; write {BEGIN} and {END} where it belongs")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _line(row: QuirkRow) -> str:
    firmware = "" if row.firmware is None else f"<br>firmware `{row.firmware}`"
    known_from = f"{CONFIDENCE_WORDS[row.confidence]}: {', '.join(row.refs)}"
    return f"| {row.name}{firmware} | {row.why.strip()} | {', '.join(_settings(row.quirks))} | {known_from} |"


def _settings(quirks: QuirkSection) -> Iterator[str]:
    for key, value in quirks.model_dump(exclude_none=True, mode="json").items():
        yield f"`{key}: {_spelled(value)}`"


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_spelled(each) for each in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
