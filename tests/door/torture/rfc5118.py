"""The 12 messages of RFC 5118 (IPv6), typed from its text, with the answers it allows."""

from tests.door.torture.rfc4475 import FOUND, NO_REGISTRAR, TAKEN, Torture, wire

UNKNOWN_DIALOG = {481}
"""A well-formed BYE of no dialog (RFC 3261, section 15.1.2)."""


def _register(uri: str) -> bytes:
    return wire(f"""
REGISTER {uri} SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Max-Forwards: 70
Contact: "Caller" <sip:caller@[2001:db8::1]>
CSeq: 98176 REGISTER
Content-Length: 0

""")


WITH_DELIMITERS = wire("""
BYE sip:[2001:db8::10] SIP/2.0
To: sip:user@example.com;tag=bd76ya
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Max-Forwards: 70
CSeq: 321 BYE
Content-Length: 0

""")

WITHOUT_DELIMITERS = wire("""
OPTIONS sip:[2001:db8::10] SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3
Call-ID: SSG95523997077@hlau_4100
Max-Forwards: 70
Contact: "Caller" <sip:caller@[2001:db8::9:1]>
CSeq: 921 OPTIONS
Content-Length: 0

""")

IN_SDP = wire("""
INVITE sip:user@[2001:db8::10] SIP/2.0
To: sip:user@[2001:db8::10]
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Contact: "Caller" <sip:caller@[2001:db8::20]>
CSeq: 8612 INVITE
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [length]

v=0
o=assistant 971731711378798081 0 IN IP6 2001:db8::20
s=Live video feed for today's meeting
c=IN IP6 2001:db8::20
t=3338481189 3370017201
m=audio 6000 RTP/AVP 2
a=rtpmap:2 G726-32/8000
m=video 6024 RTP/AVP 107
a=rtpmap:107 H263-1998/90000
""")

IN_HEADERS = wire("""
BYE sip:user@host.example.net SIP/2.0
Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144
Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200
Call-ID: 997077@lau_4100
Max-Forwards: 70
CSeq: 89187 BYE
To: sip:user@example.net;tag=9817--94
From: sip:user@example.com;tag=81x2
Content-Length: 0

""")

BOTH_IN_SDP = wire("""
INVITE sip:user@[2001:db8::10] SIP/2.0
To: sip:user@[2001:db8::10]
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Contact: "Caller" <sip:caller@[2001:db8::9:1]>
Max-Forwards: 70
CSeq: 8912 INVITE
Content-Type: application/sdp
Content-Length: [length]

v=0
o=bob 280744730 28977631 IN IP4 host.example.com
s=
t=0 0
m=audio 22334 RTP/AVP 0
c=IN IP4 192.0.2.1
m=video 6024 RTP/AVP 107
c=IN IP6 2001:db8::1
a=rtpmap:107 H263-1998/90000
""")

MAPPED = wire("""
INVITE sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:user@east.example.com;tag=81x2
Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19
Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>
CSeq: 612 INVITE
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [length]

v=0
o=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2
s=Call me soon, please!
c=IN IP6 ::ffff:192.0.2.2
t=3338481189 3370017201
m=audio 6000 RTP/AVP 2
a=rtpmap:2 G726-32/8000
m=video 6024 RTP/AVP 107
a=rtpmap:107 H263-1998/90000
""")


def _abnf(host: str) -> bytes:
    return wire(f"""
OPTIONS sip:user@{host} SIP/2.0
To: sip:user@{host}
From: sip:user@example.com;tag=810x2
Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111
Call-ID: G9559905523997077@hlau_4100
CSeq: 689 OPTIONS
Max-Forwards: 70
Content-Length: 0

""")


MESSAGES: tuple[Torture, ...] = (
    ("4.1", "ipv6-good", _register("sip:[2001:db8::10]"), NO_REGISTRAR),
    # "should generate a 400 (Bad Request)": no brackets.
    ("4.2", "ipv6-bad", _register("sip:2001:db8::10"), {400}),
    ("4.3", "port-ambiguous", _register("sip:[2001:db8::10:5070]"), NO_REGISTRAR),
    ("4.4", "port-unambiguous", _register("sip:[2001:db8::10]:5070"), NO_REGISTRAR),
    # "liberal in accepting a received parameter with or without" brackets
    ("4.5", "via-received-with-delimiters", WITH_DELIMITERS, {*UNKNOWN_DIALOG}),
    ("4.5", "via-received-without-delimiters", WITHOUT_DELIMITERS, FOUND),
    ("4.6", "ipv6-in-sdp", IN_SDP, {488, *TAKEN}),
    ("4.7", "several-addresses-in-headers", IN_HEADERS, {*UNKNOWN_DIALOG}),
    ("4.8", "several-addresses-in-sdp", BOTH_IN_SDP, TAKEN),
    ("4.9", "ipv4-mapped", MAPPED, {488, *TAKEN}),
    # The grammar of RFC 3261 allows three colons, no address has them.
    ("4.10", "abnf-three-colons", _abnf("[2001:db8:::192.0.2.1]"), {400}),
    ("4.10", "abnf-two-colons", _abnf("[2001:db8::192.0.2.1]"), FOUND),
)  # fmt: skip
