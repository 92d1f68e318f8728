"""What a bench is given: what cannot be used is refused with a remedy."""

from collections.abc import Callable
from typing import Any

import pytest

from workbench.arguments import (
    as_flow,
    as_policy,
    call_limits,
    folders,
    own_address,
    own_terms,
    seconds,
)
from workbench.errors import EngineError, InvalidFlow, InvalidInput


async def plain(_call: object) -> None:
    """Be no flow."""


@pytest.mark.parametrize(
    ("check", "given", "error", "remedy"),
    [
        (as_flow, plain, InvalidFlow, "put `@flow` above"),
        (as_policy, {"allow": []}, InvalidInput, "such as `Policy"),
        (folders, 5, InvalidInput, "`sounds` are folders"),
        (folders, [""], InvalidInput, "text or a Path"),
        (own_address, "::1", InvalidInput, "an IPv4 address of this machine"),
        (own_address, "192.0.2.1", EngineError, "name an address of this machine"),
    ],
)
def test_what_cannot_be_used_is_refused(
    check: Callable[[Any], object], given: object, error: type[Exception], remedy: str
) -> None:
    with pytest.raises(error, match=remedy):
        check(given)


@pytest.mark.parametrize("given", [0, -1, True, "5", 86_400, float("nan")])
def test_a_time_is_a_number_of_seconds(given: object) -> None:
    with pytest.raises(InvalidInput, match="`ring_timeout` is seconds"):
        seconds("ring_timeout", given)


@pytest.mark.parametrize(
    ("srtp", "codecs", "engine", "remedy"),
    [
        ("on", ["PCMU"], None, '"off", "optional" or "required"'),
        ("off", "PCMU", None, "in a list"),
        ("off", [], None, "some of PCMU, PCMA, G722"),
        ("off", ["PCMU", "PCMU"], None, "each once"),
        ("off", ["opus"], None, "some of PCMU, PCMA, G722"),
        ("required", ["PCMU"], object(), "give them to yours"),
    ],
)
def test_the_terms_of_audio_are_known_words(
    srtp: str, codecs: Any, engine: object, remedy: str
) -> None:
    with pytest.raises(InvalidInput, match=remedy):
        own_terms(srtp, codecs, "negotiated", engine)
    with pytest.raises(InvalidInput, match='"negotiated" or "anywhere"'):
        own_terms("off", ["PCMU"], "somewhere", None)


@pytest.mark.parametrize("wrong", [-1, 11, 1.0, True, "1", None])
def test_a_number_of_redirections_is_whole_and_small(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="`follow_redirects` is a whole number"):
        call_limits(1.0, wrong, None)


def test_the_limits_of_a_call() -> None:
    assert call_limits(30, 2, 60) == {
        "ring_timeout_s": 30.0, "follow_redirects": 2, "time_limit_s": 60.0
    }  # fmt: skip
