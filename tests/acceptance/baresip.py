"""baresip as a telephone on loopback: it says a file, and keeps what it hears."""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

from tests.acceptance.sipp import free_port
from tests.door.certificates import Identity
from workbench.shipped import shipped

SPEECH = "one-moment.wav"
RATE = 8000
SILENCE_S = 20
"""Behind what it says, since it hangs up at the end of the file."""
PATIENCE_S = 15.0
PAUSE_S = 0.1

CONFIGURATION = """
poll_method epoll
sip_listen 127.0.0.1:{port}
{more}
net_interface 127.0.0.1
call_local_timeout 60
call_max_calls 4
audio_source aufile,{folder}/says.wav
audio_player aubridge,nobody
audio_alert aubridge,nobody
ausrc_srate {rate}
auplay_srate {rate}
audio_buffer 20-160
snd_path {folder}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module srtp.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
"""


class Baresip:
    """One telephone, from `with` to its end; it answers every call at once."""

    def __init__(
        self, folder: Path, *, encryption: str = "", identity: Identity | None = None
    ) -> None:
        """Write its configuration into `folder`; with an identity it speaks TLS."""
        self.port, self.control = free_port(), free_port()
        self.transport = "udp" if identity is None else "tls"
        self.folder = folder / "baresip"
        self.folder.mkdir()
        more = ""
        if identity is not None:
            both = self.folder / "identity.pem"
            both.write_bytes(identity.certificate.read_bytes() + identity.key.read_bytes())
            more = f"sip_certificate {both}\nsip_cafile {identity.authority}"
        text = CONFIGURATION.format(
            port=self.port, control=self.control, folder=self.folder, rate=RATE, more=more
        )
        (self.folder / "config").write_text(text)
        media = f";mediaenc={encryption}" if encryption else ""
        (self.folder / "accounts").write_text(
            f"<sip:phone@127.0.0.1;transport={self.transport}>"
            f";regint=0;answermode=auto;audio_codecs=pcmu,pcma{media}\n"
        )
        samples, rate = soundfile.read(shipped("recordings") / SPEECH, dtype="int16")
        assert rate == RATE
        silence = np.zeros(RATE * SILENCE_S, np.int16)
        soundfile.write(self.folder / "says.wav", np.concatenate([samples, silence]), RATE)

    def __enter__(self) -> Self:
        if (path := shutil.which("baresip")) is None:
            message = "baresip is not installed: apt-get install baresip-core"
            raise RuntimeError(message)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [path, "-f", str(self.folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._connect()
        return self

    def __exit__(self, *_error: object) -> None:
        self._link.close()
        self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE_S)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @property
    def address(self) -> str:
        """Return whom to call."""
        if self.transport == "udp":
            return f"sip:phone@127.0.0.1:{self.port}"
        return f"sip:phone@127.0.0.1:{self.port + 1};transport=tls"  # it takes the next port

    @property
    def log(self) -> str:
        """Return what it has logged."""
        return (self.folder / "log").read_text(errors="replace")

    def dial(self, uri: str) -> None:
        """Let it call somebody."""
        self.order("dial", uri)

    def order(self, command: str, params: str) -> None:
        """Let it carry out a command of its menu."""
        message = json.dumps({"command": command, "params": params}).encode()
        self._link.sendall(b"%d:%s," % (len(message), message))

    def heard(self) -> tuple[Path, ...]:
        """Return the files of what it has heard, one a call."""
        return tuple(sorted(self.folder.glob("dump-*-dec.wav")))

    def _connect(self) -> None:
        pause = threading.Event()
        for _ in range(round(PATIENCE_S / PAUSE_S)):
            with contextlib.suppress(OSError):
                self._link = socket.create_connection(("127.0.0.1", self.control))
                return
            pause.wait(PAUSE_S)
        message = f"baresip does not start:\n{self.log}"
        raise RuntimeError(message)
