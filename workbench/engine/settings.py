"""What pjsip's defaults are replaced by, and why: tables that `pjsua` applies by name.

Each row is an attribute of a pjsua2 configuration object. A default that is missing here
was looked at and is harmless.
"""

from typing import Any

LOOPBACK = "127.0.0.1"
CLOCK_RATE = 8000
FRAME_MS = 20

HIGHEST = 255
SRTP_SUITES = ("AES_256_CM_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_80")
"""RFC 6188 and RFC 4568; a tag of 32 bits is too short to be offered."""
SRTP_USE = {"off": 0, "optional": 1, "required": 2}
"""The numbers of pjmedia_srtp_use."""
RELIABLE_WHEN_REQUIRED = 0
"""PJSUA_100REL_NOT_USED: the name says less than what it does."""
TIMER_WHEN_SUPPORTED = 1
"""PJSUA_SIP_TIMER_OPTIONAL."""

ENDPOINT: dict[str, object] = {
    # One thread for SIP, the one that polls: no callback ever meets Python's lock abroad.
    "uaConfig.threadCnt": 0,
    "uaConfig.mainThreadOnly": True,
    "uaConfig.userAgent": "Workbench",
    "uaConfig.mwiUnsolicitedEnabled": False,
    "uaConfig.stunTryIpv6": False,
    "uaConfig.enableUpnp": False,
    # All is G.711 on the wire, so a bridge at 16 kHz would only resample twice.
    "medConfig.clockRate": CLOCK_RATE,
    "medConfig.sndClockRate": CLOCK_RATE,
    "medConfig.audioFramePtime": FRAME_MS,
    "medConfig.ptime": FRAME_MS,
    "medConfig.channelCount": 1,
    # Silence must be sent and recorded: a gap in RTP is a gap in the audio clock.
    "medConfig.noVad": True,
    "medConfig.ecTailLen": 0,
    # The null device is the bridge's clock; closed for lack of use, it would stop digits.
    "medConfig.sndAutoCloseTime": -1,
}

ACCOUNT: dict[str, object] = {
    "regConfig.registerOnAdd": False,
    # The pool tries again, longer and longer, and elsewhere when this process is lost.
    "regConfig.retryIntervalSec": 0,
    "presConfig.publishEnabled": False,
    "mwiConfig.enabled": False,
    "natConfig.iceEnabled": False,
    "natConfig.turnEnabled": False,
    "natConfig.contactRewriteUse": 0,
    "natConfig.viaRewriteUse": 0,
    "natConfig.sdpNatRewriteUse": 0,
    "natConfig.sipOutboundUse": 0,
    "natConfig.udpKaIntervalSec": 0,
    # Reliable responses where the caller requires them (RFC 3262), and only there: a proxy that
    # loses a PRACK would hold up the answer. As a caller we always take them.
    "callConfig.prackUse": RELIABLE_WHEN_REQUIRED,
    # A call whose far end is gone without a BYE ends when its session expires (RFC 4028).
    "callConfig.timerUse": TIMER_WHEN_SUPPORTED,
    "callConfig.timerSessExpiresSec": 1800,
    "callConfig.timerMinSESec": 90,
    "videoConfig.autoShowIncoming": False,
    "videoConfig.autoTransmitOutgoing": False,
}


LOG_LEVEL = 4
"""At which pjsip logs the SIP messages, the only place where it shows them all."""
IPV6_DISABLED = 0


def configure_endpoint(config: Any, most_legs: int) -> None:
    """Configure the endpoint."""
    apply(config, ENDPOINT)
    config.uaConfig.maxCalls = most_legs
    config.logConfig.level = config.logConfig.consoleLevel = LOG_LEVEL


def codec_priority(codec_id: str, codecs: tuple[str, ...]) -> int:
    """Return the priority of a codec; all but the named stay off.

    There is CVE-2026-29068 in speex, and iLBC aborts on a `mode=99`.
    """
    name, _, rest = codec_id.partition("/")
    narrow = rest.startswith("8000") or name == "G722"
    return HIGHEST - codecs.index(name) if narrow and name in codecs else 0


def configure_account(config: Any, host: str, door: int, transport: int) -> None:
    """Configure the account: its SIP goes through the door, its audio is at `host`."""
    apply(config, ACCOUNT)
    config.idUri = f"sip:workbench@{host}"
    config.sipConfig.proxies.append(f"<sip:{LOOPBACK}:{door};lr>")
    config.sipConfig.transportId = transport
    config.sipConfig.ipv6Use = config.mediaConfig.ipv6Use = IPV6_DISABLED
    config.mediaConfig.transportConfig.boundAddress = host
    config.mediaConfig.transportConfig.port = 0


def apply(config: object, settings: dict[str, object]) -> None:
    """Set each attribute, and refuse to begin when the library does not know one."""
    for path, value in settings.items():
        *parents, name = path.split(".")
        part = config
        for parent in parents:
            part = getattr(part, parent)
        getattr(part, name)
        setattr(part, name, value)
