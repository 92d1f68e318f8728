"""A real call against a peer whose RTP is written by hand, and against strangers."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.engine.raw_rtp import (
    LOUD,
    SILENCE,
    TELEPHONE_EVENT,
    RtpPeer,
    audio_at,
    key_pressed,
    packet,
)
from tests.engine.raw_sip import Address, RawPeer
from tests.engine.stage import PoolStage
from workbench.commands import Dial, Hangup
from workbench.engine.terms import Terms
from workbench.signals import (
    Answered,
    AudioMissing,
    AudioResumed,
    DigitReceived,
    MediaMeasured,
    RtpFromStranger,
    SilenceEnded,
    SilenceStarted,
)

pytestmark = [pytest.mark.anyio, pytest.mark.sip]

HOSTILE = 60_000


@pytest.fixture
def sip_peer() -> Iterator[RawPeer]:
    with RawPeer() as peer:
        yield peer


@pytest.fixture
def rtp_peer() -> Iterator[RtpPeer]:
    with RtpPeer() as peer:
        yield peer


@pytest.fixture
def stranger() -> Iterator[RtpPeer]:
    with RtpPeer() as peer:
        yield peer


async def talk(stage: PoolStage, sip_peer: RawPeer, rtp_peer: RtpPeer) -> Address:
    """Call the peer, which answers; return where our audio is taken."""
    sip_peer.audio_port = rtp_peer.port
    await stage.do(Dial, "a", uri=f"sip:bob@{sip_peer.name}")
    invite = await sip_peer.heard("INVITE")
    sip_peer.respond(invite, "200 OK", with_sdp=True)
    await stage.until(Answered, "a")
    assert f"a=rtpmap:{TELEPHONE_EVENT} telephone-event" in invite
    return audio_at(invite)


async def test_a_far_end_that_never_sends_is_missed(
    pool_stage: PoolStage, sip_peer: RawPeer, rtp_peer: RtpPeer
) -> None:
    await talk(pool_stage, sip_peer, rtp_peer)
    missing = await pool_stage.until(AudioMissing, "a")
    assert not missing.ever
    assert len(rtp_peer.heard()) >= 50, "we send all the while"


async def test_audio_that_stops_and_comes_again(
    pool_stage: PoolStage, sip_peer: RawPeer, rtp_peer: RtpPeer
) -> None:
    at = await talk(pool_stage, sip_peer, rtp_peer)
    rtp_peer.talk_to(at)
    await pool_stage.until(MediaMeasured, "a", final=False)
    rtp_peer.stop()
    assert (await pool_stage.until(AudioMissing, "a")).ever
    rtp_peer.talk_to(at)
    resumed = await pool_stage.until(AudioResumed, "a")
    assert resumed.missing_ms >= 3000


@pytest.mark.slow
async def test_silence_is_told_from_speech(
    pool_stage: PoolStage, sip_peer: RawPeer, rtp_peer: RtpPeer
) -> None:
    at = await talk(pool_stage, sip_peer, rtp_peer)
    rtp_peer.payload = SILENCE
    rtp_peer.talk_to(at)
    await pool_stage.until(SilenceStarted, "a")
    rtp_peer.payload = LOUD
    ended = await pool_stage.until(SilenceEnded, "a")
    assert ended.silent_ms >= 10_000
    assert not [each for each in pool_stage.signals if isinstance(each, AudioMissing)]


async def test_a_stranger_presses_no_key_and_hears_nothing(
    pool_stage: PoolStage, sip_peer: RawPeer, rtp_peer: RtpPeer, stranger: RtpPeer
) -> None:
    at = await talk(pool_stage, sip_peer, rtp_peer)
    rtp_peer.talk_to(at)
    await pool_stage.until(MediaMeasured, "a", final=False)
    for number in range(20):
        stranger.send(at, key_pressed(40_000 + 10 * number, "9", ssrc=99))
        stranger.send(at, [packet(50_000 + 40 * number + n, LOUD, ssrc=99) for n in range(40)])
    told = await pool_stage.until(RtpFromStranger, "a")
    assert (told.source, told.refused) == (stranger.name, True)
    assert told.packets > 0
    rtp_peer.heard()
    rtp_peer.press("5")
    assert (await pool_stage.until(DigitReceived, "a")).digit == "5"
    await pool_stage.until(MediaMeasured, "a", final=False)
    assert stranger.heard() == []
    assert len(rtp_peer.heard()) >= 100
    await pool_stage.do(Hangup, "a")
    count = await pool_stage.until(MediaMeasured, "a", final=True)
    assert count.packets_lost == 0
    assert count.packets_received <= rtp_peer.sent
    digits = [each.digit for each in pool_stage.signals if isinstance(each, DigitReceived)]
    assert digits == ["5"]


@pytest.mark.slow
async def test_sixty_thousand_hostile_packets_change_nothing(
    pool_stage: PoolStage, sip_peer: RawPeer, rtp_peer: RtpPeer, stranger: RtpPeer
) -> None:
    at = await talk(pool_stage, sip_peer, rtp_peer)
    rtp_peer.payload = LOUD
    rtp_peer.talk_to(at)
    rtcp = at[0], at[1] + 1
    report = b"\x80\xc9\x00\x01" + b"\xff" * 4 + b"\x81\xcb\x00\x01" + b"\xff" * 4
    for first in range(0, HOSTILE, 100):
        pressed = key_pressed(first, "1", ssrc=first)
        stranger.send(at, [packet(first + n, LOUD, ssrc=first) for n in range(90)] + pressed)
        stranger.send(rtcp, [report] * 5)
        await asyncio.sleep(0)
    await pool_stage.until(RtpFromStranger, "a")
    await pool_stage.until(MediaMeasured, "a", final=False)
    sent = rtp_peer.sent
    await pool_stage.do(Hangup, "a")
    count = await pool_stage.until(MediaMeasured, "a", final=True)
    assert not [each for each in pool_stage.signals if isinstance(each, DigitReceived)]
    assert count.packets_lost == 0
    assert sent - 10 <= count.packets_received <= rtp_peer.sent
    assert stranger.heard() == []


async def test_a_far_end_behind_a_nat_is_heard_where_that_is_allowed(
    sip_peer: RawPeer, rtp_peer: RtpPeer, stranger: RtpPeer
) -> None:
    stage = PoolStage(terms=Terms(rtp_from="anywhere"))
    await stage.open()
    try:
        at = await talk(stage, sip_peer, rtp_peer)
        stranger.payload = LOUD
        stranger.talk_to(at)
        told = await stage.until(RtpFromStranger, "a")
        assert (told.source, told.refused) == (stranger.name, False)
        stranger.press("7")
        digit = await stage.until(DigitReceived, "a")
        assert (digit.digit, digit.trusted) == ("7", False)
        assert stranger.heard()
    finally:
        await stage.close()
