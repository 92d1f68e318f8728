"""The stand-in speaks the dialect: OpenAI's own client understands it."""

import io

import openai
import pytest
from openai.types.chat import ChatCompletionToolParam

from tests.services.stand_in import WORDS, StandIn, tone


@pytest.fixture
def client(stand_in: StandIn) -> openai.OpenAI:
    return openai.OpenAI(base_url=stand_in.url(), api_key="sk-none", max_retries=0)


def test_a_reply_that_streams(client: openai.OpenAI) -> None:
    with client:
        stream = client.chat.completions.create(
            model="any", messages=[{"role": "user", "content": "Hello."}], stream=True
        )
        said = [chunk.choices[0].delta.content for chunk in stream]
    assert "".join(word or "" for word in said) == "".join(WORDS)


def test_a_reply_that_does_not(client: openai.OpenAI) -> None:
    with client:
        whole = client.chat.completions.create(
            model="any", messages=[{"role": "user", "content": "Hello."}]
        )
    assert whole.choices[0].message.content == "".join(WORDS)


def test_the_call_of_a_tool(client: openai.OpenAI) -> None:
    tool: ChatCompletionToolParam = {"type": "function", "function": {"name": "look_up"}}
    with client, client.chat.completions.stream(
        model="any", messages=[{"role": "user", "content": "Hello."}], tools=[tool]
    ) as stream:  # fmt: skip
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls
    assert message.tool_calls[0].function.arguments == '{"account": "4711"}'


def test_a_transcript_with_words(client: openai.OpenAI) -> None:
    with client:
        heard = client.audio.transcriptions.create(
            model="any", file=("a.wav", io.BytesIO(tone())), response_format="verbose_json",
            timestamp_granularities=["word"],
        )  # fmt: skip
    assert heard.words
    assert heard.words[0].word == "My"


def test_speech(client: openai.OpenAI) -> None:
    with client:
        spoken = client.audio.speech.create(
            model="any", voice="anna", input="Hello.", response_format="wav"
        )
    assert spoken.content == tone()


def test_errors(stand_in: StandIn) -> None:
    with openai.OpenAI(
        base_url=stand_in.url("busy-long"), api_key="sk-none", max_retries=0
    ) as client, pytest.raises(openai.RateLimitError):  # fmt: skip
        client.chat.completions.create(
            model="any", messages=[{"role": "user", "content": "Hello."}]
        )
