"""The cards of *Settings* about people and clients: one's own password, accounts, tokens, the pairing code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import quote

from ems.api.wire import Role
from ems.web.bits import Choice, Field, box, button, labelled, words
from ems.web.calls import Answer, call, problem_of
from ems.web.visit import Visit

SHORTEST: Final = 8
"""Characters of a password."""


def account_card(visit: Visit) -> None:
    """Who one is, and one's password."""
    voice = visit.voice

    async def change() -> None:
        if len(new.value) < SHORTEST:
            problem.set_text(voice("page.password_short", shortest=SHORTEST))
            return
        answer = await call(visit, "PUT", "me/password", {"old": old.value, "new": new.value})
        problem.set_text("" if answer.fine else problem_of(visit, answer))
        if answer.fine:
            visit.tell(voice("page.password_changed"))

    with box("section", "card stack", aria_label=voice("page.account")):
        words(voice("page.account"), "h2", "card-title")
        words(voice("page.logged_in", name=visit.person.name, role=voice(f"role.{visit.person.role}")), "p", "soft")
        with box("div", "fields"):
            old = labelled(voice("page.password_old"), lambda: _password("current-password"))
            new = labelled(voice("page.password_new"), lambda: _password("new-password"))
        problem = words("", "p", "problem", role="alert")
        with box("div", "dialog-end"):
            button(voice("page.password_change"), change)


def users_card(visit: Visit) -> None:
    """Everybody with an account."""
    _List(visit, "page.users", "users", _user, lambda: _ask_user(visit))


def clients_card(visit: Visit) -> None:
    """The programs that may come in, and how to let in one more."""
    _List(visit, "page.clients", "tokens", _token, lambda: _pair(visit), "page.pair")


class _List:
    """A card with a list from the API."""

    def __init__(
        self,
        visit: Visit,
        title: str,
        path: str,
        row: Callable[[_List, dict[str, object]], None],
        add: Callable[[], object],
        adding: str = "page.add",
    ) -> None:
        self.visit, self.path, self._row = visit, path, row
        voice = visit.voice
        with box("section", "card stack", aria_label=voice(title)):
            words(voice(title), "h2", "card-title")
            self._rows = box("div", "stack stack-close")
            with box("div", "dialog-end"):
                button(voice("page.reload"), self.load, "button button-quiet")
                button(voice(adding), add)
        visit.when_there(self.load)

    async def load(self) -> None:
        """Ask the API and draw the rows."""
        answer = await call(self.visit, "GET", self.path)
        self._rows.clear()
        with self._rows:
            if not answer.fine:
                words(problem_of(self.visit, answer), "p", "soft")
            elif not answer.body:
                words(self.visit.voice("page.nobody"), "p", "soft")
            else:
                for each in answer.body:
                    self._row(self, each)

    async def remove(self, key: str, shown: str) -> None:
        """After asking once more."""
        voice = self.visit.voice

        async def really() -> None:
            answer = await call(self.visit, "DELETE", f"{self.path}/{quote(key, safe='')}")
            dialog.close()
            if answer.fine:
                await self.load()
            else:
                self.visit.tell(problem_of(self.visit, answer), bad=True)

        with self.visit.dialog(voice("page.remove_title", what=shown)) as dialog, box("div", "dialog-end"):
            self.visit.closing(dialog, voice("page.cancel"))
            button(voice("page.remove"), really, "button button-danger")


def _user(rows: _List, user: dict[str, object]) -> None:
    _person_row(rows, str(user["name"]), str(user["role"]), str(user["name"]))


def _token(rows: _List, token: dict[str, object]) -> None:
    visit, used_at = rows.visit, token.get("used_at")
    used = visit.voice("page.never_used")
    if isinstance(used_at, str):
        at = visit.voice.near(datetime.fromisoformat(used_at), visit.now())
        used = visit.voice("page.last_used", at=at)
    _person_row(rows, str(token["name"]), str(token["role"]), str(token["id"]), used)


def _person_row(rows: _List, name: str, role: str, key: str, more: str = "") -> None:
    voice = rows.visit.voice
    with box("div", "row spread"):
        with box("div", "grow"):
            words(name, "div")
            words(" · ".join(filter(None, (voice(f"role.{role}"), more))), "div", "soft small")
        label = voice("page.remove_title", what=name)
        button("", lambda: rows.remove(key, name), "icon-button", "close", aria_label=label)


def _ask_user(visit: Visit) -> None:
    voice = visit.voice
    roles = {role.value: voice(f"role.{role}") for role in Role if visit.person.may(role)}

    async def add() -> None:
        body: dict[str, object] = {"name": name.value.strip(), "password": password.value, "role": role.value}
        answer = await call(visit, "POST", "users", body)
        if answer.fine:
            shown.close()
            visit.tell(voice("page.user_added", name=name.value.strip()))
        else:
            problem.set_text(problem_of(visit, answer))

    with visit.dialog(voice("page.user_title")) as shown:
        with box("div", "fields"):
            name = labelled(voice("page.name"), lambda: Field("", maxlength=40, autocomplete="off"))
            password = labelled(voice("page.password"), lambda: _password("new-password"))
            role = labelled(voice("page.role"), lambda: Choice(roles, Role.HOMEOWNER.value))
        problem = words("", "p", "problem", role="alert")
        with box("div", "dialog-end"):
            visit.closing(shown, voice("page.cancel"))
            button(voice("page.add"), add, "button button-main")


async def _pair(visit: Visit) -> None:
    """A code to type into the client."""
    answer: Answer = await call(visit, "POST", "pairing", {"role": Role.HOMEOWNER.value})
    if not answer.fine:
        visit.tell(problem_of(visit, answer), bad=True)
        return
    voice = visit.voice
    with visit.dialog(voice("page.pair_title")) as shown:
        words(voice("page.pair_says", left=voice.lasting(float(answer.body["ends_in_s"]))), "p", "soft")
        words(str(answer.body["code"]), "p", "code")
        with box("div", "dialog-end"):
            visit.closing(shown)


def _password(autocomplete: str) -> Field:
    return Field("", "password", maxlength=200, autocomplete=autocomplete)
