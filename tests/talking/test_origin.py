"""Which origins are those of this machine."""

import pytest

from workbench.talking.origin import is_welcome


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:8888",
        "https://localhost",
        "http://lab.localhost:1",
        "http://127.0.0.1:8888",
        "http://127.9.9.9",
        "http://[::1]:8888",
    ],
)
def test_pages_of_this_machine_are_welcome(origin: str) -> None:
    assert is_welcome(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "", "null", "localhost", "file://", "http://", "https://evil.example",
        "http://localhost.evil.example", "http://evil.example#localhost",
        "http://localhost@evil.example", "http://evil@localhost", "http://localhost:8888/lab",
        "http://localhost:x", "http://localhost:99999", "http://[::1", "ftp://localhost",
        "http://127.0.0.1.evil.example", "http://192.168.1.2:8888", "http://LOCALHOST:8888/",
        "javascript://localhost", "http://localhost:8888\r\nX: y",
    ],
)  # fmt: skip
def test_others_are_not(origin: str) -> None:
    assert not is_welcome(origin)


def test_one_that_is_named_is() -> None:
    named = "https://lab.example"
    assert is_welcome(named, named)
    assert not is_welcome("https://lab.example:444", named)
    assert not is_welcome("", "")
