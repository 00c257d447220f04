"""The report card as one HTML page to print: it needs nothing else and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Final

from ems.commissioning.hand_over_page import STYLE_FILE
from ems.commissioning.hand_over_speaker import UNKNOWN, Speaker
from ems.commissioning.report_card.findings import Judgement, ReportCard
from ems.csms.redaction import is_secret
from ems.model.words import ENGLISH, Language

LONGEST_VALUE: Final = 200
STYLE: Final = """\
td { white-space: normal; overflow-wrap: anywhere; }
td.about, td:first-child { white-space: nowrap; }
td.about { font-weight: 600; }
.badge { display: inline-block; min-width: 6rem; padding: .05rem .5rem; border-radius: 4px;
  text-align: center; white-space: nowrap; font-weight: 600; }
.badge.good { background: #e5f4ea; color: var(--good); }
.badge.peculiar { background: #fdf0df; color: var(--open); }
.badge.missing { background: #fbe4e2; color: #a11d14; }
.badge.unknown { background: #eef1f4; color: var(--soft); }
@media (max-width: 40rem) {
  td:first-child { white-space: normal; }
  .findings thead { display: none; }
  .findings td { display: block; padding: .2rem 0; border: 0; }
  .findings tr { border-bottom: 1px solid var(--line); }
}
@media print { section { break-inside: auto; } tr { break-inside: avoid; } .badge { border: 1px solid currentColor; } }
"""


def card_page(card: ReportCard, language: Language = ENGLISH) -> str:
    """The whole page."""
    speak = Speaker(language)
    parts = (
        _head(card, speak),
        _findings(card, speak, language),
        _measurands(card, speak),
        _quirks(card, speak),
        _settings(card, speak),
    )
    style = STYLE_FILE.read_text(encoding="utf-8") + STYLE
    title = _text(speak("card.title", station=card.facts.station_id))
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<main>\n{''.join(parts)}</main>\n</body>\n</html>\n"
    )


def _head(card: ReportCard, speak: Speaker) -> str:
    facts = card.facts
    when = datetime.fromtimestamp(facts.utc_s, UTC).isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")
    boot = facts.boot
    who = "" if boot is None else " · ".join(word for word in (boot.vendor, boot.model, boot.firmware) if word)
    counts = speak("card.count", **{word.value: card.count(word) for word in Judgement})
    how = speak("card.not_tried" if facts.trial is None else "card.tried")
    banner = "open" if card.count(Judgement.MISSING) or card.count(Judgement.PECULIAR) else "all"
    said = [_text(how)]
    if facts.trial is not None and facts.trial.trouble is not None:
        said.append(_text(facts.trial.trouble.said(speak.language)))
    return (
        f"<header><p class=brand>Fusewise</p><h1>{_text(speak('card.heading', station=facts.station_id))}</h1>"
        f"<p>{_text(when)} UTC{_text(f' · {who}' if who else '')}</p>"
        f'<p class="{banner}">{_text(counts)}</p><p>{" ".join(said)}</p></header>\n'
    )


def _findings(card: ReportCard, speak: Speaker, language: Language) -> str:
    rows = [
        (
            f"<td class=about>{_text(speak.word('topic', each.topic))}</td>",
            f'<td><span class="badge {each.judgement}">{_text(speak.word("judgement", each.judgement))}</span></td>',
            f"<td>{_text(each.says.said(language))}</td>",
        )
        for each in card.findings
    ]
    names = speak.columns("card.about", "card.verdict", "card.found")
    return f'<div class="findings">{_section(speak("card.findings"), names, rows)}</div>'


def _measurands(card: ReportCard, speak: Speaker) -> str:
    rows = [_cells(name, " ".join(phases) or speak("card.total")) for name, phases in card.facts.measurands.items()]
    names = speak.columns("card.measurand", "card.phases")
    return _section(speak("card.measurands"), names, rows) if rows else ""


def _quirks(card: ReportCard, speak: Speaker) -> str:
    found = card.facts.match
    values = found.quirks.model_dump(exclude_none=True, mode="json")
    rows = [_cells(key, _plain(value), found.said_by[key]) for key, value in values.items()]
    names = speak.columns("card.quirk", "card.value", "card.said_by")
    return _section(speak("card.quirks"), names, rows) if rows else ""


def _settings(card: ReportCard, speak: Speaker) -> str:
    told = card.facts.answers.settings
    rows = [
        _cells(key, UNKNOWN if is_secret(key) else setting.value[:LONGEST_VALUE] or UNKNOWN)
        for key, setting in sorted(told.items(), key=lambda each: each[0].lower())
        if setting is not None
    ]
    lacking = sorted(key for key, setting in told.items() if setting is None)
    note = speak("card.unknown_keys", keys=", ".join(lacking)) if lacking else ""
    return _section(speak("card.settings"), speak.columns("card.key", "card.value"), rows, note) if told else ""


def _plain(value: object) -> str:
    """As the site file would have it, without brackets."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cells(*texts: str) -> tuple[str, ...]:
    return tuple(f"<td>{_text(each)}</td>" for each in texts)


def _section(title: str, names: Iterable[str], rows: Iterable[Iterable[str]], note: str = "") -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    said = f"<p>{_text(note)}</p>" if note else ""
    return (
        f"<section><h2>{_text(title)}</h2><div class=wide><table>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{said}</section>\n"
    )


def _text(text: str) -> str:
    return escape(text)
