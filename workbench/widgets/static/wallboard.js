// The wallboard. State: { calls, counts, pool, problems, found, matches, search, reading, closed,
// opened }; a call in progress is a row of followed.py, one of `found` a row of ledger.py.

const COUNTS = ["connected", "ringing", "completed", "busy", "no-answer", "canceled", "failed"];

const plural = (number, one, more) => `${number} ${number === 1 ? one : more}`;

function moment(milliseconds) {
  const at = new Date(milliseconds);
  const today = at.toDateString() === new Date().toDateString();
  const time = at.toLocaleTimeString([], { hour12: false });
  return today ? time : `${at.toLocaleDateString()} ${time}`;
}

export default panel("Wallboard", (view) => {
  let state = view.state;
  const tiles = new Map(COUNTS.map((name) => [name, make("b", {}, "0")]));
  const counts = make("dl", { class: "wb-counts" },
    ...COUNTS.map((name) => make("div", {}, make("dt", {}, name), make("dd", {}, tiles.get(name)))));
  const pool = make("p", { class: "wb-pool", role: "status" });
  const problems = make("ul", { class: "wb-problems", "aria-label": "Problems" });

  const table = (caption, ...heads) => {
    const body = make("tbody");
    const whole = make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), body);
    return { whole, body, rows: new Map() };
  };
  const running = table("In progress", "call", "state", "time", "flow", "what happened last", "end");
  const past = table("Calls", "call", "began", "status", "seconds", "flow", "outcome", "digits");
  const search = make("input", {
    type: "search", "aria-label": "Search the calls", placeholder: "Search: number, status, flow, outcome, digits…",
    autocomplete: "off", spellcheck: "false", oninput: () => view.act("search", { text: search.value }),
  });
  const matches = make("span", { class: "wb-matches", role: "status" });
  const leave = make("button", { type: "button", onclick: () => view.act("leave") }, "Close");
  const opened = make("div", { class: "wb-opened" });
  const below = make("div", { class: "wb-below", hidden: true }, leave, opened);
  const scroll = (caption, { whole }, look = "") =>
    make("div", { class: `wb-scroll ${look}`, tabindex: "0", role: "region", "aria-label": caption }, whole);

  view.body.append(make("div", { class: "wb-wallboard" }, counts, pool, problems,
    scroll("Calls in progress", running, "wb-running"), make("div", { class: "wb-search" }, search, matches),
    scroll("All calls", past), below));

  // Rows stay where they are, so that whoever has the focus on one keeps it.
  const rowOf = (within, id, build) => {
    if (!within.rows.has(id)) within.rows.set(id, build());
    return within.rows.get(id);
  };
  const arrange = (within, ids) => {
    for (const [id, row] of within.rows) if (!ids.includes(id)) { row.remove(); within.rows.delete(id); }
    ids.forEach((id, index) => {
      const row = within.rows.get(id);
      if (within.body.children[index] !== row) within.body.insertBefore(row, within.body.children[index] ?? null);
    });
  };
  const cells = (row, ...texts) => texts.forEach((text, index) => setText(row.children[index + 1], text ?? ""));
  const opener = (id) =>
    make("th", { scope: "row" }, make("button", { type: "button", class: "wb-open", onclick: () => view.act("open", { call: id }) }));
  const blank = (...looks) => looks.map((look) => make("td", { class: look }));
  const [short, long] = ["wb-short", "wb-long"];
  const label = (row, call) =>
    setParty(row.firstChild.firstChild, call.direction === "inbound", call.party.replace(/^sips?:/, ""));

  const showRunning = () => {
    for (const call of state.calls) {
      const row = rowOf(running, call.id, () => make("tr", {}, opener(call.id), ...blank(long, short, short, long),
        make("td", {}, make("button", { type: "button", class: "wb-stop", onclick: () => view.act("hangup", { call: call.id }) }, "Hang up"))));
      label(row, call);
      cells(row, call.words, clockFace(view.now() - (call.answered ?? call.started)), call.flow, call.last);
    }
    arrange(running, state.calls.map(({ id }) => id));
    running.whole.parentElement.hidden = !state.calls.length;
  };
  const showPast = () => {
    for (const call of state.found) {
      const row = rowOf(past, call.id, () => make("tr", {}, opener(call.id), ...blank(short, short, short, short, long, short)));
      label(row, call);
      const seconds = call.seconds === null ? "" : call.seconds.toFixed(1);
      cells(row, moment(call.started), call.status, seconds, call.flow, call.outcome || call.reason, call.digits);
    }
    arrange(past, state.found.map(({ id }) => id));
    const more = state.found.length < state.matches ? `, the last ${state.found.length} shown` : "";
    setText(matches, plural(state.matches, "call", "calls") + more + (state.reading ? ", reading the store…" : ""));
  };
  const showProblems = () => {
    const wanted = JSON.stringify(state.problems);
    if (problems.dataset.shown === wanted) return;
    problems.dataset.shown = wanted;
    problems.replaceChildren(...state.problems.map(({ call, at, words }) => make("li", {},
      make("span", {}, at ? `${moment(at)} ` : "now "),
      call ? make("button", { type: "button", class: "wb-open", onclick: () => view.act("open", { call }) }, words) : words)));
  };
  const showPool = ({ pool: at, closed }) => {
    if (closed) return CLOSED;
    if (!at) return "No engine runs yet.";
    const door = at.door ? "the front door is up" : "THE FRONT DOOR IS DOWN";
    return `${plural(at.workers, "worker", "workers")}, ${at.taken} of ${at.lines} lines taken, ${door}`;
  };

  let model = null;
  let leaving = null;
  const showOpened = async () => {
    const wanted = state.opened?.model ?? null;
    if (wanted === model) return;
    model = wanted;
    leaving?.abort();
    leaving = new AbortController();
    opened.replaceChildren();
    below.hidden = !wanted;
    if (!wanted) return;
    try {
      const child = await view.host.getWidget(`anywidget:${wanted}`);
      if (model === wanted) await child.render({ el: opened, signal: leaving.signal });
    } catch (error) { view.complain(`The call cannot be opened here: ${error.message}`); }
  };
  view.onClose(() => leaving?.abort());
  view.refuge = () => (running.whole.parentElement.hidden ? search : running.whole.parentElement);

  view.onState((now) => {
    state = now;
    for (const [name, tile] of tiles) setText(tile, String(state.counts[name] ?? 0));
    setText(pool, showPool(state));
    if (document.activeElement !== search) search.value = state.search;
    showProblems();
    showRunning();
    showPast();
    showOpened();
  });
  view.every(1000, showRunning);
});
