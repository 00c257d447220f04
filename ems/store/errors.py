"""What can be wrong with the database and what is kept in it."""

from __future__ import annotations

from ems.errors import EmsError


class JournalError(EmsError):
    """A journal, or something in it, cannot be used; the message says what and what helps."""

    code = "journal"


class JournalTooNew(JournalError):
    """A newer Fusewise wrote it."""

    code = "journal_too_new"


class JournalDamaged(JournalError):
    """What stands in it cannot be read any more."""

    code = "journal_damaged"


class NameTaken(EmsError):
    """A user of that name exists."""

    code = "name_taken"


class AlreadySetUp(EmsError):
    """The first user exists."""

    code = "already_set_up"


class UnknownAccount(EmsError):
    """No such user or token."""

    code = "unknown_account"


class BackupRefused(EmsError):
    """A copy of the database was not made, or not put back; the message says why."""

    code = "backup_refused"
