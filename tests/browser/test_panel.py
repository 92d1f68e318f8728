"""What all widgets have in common, in a real page: clicks, batches, signs of life, errors."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PANEL = '''
import threading
from workbench.widgets.panel import Panel, look, manners

class Counter(Panel):
    """Counts clicks, and lists what it is sent."""

    _css = (look.__globals__["STATIC"] / "panel.css").read_text()
    _esm = (look.__globals__["STATIC"] / "panel.js").read_text() + """
    export default panel("Counter", (view) => {
      const count = make("output", { class: "count" });
      const list = make("ol");
      view.body.append(
        count, list,
        make("button", { onclick: () => view.act("count") }, "Count"),
        make("button", { onclick: () => view.act("fail") }, "Fail"),
        make("button", { onclick: () => view.act("wait") }, "Wait"),
      );
      view.onState((state) => setText(count, String(state.count)));
      view.onItems((items, fresh) => {
        if (fresh) list.replaceChildren();
        for (const { value, buffers } of items)
          list.append(make("li", {}, `${value}:${buffers.map((each) => each.byteLength)}`));
      });
    });
    """

    def act(self, action):
        if action == "fail":
            raise ValueError("<img src=x onerror=alert(1)>")
        if action == "wait":
            gate.wait(60)
            return
        self.n = getattr(self, "n", 0) + 1
        self.show(count=self.n)
        self.push(f"item {self.n}", b"12345")

    def snapshot(self):
        return [("begin", ())]

gate = threading.Event()
counter = Counter(count=0)
counter
'''
BUSY = """
import threading
done = threading.Event()
until = 3
while counter.state["count"] < until:
    # Python speaks last, on this thread too, as while a widget is shown live.
    counter.send({"kind": "nothing"})
    threading.Event().wait(0.003)
"""


def test_a_click_arrives_while_a_cell_blocks_and_python_spoke_last(notebook: Open) -> None:
    book = notebook("busy", [PANEL, BUSY])
    book.run(0)
    count = book.output(0).get_by_role("button", name="Count")
    expect(book.output(0).locator("li")).to_have_text(["begin:"])
    book.start(1)
    for n in (1, 2, 3):
        count.click()
        expect(book.output(0).locator(".count")).to_have_text(str(n))
    book.wait(1)
    items = ["begin:", "item 1:5", "item 2:5", "item 3:5"]
    expect(book.output(0).locator("li")).to_have_text(items)


def test_an_error_is_shown_under_the_widget_as_text(notebook: Open) -> None:
    book = notebook("error", [PANEL])
    out = book.run(0)
    out.get_by_role("button", name="Fail").click()
    expect(out.get_by_role("alert")).to_have_text("ValueError: <img src=x onerror=alert(1)>")
    out.get_by_role("button", name="Count").click()
    expect(out.locator(".wb-error")).to_be_hidden()


def test_a_view_of_a_dead_kernel_says_so(notebook: Open) -> None:
    book = notebook("dead", [PANEL])
    out = book.run(0)
    expect(out.locator(".wb-silent")).to_have_count(0)
    book.restart_kernel()
    expect(out.locator(".wb-silent")).to_have_count(1)
    expect(out.locator(".wb-lost")).to_contain_text("The kernel does not answer")


def test_a_page_that_is_loaded_again_shows_what_is(notebook: Open) -> None:
    book = notebook("again", [PANEL])
    book.run(0).get_by_role("button", name="Count").click()
    expect(book.output(0).locator(".count")).to_have_text("1")
    book.save()
    book.open()
    expect(book.output(0).locator(".count")).to_have_text("1")
    expect(book.output(0).locator("li")).to_have_text(["begin:"])
    book.output(0).get_by_role("button", name="Count").click()
    expect(book.output(0).locator("li")).to_have_text(["begin:", "item 2:5"])


def test_a_click_that_waits_for_its_turn_says_so(notebook: Open) -> None:
    book = notebook("waits", [PANEL, "gate.set()"])
    out = book.run(0)
    out.get_by_role("button", name="Wait").click()
    expect(out.locator(".wb-lost")).to_have_text("The kernel has not carried that out yet.")
    book.run(1)
    expect(out.locator(".wb-lost")).to_be_hidden()


def test_a_flood_of_values_and_items_ends_with_the_truth(notebook: Open) -> None:
    flood = "for n in range(20_001):\n    counter.show(count=n)\n    counter.push(n)\n"
    # More than a page can take is given up; the page asks for a snapshot then.
    again = (
        "while not counter._outbox.open:\n    threading.Event().wait(0.01)\n"
        "counter.push('last')"
    )
    book = notebook("flood", [PANEL, flood, again])
    book.run(0)
    expect(book.output(0).locator("li")).to_have_text(["begin:"])
    book.run(1)
    expect(book.output(0).locator(".count")).to_have_text("20000")
    book.run(2)
    expect(book.output(0).locator("li").last).to_have_text("last:")


def test_a_batch_that_is_lost_is_noticed(notebook: Open) -> None:
    lose = (
        "counter._outbox._sent += 1\ncounter._outbox._acknowledged += 1\ncounter.push('after')"
    )
    book = notebook("lost", [PANEL, lose, "counter.push('whole again')"])
    out = book.run(0)
    expect(out.locator("li")).to_have_text(["begin:"])
    out.get_by_role("button", name="Count").click()
    expect(out.locator("li")).to_have_count(2)
    book.run(1)
    expect(out.locator("li")).to_have_text(["begin:"])
    book.run(2)
    expect(out.locator("li")).to_have_text(["begin:", "whole again:"])
