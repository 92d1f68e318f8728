"""Accounts: what they say, what they hide, what they refuse."""

import copy
import dataclasses
import json
import pickle
from typing import Any

import msgspec
import pytest

from tests.hostile import check_harmless
from workbench.engine.account import Account, Registration, explained
from workbench.engine.registrar import credentials
from workbench.engine.wire import Frames, UseAccount, pack
from workbench.errors import InvalidInput

PASSWORD = "canary-0b7d"
ALICE = Account(uri="sip:alice@pbx.example", password=PASSWORD)


def test_what_is_left_out_follows_from_the_address() -> None:
    assert (ALICE.username, ALICE.user, ALICE.domain) == ("alice", "alice", "pbx.example")
    assert str(ALICE.registrar_at) == str(ALICE.hop) == "sip:pbx.example"
    assert ALICE.callee("100") == "sip:100@pbx.example"
    assert ALICE.callee("sip:bob@elsewhere") == "sip:bob@elsewhere"


def test_proxy_and_registrar_are_told_apart() -> None:
    account = Account(
        uri="sip:alice@pbx.example", registrar="reg.example:5070", proxy="10.0.0.1"
    )
    assert str(account.registrar_at) == "sip:reg.example:5070"
    assert str(account.hop) == "sip:10.0.0.1"
    assert account.callee("100") == "sip:100@pbx.example"


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        dataclasses.asdict,
        vars,
        lambda it: f"{it}",
        lambda it: json.dumps(vars(it), default=str),
    ],
)
def test_nothing_shows_the_password(show: Any) -> None:
    assert PASSWORD not in str(show(ALICE))


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_a_secret_shows_nothing(show: Any) -> None:
    assert show(ALICE.secret) == "[hidden]"


def test_a_password_is_neither_pickled_nor_encoded() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(ALICE, protocol)
    with pytest.raises(TypeError):
        msgspec.json.encode(ALICE)


def test_an_account_is_copied_and_compared() -> None:
    assert copy.deepcopy(ALICE) == copy.copy(ALICE) == ALICE
    assert dataclasses.replace(ALICE, expires_s=60).secret.reveal() == PASSWORD
    assert Account(uri="sip:alice@pbx.example", password="another") != ALICE
    assert hash(ALICE) == hash(copy.deepcopy(ALICE))


def test_the_message_to_a_worker_hides_it_too() -> None:
    order = credentials(ALICE, "<sip:192.0.2.1:5060;lr>")
    assert PASSWORD not in repr(order)
    assert PASSWORD not in str([order])
    frames = Frames()
    frames.feed(pack(order))
    (received,) = frames.commands()
    assert isinstance(received, UseAccount)
    assert received.password == PASSWORD


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("uri", "alice", "is not a SIP address"),
        ("uri", "sip:pbx.example", "names nobody"),
        ("uri", "sip:alice@pbx.example;transport=tls", "say `transport=` beside it"),
        ("username", 'al"ice', "without quotes"),
        ("username", "al\r\nice", "without quotes"),
        ("realm", "", "`realm` is text"),
        ("password", 5, "`password` is text"),
        ("password", "a\0b", "no zero character"),
        ("registrar", "sip:x@y", "is not HOST or HOST:PORT"),
        ("proxy", "a b", "space"),
        ("proxy", "x;maddr=evil", "is not HOST or HOST:PORT"),
        ("transport", "sctp", "udp, tcp or tls"),
        ("expires_s", 5, "from 30 to 86400"),
        ("expires_s", True, "a whole number"),
        ("register", "yes", "True or False"),
        ("peers", "192.0.2.0/24", "in a list"),
        ("peers", ["pbx.example"], "IPv4 addresses"),
    ],
)
def test_what_cannot_be_used_is_refused(field: str, value: Any, remedy: str) -> None:
    fields: dict[str, Any] = {"uri": "sip:alice@pbx.example", "password": PASSWORD}
    with pytest.raises(InvalidInput, match=remedy) as refused:
        Account(**(fields | {field: value}))
    assert PASSWORD not in str(refused.value)


def test_peers_are_addresses_and_networks() -> None:
    trunk = Account(uri="sip:trunk@pbx.example", peers=["192.0.2.0/24", "198.51.100.7"])
    assert trunk.is_peer("192.0.2.9")
    assert trunk.is_peer("198.51.100.7")
    assert not trunk.is_peer("198.51.100.8")
    assert not trunk.is_peer("loopback")


def test_a_challenge_is_explained_with_what_to_do() -> None:
    assert explained("Busy Here", 486, ALICE.uri) == "Busy Here"
    assert "account sip:alice@pbx.example were not accepted" in explained("No", 401, ALICE.uri)
    assert "name an account" in explained("No", 407, "")


def test_a_notebook_shows_all_but_the_password() -> None:
    said = check_harmless(ALICE._repr_html_())
    assert PASSWORD not in ALICE._repr_html_()
    assert said.endswith("password[hidden]")
    assert "sip:alice@pbx.example" in said
    bare = Account(uri="sip:alice@pbx.example")
    assert check_harmless(bare._repr_html_()).endswith("passwordnot set")
    failed = Registration(uri=bare.uri, state="failed", reason="<b>no</b>")
    assert "<b>no</b>" in check_harmless(failed._repr_html_())
