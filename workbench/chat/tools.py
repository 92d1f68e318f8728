"""Tools: functions that a model may call, and ends of a conversation that it may choose."""

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_type_hints

import msgspec

from workbench.errors import InvalidInput

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

Description = dict[str, Any]
"""A tool as OpenAI's chat interface describes it."""


class Tool:
    """A function that a model may call: it runs as a step, and its result goes on record.

    The model learns its name, the first paragraph of its docstring, and its parameters by
    their annotations (whatever msgspec knows, `Annotated[str, msgspec.Meta(description=…)]`).
    """

    own = 0
    """How many parameters, from the first on, are not the model's."""

    def __init__(self, function: Callable[..., Any], *, name: str = "") -> None:
        """Take a function, `async` or not.

        Raises:
            InvalidInput: its name or its parameters cannot be told to a model.
        """
        self.name = name or getattr(function, "__name__", "")
        if not _NAME.fullmatch(self.name):
            message = f"A tool has a name of letters, digits, `_` and `-`, not {self.name!r}."
            raise InvalidInput(message)
        self._function = function
        self._parameters = _parameters(function, self.name, self.own)

    def describe(self) -> Description:
        """Return what a model is told of it."""
        text = (inspect.getdoc(self._function) or "").partition("\n\n")[0]
        return described(self.name, " ".join(text.split()), _schema(self._parameters))

    def bound(self, arguments: str) -> Callable[..., Any]:
        """Return the function with the arguments that a model wrote, as JSON.

        Raises:
            InvalidInput: they are not what the function takes; the message is for the model.
        """
        try:
            taken = msgspec.json.decode(arguments or "{}", type=self._parameters)
        except msgspec.MsgspecError as error:
            message = f"These arguments of {self.name} cannot be used: {error}."
            raise InvalidInput(message) from None
        fields = taken.__struct_fields__
        return partial(self._function, **{name: getattr(taken, name) for name in fields})


class FlowTool(Tool):
    """A function of the flow that a model may call: it gets the call, and may use its verbs.

    It is `async`, and runs inside of the flow: what it wants of the world goes through steps.
    """

    own = 1


class HandOff(msgspec.Struct, frozen=True, kw_only=True):
    """A person whom a model may give the caller to, which ends the conversation."""

    name: str
    """What the model calls it, as `sales`."""
    to: str
    """Whom to call, `sip:user@host`."""
    when: str
    """When the model is to do so, in words."""
    how: Literal["dial", "transfer"] = "dial"
    """`dial` keeps the call with us; `transfer` asks the caller's side to call (REFER)."""
    say: str = ""
    """What the caller is told first."""

    def describe(self) -> Description:
        """Return what a model is told of it."""
        return described(self.name, f"Connect the caller to a person. {self.when}")


class Goodbye(msgspec.Struct, frozen=True, kw_only=True):
    """What a model calls when all is said; it ends the conversation."""

    name: str = "end_call"
    when: str = "When the caller has what they wanted, or says goodbye."
    say: str = ""

    def describe(self) -> Description:
        """Return what a model is told of it."""
        return described(self.name, f"End the call. {self.when}")


AnyTool = Tool | HandOff | Goodbye


def described(name: str, text: str, schema: dict[str, Any] | None = None) -> Description:
    """Return a tool in the form of OpenAI's chat interface."""
    parameters = schema or {"type": "object", "properties": {}}
    function = {"name": name, "description": text, "parameters": parameters}
    return {"type": "function", "function": function}


def by_name(tools: tuple[Any, ...]) -> dict[str, AnyTool]:
    """Return tools by their names; a plain function becomes a `Tool`.

    Raises:
        InvalidInput: one is no tool, or two have the same name.
    """
    named: dict[str, AnyTool] = {}
    for each in tools:
        tool = each if isinstance(each, AnyTool) else Tool(each)
        if tool.name in named:
            raise InvalidInput(f"Two tools are called {tool.name!r}.")
        named[tool.name] = tool
    return named


def _parameters(function: Callable[..., Any], name: str, own: int) -> type[msgspec.Struct]:
    try:
        hints = get_type_hints(function, include_extras=True)
        fields = [
            (each.name, hints.get(each.name, Any), *_default(each))
            for each in [*inspect.signature(function).parameters.values()][own:]
        ]
        struct = msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
        msgspec.json.schema(struct)
    except (TypeError, ValueError, NameError) as error:
        message = f"{name!r} cannot be a tool, its parameters tell a model nothing: {error}."
        raise InvalidInput(message) from error
    return struct


def _default(parameter: inspect.Parameter) -> tuple[Any, ...]:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise TypeError(f"`*{parameter.name}` has no fixed names")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise TypeError(f"{parameter.name!r} has no name for whoever calls")
    return () if parameter.default is parameter.empty else (parameter.default,)


def _schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    _, known = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = known.pop(struct.__name__)
    schema.pop("title", None)
    return schema | ({"$defs": known} if known else {})
