"""Keys: taken from the environment or an object, shown to nobody."""

import logging
import pickle
import traceback

import pytest

from tests.services.stand_in import StandIn
from workbench.errors import InvalidInput, ServiceFailed
from workbench.services import Endpoint, HttpRecognizer, Key
from workbench.speech.choice import choose

CANARY = "sk-canary-0123456789abcdef"


def test_a_key_goes_out_in_its_header_and_nowhere_else(
    stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = Endpoint(stand_in.url("unstreamed"), key=Key(CANARY))
    endpoint.whole("/chat/completions", json={"stream": True})
    assert stand_in.asked[0].headers["Authorization"] == f"Bearer {CANARY}"
    assert CANARY not in caplog.text
    assert "Bearer" not in caplog.text


@pytest.mark.parametrize(
    "behaviour", ["echoing", "refusing", "broken", "garbage-json", "no-http", "elsewhere"]
)
def test_no_error_has_the_key(stand_in: StandIn, behaviour: str) -> None:
    endpoint = Endpoint(stand_in.url(behaviour), key=Key(CANARY))
    if behaviour == "garbage-json":
        assert b"choices" in endpoint.whole("/chat/completions", json={})
        return
    with pytest.raises(ServiceFailed) as raised:
        endpoint.whole("/chat/completions", json={})
    told = "".join(traceback.format_exception(raised.value))
    assert CANARY not in told
    assert CANARY[:8] not in str(raised.value)
    assert raised.value.__cause__ is None


def test_what_holds_a_key_does_not_show_it() -> None:
    key = Key(CANARY)
    endpoint = Endpoint("https://api.example.com/v1", key=key)
    assert CANARY not in f"{key} {key!r} {endpoint} {endpoint!r}"


def test_it_reaches_the_process_that_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SERVICE_KEY", CANARY)
    for key in (Key(CANARY), Key.from_environment("A_SERVICE_KEY")):
        recognizer = HttpRecognizer(Endpoint("https://example.com/v1", key=key), "whisper")
        chosen = choose("recognizer", recognizer)
        assert CANARY not in repr(chosen)
        assert chosen.make().name == "example.com/whisper"
        assert pickle.loads(pickle.dumps(key)).header() == f"Bearer {CANARY}"
    kept = pickle.dumps(Key.from_environment("A_SERVICE_KEY"))
    assert CANARY.encode() not in kept, "a pickle names the variable"


@pytest.mark.parametrize("text", ["", "  ", "two words", "line\nbreak", "schlüssel"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_unseen(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        Key(text)
    assert not text.strip() or text not in str(raised.value)


def test_a_key_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, stand_in: StandIn
) -> None:
    monkeypatch.setenv("A_SERVICE_KEY", CANARY + "\n")
    endpoint = Endpoint(stand_in.url("unstreamed"), key=Key.from_environment("A_SERVICE_KEY"))
    endpoint.whole("/chat/completions", json={"stream": True})
    assert stand_in.asked[0].headers["Authorization"] == f"Bearer {CANARY}"


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_SERVICE_KEY", raising=False)
    with pytest.raises(InvalidInput, match="set A_SERVICE_KEY"):
        Key.from_environment("A_SERVICE_KEY")


def test_a_key_does_not_leave_in_clear_unless_told() -> None:
    with pytest.raises(InvalidInput, match="in clear"):
        Endpoint("http://models.example.com/v1", key=Key(CANARY))
    Endpoint("http://models.example.com/v1", key=Key(CANARY), unencrypted=True)
    Endpoint("http://127.0.0.1:8000/v1", key=Key(CANARY))
    Endpoint("http://models.example.com/v1")
