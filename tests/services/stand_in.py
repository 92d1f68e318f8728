"""A stand-in for services of OpenAI's dialect, with the ways in which they fail.

The first part of the path says how it behaves: `http://127.0.0.1:PORT/hang/v1`.
"""

import email
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import soundfile

WORDS = ("Your ", "balance ", "is ", "12 ", "euros.")
HELD = 30.0
"""Seconds after which a service that hangs lets go, so that no thread stays for ever."""
ENDLESS = ("hanging", "silent", "dripping")


def patience(behaviour: str) -> dict[str, Any]:
    """Return how long to wait: a moment for what never comes, else long enough."""
    return {"total_s": 0.8, "silence_s": 0.6} if behaviour in ENDLESS else {"total_s": HELD}


class StandIn(ThreadingHTTPServer):
    """A server on a port of its own; `asked` has what it was asked, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self.gone = threading.Event()
        """Set when somebody who was being answered went away."""

    def url(self, behaviour: str = "fine") -> str:
        """Return where the service is that behaves so."""
        return f"http://127.0.0.1:{self.server_port}/{behaviour}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


class Asked:
    """One request."""

    def __init__(self, path: str, headers: Any, body: bytes) -> None:
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, bytes]:
        """Its body, where it is a form."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts: Any = email.message_from_bytes(head + self.body).get_payload()
        return {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in parts
        }


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """Serve until the block is left."""
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def chunk(**delta: Any) -> dict[str, Any]:
    """Return one chunk of a reply that streams, as OpenAI sends it."""
    finish = delta.pop("finish_reason", None)
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
        "model": "stand-in", "choices": [choice],
    }  # fmt: skip


def tone(seconds: float = 0.5, form: str = "WAV") -> bytes:
    """Return a file of 440 Hz at 24 kHz."""
    file = io.BytesIO()
    samples = 0.5 * np.sin(np.arange(int(24_000 * seconds)) * 2 * np.pi * 440 / 24_000)
    soundfile.write(file, samples, 24_000, "PCM_16", format=form)
    return file.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        _, behaviour, path = self.path.split("/", 2)
        asked = Asked("/" + path, self.headers, body)
        before = sum(each.path == asked.path for each in self.server.asked)
        self.server.asked.append(asked)
        try:
            _BEHAVIOURS[behaviour](self, asked, before)
        except OSError:
            self.server.gone.set()

    # -- ways to behave --------------------------------------------------------------------

    def _fine(self, asked: Asked, _before: int) -> None:
        if asked.path.endswith("/chat/completions"):
            self._chat(asked)
        elif asked.path.endswith("/audio/speech"):
            self._whole(_spoken(asked.json["response_format"]), media="audio/wav")
        else:
            self._transcript(asked)

    def _chat(self, asked: Asked) -> None:
        if not asked.json.get("stream"):
            said = {"role": "assistant", "content": "".join(WORDS)}
            choice = {"index": 0, "message": said, "finish_reason": "stop"}
            usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
            whole = {"id": "1", "object": "chat.completion", "created": 1, "model": "stand-in"}
            self._json(200, {**whole, "choices": [choice], "usage": usage})
            return
        if asked.json.get("tools") and asked.json["messages"][-1]["role"] == "user":
            self._stream(*_tool_chunks())
        else:
            self._stream(
                chunk(role="assistant", content=""), *[chunk(content=word) for word in WORDS],
                chunk(finish_reason="stop"),
            )  # fmt: skip

    def _transcript(self, asked: Asked) -> None:
        transcript: dict[str, Any] = {"text": " My  account, please. "}
        if asked.form["response_format"] == b"verbose_json":
            words = [{"word": "My", "start": 0.1, "end": 0.25}]
            segments = [{"id": 0, "avg_logprob": -0.105}]
            transcript |= {"words": words, "segments": segments, "duration": 1.0}
            transcript |= {"language": "english"}
        self._json(200, transcript)

    def _unstreamed(self, asked: Asked, before: int) -> None:
        asked.body = json.dumps({**asked.json, "stream": False}).encode()
        self._fine(asked, before)

    def _busy_once(self, asked: Asked, before: int) -> None:
        if before:
            self._fine(asked, before)
        else:
            self._error(429, "Slow down.", {"Retry-After": "0"})

    def _broken(self, _asked: Asked, _before: int) -> None:
        self._error(500, "The server had an error.\r\nSorry\x1b[31m about that!")

    def _echoing(self, asked: Asked, _before: int) -> None:
        self._error(400, f"You sent {asked.headers['Authorization']} to me.")

    def _hanging(self, _asked: Asked, _before: int) -> None:
        self.server.over.wait(HELD)

    def _silent(self, _asked: Asked, _before: int) -> None:
        self._begin("text/event-stream")
        self._chunk(sse(chunk(content="Your ")))
        # Until the far end closes, which it does without a word when it has lost patience.
        if self.rfile.read(1) == b"":
            self.server.gone.set()

    def _dripping(self, _asked: Asked, _before: int) -> None:
        self._begin("text/event-stream")
        while not self.server.over.wait(0.02):
            self._chunk(b": still here\n\n")

    def _garbage(self, _asked: Asked, _before: int) -> None:
        self._whole(b"\x00\xff not what you expect", media="text/event-stream")

    def _garbage_json(self, _asked: Asked, _before: int) -> None:
        self._whole(b'data: {"choices": "none", "text": 5}\n\n', media="text/event-stream")

    def _no_http(self, _asked: Asked, _before: int) -> None:
        self.wfile.write(b"SIP/2.0 200 OK\r\n\r\n")
        self.close_connection = True

    def _oversized(self, _asked: Asked, _before: int) -> None:
        self._begin("application/json")
        while True:
            self._chunk(b" " * 65_536)

    def _long_event(self, _asked: Asked, _before: int) -> None:
        self._begin("text/event-stream")
        self._chunk(b"data: ")
        for _ in range(400):
            self._chunk(b"x" * 1024)

    def _dropped(self, _asked: Asked, _before: int) -> None:
        self._begin("text/event-stream")
        self._chunk(sse(chunk(content="Your ")))
        self.close_connection = True

    def _ended_early(self, _asked: Asked, _before: int) -> None:
        self._begin("text/event-stream")
        self._chunk(sse(chunk(content="Your ")))
        self.wfile.write(b"0\r\n\r\n")

    def _failing_late(self, _asked: Asked, _before: int) -> None:
        self._begin("text/event-stream")
        self._chunk(sse(chunk(content="Your ")))
        self._chunk(sse({"error": {"message": "overloaded", "type": "server_error"}}))
        self.wfile.write(b"0\r\n\r\n")

    def _elsewhere(self, _asked: Asked, _before: int) -> None:
        url = self.server.url("fine") + "/chat/completions"
        self._error(307, "", {"Location": url})

    def _compressed(self, _asked: Asked, _before: int) -> None:
        self._whole(b"bomb", headers={"Content-Encoding": "gzip"})

    # -- how it is sent --------------------------------------------------------------------

    def _error(self, code: int, text: str, headers: dict[str, str] | None = None) -> None:
        self._json(code, {"error": {"message": text, "type": "x"}}, headers)

    def _json(self, code: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._whole(json.dumps(body).encode(), code, headers=headers)

    def _whole(
        self,
        body: bytes,
        code: int = 200,
        media: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": media, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, *chunks: dict[str, Any]) -> None:
        self._begin("text/event-stream; charset=utf-8")
        for each in chunks:
            self._chunk(sse(each))
        self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _begin(self, media: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, body: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))


_BEHAVIOURS: dict[str, Callable[[_Handler, Asked, int], None]] = {
    name.replace("_", "-"): getattr(_Handler, f"_{name}")
    for name in (
        "fine", "unstreamed", "busy_once", "broken", "echoing", "hanging", "silent", "dripping",
        "garbage", "garbage_json", "no_http", "oversized", "long_event", "dropped",
        "ended_early", "failing_late", "elsewhere", "compressed",
    )
} | {
    "busy-long": lambda me, _a, _b: me._error(429, "Slow down.", {"Retry-After": "60"}),
    "refusing": lambda me, _a, _b: me._error(401, "Incorrect API key: sk-ca****42"),
}  # fmt: skip


def sse(event: Any) -> bytes:
    """Return a server-sent event."""
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def _tool_chunks() -> list[dict[str, Any]]:
    first = {"index": 0, "id": "call_a", "type": "function"}
    parts = [
        {**first, "function": {"name": "look_up", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"acc'}},
        {"index": 0, "function": {"arguments": 'ount": "4711"}'}},
    ]
    return [*[chunk(tool_calls=[part]) for part in parts], chunk(finish_reason="tool_calls")]


def _spoken(form: str) -> bytes:
    with suppress(KeyError):
        return {"wav": tone(), "flac": tone(form="FLAC")}[form]
    return b"\x00\x10\x00\xf0" * 6000
