"""A SIP peer written by hand, for messages that no decent stack would send."""

import asyncio
import re
import socket
import uuid
from types import TracebackType
from typing import Self

PATIENCE_S = 10.0
LARGEST = 1 << 16

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
)

Address = tuple[str, int]


class RawPeer:
    """A UDP socket and a way to write requests."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._received: list[str] = []
        self.audio_port = 9
        """Where it wants its audio."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._socket.close()

    @property
    def name(self) -> str:
        return "{}:{}".format(*self._socket.getsockname())

    def request(
        self, method: str, to: Address, *, extra: str = "", with_sdp: bool = False
    ) -> str:
        """Write a request that begins something."""
        uri = f"sip:bob@{to[0]}:{to[1]}"
        return self._write(
            f"{method} {uri} SIP/2.0",
            [
                f"From: <sip:raw@{self.name}>;tag=raw",
                f"To: <{uri}>",
                f"Call-ID: {uuid.uuid4().hex}",
                f"CSeq: 1 {method}",
            ],
            extra,
            SDP.format(port=self.audio_port) if with_sdp else "",
            "application/sdp",
        )

    def within(
        self,
        invite: str,
        ok: str,
        method: str,
        *,
        extra: str = "",
        body: str = "",
        kind: str = "application/sdp",
    ) -> str:
        """Write a request within the dialog that an INVITE and its 200 have made."""
        dialog = [header(invite, "From"), header(ok, "To"), header(invite, "Call-ID")]
        sequence = sequence_of(invite) if method == "ACK" else 2 + len(self._received)
        uri = invite.split(" ")[1]
        lines = [*dialog, f"CSeq: {sequence} {method}"]
        return self._write(f"{method} {uri} SIP/2.0", lines, extra, body, kind)

    def acknowledge(
        self, invite: str, to: Address, response: str, *, with_sdp: bool = False
    ) -> None:
        """Send the ACK of a final response."""
        body = SDP.format(port=self.audio_port) if with_sdp else ""
        self.send(self.within(invite, response, "ACK", body=body), to)

    def send(self, message: str, to: Address) -> None:
        self._socket.sendto(message.encode(), to)

    async def heard(self, method: str) -> str:
        """Wait for a request."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for message in self._received:
                    if message.startswith(f"{method} "):
                        return message
                await self._hear()

    def respond(
        self, request: str, status: str, *, extra: str = "", with_sdp: bool = False
    ) -> None:
        """Send a response to a request."""
        to = header(request, "To")
        to += "" if "tag=" in to else ";tag=raw"
        lines = [*headers(request, "Via"), *headers(request, "Record-Route"), to]
        lines += [header(request, name) for name in ("From", "Call-ID", "CSeq")]
        body = SDP.format(port=self.audio_port) if with_sdp else ""
        response = self._write(f"SIP/2.0 {status}", lines, extra, body, "application/sdp")
        address = lines[0].partition("UDP ")[2].partition(";")[0].split(":")
        self.send(response, (address[0], int(address[1])))

    async def response(self, request: str, code: int) -> str:
        """Wait for a response to a request."""
        call_id, sequence = header(request, "Call-ID"), header(request, "CSeq")
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for message in self._received:
                    ours = call_id in message and sequence in message
                    if ours and message.startswith(f"SIP/2.0 {code} "):
                        return message
                await self._hear()

    async def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        received = await loop.sock_recv(self._socket, LARGEST)
        self._received.append(received.decode())

    def _write(self, start: str, lines: list[str], extra: str, body: str, kind: str) -> str:
        via = f"Via: SIP/2.0/UDP {self.name};branch=z9hG4bK{uuid.uuid4().hex}"
        head = [
            start,
            *([] if start.startswith("SIP/2.0") else [via]),
            *lines,
            f"Contact: <sip:raw@{self.name}>",
            "Max-Forwards: 70",
            *([f"Content-Type: {kind}"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(head) + f"\r\n{extra}\r\n{body}"


def header(message: str, name: str) -> str:
    """Return a whole header line."""
    found = re.search(rf"^{name}:.*?$", message, re.MULTILINE)
    assert found is not None, message
    return found[0].strip()


def headers(message: str, name: str) -> list[str]:
    """Return all lines of a header."""
    return [line.strip() for line in re.findall(rf"^{name}:.*?$", message, re.MULTILINE)]


def sequence_of(request: str) -> int:
    """Return the number in the CSeq of a request."""
    return int(header(request, "CSeq").split()[1])
