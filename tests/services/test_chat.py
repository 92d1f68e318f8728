"""Chat models over HTTP: pieces as they come, tools, and replies that are none."""

from typing import Any

import pytest

from tests.services.stand_in import WORDS, StandIn, patience
from workbench.errors import ServiceBusy, ServiceFailed, ServiceGarbled, ServiceTimedOut
from workbench.services import Endpoint, HttpChat

pytestmark = pytest.mark.anyio

ASKED = [{"role": "user", "content": "My balance?"}]
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


async def reply(stand_in: StandIn, behaviour: str, *tools: Any) -> list[dict[str, Any]]:
    model = HttpChat(
        Endpoint(stand_in.url(behaviour), **patience(behaviour)),
        "stand-in",
        options={"seed": 7},
    )
    return [piece async for piece in model.reply(ASKED, tools)]


async def test_a_reply_comes_in_pieces(stand_in: StandIn) -> None:
    pieces = await reply(stand_in, "fine")
    assert [piece["text"] for piece in pieces[:-1]] == list(WORDS)
    assert pieces[-1] == {"end": {"model": "stand-in", "reason": "stop"}}
    asked = stand_in.asked[0].json
    assert asked["messages"] == ASKED
    assert (asked["stream"], asked["max_tokens"], asked["seed"]) == (True, 400, 7)
    assert "tools" not in asked


async def test_the_arguments_of_a_tool_are_put_together(stand_in: StandIn) -> None:
    pieces = await reply(stand_in, "fine", TOOL)
    call = {"id": "call_a", "name": "look_up", "arguments": '{"account": "4711"}'}
    assert pieces[0] == {"tool": call}
    assert pieces[1]["end"]["reason"] == "tool_calls"
    assert stand_in.asked[0].json["tools"] == [TOOL]


async def test_a_service_that_does_not_stream_gives_one_piece(stand_in: StandIn) -> None:
    pieces = await reply(stand_in, "unstreamed")
    assert pieces[0] == {"text": "".join(WORDS)}
    end = {"model": "stand-in", "reason": "stop", "tokens_in": 9, "tokens_out": 5}
    assert pieces[1:] == [{"end": end}]


async def test_a_busy_service_is_asked_again(stand_in: StandIn) -> None:
    assert len(await reply(stand_in, "busy-once")) == len(WORDS) + 1


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("busy-long", ServiceBusy),
        ("broken", ServiceFailed),
        ("hanging", ServiceTimedOut),
        ("garbage", ServiceGarbled),
        ("garbage-json", ServiceGarbled),
        ("oversized", ServiceGarbled),
        ("long-event", ServiceGarbled),
    ],
)
async def test_a_service_that_fails_gives_nothing(
    stand_in: StandIn, behaviour: str, error: type[ServiceFailed]
) -> None:
    with pytest.raises(error) as raised:
        await reply(stand_in, behaviour)
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("silent", ServiceTimedOut),
        ("dropped", ServiceGarbled),
        ("ended-early", ServiceGarbled),
        ("failing-late", ServiceFailed),
    ],
)
async def test_what_came_before_a_failure_was_given(
    stand_in: StandIn, behaviour: str, error: type[ServiceFailed]
) -> None:
    model = HttpChat(Endpoint(stand_in.url(behaviour), **patience(behaviour)), "stand-in")
    pieces = model.reply(ASKED, ())
    assert await anext(aiter(pieces)) == {"text": "Your "}
    with pytest.raises(error) as raised:
        await anext(aiter(pieces))
    assert type(raised.value) is error


def test_it_has_a_name(stand_in: StandIn) -> None:
    name = HttpChat(Endpoint(stand_in.url()), "small").name
    assert name == f"127.0.0.1:{stand_in.server_port}/small"
