"""One service on the network: what it may not do to us."""

import asyncio
from typing import Any

import pytest

from tests.services.stand_in import StandIn, patience
from workbench.errors import (
    InvalidInput,
    ServiceBusy,
    ServiceFailed,
    ServiceGarbled,
    ServiceTimedOut,
)
from workbench.services import Endpoint

PATH = "/chat/completions"


def test_the_answer_comes_whole(stand_in: StandIn) -> None:
    assert b"balance" in Endpoint(stand_in.url("unstreamed")).whole(PATH, json={"stream": True})
    assert stand_in.asked[0].headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in stand_in.asked[0].headers


def test_a_busy_service_is_asked_again_when_it_says_when(stand_in: StandIn) -> None:
    Endpoint(stand_in.url("busy-once")).whole(PATH, json={"stream": True})
    assert len(stand_in.asked) == 2


def test_a_service_that_is_busy_for_long_is_not_waited_for(stand_in: StandIn) -> None:
    with pytest.raises(ServiceBusy, match=r"busy \(429\); it asks for 60 s"):
        Endpoint(stand_in.url("busy-long")).whole(PATH, json={})
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize(
    ("behaviour", "error", "text"),
    [
        ("broken", ServiceFailed, r"answered 500: The server had an error.Sorry\[31m about"),
        ("refusing", ServiceFailed, r"does not take the key \(401\)\.$"),
        ("elsewhere", ServiceFailed, "answered 307"),
        ("hanging", ServiceTimedOut, "did not answer in time"),
        ("silent", ServiceTimedOut, "did not answer in time"),
        ("dripping", ServiceTimedOut, "did not answer in time"),
        ("oversized", ServiceGarbled, "more than 50000 bytes"),
        ("dropped", ServiceGarbled, "broke off"),
        ("no-http", ServiceGarbled, "does not speak HTTP"),
        ("compressed", ServiceGarbled, "compresses"),
    ],
)
def test_a_service_that_fails(
    stand_in: StandIn, behaviour: str, error: type[ServiceFailed], text: str
) -> None:
    endpoint = Endpoint(stand_in.url(behaviour), most_bytes=50_000, **patience(behaviour))
    with pytest.raises(error, match=text) as raised:
        endpoint.whole(PATH, json={})
    assert type(raised.value) is error
    assert len(stand_in.asked) == 1, "nobody follows a redirection, or asks twice"


def test_nobody_listens_there() -> None:
    with pytest.raises(ServiceFailed, match=r"127\.0\.0\.1:9 cannot be reached: ConnectError"):
        Endpoint("http://127.0.0.1:9/v1").whole(PATH, json={})


def test_it_may_be_asked_from_a_running_loop(stand_in: StandIn) -> None:
    async def ask() -> bytes:
        return Endpoint(stand_in.url("unstreamed")).whole(PATH, json={"stream": True})

    assert b"balance" in asyncio.run(ask())


async def _leave(url: str) -> None:
    async for chunk in Endpoint(url).chunks(PATH, json={}):
        if b"Your" in chunk:
            break


def test_leaving_an_answer_closes_the_connection(stand_in: StandIn) -> None:
    asyncio.run(_leave(stand_in.url("silent")))
    assert stand_in.gone.wait(20)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/v1", "host/v1", "", "http:///v1", "https://user:canary@host/v1",
        "https://canary@host/v1", "https://host/v1?key=canary", "https://host/v1#canary",
        "https://host:canary/v1", "file:///etc/canary", 5,
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_refused_unseen(url: Any) -> None:
    with pytest.raises(InvalidInput, match="The URL of a service is") as raised:
        Endpoint(url)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "limits", [{"total_s": 0}, {"total_s": 5, "silence_s": 6}, {"most_bytes": 0}]
)
def test_limits_that_cannot_be(limits: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="silence_s"):
        Endpoint("http://127.0.0.1/v1", **limits)
