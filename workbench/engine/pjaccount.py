"""The accounts of pjsua2 in one process: for calls in, for calls out, and to register.

With `pjsua` and `pjcall` the only importer of pjsua2; the same rules hold. The library
carries eight accounts a process and aborts at the ninth: one is our own, and the others are
opened when they are needed and closed when they are in the way.
"""

import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import pjsua2 as pj

from workbench import sip
from workbench.engine import settings
from workbench.engine.line import LineError
from workbench.engine.linebook import LineBook
from workbench.engine.pjcall import Owner, PjCall, guarded, library
from workbench.engine.terms import Srtp
from workbench.engine.wire import Register, RegistrationChanged, UseAccount

MOST = 8
"""Accounts of a process, our own included."""
DIGEST, PLAIN = "digest", 0
"""The scheme of RFC 8760, and that a password is given as it is."""


class Place(NamedTuple):
    """Where the endpoint is: all accounts of it are."""

    host: str
    """The address of its audio."""
    door: int
    """The port of the door, through which its SIP goes."""
    transport: int


class Host(Owner, Protocol):
    """What an account needs of the trunk that it belongs to."""

    takes_calls: bool
    book: LineBook


Notify = Callable[[RegistrationChanged], None]


class PjAccount(pj.Account):
    """One identity of ours."""

    def __init__(
        self, trunk: Host, config: pj.AccountConfig, changed: Notify, uri: str = ""
    ) -> None:
        """Open it; `changed` hears of its registration."""
        super().__init__()
        self.trunk, self.uri, self._changed = trunk, uri, changed
        self.calls = 0
        """Calls that hang on it: it must not be closed before they are over."""
        self.create(config)

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        """Take the call; to refuse it here would abort when it has no SDP."""
        rdata, trunk = prm.rdata, self.trunk
        message = sip.legible(rdata.wholeMsg)
        remote = sip.source_behind_proxy(message)
        line = trunk.book.open_inbound(message)
        line.call = PjCall(trunk, line, self, int(prm.callId))
        if trunk.takes_calls:
            trunk.book.offer(line, message, remote)
        else:
            trunk.book.put(functools.partial(line.hang_up, 480))

    @guarded
    def onIncomingSubscribe(self, prm: Any) -> None:
        """Refuse every subscription (CVE-2026-28799)."""
        prm.code, prm.reason = 489, "Bad Event"

    @guarded
    def onRegState(self, prm: Any) -> None:
        """Tell what the registrar answered."""
        code, rdata = int(prm.code), prm.rdata
        message = sip.legible(rdata.wholeMsg)
        notice = RegistrationChanged(
            uri=self.uri,
            sip_code=code,
            reason=sip.legible(prm.reason),
            expires_s=int(prm.expiration) if code // 100 == 2 else 0,
            retry_after_s=sip.retry_after_s(message),
        )
        self.trunk.book.put(functools.partial(self._changed, notice))


class Identities:
    """The accounts that calls go out with, opened when one is first needed."""

    def __init__(self, trunk: Host, place: Place, srtp: Srtp) -> None:
        """Open our own, which needs no credentials and takes the calls that come in."""
        self._trunk, self._place, self._srtp = trunk, place, srtp
        self._known: dict[str, UseAccount] = {}
        self.own = PjAccount(trunk, self._config(None, srtp), _unheard)
        self._open: dict[tuple[UseAccount | None, str], PjAccount] = {(None, srtp): self.own}

    def know(self, order: UseAccount) -> None:
        """Take note of an account, or of how it has changed."""
        self._known[order.uri] = order

    def known(self, uri: str) -> UseAccount:
        """Return an account.

        Raises:
            LineError: nobody has told of it.
        """
        if uri not in self._known:
            raise LineError(f"the account {uri} is not known here", 503)
        return self._known[uri]

    def find(self, uri: str, srtp: str = "") -> PjAccount:
        """Return what calls of an account go out with, our own for none.

        Raises:
            LineError: too many accounts have calls.
        """
        key = (self.known(uri) if uri else None), srtp or self._srtp
        if key not in self._open:
            self._make_room()
            self._open[key] = PjAccount(self._trunk, self._config(*key), _unheard, uri)
        return self._open[key]

    def _make_room(self) -> None:
        if not is_full():
            return
        idle = [
            key
            for key, account in self._open.items()
            if not account.calls and account is not self.own
        ]
        if not idle:
            raise LineError(f"{MOST - 1} accounts have calls in this worker", 503)
        self._open.pop(idle[0]).shutdown()

    def _config(self, order: UseAccount | None, srtp: str) -> pj.AccountConfig:
        config = pj.AccountConfig()
        settings.configure_account(config, *self._place)
        encrypt(config, srtp)
        if order is not None:
            charge(config, order)
        return config


class Registrations:
    """The accounts that this process registers; it has no calls out."""

    def __init__(self, trunk: Host, identities: Identities, place: Place, tell: Notify) -> None:
        """Tell the bench what becomes of them by `tell`."""
        self._trunk, self._identities, self._place = trunk, identities, place
        self._tell = tell
        self._open: dict[str, tuple[UseAccount, PjAccount]] = {}
        self._parting: set[PjAccount] = set()

    @property
    def busy(self) -> bool:
        """Tell whether a registrar has not confirmed yet that one is taken back."""
        return bool(self._parting)

    def register(self, order: Register) -> None:
        """Send a REGISTER; the library renews it by itself."""
        account = self._identities.known(order.uri)
        if order.uri in self._open and self._open[order.uri][0] != account:
            self.unregister(order.uri)
        if order.uri not in self._open and is_full():
            reason = "a worker has no room before other registrations are taken back"
            self._tell(RegistrationChanged(uri=order.uri, sip_code=503, reason=reason))
            return
        try:
            if order.uri not in self._open:
                self._open[order.uri] = account, self._opened(account, order.contact)
            self._open[order.uri][1].setRegistration(True)
        except pj.Error as error:
            reason = f"the REGISTER could not be sent: {error.reason}"
            self._tell(RegistrationChanged(uri=order.uri, sip_code=503, reason=reason))

    def unregister(self, uri: str) -> None:
        """Take a registration back; the account is closed when that is confirmed."""
        if uri not in self._open:
            return
        _, account = self._open.pop(uri)
        self._parting.add(account)
        try:
            account.setRegistration(False)
        except pj.Error:
            self._close(account)  # it had none

    def unregister_all(self) -> None:
        """Take everything back, for the bench has closed."""
        for uri in tuple(self._open):
            self.unregister(uri)

    def _opened(self, order: UseAccount, contact: str) -> PjAccount:
        config = pj.AccountConfig()
        settings.configure_account(config, *self._place)
        charge(config, order)
        config.sipConfig.contactForced = f"<{contact}>"
        return PjAccount(self._trunk, config, self._changed, order.uri)

    def _changed(self, notice: RegistrationChanged) -> None:
        parting = [account for account in self._parting if account.uri == notice.uri]
        for account in parting:
            self._close(account)
        if not parting:
            self._tell(notice)

    def _close(self, account: PjAccount) -> None:
        self._parting.discard(account)
        with suppress(pj.Error):
            account.shutdown()


def is_full() -> bool:
    """Tell whether one more account would abort the process."""
    return int(library.pjsua_acc_get_count()) >= MOST


def charge(config: pj.AccountConfig, order: UseAccount) -> None:
    """Give an account its name, its credentials and its way out."""
    config.idUri = f"<{order.uri}>"
    config.regConfig.registrarUri = order.registrar
    config.regConfig.timeoutSec = order.expires_s
    config.sipConfig.proxies.append(order.route)
    credentials = pj.AuthCredInfo(DIGEST, order.realm, order.username, PLAIN, order.password)
    config.sipConfig.authCreds.append(credentials)


def encrypt(config: pj.AccountConfig, srtp: str) -> None:
    """Let an account offer and accept SRTP, with keys in the SDP (RFC 4568)."""
    media = config.mediaConfig
    media.srtpUse = settings.SRTP_USE[srtp]
    # The way to the far end is encrypted, or not, by whoever stands in front of us.
    media.srtpSecureSignaling = 0
    media.srtpOpt.keyings.append(pj.PJMEDIA_SRTP_KEYING_SDES)
    for name in settings.SRTP_SUITES:
        suite = pj.SrtpCrypto()
        suite.name, suite.key, suite.flags = name, "", 0
        media.srtpOpt.cryptos.append(suite)


def _unheard(notice: RegistrationChanged) -> None:
    """Take no note of an account that never registers."""
