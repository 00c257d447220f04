"""The pages for strangers: login and first set-up. They are plain HTML, so that a stranger costs us nothing."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from ems.api.ports import House
from ems.api.spoken import language_of
from ems.errors import EmsError
from ems.model.words import Language, say
from ems.web.theme import head
from ems.web.visit import look_of

Say = Callable[..., str]

PROBLEMS: Final = ("wrong_password", "too_many_tries", "wrong_code", "already_set_up", "invalid", "no_answer")

_SCRIPT: Final = """
<script>
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target, said = document.getElementById("problem"), go = form.querySelector("button");
  go.disabled = true; said.textContent = "";
  const answer = await fusewise.call("POST", form.dataset.to, Object.fromEntries(new FormData(form)));
  if (answer.status === 200) { location.href = form.dataset.next; return; }
  const words = JSON.parse(form.dataset.words);
  const code = answer.status ? (answer.body && answer.body.code) : "no_answer";
  said.textContent = words[code] || (answer.status === 422 ? words.invalid : (answer.body && answer.body.detail) || "");
  go.disabled = false;
  form.querySelector("input:last-of-type").focus();
});
</script>
"""


def add_doors(app: FastAPI) -> None:
    """Serve `/login` and `/setup`."""

    @app.get("/login", response_class=HTMLResponse, include_in_schema=False)
    def login(request: Request) -> HTMLResponse:
        return _page(request, "login", ("name", "text", "username"), ("password", "password", "current-password"))

    @app.get("/setup", response_class=HTMLResponse, include_in_schema=False)
    def setup(request: Request) -> HTMLResponse:
        return _page(
            request,
            "setup",
            ("code", "text", "one-time-code"),
            ("name", "text", "username"),
            ("password", "password", "new-password"),
        )


def is_there(house: House) -> bool:
    """False until the house's first decision."""
    try:
        house.state()
    except EmsError:
        return False
    return True


def starting_page(request: Request) -> HTMLResponse:
    """Says so, and asks again in a moment."""
    language = language_of(request)
    body = f'<div class="card"><p>{escape(say("page.starting", language))}</p></div>'
    return _html(request, say("page.starting", language), body, '<meta http-equiv="refresh" content="1">')


def _page(request: Request, name: str, *fields: tuple[str, str, str]) -> HTMLResponse:
    language = language_of(request)
    root = _root(request)

    def word(key: str, **numbers: str) -> str:
        return escape(say(key, language, **numbers))

    title = word(f"page.{name}")
    body = f"""<div class="card">
<div class="brand"><span class="brand-mark"><span class="icon icon-now"></span></span>Fusewise</div>
<form method="post" data-to="{escape(root)}/api/v1/{name}" data-next="{escape(root)}/"
 data-words="{_problems(language)}">
<h1 class="card-title">{title}</h1><p class="soft small">{word(f"page.{name}_says")}</p>
{"".join(_field(word, *field) for field in fields)}
<p class="problem" id="problem" role="alert"></p>
<button class="button button-main" type="submit">{word(f"page.{name}_go")}</button></form>
{_other_language(language)}</div>{_SCRIPT}"""
    return _html(request, title, body)


def _html(request: Request, title: str, body: str, more: str = "") -> HTMLResponse:
    language = language_of(request)
    html = f"""<!doctype html>
<html lang="{language.value}"><head><meta charset="utf-8"><title>{title} · Fusewise</title>{more}
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{escape(_root(request))}/favicon.ico">
{head(language, look_of(request))}</head>
<body><main class="door">{body}</main></body></html>"""
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _field(word: Say, name: str, kind: str, autocomplete: str) -> str:
    shortest = 'minlength="8"' if autocomplete == "new-password" else ""
    label = word(f"page.{name}") if name != "code" else word("page.setup_code")
    return (
        f'<label class="field"><span>{label}</span><input class="input" name="{name}" type="{kind}" required '
        f'maxlength="200" {shortest} autocomplete="{autocomplete}" autocapitalize="none" spellcheck="false"></label>'
    )


def _problems(language: Language) -> str:
    pairs = ",".join(f'"{code}":"{say(f"problem.{code}", language)}"' for code in PROBLEMS)
    return escape(f"{{{pairs}}}")


def _other_language(language: Language) -> str:
    others = (each for each in Language if each is not language)
    buttons = "".join(
        f'<button class="button button-quiet" type="button" onclick="fusewise.remember(\'language\',\'{each.value}\')">'
        f"{say(f'language.{each}', each)}</button>"
        for each in others
    )
    return f'<div class="door-foot">{buttons}</div>'
