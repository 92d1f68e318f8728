"""What may go onto the wire, and what is read from it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import reason, sip
from workbench.errors import InvalidAddress, InvalidHeader
from workbench.sip import (
    HEADER_LIMIT,
    SipAddress,
    Transport,
    check_headers,
    context_headers,
    parse_address,
    parse_listen,
)

USERS = st.text(string.ascii_letters + string.digits + "-_.!~*'()&=+$,", max_size=64)
HOSTS = st.from_regex(r"[a-z]([a-z0-9]{0,10}[a-z0-9])?(\.[a-z]{2,8}){0,3}", fullmatch=True)
PORTS = st.integers(1, 65535)

MESSAGE = (
    "INVITE sip:bob@x SIP/2.0\r\n"
    'From: "A" <sip:a@x>;tag=1\r\n'
    "X-Case: 7\r\n"
    "x-long: one\r\n two\r\n"
    "Route: <sip:evil>\r\n"
    "User-to-User: c0ffee;encoding=hex\r\n"
    'Authorization: Digest username="bob",\r\n response="s3cret"\r\n'
    'Reason: SIP;cause=200, Q.850;cause=17;text="busy"\r\n'
    "\r\n"
    "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cret\r\nX-Not: a header\r\n"
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sip:bob@127.0.0.1", SipAddress("bob", "127.0.0.1")),
        ("sip:bob@127.0.0.1:5080", SipAddress("bob", "127.0.0.1", 5080)),
        ("sip:example.com", SipAddress("", "example.com")),
        ("<sip:+4930123@sip.example.com>", SipAddress("+4930123", "sip.example.com")),
        ("SIP:bob@x;transport=UDP", SipAddress("bob", "x")),
        ("sip:b%20b@x", SipAddress("b%20b", "x")),
        ("sip:bob@x;transport=tcp", SipAddress("bob", "x", transport="tcp")),
        ("sip:bob@x;transport=TLS", SipAddress("bob", "x", 5061, "tls")),
        ("sip:bob@x:5060;transport=tls", SipAddress("bob", "x", 5060, "tls")),
    ],
)
def test_plain_addresses_are_taken(text: str, address: SipAddress) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob",
        "bob@x",
        "sips:bob@x",
        "tel:+4930123",
        "sip:",
        "sip:@x",
        "sip:bob@",
        "sip:bob@x:0",
        "sip:bob@x:65536",
        "sip:bob@x:٣",
        "sip:bob@x:",
        "sip:bob@[::1]",
        "sip:bob@1.2.3",
        "sip:bob@256.1.1.1",
        "sip:bob@x?Subject=a",
        "sip:bob@x;maddr=192.0.2.1",
        "sip:bob@x;transport=sctp",
        "sip:bob@x;transport=udp;lr",
        "sip:bob@0x7f000001",
        "sip:bob@127.0.0.0x1",
        "sip:bob@0177.0.0.1",
        "sip:bob@2130706433",
        "sip:bob@127.0.0.1.",
        "sip:b%0d%0aVia@x",
        "sip:b%00@x",
        "sip:bob@x\r\nVia: y",
        "sip:bob\x00@x",
        "sip:b ob@x",
        "sip:bob:secret@x",
        "sip:bob@x@y",
        "sip:b%2@x",
        "sip:bob@-x",
        "sip:bob@x..y",
        "sip:bób@x",
        "<sip:bob@x",
        "sip:bob@x>",
        f"sip:{'b' * 65}@x",
        f"sip:bob@{'a.' * 130}x",
    ],
)
def test_other_addresses_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        parse_address(text)
    message = str(caught.value)
    assert message.endswith((".", ")."))
    assert len(message) < 400


def test_a_promise_of_tls_is_refused_with_what_to_write() -> None:
    with pytest.raises(InvalidAddress, match="write sip:USER@HOST;transport=tls"):
        parse_address("sips:bob@x")


@given(USERS, HOSTS, PORTS, st.sampled_from(["udp", "tcp", "tls"]))
def test_an_address_survives_printing(
    user: str, host: str, port: int, transport: Transport
) -> None:
    address = SipAddress(user, host, port, transport)
    assert parse_address(str(address)) == address
    assert parse_address(f"<{address}>") == address


@given(st.text(max_size=80) | st.text("sip:@;?<>[].%\r\n\x00 09az", max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except InvalidAddress:
        return
    printed = str(address)
    assert printed.isascii()
    assert printed.isprintable()
    assert not set(printed.partition(";transport=")[0]) & set(" ?;<>")


@given(st.text(max_size=40) | st.text("0123456789.:", max_size=30))
def test_any_text_is_a_place_to_listen_or_refused(text: str) -> None:
    try:
        host, port = parse_listen(text)
    except InvalidAddress:
        return
    assert 0 <= port <= 65535
    assert host


def test_places_to_listen() -> None:
    assert parse_listen("127.0.0.1:5060") == ("127.0.0.1", 5060)
    assert parse_listen("localhost:0") == ("localhost", 0)


def test_an_ip_needs_no_resolving() -> None:
    assert parse_address("sip:bob@192.0.2.7").is_ip
    assert not parse_address("sip:bob@example.com").is_ip


@pytest.mark.parametrize("name", ["X-Case", "x-a", "User-to-User", "DIVERSION", "Subject"])
def test_context_headers_may_be_set(name: str) -> None:
    check_headers({name: 'some "value"; with=parts'})


@pytest.mark.parametrize(
    "name", ["Route", "Via", "Contact", "To", "X-", "", "X-A B", "X-A:", "X-Ü", "X-A\r\nVia"]
)
def test_other_headers_may_not(name: str) -> None:
    with pytest.raises(InvalidHeader):
        check_headers({name: "1"})


@given(st.text())
def test_any_value_is_sendable_or_refused(value: str) -> None:
    try:
        check_headers({"X-A": value})
    except InvalidHeader:
        return
    assert "\r" not in value
    assert "\n" not in value
    assert len(value.encode()) <= HEADER_LIMIT


@given(st.binary(max_size=500))
def test_user_to_user_carries_bytes(content: bytes) -> None:
    value = sip.user_to_user(content)
    check_headers({"User-to-User": value})
    assert sip.user_to_user_content(value) == content


def test_user_to_user_is_read_as_rfc_7433_writes_it() -> None:
    # The example of RFC 7433, section 4.1, and a list of two.
    example = "56a390f3d2b7310023a2;encoding=hex;purpose=foo;content=bar"
    assert sip.user_to_user_content(example) == bytes.fromhex("56a390f3d2b7310023a2")
    assert sip.user_to_user_content("00 ; Encoding = HEX, 01") == b"\x00"
    for strange in ("hello;encoding=text", "00;encoding=text", "0"):
        with pytest.raises(InvalidHeader, match="not in hex"):
            sip.user_to_user_content(strange)
    with pytest.raises(InvalidHeader, match="at most 1024"):
        sip.user_to_user(bytes(600))


def test_too_many_or_too_long_headers_are_refused() -> None:
    with pytest.raises(InvalidHeader, match="too many"):
        check_headers({f"X-{number}": "1" for number in range(33)})
    with pytest.raises(InvalidHeader, match="at most 1024"):
        check_headers({"X-A": "ü" * 513})


def test_context_is_pulled_out_of_a_message() -> None:
    assert context_headers(MESSAGE) == {
        "X-Case": "7",
        "x-long": "one two",
        "User-to-User": "c0ffee;encoding=hex",
        "Reason": 'SIP;cause=200, Q.850;cause=17;text="busy"',
    }


@given(st.text())
def test_any_message_can_be_read(text: str) -> None:
    check_headers(context_headers(f"INVITE sip:b@x SIP/2.0\r\nX-A: {text}\r\n\r\n"))
    sip.first_line(text)
    reason.read(sip.header_values(text, "Reason"))


def test_the_cause_of_a_reason_header() -> None:
    assert reason.read(sip.header_values(MESSAGE, "Reason")) == (17, "busy")


def test_the_uri_of_a_from_header() -> None:
    assert sip.bare_uri('"Al" <sip:a@x>;tag=1') == "sip:a@x"
    assert sip.bare_uri("sip:a@x;tag=1") == "sip:a@x"


def test_a_display_name_is_no_uri() -> None:
    assert sip.bare_uri('"<sip:fake@bank.example>" <sip:raw@h>') == "sip:raw@h"
    assert sip.bare_uri(r'"a \" <sip:fake@h>" <sip:raw@h>;tag=1') == "sip:raw@h"
    assert sip.bare_uri("<sip:r\x1b]0;x\x07w@h>") == "sip:r ]0;x w@h"
