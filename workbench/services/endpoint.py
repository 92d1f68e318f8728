"""One service on the network: where it is, how long it may take, how much it may say.

Everything that comes from it is hostile until it is parsed: bounded in time and size, never
decompressed, never followed elsewhere. Its errors are `ServiceFailed`, and name neither keys
nor requests.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from typing import Any, TypeVar

import httpx
import msgspec

from workbench.clock import SystemClock
from workbench.errors import (
    InvalidInput,
    ServiceBusy,
    ServiceFailed,
    ServiceGarbled,
    ServiceTimedOut,
)
from workbench.services.key import Key
from workbench.step_threads import StepThreads

T = TypeVar("T")

BUSY = (429, 503)
"""Too Many Requests (RFC 6585, section 4) and Service Unavailable, which may say when."""
EXPLAINED_CHARACTERS = 200
"""Of what a service says about an error."""
GRACE_S = 2.0
"""Beyond its own time, for a request to tidy up."""


class Endpoint:
    """A service that speaks a dialect of OpenAI's HTTP interface."""

    def __init__(
        self,
        url: str,
        *,
        key: Key | None = None,
        total_s: float = 30.0,
        silence_s: float = 10.0,
        patience_s: float = 2.0,
        most_bytes: int = 1_000_000,
        unencrypted: bool = False,
    ) -> None:
        """Know the service; nothing is sent before it is asked.

        Args:
            url: where it is, up to `/v1`; `http` or `https`, without user, query or fragment.
            key: its key; it never leaves by plain `http`, but to this machine.
            total_s: seconds that a whole answer may take.
            silence_s: seconds that it may say nothing.
            patience_s: seconds that are waited, once, when a busy service says how long.
            most_bytes: of an answer.
            unencrypted: let a key go out by plain `http` all the same.

        Raises:
            InvalidInput: a URL or a time that cannot be used.
        """
        self._url = _checked_url(url)
        if key is not None and not (self._url.scheme == "https" or self._here or unencrypted):
            message = (
                f"The key of {self.host} would go over the network in clear: use https, or "
                "say `unencrypted=True` where nobody listens."
            )
            raise InvalidInput(message)
        if not (0 < silence_s <= total_s < 3600 and patience_s >= 0 and most_bytes > 0):
            message = "A service gets `silence_s` up to `total_s`, below an hour, and bytes."
            raise InvalidInput(message)
        self._key = key
        self._total_s, self._silence_s, self._patience_s = total_s, silence_s, patience_s
        self._most_bytes = most_bytes
        self._client()  # the first one takes 50 ms, which no call is to wait for

    @property
    def host(self) -> str:
        """The host and the port, for people."""
        return self._url.netloc.decode("ascii", "replace")

    def __repr__(self) -> str:
        return f"<Endpoint {self._url}>"

    def __getstate__(self) -> dict[str, Any]:
        # A process of its own for recognition gets one of these; TLS is set up there anew.
        return {name: value for name, value in vars(self).items() if name != "_tls"}

    def whole(self, path: str, **request: Any) -> bytes:
        """Ask with POST and return the answer; blocks its thread, never a running loop.

        Raises:
            ServiceFailed: it did not answer, or not as it should.
        """
        return self._finished(self._whole(path, request))

    async def chunks(self, path: str, **request: Any) -> AsyncGenerator[bytes, None]:
        """Ask with POST and yield the answer as it comes; the first chunk is its media type.

        Raises:
            ServiceFailed: it did not answer, or not as it should.
        """
        deadline = SystemClock().monotonic() + self._total_s
        async with self._answer(path, request, deadline) as response:
            yield response.headers.get("content-type", "").partition(";")[0].encode()
            size, chunks = 0, response.aiter_raw()
            while (chunk := await self._next(chunks, deadline)) is not None:
                size += len(chunk)
                if size > self._most_bytes:
                    message = f"{self.host} says more than {self._most_bytes} bytes."
                    raise ServiceGarbled(message)
                yield chunk

    async def _whole(self, path: str, request: dict[str, Any]) -> bytes:
        chunks = [chunk async for chunk in self.chunks(path, **request)]
        return b"".join(chunks[1:])

    def _finished(self, work: Coroutine[Any, Any, T]) -> T:
        # A look-up of a name cannot be cancelled, so the thread may be left behind.
        limit = self._total_s + self._patience_s + GRACE_S
        try:
            result: T = StepThreads().submit(asyncio.run, work).result(limit)
        except TimeoutError:
            raise ServiceTimedOut(f"{self.host} took over {self._total_s:g} s.") from None
        return result

    async def _next(self, chunks: AsyncIterator[bytes], deadline: float) -> bytes | None:
        with self._told():
            async with asyncio.timeout(self._left(deadline)):
                return await anext(chunks, None)

    def _left(self, deadline: float) -> float:
        return max(0.0, min(self._silence_s, deadline - SystemClock().monotonic()))

    # -- one request -----------------------------------------------------------------------

    @asynccontextmanager
    async def _answer(
        self, path: str, request: dict[str, Any], deadline: float
    ) -> AsyncIterator[httpx.Response]:
        # A client of its own for every request: it belongs to the loop that it runs on.
        async with self._client() as client:
            response = await self._sent(client, path, request, deadline)
            try:
                if response.status_code != 200:
                    raise await self._refusal(response, deadline)
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise ServiceGarbled(f"{self.host} compresses what was asked for plain.")
                yield response
            finally:
                await response.aclose()

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls, timeout=None, follow_redirects=False, trust_env=not self._here
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext | bool:
        # Trusted roots take 20 ms to load: once, and not at all for plain http.
        return httpx.create_ssl_context() if self._url.scheme == "https" else False

    async def _sent(
        self, client: httpx.AsyncClient, path: str, request: dict[str, Any], deadline: float
    ) -> httpx.Response:
        response = await self._once(client, path, request, deadline)
        wait = _retry_after(response)
        if response.status_code in BUSY and wait is not None and wait <= self._patience_s:
            await response.aclose()
            await asyncio.sleep(wait)
            response = await self._once(client, path, request, deadline)
        return response

    async def _once(
        self, client: httpx.AsyncClient, path: str, request: dict[str, Any], deadline: float
    ) -> httpx.Response:
        headers = {"Accept-Encoding": "identity"}
        if self._key is not None:
            headers["Authorization"] = self._key.header()
        asked = client.build_request("POST", f"{self._url}{path}", headers=headers, **request)
        with self._told():
            async with asyncio.timeout(self._left(deadline)):
                return await client.send(asked, stream=True)

    # -- what went wrong -------------------------------------------------------------------

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise what goes wrong as errors of ours, without the request that they hold."""
        try:
            yield
        except TimeoutError:
            raise ServiceTimedOut(f"{self.host} did not answer in time.") from None
        except httpx.RemoteProtocolError:
            message = f"{self.host} broke off, or does not speak HTTP."
            raise ServiceGarbled(message) from None
        except (httpx.HTTPError, OSError) as error:
            message = f"{self.host} cannot be reached: {type(error).__name__}."
            raise ServiceFailed(message) from None

    async def _refusal(self, response: httpx.Response, deadline: float) -> ServiceFailed:
        code = response.status_code
        if code in (401, 403):
            return ServiceFailed(f"{self.host} does not take the key ({code}).")
        if code in BUSY:
            seconds = _retry_after(response)
            hint = "" if seconds is None else f"; it asks for {seconds:g} s"
            return ServiceBusy(f"{self.host} is busy ({code}){hint}.")
        first = await self._next(response.aiter_raw(), deadline) or b""
        explained = self.explained(first)
        return ServiceFailed(f"{self.host} answered {code}{explained and f': {explained}'}")

    def explained(self, body: bytes) -> str:
        """Return what a service says about an error, if it can be shown."""
        try:
            text = msgspec.json.decode(body, type=_Explained).error.message
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return ""
        if self._key is not None and self._key.is_in(text):
            return "what it says repeats the key."
        return "".join(c for c in text if c.isprintable())[:EXPLAINED_CHARACTERS]

    @property
    def _here(self) -> bool:
        return self._url.host == "localhost" or _is_loopback(self._url.host)


class _Message(msgspec.Struct):
    message: str


class _Explained(msgspec.Struct):
    error: _Message


def _checked_url(text: str) -> httpx.URL:
    # The message has not the URL: it may hold a password.
    message = (
        "The URL of a service is `http://HOST[:PORT]/v1` or `https://…`, without user, query "
        "and fragment; a key goes into `key=`."
    )
    try:
        url = httpx.URL(text.rstrip("/"))
    except (httpx.InvalidURL, AttributeError, TypeError):
        raise InvalidInput(message) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidInput(message)
    if url.userinfo or url.query or url.fragment:
        raise InvalidInput(message)
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After (RFC 9110, section 10.2.3), None for a date."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
