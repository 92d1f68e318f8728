"""The 49 messages of RFC 4475, typed from its text, and the answers that its text allows.

Lines end with CR LF on the wire; `[length]` stands for the length of the body where the RFC
gives the right one. Beside each message: its section, and what the RFC says of its answer.
An empty answer (None) means that nothing comes back; a stream may be closed then. A message
that is valid may be answered by whoever takes the call, hence `TAKEN`.
"""

SDP = """v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
"""
SHORT_SDP = """v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 49217 RTP/AVP 0
"""

Answers = set[int | None]

TAKEN: Answers = {180, 183, 200, 404, 480, 481, 486, 488, 503, 603}
"""What a well-formed INVITE may come to, 100 apart."""
FOUND: Answers = {200, 404, 481, 486}
"""What a well-formed OPTIONS may come to."""
NO_REGISTRAR: Answers = {403, 405, 501}
"""What a well-formed REGISTER comes to where nobody registers."""
NOTHING: Answers = {None}
CLOSED: Answers = {400, None}

Torture = tuple[str, str, bytes, Answers]


def wire(text: str) -> bytes:
    """Return a message as it goes onto the wire."""
    head, _, body = text.removeprefix("\n").replace("\n", "\r\n").partition("\r\n\r\n")
    raw_body = body.encode()
    return head.replace("[length]", str(len(raw_body))).encode() + b"\r\n\r\n" + raw_body


WSINV = wire(r'''
INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : [length]
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

''' + SDP)  # fmt: skip

INTMETH = wire(
    "!interesting-Method0123456789_*+`.%indeed'~ "
    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
    "(doesn't-it)@example.com SIP/2.0\n"
    "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\n"
    'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" '
    "<sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\n"
    "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>"
    ";fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.\n"
    "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n"
    "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n"
    "Max-Forwards: 255\n"
    "extensionHeader-!.%*+_`'~:\N{ZERO WIDTH NO-BREAK SPACE}大停電\n"
    "Content-Length: 0\n\n"
)

ESC01 = wire('''
INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: [length]

''' + SDP)  # fmt: skip

ESCNULL = wire("""
REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

""")

ESC02 = wire("""
RE%47IST%45R sip:registrar.example.com SIP/2.0
To: "%Z%45" <sip:resource@example.com>
From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

""")

LWSDISP = wire("""
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0

""")

LONGREQ = wire(f'''
INVITE sip:user@example.com SIP/2.0
To: "I have a user name of {"extreme" * 10} proportion"<sip:user@example.com:6000;\
unknownparam1=very{"long" * 20}value;longparam{"name" * 25}=shortvalue;\
very{"long" * 25}ParameterNameWithNoValue>
F: sip:{"amazinglylongcallername" * 5}@example.net;tag=12{"982" * 50}424;\
unknownheaderparam{"name" * 20}=unknowheaderparam{"value" * 15};\
unknownValueless{"paramname" * 10}
Call-ID: longreq.one{"really" * 20}longcallid
CSeq: 3882340 INVITE
Unknown-{"Long" * 20}-Name:
  unknown-{"long" * 20}-value;
  unknown-{"long" * 20}-parameter-name =
  unknown-{"long" * 20}-parameter-value
Via: SIP/2.0/TCP sip33.example.com
v: SIP/2.0/TCP sip32.example.com
V: SIP/2.0/TCP sip31.example.com
''' + "".join(f"Via: SIP/2.0/TCP sip{n}.example.com\n" for n in range(30, 3, -1)) + f'''\
v: SIP/2.0/TCP sip3.example.com
V: SIP/2.0/TCP sip2.example.com
Via: SIP/2.0/TCP sip1.example.com
Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very{"long" * 50}branchvalue
Max-Forwards: 70
Contact: <sip:{"amazinglylongcallername" * 5}@host5.example.net>
Content-Type: application/sdp
l: [length]

''' + SDP)  # fmt: skip

DBLREQ = wire("""
REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
Content-Length: 0

""") + wire("""
INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334
Max-Forwards: 8
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234
Content-Type: application/sdp
Content-Length: [length]

""" + SDP)  # fmt: skip

SEMIURI = wire("""
OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw
l: 0

""")

TRANSPORTS = wire("""
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

""")

MPART01 = wire("""
MESSAGE sip:kumiko@example.org SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi=
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@example.org>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: SIPimp.org/0.2.5 (curses)
Content-Length: [length]

--7a9cbec02ceef655
Content-Type: text/plain
Content-Transfer-Encoding: binary

Hello
--7a9cbec02ceef655
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary

""" + "".join(map(chr, range(1, 32))) + "\n--7a9cbec02ceef655--\n")  # fmt: skip

UNREASON = wire("""
SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: [length]
Content-Type: application/sdp
Contact: <sip:user@host198.example.com>

""" + SDP)  # fmt: skip

NOREASON = wire("""
SIP/2.0 100\x20
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

""")

BADINV01 = wire("""
INVITE sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=134161461246
Max-Forwards: 7
Call-ID: badinv01.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;;,;,,
Contact: "Joe" <sip:joe@example.org>;;;;
Content-Length: [length]
Content-Type: application/sdp

""" + SHORT_SDP)  # fmt: skip

CLERR = wire("""
INVITE sip:user@example.com SIP/2.0
Max-Forwards: 80
To: sip:j.user@example.com
From: sip:caller@example.net;tag=93942939o2
Contact: <sip:caller@hungry.example.net>
Call-ID: clerr.0ha0isndaksdjweiafasdk3
CSeq: 8 INVITE
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bK-39234-23523
Content-Type: application/sdp
Content-Length: 9999

""" + SHORT_SDP)  # fmt: skip

NCL = wire("""
INVITE sip:user@example.com SIP/2.0
Max-Forwards: 254
To: sip:j.user@example.com
From: sip:caller@example.net;tag=32394234
Call-ID: ncl.0ha0isndaksdj2193423r542w35
CSeq: 0 INVITE
Via: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bKkdjuw
Contact: <sip:caller@example53.example.net>
Content-Type: application/sdp
Content-Length: -999

""" + SHORT_SDP)  # fmt: skip

SCALAR02 = wire(f"""
REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3
To: <sip:user@example.com>
From: <sip:user@example.com>;tag=239232jh3
CSeq: 36893488147419103232 REGISTER
Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32
Max-Forwards: 300
Expires: 1{"0" * 100}
Contact: <sip:user@host129.example.com>
  ;expires=280297596632815
Content-Length: 0

""")

SCALARLG = wire("""
SIP/2.0 503 Service Unavailable
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129
To: <sip:user@example.com>
From: <sip:other@example.net>;tag=2easdjfejw
CSeq: 9292394834772304023312 OPTIONS
Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r
Retry-After: 949302838503028349304023988
Warning: 1812 overture "In Progress"
Content-Length: 0

""")

QUOTBAL = wire("""
INVITE sip:user@example.com SIP/2.0
To: "Mr. J. User <sip:j.user@example.com>
From: sip:caller@example.net;tag=93334
Max-Forwards: 10
Call-ID: quotbal.aksdj
Contact: <sip:caller@host59.example.net>
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234
Content-Type: application/sdp
Content-Length: [length]

""" + SHORT_SDP)  # fmt: skip


def _invite(name: str, start: str, headers: str = "") -> bytes:
    return wire(
        f"{start}\nTo: sip:user@example.com\nFrom: sip:caller@example.net;tag=3291\n"
        f"Max-Forwards: 5\nCall-ID: {name}.1@192.0.2.5\nCSeq: 1 INVITE\n"
        "Via: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bKkdjuw\n"
        "Contact: <sip:caller@host5.example.net>\n"
        f"{headers}Content-Type: application/sdp\nContent-Length: [length]\n\n{SHORT_SDP}"
    )


LTGTRURI = _invite("ltgtruri", "INVITE <sip:user@example.com> SIP/2.0")
LWSRURI = _invite("lwsruri", "INVITE sip:user@example.com; lr SIP/2.0")
LWSSTART = _invite("lwsstart", "INVITE  sip:user@example.com  SIP/2.0")
TRWS = wire("""
OPTIONS sip:remote-target@example.com SIP/2.0\x20\x20
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK299342093
To: <sip:remote-target@example.com>
From: <sip:local-resource@example.com>;tag=329429089
Call-ID: trws.oicu34958239neffasdhr2345r
Accept: application/sdp
CSeq: 238923 OPTIONS
Max-Forwards: 70
Content-Length: 0

""")
ESCRURI = _invite("escruri", "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0")
BADDATE = _invite(
    "baddate", "INVITE sip:user@example.com SIP/2.0", "Date: Fri, 01 Jan 2010 16:00:00 EST\n"
)


def _register(name: str, contact: str, headers: str = "") -> bytes:
    return wire(
        "REGISTER sip:example.com SIP/2.0\nTo: sip:user@example.com\n"
        "From: sip:user@example.com;tag=998332\nMax-Forwards: 70\n"
        f"Call-ID: {name}.k345asrl3fdbv@10.0.0.1\nCSeq: 1 REGISTER\n"
        "Via: SIP/2.0/UDP 135.180.130.133:5060;branch=z9hG4bKkdjuw\n"
        f"Contact: {contact}\n{headers}l: 0\n\n"
    )


REGBADCT = _register("regbadct", "sip:user@example.com?Route=%3Csip:sip.example.com%3E")


def _options(name: str, to: str, from_: str, headers: str = "", uri: str = "") -> bytes:
    return wire(
        f"OPTIONS {uri or 'sip:t.watson@example.org'} SIP/2.0\n"
        "Via: SIP/2.0/UDP c.example.com:5060;branch=z9hG4bKkdjuw\nMax-Forwards: 70\n"
        f"From: {from_}\nTo: {to}\nCall-ID: {name}.31415@c.example.com\n"
        "Accept: application/sdp\n"
        f"CSeq: 3923239 OPTIONS\n{headers}l: 0\n\n"
    )


BELL = '"Bell, Alexander" <sip:a.g.bell@example.com>;tag=43'
BADASPEC = _options("badaspec", '"Watson, Thomas" < sip:t.watson@example.org >', BELL)
BADDN = _options(
    "baddn",
    "Watson, Thomas <sip:t.watson@example.org>",
    "Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
)

BADVERS = wire("""
OPTIONS sip:t.watson@example.org SIP/7.0
Via:     SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw
Max-Forwards:     70
From:    A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe
To:      T. Watson <sip:t.watson@example.org>
Call-ID: badvers.31417@c.example.com
CSeq:    1 OPTIONS
l: 0

""")

MISMATCH01 = wire("""
OPTIONS sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch01.dj0234sxdfl3
CSeq: 8 INVITE
Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw
l: 0

""")

MISMATCH02 = wire("""
NEWMETHOD sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch02.dj0234sxdfl3
CSeq: 8 INVITE
Contact: <sip:caller@host.example.net>
Via: SIP/2.0/UDP host.example.net;branch=z9hG4bKkdjuw
Content-Type: application/sdp
l: [length]

""" + SHORT_SDP)  # fmt: skip

BIGCODE = wire("""
SIP/2.0 4294967301 better not break the receiver
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i
CSeq: 353494 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

""")

BADBRANCH = wire("""
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK
Accept: application/sdp
Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n
CSeq: 8 OPTIONS
l: 0

""")

INSUF = wire("""
INVITE sip:user@example.com SIP/2.0
CSeq: 193942 INVITE
Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf
Content-Type: application/sdp
l: [length]

""" + SHORT_SDP)  # fmt: skip

CALLER = "sip:caller@example.net;tag=384"
UNKSCM = _options(
    "unkscm", "sip:user@example.com", CALLER, uri="nobodyKnowsThisScheme:totallyopaquecontent"
)
NOVELSC = _options(
    "novelsc", "sip:user@example.com", CALLER, uri="soap.beep://192.0.2.103:3002"
)

UNKSM2 = wire("""
REGISTER sip:example.com SIP/2.0
To: isbn:2983792873
From: <http://www.example.com>;tag=3234233
Call-ID: unksm2.daksdj@hyphenated-host.example.com
CSeq: 234902 REGISTER
Max-Forwards: 70
Via: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bKkdjuw
Contact: <name:John_Smith>
l: 0

""")

BEXT01 = _options(
    "bext01",
    "sip:j_user@example.com",
    CALLER,
    "Require: nothingSupportsThis, nothingSupportsThisEither\n"
    "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\n",
)

INVUT = wire("""
INVITE sip:user@example.com SIP/2.0
Contact: <sip:caller@host5.example.net>
To: sip:j.user@example.com
From: sip:caller@example.net;tag=8392034
Max-Forwards: 70
Call-ID: invut.0ha0isndaksdjadsfij34n23d
CSeq: 235448 INVITE
Via: SIP/2.0/UDP somehost.example.com;branch=z9hG4bKkdjuw
Content-Type: application/unknownformat
Content-Length: [length]

<audio>
 <pcmu port="443"/>
</audio>
""")

REGAUT01 = _register(
    "regaut01",
    "<sip:user@host.example.com>",
    "Authorization: NoOneKnowsThisScheme opaque-data=here\n",
)

MULTI01 = wire("""
INVITE sip:user@company.com SIP/2.0
Contact: <sip:caller@host25.example.net>
Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw
Max-Forwards: 70
CSeq: 5 INVITE
Call-ID: multi01.98asdh@192.0.2.1
CSeq: 59 INVITE
Call-ID: multi01.98asdh@192.0.2.2
From: sip:caller@example.com;tag=3413415
To: sip:user@example.com
To: sip:other@example.net
From: sip:caller@example.net;tag=2923420123
Content-Type: application/sdp
l: [length]
Contact: <sip:caller@host36.example.net>
Max-Forwards: 5

""" + SHORT_SDP)  # fmt: skip

MCL01 = wire("""
OPTIONS sip:user@example.com SIP/2.0
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK293423
To: sip:user@example.com
From: sip:other@example.net;tag=3923942
Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf
CSeq: 15932 OPTIONS
Content-Length: 13
Max-Forwards: 60
Content-Length: 5
Content-Type: text/plain

There's no way to know how many octets are supposed to be here.
""")

BCAST = wire("""
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: [length]
Content-Type: application/sdp
Contact: <sip:user@host28.example.com>

""" + SDP)  # fmt: skip

ZEROMF = wire("""
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=3ghsd41
Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas
CSeq: 39234321 OPTIONS
Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw2349i
Max-Forwards: 0
Content-Length: 0

""")

CPARAM01 = _register("cparam01", "sip:+19725552222@gw1.example.net;unknownparam")
CPARAM02 = _register("cparam02", "<sip:+19725552222@gw1.example.net;unknownparam>")
REGESCRT = _register("regescrt", "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>")
SDP01 = _invite(
    "sdp01", "INVITE sip:user@example.com SIP/2.0", "Accept: text/nobodyKnowsThis\n"
)

INV2543 = wire("""
INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

""" + SHORT_SDP)  # fmt: skip

MESSAGES: tuple[Torture, ...] = (
    # "All elements should treat this as a well-formed request"; it is in no dialog here.
    ("3.1.1.1", "wsinv", WSINV, {*TAKEN}),
    # "Endpoints will generate a 501 listing the methods they understand"
    ("3.1.1.2", "intmeth", INTMETH, {501}),
    ("3.1.1.3", "esc01", ESC01, TAKEN),
    ("3.1.1.4", "escnull", ESCNULL, NO_REGISTRAR),
    # "A SIP element ... will treat the method as unknown"
    ("3.1.1.5", "esc02", ESC02, {405, 501}),
    ("3.1.1.6", "lwsdisp", LWSDISP, FOUND),
    ("3.1.1.7", "longreq", LONGREQ, TAKEN),
    # "must ignore the trailing octets" of a datagram; a stream holds two requests.
    ("3.1.1.8", "dblreq", DBLREQ, NO_REGISTRAR),
    ("3.1.1.9", "semiuri", SEMIURI, FOUND),
    ("3.1.1.10", "transports", TRANSPORTS, FOUND),
    # An endpoint without MESSAGE answers that it is not allowed.
    ("3.1.1.11", "mpart01", MPART01, {405, 415, 501}),
    # Well-formed responses to nothing.
    ("3.1.1.12", "unreason", UNREASON, NOTHING),
    ("3.1.1.13", "noreason", NOREASON, NOTHING),
    # "should respond with a 400 Bad Request"
    ("3.1.2.1", "badinv01", BADINV01, {400}),
    # "over UDP should be rejected with a 400"; a stream waits for the rest.
    ("3.1.2.2", "clerr", CLERR, CLOSED),
    ("3.1.2.3", "ncl", NCL, {400}),
    # "The appropriate response is 400"
    ("3.1.2.4", "scalar02", SCALAR02, {400}),
    # "An element receiving this response will simply discard it."
    ("3.1.2.5", "scalarlg", SCALARLG, NOTHING),
    ("3.1.2.6", "quotbal", QUOTBAL, {400}),
    # "reject ... with a 400", or be lenient.
    ("3.1.2.7", "ltgtruri", LTGTRURI, {400}),
    ("3.1.2.8", "lwsruri", LWSRURI, {400}),
    ("3.1.2.9", "lwsstart", LWSSTART, {400}),
    ("3.1.2.10", "trws", TRWS, {400}),
    # "should reject ... with a 400"
    ("3.1.2.11", "escruri", ESCRURI, {400}),
    ("3.1.2.12", "baddate", BADDATE, {400}),
    ("3.1.2.13", "regbadct", REGBADCT, {400}),
    ("3.1.2.14", "badaspec", BADASPEC, {400}),
    ("3.1.2.15", "baddn", BADDN, {400}),
    # "should respond with a 505 Version Not Supported"
    ("3.1.2.16", "badvers", BADVERS, {505}),
    ("3.1.2.17", "mismatch01", MISMATCH01, {400}),
    # "501 ... or 400": whichever is found first.
    ("3.1.2.18", "mismatch02", MISMATCH02, {400, 501}),
    ("3.1.2.19", "bigcode", BIGCODE, NOTHING),
    # "could reject ... with a 400, or fall back to the RFC 2543-style"
    ("3.2.1", "badbranch", BADBRANCH, {400, *FOUND}),
    # "400 ... due to the missing header fields"
    ("3.3.1", "insuf", INSUF, {400}),
    # "416 Bad URI"
    ("3.3.2", "unkscm", UNKSCM, {416}),
    ("3.3.3", "novelsc", NOVELSC, {416}),
    # "A registrar would reject this request with a 400"
    ("3.3.4", "unksm2", UNKSM2, {400, *NO_REGISTRAR}),
    # "rejected with a 420, with an Unsupported header"
    ("3.3.5", "bext01", BEXT01, {420}),
    # "415 Unsupported Media Type", with Accept
    ("3.3.6", "invut", INVUT, {415}),
    ("3.3.7", "regaut01", REGAUT01, NO_REGISTRAR),
    # "should be rejected with a 400"
    ("3.3.8", "multi01", MULTI01, {400}),
    ("3.3.9", "mcl01", MCL01, {400}),
    # "must not be forwarded to the broadcast address"
    ("3.3.10", "bcast", BCAST, NOTHING),
    # A proxy answers 483, an endpoint may answer.
    ("3.3.11", "zeromf", ZEROMF, {483, *FOUND}),
    ("3.3.12", "cparam01", CPARAM01, NO_REGISTRAR),
    ("3.3.13", "cparam02", CPARAM02, NO_REGISTRAR),
    ("3.3.14", "regescrt", REGESCRT, NO_REGISTRAR),
    # "406 Not Acceptable"
    ("3.3.15", "sdp01", SDP01, {406}),
    # "should be accepted by RFC 3261 elements that want to maintain backwards compatibility":
    # without a Contact there is no dialog here, which is told.
    ("3.4.1", "inv2543", INV2543, {400, *TAKEN}),
)  # fmt: skip
