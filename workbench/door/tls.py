"""What TLS needs: whom we are, and whom we believe."""

import ssl
from pathlib import Path

import msgspec

from workbench.errors import InvalidInput


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate with its key, to take calls, and the authorities to verify others by.

    Files in PEM. Without a certificate calls are only placed; without authorities those of
    the system are believed.
    """

    certificate: str = ""
    """The certificate that is shown, with the chain up to its authority."""
    key: str = ""
    """Its private key, without a passphrase; empty when it is in the same file."""
    authorities: str = ""
    """The certificates of whoever may vouch for a peer."""
    verify: bool = True
    """Whether a peer that we call must prove its host name; False only for a test."""

    def checked(self) -> "Tls":
        """Return it with whole paths, once its files have been read.

        Raises:
            InvalidInput: a file cannot be read, or does not hold what it should.
        """
        self.server()
        self.client()
        return Tls(
            certificate=whole(self.certificate), key=whole(self.key),
            authorities=whole(self.authorities), verify=self.verify,
        )  # fmt: skip

    def server(self) -> ssl.SSLContext | None:
        """Return how calls are taken, None without a certificate.

        Raises:
            InvalidInput: the certificate or the key cannot be used.
        """
        if not self.certificate:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key or None, password="")
        except (OSError, ssl.SSLError) as error:
            message = (
                f"The certificate {self.certificate} with the key {self.key or 'in it'} cannot "
                f"be used ({said(error)}): give both in PEM, the key without a passphrase."
            )
            raise InvalidInput(message) from None
        return context

    def client(self) -> ssl.SSLContext:
        """Return how calls are placed.

        Raises:
            InvalidInput: the authorities cannot be used.
        """
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            if self.authorities:
                context = ssl.create_default_context(cafile=self.authorities)
        except (OSError, ssl.SSLError) as error:
            message = (
                f"The authorities {self.authorities} cannot be used ({said(error)}): give a "
                "file of certificates in PEM."
            )
            raise InvalidInput(message) from None
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


def whole(path: str | Path) -> str:
    """Return a path that holds in any folder; empty for none."""
    return str(Path(path).resolve()) if str(path) else ""


def said(error: OSError) -> str:
    """Return what went wrong with a file, without its content."""
    return (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or "unreadable"
