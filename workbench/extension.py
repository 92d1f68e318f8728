"""A telephone without a phone: the socket by which a person talks on a call."""

import socket
from collections.abc import Callable


class Extension:
    """One talk that goes on; made by `CallHandle.talk`."""

    def __init__(
        self, call_id: str, talk: str, end: socket.socket, stop: Callable[[], None]
    ) -> None:
        """Hold one end of a socket pair, of which the engine has the other."""
        self.call_id, self.talk = call_id, talk
        """The call, and the name of the talk in its events."""
        self.socket = end
        """One of a pair (AF_UNIX, SOCK_SEQPACKET). A message is a frame of 20 ms: 160 samples,
        int16, little endian, 8000 Hz, 320 bytes. `send` what is said, one every 20 ms; `recv`
        what the far end says, one every 20 ms, silence too. Neither side waits: frames that
        are late or too many are lost. `recv` gives b"" when the talk is over."""
        self._stop = stop

    def close(self) -> None:
        """End the talk, whoever has copies of the socket; does nothing the second time."""
        self._stop()
        self.socket.close()

    def __enter__(self) -> "Extension":
        """Return the extension."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End the talk."""
        self.close()

    def __repr__(self) -> str:
        """Say which talk it is."""
        return f"<Extension {self.talk} on call {self.call_id}>"
