"""Wrong input: one sentence that says what is wrong, from the shell and from Python alike."""

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import flows
from tests.acceptance.program import workbench
from workbench import Policy, Workbench
from workbench.errors import (
    AddressInUse,
    CallNotFound,
    InvalidAddress,
    InvalidFlow,
    InvalidHeader,
    InvalidInput,
    NotAllowedNow,
    StoreError,
    StoreUnreadable,
    WorkbenchError,
)
from workbench.flow import load_flow

pytestmark = [pytest.mark.sip, pytest.mark.slow]

FLOW = f"{flows.__file__}:stay"
DIAL = ("dial", "sip:127.0.0.1:9")
RANDOM_BYTES = b"\x8b\x00neither SQLite nor a store" * 99


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all that may lie in a user's way."""
    (tmp_path / "broken.py").write_text("async def stay(call:\n")
    (tmp_path / "failing.py").write_text("import surely_not_installed\n")
    (tmp_path / "plain.py").write_text("def stay(call):\n    pass\n")
    (tmp_path / "a-file").write_text("no folder")
    (tmp_path / "a-file.md").write_text("no Python")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "calls.db").write_bytes(RANDOM_BYTES)
    Workbench(tmp_path / "store").close()
    return tmp_path


@pytest.fixture
def taken() -> Iterator[str]:
    """HOST:PORT where another process listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        yield "{}:{}".format(*other.getsockname())


def refusal(folder: Path, *arguments: str) -> str:
    """Return the sentence with which the command line refuses."""
    with workbench(folder, *arguments) as program:
        code = program.finish()
        assert code == 2, program.output + program.errors
        assert "Traceback" not in program.errors + program.output
        *usage, sentence = program.errors.splitlines()
    # click shows in three lines how the command is used when an option cannot be read.
    assert not usage or (usage[0].startswith("Usage: ") and len(usage) == 3), usage
    assert re.fullmatch(r"Error: .{15,}[.)]", sentence), sentence
    return sentence


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("bob", "'bob' is not a SIP address"),
        ("http://example.com", "is not a SIP address"),
        ("sip:bob@127.0.0.1:70000", "The port of"),
        ("sip:bob@127.0.0.1?X-Order=42", "leave them out"),
        ("sip:bo b@127.0.0.1", "'sip:bo b@127.0.0.1'"),
    ],
)
def test_a_uri_that_cannot_be_dialled(folder: Path, uri: str, said: str) -> None:
    assert said in refusal(folder, "dial", uri, "--flow", FLOW, "--store", "store")


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        ("missing.py:stay", "There is no file 'missing.py'"),
        ("missing:stay", "There is no module 'missing'"),
        ("plain.py:nobody", "no flow named 'nobody'"),
        ("plain.py:stay", "put `@flow` above"),
        ("plain.py", "write it as path.py:name"),
        ("a-file.md:stay", "'a-file.md' is no Python file"),
        ("./store:stay", "'./store' is no Python file"),
        ("broken.py:stay", "SyntaxError"),
        ("failing.py:stay", "surely_not_installed"),
    ],
)
def test_a_flow_that_cannot_be_found(folder: Path, flow: str, said: str) -> None:
    assert said in refusal(folder, *DIAL, "--flow", flow, "--store", "store")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("answer", FLOW, "--calls", "abc"), "'abc'"),
        (("answer", FLOW, "--calls", "0"), "--calls"),
        ((*DIAL, "--flow", FLOW, "--timeout", "soon"), "'soon'"),
        ((*DIAL, "--flow", FLOW, "--timeout", "-1"), "-1"),
        (("answer", FLOW, "--listen", "127.0.0.1:sip"), "write HOST:PORT"),
        (("answer", FLOW, "--listen", "127.0.0.1"), "write HOST:PORT"),
        (("answer", FLOW, "--listen", "192.0.2.1:5060"), "an address of this machine"),
        (("calls", "--format", "xml"), "'xml'"),
    ],
)
def test_an_option_that_cannot_be_read(
    folder: Path, options: tuple[str, ...], said: str
) -> None:
    assert said in refusal(folder, *options, "--store", "store")


def test_a_port_that_is_taken(folder: Path, taken: str) -> None:
    said = refusal(folder, "answer", FLOW, "--listen", taken, "--store", "store")
    assert f"The address {taken} is taken" in said


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("a-file", "There is no store of calls in a-file"),
        ("damaged", "damaged"),
        ("missing", "There is no store of calls in missing"),
    ],
)
def test_a_store_that_cannot_be_read(folder: Path, store: str, said: str) -> None:
    assert said in refusal(folder, "calls", "--store", store)
    assert not (folder / "missing").exists()


@pytest.mark.parametrize("store", ["a-file", "damaged"])
def test_a_store_that_cannot_be_written(folder: Path, store: str) -> None:
    assert store in refusal(folder, *DIAL, "--flow", FLOW, "--store", store)
    assert (folder / "damaged" / "calls.db").read_bytes() == RANDOM_BYTES


@pytest.mark.parametrize("command", ["events", "replay"])
def test_a_call_that_is_not_there(folder: Path, command: str) -> None:
    flow = ("--flow", FLOW) if command == "replay" else ()
    assert "'CAnobody'" in refusal(folder, command, "CAnobody", *flow, "--store", "store")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("X-Order 42", "write it as 'X-Name: value'"),
        ("X-Order: 42\r\nVia: stranger", "line break"),
        ("X-Order: 42\nVia: stranger", "line break"),
        ("Via: stranger", "'Via' may not be set"),
    ],
)
def test_a_header_that_may_not_be_sent(folder: Path, header: str, said: str) -> None:
    sentence = refusal(folder, *DIAL, "--flow", FLOW, "--header", header, "--store", "store")
    assert said in sentence


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("telephone",), "'telephone'"), (("dial",), "'URI'"), (("events",), "'CALL'")],
)
def test_a_command_that_does_not_exist_or_lacks_something(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refusal(folder, *arguments)


def test_a_host_that_cannot_be_reached(folder: Path) -> None:
    said = refusal(
        folder, "dial", "sip:no-such-host.invalid", "--flow", FLOW, "--store", "store",
        "--allow", "*.invalid",
    )  # fmt: skip
    assert "no-such-host.invalid cannot be resolved" in said


def test_the_network_cannot_be_called_from_loopback(folder: Path) -> None:
    said = refusal(
        folder, "dial", "sip:192.0.2.1", "--flow", FLOW, "--store", "store",
        "--allow", "192.0.2.0/24",
    )  # fmt: skip
    assert "--host ADDRESS" in said


def test_what_is_not_allowed_is_not_called(folder: Path) -> None:
    said = refusal(folder, "dial", "sip:192.0.2.1", "--flow", FLOW, "--store", "store")
    assert "192.0.2.1 is not in `Policy.allow`: add it there, or by --allow" in said


def test_a_pattern_that_means_nothing_is_refused(folder: Path) -> None:
    said = refusal(
        folder, "dial", "sip:192.0.2.1", "--flow", FLOW, "--store", "store", "--allow", "a b"
    )
    assert "'a b' is no destination: write" in said


@pytest.mark.parametrize("host", ["nowhere", "198.51.100.7"])
def test_an_address_of_another_machine_cannot_be_called_from(folder: Path, host: str) -> None:
    said = refusal(folder, *DIAL, "--flow", FLOW, "--store", "store", "--host", host)
    assert host in said
    assert "of this machine" in said


# -- the same in Python --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "ask"),
    [
        (InvalidAddress, lambda bench: bench.dial("bob")),
        (InvalidAddress, lambda bench: bench.dial("sip:bob@127.0.0.1:70000")),
        (InvalidAddress, lambda bench: bench.dial("sip:bob@127.0.0.1?X-Order=42")),
        (InvalidAddress, lambda bench: bench.dial("sip:127.0.0.1:9", from_="me")),
        (InvalidAddress, lambda bench: bench.answer(flows.stay, "127.0.0.1")),
        (InvalidFlow, lambda bench: bench.dial("sip:127.0.0.1:9", flow=print)),
        (InvalidFlow, lambda bench: bench.answer("flows.py:stay")),
        (InvalidFlow, lambda _: load_flow("missing.py:stay")),
        (InvalidInput, lambda bench: bench.dial("sip:127.0.0.1:9", ring_timeout="soon")),
        (InvalidInput, lambda bench: bench.dial("sip:127.0.0.1:9", ring_timeout=0)),
        (InvalidHeader, lambda bench: bench.dial("sip:127.0.0.1:9", headers={"Via": "x"})),
        (InvalidHeader, lambda bench: bench.dial("sip:127.0.0.1:9", headers={"X-A": "1\r\n"})),
        (CallNotFound, lambda bench: bench.call("CAnobody")),
    ],
)
def test_python_raises_what_the_shell_says(
    folder: Path, error: type[WorkbenchError], ask: Callable[[Workbench], Any]
) -> None:
    with Workbench(folder / "store") as bench:
        with pytest.raises(error) as raised:
            ask(bench)
        assert bench.calls == []
    check_sentence(raised.value)


def test_python_raises_for_a_port_that_is_taken(folder: Path, taken: str) -> None:
    with Workbench(folder / "store") as bench, pytest.raises(AddressInUse) as raised:
        bench.answer(flows.stay, taken)
    check_sentence(raised.value)


@pytest.mark.parametrize(
    ("store", "read_only", "error"),
    [
        ("a-file", False, StoreError),
        ("a-file", True, StoreError),
        ("damaged", False, StoreUnreadable),
        ("damaged", True, StoreUnreadable),
        ("missing", True, StoreError),
    ],
)
def test_python_raises_for_a_store_that_cannot_be_used(
    folder: Path, store: str, read_only: bool, error: type[WorkbenchError]
) -> None:
    with pytest.raises(error) as raised:
        Workbench(folder / store, read_only=read_only)
    check_sentence(raised.value)


def test_python_raises_when_a_bench_for_reading_shall_dial(folder: Path) -> None:
    with (
        Workbench(folder / "store", read_only=True) as bench,
        pytest.raises(NotAllowedNow) as raised,
    ):
        bench.dial("sip:127.0.0.1:9")
    check_sentence(raised.value)


def test_python_puts_a_host_that_cannot_be_reached_on_record(folder: Path) -> None:
    policy = Policy(allow=["no-such-host.invalid"])
    with Workbench(folder / "store", policy=policy) as bench:
        ended = bench.dial("sip:no-such-host.invalid").wait(60).ended
    assert ended is not None
    assert (ended.status, ended.by) == ("failed", "engine")
    assert "no-such-host.invalid" in ended.reason


def check_sentence(error: WorkbenchError) -> None:
    assert re.fullmatch(r"[A-Z'`/<].{15,}[.)]", str(error)), str(error)
