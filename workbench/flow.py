"""`@flow`: an async function of one call that decides what the call does.

A flow is found by the command line as `path.py:name` or `module:name`.
"""

import hashlib
import importlib
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, overload

from workbench.asking import AskedAt, short_name
from workbench.control import CallControl
from workbench.errors import InvalidFlow


class Flow:
    """An async function of one call, with the identity that is put on record."""

    def __init__(self, function: Callable[..., Awaitable[Any]], name: str = "") -> None:
        """Take the function's name, and the hash of its source as its version.

        Raises:
            InvalidFlow: it is not `async def`, or does not take a call and nothing else.
        """
        if not _takes_one_call(function):
            message = (
                f"{function!r} cannot be a flow: write `@flow` above `async def name(call):`, "
                "where a further argument needs a default."
            )
            raise InvalidFlow(message)
        self.function = function
        self.name = name or function.__name__
        self.folder = Path(inspect.getfile(function)).parent
        code = function.__code__
        self.begins = AskedAt(short_name(code.co_filename), code.co_firstlineno)
        """Where its source begins, decorators included."""
        self.source = _source(function)
        self.version = hashlib.sha256(self.source.encode()).hexdigest()[:12]
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__

    def __call__(self, call: CallControl) -> Awaitable[Any]:
        """Run as a part of another flow."""
        return self.function(call)

    def __repr__(self) -> str:
        """Name the flow and its version."""
        return f"<flow {self.name} {self.version}>"


def _takes_one_call(function: Any) -> bool:
    # A `functools.partial` has neither a name nor a source.
    if not (inspect.isfunction(function) or inspect.ismethod(function)):
        return False
    try:
        inspect.signature(function).bind("a call")
    except TypeError:
        return False
    return inspect.iscoroutinefunction(function)


def _source(function: Callable[..., Any]) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except OSError:
        # Typed at a prompt that keeps no source: what was compiled still tells versions apart.
        return _compiled(function.__code__)


def _compiled(code: CodeType) -> str:
    """Write down instructions, names and constants, those of inner functions too."""
    return f"{code.co_code.hex()} {code.co_names} {_constant(code.co_consts)}"


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return _compiled(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_constant, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_constant, value)))}}}"
    return repr(value)


@overload
def flow(function: Callable[..., Awaitable[Any]]) -> Flow: ...
@overload
def flow(*, name: str) -> Callable[[Callable[..., Awaitable[Any]]], Flow]: ...
def flow(function: Callable[..., Awaitable[Any]] | None = None, *, name: str = "") -> Any:
    """Make an `async def` function of one call a flow.

    Raises:
        InvalidFlow: the function is not `async def`, or does not take one call.
    """
    if function is None:
        return lambda wrapped: Flow(wrapped, name)
    return Flow(function, name)


def load_flow(where: str) -> Flow:
    """Find a flow by `path.py:name` or `module:name`.

    Raises:
        InvalidFlow: no such file, module or name, or what is there is not a flow.
    """
    place, _, name = where.rpartition(":")
    if not place or not name:
        message = f"{where!r} names no flow: write it as path.py:name or module:name."
        raise InvalidFlow(message)
    found = getattr(_load_module(place), name, None)
    if isinstance(found, Flow):
        return found
    message = (
        f"{place} has no flow named {name!r}: put `@flow` above `async def {name}(call):`."
    )
    raise InvalidFlow(message)


def _load_module(place: str) -> ModuleType:
    try:
        return _load_file(Path(place)) if place.endswith(".py") else _load_name(place)
    except InvalidFlow:
        raise
    except (Exception, SystemExit) as error:
        message = f"{place} cannot be loaded: {_where_it_failed(error)}."
        raise InvalidFlow(message) from error


def _where_it_failed(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}"
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None or isinstance(error, SyntaxError | ModuleNotFoundError):
        return text
    return f"{text} (line {frame.tb_lineno} of {Path(frame.tb_frame.f_code.co_filename).name})"


def _load_name(place: str) -> ModuleType:
    _add_to_path(Path.cwd())
    if not _is_module_name(place):
        message = f"{place!r} is no Python file: give the flow as path.py:name or module:name."
        raise InvalidFlow(message)
    if importlib.util.find_spec(place) is None:
        message = (
            f"There is no module {place!r}: check the name, or give a file as path.py:name."
        )
        raise InvalidFlow(message)
    return importlib.import_module(place)


def _is_module_name(place: str) -> bool:
    path = Path(place)
    return not (path.suffix and path.is_file()) and all(
        part.isidentifier() for part in place.split(".")
    )


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        message = f"There is no file {str(path)!r}: give the flow as path.py:name."
        raise InvalidFlow(message)
    path = path.resolve()
    # Under a name of its own: a file named json.py must replace no other module.
    name = f"workbench_flows_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        message = f"{str(path)!r} is not Python: give the flow as path.py:name."
        raise InvalidFlow(message)
    module = importlib.util.module_from_spec(spec)
    _add_to_path(path.parent)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _add_to_path(folder: Path) -> None:
    """Let a flow import what lies beside it, but nothing of ours or of Python's be hidden."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
