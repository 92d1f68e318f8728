"""What a bench is given, checked: flows, folders, addresses and times."""

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workbench.door.tls import Tls
from workbench.engine.doorway import bind
from workbench.engine.terms import Terms, as_codecs, as_rtp_from, as_srtp
from workbench.errors import InvalidFlow, InvalidInput
from workbench.flow import Flow
from workbench.policy import Policy
from workbench.sip import check_headers, is_ipv4, parse_address
from workbench.speech.choice import Speech

LOOPBACK = "127.0.0.1"
MOST_REDIRECTS = 10
LONGEST_NAME = 64


def as_flow(flow: Any) -> Flow:
    """Return a flow.

    Raises:
        InvalidFlow: it is none.
    """
    if isinstance(flow, Flow):
        return flow
    message = f"{flow!r} is not a flow: put `@flow` above its `async def`."
    if inspect.iscoroutine(flow):
        flow.close()
        message = f"{flow!r} is a flow that was called: give the flow itself, without `(…)`."
    raise InvalidFlow(message)


def as_flows(flows: Any) -> Flow | dict[str, Flow] | list[Flow]:
    """Return a flow, a list of flows, or flows by names.

    Raises:
        InvalidFlow: something is none.
    """
    if isinstance(flows, Mapping):
        return {str(name): as_flow(flow) for name, flow in flows.items()}
    if isinstance(flows, list | tuple):
        return [as_flow(flow) for flow in flows]
    return as_flow(flows)


def as_name(name: Any) -> str:
    """Return what something is called on record.

    Raises:
        InvalidInput: it is no short text.
    """
    if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable():
        return name
    message = f"A name is a text of 1 to {LONGEST_NAME} characters on one line, not {name!r}."
    raise InvalidInput(message)


def as_policy(policy: Any) -> Policy:
    """Return a policy, the default one for None.

    Raises:
        InvalidInput: it is none.
    """
    if policy is None or isinstance(policy, Policy):
        return policy or Policy()
    message = f"`policy` is a Policy, such as `Policy(allow=[…])`, not {policy!r}."
    raise InvalidInput(message)


def as_speech(speech: Any) -> Speech:
    """Return what listens and speaks, the default for None.

    Raises:
        InvalidInput: it is none.
    """
    if speech is None or isinstance(speech, Speech):
        return speech or Speech()
    message = f"`speech` is a Speech, such as `Speech(recognizer=…)`, not {speech!r}."
    raise InvalidInput(message)


def folder(path: Any) -> Path:
    """Return the path of a folder, whether there is one or not.

    Raises:
        InvalidInput: it names none.
    """
    if isinstance(path, str | Path) and str(path):
        return Path(path)
    message = f"A folder is named by text or a Path, not by {path!r}."
    raise InvalidInput(message)


def folders(paths: Any) -> list[Path]:
    """Return the paths of one folder or several.

    Raises:
        InvalidInput: they name none.
    """
    if isinstance(paths, str | Path):
        return [folder(paths)]
    if isinstance(paths, Iterable):
        return [folder(path) for path in paths]
    message = f"`sounds` are folders, in a list, not {paths!r}."
    raise InvalidInput(message)


def own_address(host: Any) -> str:
    """Return an IPv4 address of this machine.

    Raises:
        InvalidInput: it is no address.
        EngineError: it is not of this machine.
    """
    if not is_ipv4(host):
        message = f"`host` is an IPv4 address of this machine, not {host!r}."
        raise InvalidInput(message)
    if host != LOOPBACK:
        bind(host, 0).close()
    return str(host)


def own_tls(tls: Any, engine: object) -> Tls:
    """Return what TLS needs, once its files have been read; an engine has its own.

    Raises:
        InvalidInput: a file cannot be used.
    """
    if tls is None:
        return Tls()
    if not isinstance(tls, Tls) or engine is not None:
        message = "`tls` is a `Tls(…)` for the usual engine: give it to yours, `Pool(tls=…)`."
        raise InvalidInput(message)
    return tls.checked()


def own_terms(srtp: Any, codecs: Any, rtp_from: Any, engine: object) -> Terms:
    """Return on which terms audio flows; an engine that is given has its own.

    Raises:
        InvalidInput: they cannot be used.
    """
    terms = Terms(srtp=as_srtp(srtp), codecs=as_codecs(codecs), rtp_from=as_rtp_from(rtp_from))
    if engine is not None and terms != Terms():
        message = (
            "`srtp`, `codecs` and `rtp_from` are for the usual engine: give them to yours, "
            "`Pool(…)`."
        )
        raise InvalidInput(message)
    return terms


def seconds(name: str, value: Any) -> float:
    """Return a time in seconds, of a day at most.

    Raises:
        InvalidInput: the argument `name` is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 86_400:
        return float(value)
    message = f"`{name}` is seconds, a number between 0 and 86400, not {value!r}."
    raise InvalidInput(message)


def check_invite(uri: str, from_: str, headers: Mapping[str, str]) -> None:
    """Refuse what may not go onto the wire.

    Raises:
        InvalidInput: an address or a header.
    """
    for address in (uri, from_ or uri):
        parse_address(address)
    check_headers(headers)


def call_limits(ring_timeout: Any, follow_redirects: Any, time_limit: Any) -> dict[str, Any]:
    """Return how long a call may ring and last, and how often it may be sent elsewhere.

    Raises:
        InvalidInput: one of them cannot be used.
    """
    return {
        "ring_timeout_s": seconds("ring_timeout", ring_timeout),
        "follow_redirects": count("follow_redirects", follow_redirects, MOST_REDIRECTS),
        "time_limit_s": None if time_limit is None else seconds("time_limit", time_limit),
    }


def count(name: str, value: Any, most: int) -> int:
    """Return a number of times, from 0 on.

    Raises:
        InvalidInput: the argument `name` is none.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
        return value
    message = f"`{name}` is a whole number from 0 to {most}, not {value!r}."
    raise InvalidInput(message)
