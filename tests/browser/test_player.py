"""The player in JupyterLab: a real call, recorded, is walked through."""

import itertools
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.browser.conftest import Open, Photograph, faults_of
from tests.browser.walked import Walked, agrees, cursor, is_drawn
from tests.hostile import PAYLOADS, hostile_history
from tests.widgets.poor import MANY, poor_store
from workbench import Workbench
from workbench import events as ev
from workbench.demo_flows import caller, reception, reception_tomorrow
from workbench.replay import replay
from workbench.store import CallLog
from workbench.tables import legible

pytestmark = [pytest.mark.browser, pytest.mark.sip, pytest.mark.slow]


class Recorded(Walked):
    """A call of the demo."""

    def __init__(self, store: Path) -> None:
        with Workbench(store) as bench:
            bench.dial(bench.answer(reception), flow=caller).wait(60)
            (taken,) = (call for call in bench.calls if call.state.direction == "inbound")
            self.id = taken.wait(20).id
            super().__init__(list(taken.history), store)

    def cell(self, opening: str = "call.player()") -> str:
        """Return a cell that opens the player."""
        return (
            "from workbench import Workbench\n"
            "from workbench.demo_flows import reception, reception_tomorrow\n"
            f"bench = Workbench({str(self.store)!r}, read_only=True)\n"
            f"call = bench.call({self.id!r})\nplayer = {opening}\nplayer"
        )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("recorded") / "store")


TRAIL = """(panel) => {
  window.trail = [Number(panel.dataset.ms)];
  new MutationObserver(() => window.trail.push(Number(panel.dataset.ms)))
    .observe(panel, { attributes: true, attributeFilter: ['data-ms'] });
}"""
"""Notes where the cursor goes."""


def opened(notebook: Open, cell: str, name: str = "player") -> Locator:
    out = notebook(name, [cell]).run(0)
    expect(out.locator(".wb-panel[data-ready]")).to_be_visible()
    return out


def audio_at(out: Locator) -> float:
    """Return where on the call's axis the audio is, in milliseconds."""
    return float(
        out.locator("audio").evaluate("(it) => Number(it.dataset.from) + it.currentTime * 1000")
    )


def test_wherever_it_is_scrubbed_all_lanes_and_the_audio_agree(
    notebook: Open, recorded: Recorded
) -> None:
    out = opened(notebook, recorded.cell())
    stack = out.locator(".wb-stack")
    box = stack.bounding_box()
    assert box is not None
    begin, end = recorded.tape.start_ms, recorded.lanes.duration_ms
    for share in (0.1, 0.5, 0.63, 0.85):
        stack.click(position={"x": box["width"] * share, "y": 30})
        assert cursor(out) == pytest.approx(share * end, abs=2 * end / box["width"])
        assert cursor(out) > begin
        agrees(out, recorded)
    mouse = out.page.mouse
    mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 80)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.45, box["y"] + 20, steps=5)
    mouse.up()
    assert cursor(out) == pytest.approx(0.45 * end, abs=2 * end / box["width"])
    agrees(out, recorded)


def test_from_a_cell_and_by_keyboard_it_goes_from_event_to_event(
    notebook: Open, recorded: Recorded
) -> None:
    book = notebook("keys", [recorded.cell(), "player.seek(7.5)"])
    out = book.run(0)
    book.run(1)
    expect(out.locator(".wb-panel")).to_have_attribute("data-ms", "7500")
    agrees(out, recorded)
    (digit, *_) = recorded.on("digit")
    row = out.get_by_role("button", name="digit '2' received")
    row.focus()
    out.page.keyboard.press("Enter")
    assert cursor(out) == digit.start_ms
    agrees(out, recorded)
    following = next(
        item for item in recorded.on("event")
        if item.start_ms > digit.start_ms and item.kind != "noted"
    )  # fmt: skip
    out.get_by_role("button", name="Event after").press("Enter")
    assert cursor(out) == following.start_ms
    agrees(out, recorded)
    slider = out.get_by_role("slider", name="Position in the call")
    slider.focus()
    before = cursor(out)
    out.page.keyboard.press("ArrowRight")
    assert cursor(out) == pytest.approx(before + 100, abs=51)
    expect(slider).to_have_attribute("aria-valuetext", out.locator(".wb-clock").inner_text())
    agrees(out, recorded)


def test_it_plays_and_the_cursor_is_where_the_audio_is(
    notebook: Open, recorded: Recorded
) -> None:
    out = opened(notebook, recorded.cell())
    out.get_by_label("Speed").select_option("3")
    out.get_by_role("button", name="Play", exact=True).click()
    out.page.wait_for_function("() => document.querySelector('audio').currentTime > 2")
    out.get_by_role("button", name="Pause", exact=True).click()
    assert cursor(out) == pytest.approx(audio_at(out), abs=60)
    assert cursor(out) > 2000
    assert out.locator("audio").evaluate("it => [it.paused, it.playbackRate]") == [True, 3]
    stands = cursor(out)
    agrees(out, recorded)
    assert cursor(out) == stands


def test_silence_is_skipped(notebook: Open, recorded: Recorded) -> None:
    out = opened(notebook, recorded.cell())
    silent, spoken = recorded.on("gather")[-1].start_ms, recorded.on("prompt")[-2].start_ms
    out.get_by_label("skip silence").check()
    out.get_by_role("button", name="gather up to 4 digits").click()
    out.locator(".wb-panel").evaluate(TRAIL)
    out.get_by_role("button", name="Play", exact=True).click()
    out.page.wait_for_function("ms => window.trail.at(-1) >= ms", arg=spoken)
    out.get_by_role("button", name="Pause", exact=True).click()
    trail = out.page.evaluate("() => window.trail")
    leaps = [(a, b) for a, b in itertools.pairwise(trail) if b - a > 700]
    # Nobody speaks while the caller presses keys.
    assert any(silent - 100 < a and b < spoken + 100 for a, b in leaps), trail


SPOKEN = """
from workbench.views.lanes import Item
from workbench.widgets.score import as_item
ends = {{"version": 99, "lane": "speech", "key": "speech/u", "track": "received"}}
player.push(*as_item([Item(**ends, start_ms=1000, end_ms=2000, text={text!r}, kind={kind!r},
                           words={words!r})]))
"""


def test_what_is_said_grows_word_by_word_and_each_is_marked_as_it_is_heard(
    notebook: Open, recorded: Recorded
) -> None:
    words = (("I", 1000, 1200), ("would", 1200, 1600), ("<b>like</b>", 1600, 2000))
    said = [
        SPOKEN.format(text="I would", kind="partial", words=()),
        SPOKEN.format(text="I would <b>like</b>", kind="final", words=words),
    ]
    book = notebook("spoken", [recorded.cell(), *said, "player.seek(1.3)"])
    out = book.run(0)
    expect(out.locator(".wb-panel[data-ready]")).to_be_visible()
    line = out.get_by_role("region", name="What was said").get_by_role("button", name="Far end")
    book.run(1)
    expect(line.locator(".wb-said")).to_have_text("I would")
    assert "wb-partial" in (line.get_attribute("class") or "")
    book.run(2)
    expect(line.locator(".wb-said span")).to_have_text([text for text, _, _ in words])
    assert "wb-partial" not in (line.get_attribute("class") or "")
    book.run(3)
    expect(line.locator(".wb-word")).to_have_text("would")
    # It stands between the prompts, in the order of the call.
    times = out.get_by_role("region", name="What was said").locator(".wb-time")
    assert times.all_inner_texts() == sorted(times.all_inner_texts())


def test_a_replay_that_diverges_is_marked_where_it_does(
    notebook: Open, recorded: Recorded
) -> None:
    out = opened(notebook, recorded.cell("call.history.player(reception_tomorrow)"))
    expect(out.locator(".wb-replayed")).to_contain_text("then it diverges at demo_flows.py:")
    out.get_by_role("button", name="digit '2' received").click()
    box = out.locator(".wb-divergence")
    expect(box).to_contain_text("then: play 'one-moment.wav'")
    expect(box).to_contain_text("now: play 'hold.wav'")
    row = out.get_by_role("region", name="Events").locator(".wb-decided")
    found = replay(recorded.history, reception_tomorrow)
    verdicts = row.locator(".wb-verdict").all_inner_texts()
    assert verdicts[: found.decisions] == ["="] * found.decisions
    assert set(verdicts[found.decisions :]) == {"≠"}


def test_a_replay_that_is_the_same_says_so(notebook: Open, recorded: Recorded) -> None:
    out = opened(notebook, recorded.cell("call.player(reception)"))
    expect(out.locator(".wb-replayed")).to_contain_text("decisions are the same.")
    expect(out.locator(".wb-divergence")).to_have_count(0)


def test_it_has_no_grave_fault_of_accessibility_light_dark_and_narrow(
    notebook: Open, recorded: Recorded, page: Page, photograph: Photograph
) -> None:
    page.set_viewport_size({"width": 1300, "height": 1400})
    book = notebook("looks", [recorded.cell("call.player(reception_tomorrow)")])
    out = book.run(0)
    expect(out.locator(".wb-panel[data-ready]")).to_be_visible()
    out.get_by_role("button", name="200 OK").first.click()
    expect(out.get_by_role("region", name="The SIP message")).to_contain_text("CSeq")
    out.get_by_role("button", name="digit '2' received").click()
    for theme in ("Light", "Dark"):
        book.theme(theme)
        is_drawn(out, "sent")
        assert faults_of(page, ".wb-panel") == []
        photograph(out.locator(".wb-panel"), f"player-{theme.lower()}")
    book.theme("Light")
    book.command("application:toggle-left-area")
    page.set_viewport_size({"width": 480, "height": 2200})
    photograph(out.locator(".wb-panel"), "player-narrow")
    assert faults_of(page, ".wb-panel") == []


def test_of_a_poor_call_is_shown_what_there_is_and_said_what_there_is_not(
    notebook: Open, page: Page, tmp_path: Path
) -> None:
    ids = poor_store(tmp_path / "store")
    cell = (
        "from IPython.display import display\nfrom workbench import Workbench\n"
        f"bench = Workbench({str(tmp_path / 'store')!r}, read_only=True)\n"
        f"for one in {list(ids.values())}: display(bench.call(one).player())"
    )
    out = notebook("poor", [cell]).run(0)
    expect(out.locator(".wb-panel[data-ready]")).to_have_count(len(ids))
    shown = {name: out.locator(".wb-panel").nth(number) for number, name in enumerate(ids)}
    words = {
        "no recording": "No audio of this call is on record",
        "gone": "is not there: restore it from a copy.",
        "damaged": "cannot be read: Format not recognised.",
        "cut": "holds 1.0 s of the 2.0 s that were recorded.",
        "no time": "No audio of this call is on record",
        "refused": "No audio flowed in this call",
    }
    for name, panel in shown.items():
        said = panel.locator(".wb-notice, .wb-error").filter(has_text=words.get(name, ""))
        expect(said.first).to_be_visible(visible=name != "three")
        panel.get_by_role("button", name="Event after").click()
        expect(
            panel.get_by_role("region", name="Events").locator("[aria-current]")
        ).to_be_visible()
    expect(shown["refused"].get_by_text("premium is not allowed").first).to_be_visible()
    expect(shown["refused"].locator(".wb-waits")).to_have_text("No flow had this call.")
    kept = shown["three"].get_by_text("The source of this flow is not kept here.")
    expect(kept).to_be_visible()
    many = shown["many events"]
    many.get_by_role("slider").press("End")
    expect(many.locator("dd").nth(2)).to_contain_text(f"{MANY}: ")
    shown["three"].get_by_role("button", name="Play", exact=True).click()
    for segment in range(3):
        page.wait_for_function(
            "([panel, n]) => panel.querySelector('audio').dataset.segment === String(n)",
            arg=[shown["three"].element_handle(), segment],
        )
    expect(shown["three"].get_by_role("button", name="Play", exact=True)).to_be_visible()


def hostile_store(folder: Path) -> list[str]:
    """Keep a call for each payload; return their ids."""
    log, ids = CallLog.open(folder), []
    for number, payload in enumerate(PAYLOADS):
        call_id = f"CA{number:032x}"
        history = [renamed(event, call_id) for event in hostile_history(payload)]
        log.put(history)
        ids.append(call_id)
    log.close()
    return ids


def renamed(event: ev.Event, call_id: str) -> ev.Event:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return type(event)(**{**fields, "call_id": call_id})


@pytest.mark.parametrize("kind", ["player", "live"])
def test_what_a_caller_wrote_runs_nothing_and_is_read_as_it_is(
    notebook: Open, page: Page, tmp_path: Path, kind: str
) -> None:
    store = tmp_path / "store"
    ids = hostile_store(store)
    alarms: list[str] = []

    def alarmed(dialog: Dialog) -> None:
        alarms.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", alarmed)
    cell = (
        "from IPython.display import display\nfrom workbench import Workbench\n"
        f"bench = Workbench({str(store)!r})\n"
        f"for one in bench.calls: display(one.{kind}())"
    )
    out = notebook(f"hostile_{kind}", [cell]).run(0)
    panels = out.locator(".wb-panel")
    expect(panels).to_have_count(len(ids))
    for number, payload in enumerate(PAYLOADS):
        panel = panels.nth(number)
        prompts = panel.get_by_role("region", name="What was said").locator(".wb-said")
        expect(prompts).to_have_text([legible(payload).strip()] * 2, use_inner_text=False)
        panel.locator(".wb-arrow").first.click()
        expect(panel.get_by_role("region", name="The SIP message")).to_be_visible()
    strange = "script, iframe, img, svg, a, style, link, meta, details, object, embed"
    assert panels.locator(strange).count() == 0
    assert alarms == []
