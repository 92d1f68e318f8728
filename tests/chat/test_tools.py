"""Tools: what a model is told of a function, and what it may hand to it."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from workbench.chat.tools import Goodbye, HandOff, Tool, by_name
from workbench.errors import InvalidInput

Account = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$", description="Four digits.")]


def balance(account: Account, kind: Literal["current", "savings"] = "current") -> float:
    """Tell how much is in an account.

    And nothing else.
    """
    return float(account) + (kind == "savings")


def test_a_model_is_told_of_a_function() -> None:
    assert Tool(balance).describe() == {
        "type": "function",
        "function": {
            "name": "balance",
            "description": "Tell how much is in an account.",
            "parameters": {
                "type": "object",
                "properties": {
                    "account": {
                        "type": "string", "pattern": "^[0-9]{4}$",
                        "description": "Four digits.",
                    },
                    "kind": {"enum": ["current", "savings"], "default": "current"},
                },
                "required": ["account"],
                "additionalProperties": False,
            },
        },
    }  # fmt: skip


def test_what_a_model_writes_becomes_arguments() -> None:
    assert Tool(balance).bound('{"account": "0012"}')() == 12
    assert Tool(balance).bound('{"account": "0012", "kind": "savings"}')() == 13


@pytest.mark.parametrize(
    "written",
    [
        '{"account": "12"}',
        '{"account": 1234}',
        "{}",
        "[1]",
        "garbage",
        '{"account": "1234", "x": 1}',
    ],
)
def test_what_does_not_fit_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput, match="These arguments of balance cannot be used"):
        Tool(balance).bound(written)


def takes_anything(*args: Any) -> None:
    """Take anything."""


def takes_no_names(a: int, /) -> None:
    """Take a number."""


@pytest.mark.parametrize("function", [takes_anything, takes_no_names, lambda: None])
def test_a_function_that_a_model_cannot_call(function: Any) -> None:
    with pytest.raises(InvalidInput):
        Tool(function)


def test_tools_go_by_their_names() -> None:
    person = HandOff(name="sales", to="sip:sales@example.com", when="For new contracts.")
    tools = by_name((balance, person, Goodbye()))
    assert list(tools) == ["balance", "sales", "end_call"]
    told = [tool.describe()["function"]["description"] for tool in tools.values()]
    assert told[1] == "Connect the caller to a person. For new contracts."
    with pytest.raises(InvalidInput, match="Two tools are called 'balance'"):
        by_name((balance, balance))
