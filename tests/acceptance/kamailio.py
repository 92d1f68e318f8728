"""Kamailio as a registrar and proxy on loopback: the network that an account belongs to."""

import contextlib
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.acceptance.sipp import free_port
from tests.door.certificates import Identity

PING = (
    "OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP {at};branch=z9hG4bKping;rport\r\n"
    "From: <sip:ping@{at}>;tag=ping\r\nTo: <sip:127.0.0.1:{port}>\r\n"
    "Call-ID: ping@{at}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 9\r\nContent-Length: 0\r\n\r\n"
)
LARGEST = 1 << 16
PAUSE_S = 0.1
REALM = "pbx.test"
PATIENCE_S = 20.0

CONFIGURATION = """
debug=1
log_stderror=yes
fork=yes
children=1
{streams}
auto_aliases=no
listen=udp:127.0.0.1:{port}
alias="{realm}"
{tls}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "xlog.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 1)
modparam("registrar", "max_expires", {most_s})
modparam("auth", "algorithm", "{algorithm}")
modparam("auth", "nonce_expire", 300)

request_route {{
    xlog("L_ERR", "DIGESTS $hdr(Authorization) $hdr(Proxy-Authorization)\n");
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) t_relay();
        else if (is_method("ACK") && t_check_trans()) t_relay();
        exit;
    }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{realm}", "{password}", "0")) {{
            xlog("L_ERR", "ASKED $rm $fu $ua\\n");
            www_challenge("{realm}", "0");
            exit;
        }}
        xlog("L_ERR", "SAVED $au $ct $(hdr(Expires))\\n");
        save("location");
        exit;
    }}
    if (!is_method("INVITE|ACK")) {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
    if (!pv_proxy_authenticate("{realm}", "{password}", "0")) {{
        proxy_challenge("{realm}", "0");
        exit;
    }}
    xlog("L_ERR", "CALLED $au $ru\\n");
    consume_credentials();
    record_route();
    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay();
}}
"""


TLS = """
[server:default]
method = TLSv1.2+
certificate = {certificate}
private_key = {key}

[client:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
"""


class Kamailio:
    """One Kamailio, from `with` to its end; every user has the same password."""

    def __init__(
        self,
        folder: Path,
        password: str,
        *,
        algorithm: str = "MD5",
        most_s: int = 3600,
        identity: Identity | None = None,
    ) -> None:
        """Write its configuration into `folder`; registrations last `most_s` at most.

        With an identity it speaks TLS too, at `tls_port`.
        """
        self.port, self.tls_port = free_port(), free_port()
        self.folder = folder / "kamailio"
        self.folder.mkdir(exist_ok=True)
        self._options: list[str] = []
        self._config = self.folder / "kamailio.cfg"
        self._config.write_text(
            CONFIGURATION.format(
                port=self.port,
                realm=REALM,
                password=password,
                algorithm=algorithm,
                most_s=most_s,
                streams=self._streams() if identity else "disable_tcp=yes",
                tls=self._tls(identity) if identity else "",
            )
        )

    def _streams(self) -> str:
        return f"enable_tls=1\nlisten=tls:127.0.0.1:{self.tls_port}\ntcp_children=1"

    def _tls(self, identity: Identity) -> str:
        self.folder.joinpath("tls.cfg").write_text(
            TLS.format(certificate=identity.certificate, key=identity.key)
        )
        return f'loadmodule "tls.so"\nmodparam("tls", "config", "{self.folder}/tls.cfg")'

    @property
    def address(self) -> str:
        """Return where it is reached."""
        return f"sip:127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Return what it has logged."""
        return (self.folder / "log").read_text()

    def until_ready(self) -> None:
        """Wait until it answers an OPTIONS."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.bind(("127.0.0.1", 0))
            asker.settimeout(PAUSE_S)
            asker.connect(("127.0.0.1", self.port))
            at = "{}:{}".format(*asker.getsockname())
            for _ in range(round(PATIENCE_S / PAUSE_S)):
                with contextlib.suppress(OSError):
                    asker.send(PING.format(at=at, port=self.port).encode())
                    if asker.recv(LARGEST):
                        return
                threading.Event().wait(PAUSE_S)
        raise RuntimeError(f"Kamailio does not answer:\n{self.log}")

    def until_logged(self, text: str, times: int = 1) -> None:
        """Wait until it has logged a text so often."""
        done = threading.Event()
        for _ in range(round(PATIENCE_S / PAUSE_S)):
            if self.log.count(text) >= times:
                return
            done.wait(PAUSE_S)
        raise AssertionError(f"{text!r} was not logged {times} times:\n{self.log}")

    def __enter__(self) -> Self:
        path = shutil.which("kamailio", path="/usr/sbin:/usr/bin:/sbin:/bin")
        if path is None:
            message = "Kamailio is not installed: apt-get install kamailio"
            raise RuntimeError(message)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [path, "-DD", "-E", "-f", str(self._config), "-Y", str(self.folder),
                 "-w", str(self.folder), "-m", "64", "-M", "8", *self._options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE_S)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Dispatcher(Kamailio):
    """One Kamailio by the configuration in the documentation, in front of benches."""

    def __init__(self, folder: Path, benches: Sequence[str]) -> None:
        """Deal calls out to the SIP addresses of `benches`."""
        self.port = free_port()
        self.folder = folder / "kamailio"
        self.folder.mkdir()
        self._config = Path(__file__).parents[2] / "docs" / "kamailio.cfg"
        listed = self.folder / "benches.list"
        listed.write_text("".join(f"1 {bench}\n" for bench in benches))
        self._options = ["-A", f"PORT={self.port}", "-A", f'BENCHES="{listed}"']
