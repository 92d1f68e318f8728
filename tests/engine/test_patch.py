"""What a line is connected to, on a bridge that only keeps the connections."""

from workbench.engine.patch import DEVICE, Patch

PORT, PROMPT, RECEIVED, SENT = 1, 2, 3, 4
MUSIC, OTHER_PORT, KEYS, LINK = 21, 22, 23, 24


class Bridge:
    """Keeps who hears whom, and is told when a port is gone, as the library's is."""

    def __init__(self) -> None:
        self.connections: set[tuple[int, int]] = set()

    def connect(self, source: int, sink: int) -> None:
        assert (source, sink) not in self.connections
        self.connections.add((source, sink))

    def disconnect(self, source: int, sink: int) -> None:
        self.connections.remove((source, sink))

    def lose(self, slot: int) -> None:
        self.connections = {pair for pair in self.connections if slot not in pair}


def test_a_port_is_drained_and_hears_every_source() -> None:
    bridge = Bridge()
    patch = Patch(bridge)
    patch.add(PROMPT, "prompt")
    assert bridge.connections == set()
    patch.carry(PORT)
    assert bridge.connections == {(PORT, DEVICE), (PROMPT, PORT)}


def test_a_recording_hears_what_the_far_end_is_sent() -> None:
    bridge = Bridge()
    patch = Patch(bridge)
    patch.carry(PORT)
    patch.record(RECEIVED, SENT)
    patch.add(PROMPT, "prompt")
    assert bridge.connections == {
        (PORT, DEVICE), (PROMPT, PORT), (PROMPT, SENT), (PORT, RECEIVED),
        (DEVICE, SENT), (DEVICE, RECEIVED),
    }  # fmt: skip
    patch.pause(paused=True)
    assert bridge.connections == {
        (PORT, DEVICE), (PROMPT, PORT), (DEVICE, SENT), (DEVICE, RECEIVED)
    }  # fmt: skip
    patch.pause(paused=False)
    assert (PROMPT, SENT) in bridge.connections
    bridge.lose(RECEIVED)
    bridge.lose(SENT)
    patch.stop_recording()
    assert bridge.connections == {(PORT, DEVICE), (PROMPT, PORT)}


def test_another_port_gets_all_connections_even_when_it_takes_the_same_slot() -> None:
    bridge = Bridge()
    patch = Patch(bridge)
    patch.carry(PORT)
    patch.add(PROMPT, "prompt")
    patch.record(RECEIVED, SENT)
    before = set(bridge.connections)
    bridge.lose(PORT)
    patch.part()
    assert (PROMPT, SENT) in bridge.connections
    assert (DEVICE, RECEIVED) in bridge.connections
    patch.carry(PORT)
    assert bridge.connections == before


def test_a_source_that_is_gone_leaves_its_slot_to_the_next() -> None:
    bridge = Bridge()
    patch = Patch(bridge)
    patch.carry(PORT)
    patch.add(PROMPT, "prompt")
    bridge.lose(PROMPT)
    patch.remove(PROMPT)
    patch.add(PROMPT, "prompt")
    assert (PROMPT, PORT) in bridge.connections


def test_two_lines_hear_each_other_and_their_recordings_hear_it() -> None:
    bridge = Bridge()
    ours, theirs = Patch(bridge), Patch(bridge)
    ours.hear(theirs)
    ours.record(RECEIVED, SENT)
    ours.carry(PORT)
    theirs.carry(9)
    assert {(9, PORT), (9, SENT), (PORT, RECEIVED)} <= bridge.connections
    assert (PORT, 9) not in bridge.connections
    bridge.lose(9)
    theirs.part()
    theirs.carry(10)
    assert (10, PORT) in bridge.connections
    ours.unhear(theirs)
    ours.unhear(theirs)
    assert not {(10, PORT), (10, SENT)} & bridge.connections
    theirs.part()


def test_an_ear_hears_one_direction() -> None:
    bridge = Bridge()
    patch = Patch(bridge)
    patch.listen(5, "received")
    patch.listen(6, "sent")
    patch.add(PROMPT, "prompt")
    patch.carry(PORT)
    assert {(PORT, 5), (PROMPT, 6)} <= bridge.connections
    assert not {(PROMPT, 5), (PORT, 6)} & bridge.connections
    for ear in (5, 6, 7):
        patch.unlisten(ear)
    patch.dismiss(PROMPT)
    assert bridge.connections == {(PORT, DEVICE)}


def test_music_sounds_while_no_prompt_does() -> None:
    bridge = Bridge()
    patch = Patch(bridge)
    patch.carry(PORT)
    patch.add(MUSIC, "music")
    assert (MUSIC, PORT) in bridge.connections
    patch.add(PROMPT, "prompt")
    assert (MUSIC, PORT) not in bridge.connections
    patch.mute(muted=True)
    assert (PROMPT, PORT) not in bridge.connections
    assert (MUSIC, PORT) in bridge.connections


def test_a_muted_or_held_line_hears_no_other_line() -> None:
    bridge = Bridge()
    patch, other = Patch(bridge), Patch(bridge)
    patch.carry(PORT)
    other.carry(OTHER_PORT)
    patch.hear(other)
    for part in (patch.mute, patch.hold):
        heard = (OTHER_PORT, PORT)
        assert heard in bridge.connections
        part(**{"muted" if part == patch.mute else "held": True})
        assert heard not in bridge.connections
        part(**{"muted" if part == patch.mute else "held": False})
    patch.add(KEYS, "keys")
    patch.mute(muted=True)
    assert (KEYS, PORT) in bridge.connections


def test_who_talks_by_a_link_is_silent_when_muted_or_held_but_never_piles_up() -> None:
    bridge = Bridge()
    patch = Patch(bridge)
    patch.add(LINK, "link")
    assert bridge.connections == {(LINK, DEVICE)}
    patch.carry(PORT)
    for part in (patch.mute, patch.hold):
        assert {(LINK, PORT), (LINK, DEVICE)} <= bridge.connections
        part(**{"muted" if part == patch.mute else "held": True})
        assert (LINK, PORT) not in bridge.connections
        assert (LINK, DEVICE) in bridge.connections
        part(**{"muted" if part == patch.mute else "held": False})
    patch.dismiss(LINK)
    assert bridge.connections == {(PORT, DEVICE)}


def test_a_concealed_line_is_heard_by_the_detector_of_keys_alone() -> None:
    bridge, ear, detector = Bridge(), 31, 32
    patch, agent = Patch(bridge), Patch(bridge)
    patch.carry(PORT)
    agent.carry(OTHER_PORT)
    agent.record(41, 42)
    patch.record(RECEIVED, SENT)
    patch.listen(ear, "received")
    patch.listen(detector, "received", keys=True)
    agent.hear(patch)
    patch.hear(agent)
    open_, told = (
        set(bridge.connections),
        [pair for pair in bridge.connections if pair[0] == PORT],
    )
    assert {sink for _, sink in told} == {DEVICE, RECEIVED, ear, detector, OTHER_PORT, 42}
    patch.conceal(concealed=True)
    assert {sink for source, sink in bridge.connections if source == PORT} == {DEVICE, detector}
    silent = {source for source, sink in bridge.connections if sink in (RECEIVED, SENT)}
    assert silent == {DEVICE}
    assert (OTHER_PORT, PORT) in bridge.connections
    patch.conceal(concealed=False)
    assert bridge.connections == open_


def test_a_pause_of_the_recording_outlasts_a_concealment() -> None:
    bridge = Bridge()
    patch = Patch(bridge)
    patch.carry(PORT)
    patch.record(RECEIVED, SENT)
    patch.pause(paused=True)
    patch.conceal(concealed=True)
    patch.conceal(concealed=False)
    assert (PORT, RECEIVED) not in bridge.connections
    patch.pause(paused=False)
    assert (PORT, RECEIVED) in bridge.connections
