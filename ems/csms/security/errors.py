"""What can go wrong with certificates and passwords of stations."""

from __future__ import annotations

from ems.errors import EmsError


class SecurityTrouble(EmsError):
    """Certificates or passwords cannot be used or made."""

    code = "security"


class NoAuthority(SecurityTrouble):
    """There is no certificate authority of our own yet."""

    code = "no_authority"


class AuthorityExists(SecurityTrouble):
    """There is one already, which stations trust."""

    code = "authority_exists"


class BadCertificateRequest(SecurityTrouble):
    """A request that must not be signed."""

    code = "bad_certificate_request"


class NoSuchCertificate(SecurityTrouble):
    """Nothing of that serial number was issued here."""

    code = "no_such_certificate"


class CannotKeep(SecurityTrouble):
    """The disk does not take it, or does not give it."""

    code = "cannot_keep_secret"
