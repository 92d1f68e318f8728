"""What all tests share: the options `--soak`, for the long form, and `--pictures`."""

import signal
from typing import Protocol

import pytest

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As in the background of a shell; what tests start would inherit it, and hear no Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Rounds(Protocol):
    """Chooses how often a test does what it does."""

    def __call__(self, short: int, whole: int) -> int:
        """Return `whole` with `--soak`, else `short`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak", action="store_true", help="Run tests that have a long form in that form."
    )
    parser.addoption(
        "--pictures", action="store_true", help="Keep the browser's pictures in docs/pictures."
    )


@pytest.fixture
def soak(pytestconfig: pytest.Config) -> bool:
    """Whether the long form was asked for."""
    return bool(pytestconfig.getoption("--soak"))


@pytest.fixture
def rounds(soak: bool) -> Rounds:
    """Let a test have a short and a whole form."""
    return lambda short, whole: whole if soak else short
