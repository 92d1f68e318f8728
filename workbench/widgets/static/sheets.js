// What stands under the lanes: what was said, what happened, the flow's source, the state at
// the cursor, and the SIP messages. All of it is text, and follows the cursor.

const AROUND = 40; // events that are listed before and after the cursor

function sheet(title, ...children) {
  const heading = make("h3", {}, title);
  return make("section", { class: "wb-sheet", "aria-label": title }, heading, ...children);
}

function jump(seek, ms, ...children) {
  return make("button", { type: "button", class: "wb-jump", onclick: () => seek(ms()) }, ...children);
}

function mark(element, on) {
  element.classList.toggle("wb-here", on);
  if (on) element.setAttribute("aria-current", "true");
  else element.removeAttribute("aria-current");
}

// Keeps what is at the cursor in sight, without moving the page.
function keepInSight(list, element) {
  if (!element) return;
  const [box, inner] = [list.getBoundingClientRect(), element.getBoundingClientRect()];
  if (inner.top < box.top || inner.bottom > box.bottom)
    list.scrollTop += inner.top - box.top - (box.height - inner.height) / 2;
}

// A list that can be scrolled by keyboard.
function scroll(label) {
  return make("div", { class: "wb-scroll", tabindex: "0", role: "region", "aria-label": label });
}

// Lists, of many items, those around the one at the cursor.
class Around {
  constructor(list, row) { Object.assign(this, { list, row, shown: "" }); }

  // Lets the rows be made anew, since what is listed may have changed.
  stale() { this.shown = ""; }

  // Shows the items around the one of number `here`, which is marked; -1 marks none.
  show(items, here) {
    const first = Math.max(0, Math.min(here - AROUND, items.length - 2 * AROUND));
    const shown = `${first} ${items.length} ${here}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const focused = this.list.contains(document.activeElement);
    const rows = items.slice(first, first + 2 * AROUND + 1);
    this.list.replaceChildren(...rows.flatMap((item) => this.row(item, item === items[here])));
    const current = this.list.querySelector(".wb-here");
    keepInSight(this.list, current);
    if (focused && current) current.focus({ preventScroll: true });
  }
}

// What was said, by whom; it grows while somebody speaks.
class Transcript {
  constructor(score, seek) {
    Object.assign(this, { score, seek, lines: new Map(), here: null });
    this.list = scroll("What was said");
    this.empty = make("p", { class: "wb-none" }, "Nothing was said or played yet.");
    this.list.append(this.empty);
    this.root = sheet("Transcript", this.list);
  }

  clear() {
    this.lines.clear();
    this.list.replaceChildren(this.empty);
  }

  add(items) {
    const low = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 30;
    const said = items.filter((item) => item.lane === "speech" || item.lane === "prompt");
    for (const item of said) this.put(this.score.keys.get(item.key));
    this.empty.hidden = this.lines.size > 0;
    if (low && said.length) this.list.scrollTop = this.list.scrollHeight;
  }

  put(item) {
    const line = this.lines.get(item.key) || this.insert(item);
    line.classList.toggle("wb-partial", item.lane === "speech" && item.kind !== "final");
    const cut = item.lane === "prompt" && item.kind === "interrupted";
    const body = line.lastChild;
    line.classList.toggle("wb-cut", cut);
    if (!item.words) setText(body, `${item.text}${cut ? " (cut short)" : ""}`);
    else if (body.childElementCount !== item.words.length) {
      const words = item.words.map(([text]) => make("span", {}, `${text} `));
      body.replaceChildren(...words);
    }
  }

  insert(item) {
    const who = item.track === "sent" ? (item.lane === "prompt" ? "Prompt" : "Us") : "Far end";
    const line = jump(this.seek, () => item.start_ms,
      make("span", { class: "wb-time" }, moment(item.start_ms)),
      make("span", { class: `wb-who wb-${item.track}` }, who), make("span", { class: "wb-said" }));
    line.item = item;
    let after = this.list.lastElementChild; // what comes is the latest, almost always
    while (after.item && after.item.start_ms > item.start_ms) after = after.previousElementSibling;
    after.after(line);
    this.lines.set(item.key, line);
    return line;
  }

  point(ms) {
    let here = null;
    for (const line of this.lines.values()) {
      const { start_ms, end_ms, words } = line.item;
      const now = start_ms <= ms && ms < (end_ms ?? Infinity);
      if (now !== line.classList.contains("wb-here")) mark(line, now);
      if (now) here = line;
      if (words) for (const [n, word] of [...line.lastChild.children].entries())
        word.classList.toggle("wb-word", words[n][1] <= ms && ms < words[n][2]);
    }
    if (here !== this.here) keepInSight(this.list, (this.here = here));
  }
}

// What happened and what the flow decided, with what a replay decides beside it.
class Events {
  constructor(score, seek) {
    Object.assign(this, { score, seek, replay: null });
    const list = scroll("Events");
    this.around = new Around(list, (item, here) => this.row(item, here));
    this.noted = make("input", { type: "checkbox", onchange: () => { this.around.stale(); this.point(this.ms); } });
    this.replayed = make("p", { class: "wb-replayed", hidden: true });
    this.root = sheet("Events", make("label", { class: "wb-check" }, this.noted, " SIP and measurements"), this.replayed, list);
  }

  compare(replay) {
    this.replay = replay && { ...replay, same: new Set(replay.same) };
    this.replayed.hidden = !replay;
    if (!replay) return;
    setText(this.replayed, replay.divergence
      ? `Replay of ${replay.flow}: ${replay.same.length} decisions are the same, then it diverges at ${replay.divergence.where || "the start"}.`
      : `Replay of ${replay.flow}: all ${replay.same.length} decisions are the same.`);
    this.replayed.classList.toggle("wb-diverged", Boolean(replay.divergence));
  }

  // The events that can be jumped to.
  listed() {
    const all = this.score.lane("event");
    return this.noted.checked ? all : all.filter((item) => item.kind !== "noted");
  }

  // The event that was the last at a moment.
  at(ms) {
    return this.listed().findLast((item) => item.start_ms <= ms);
  }

  next(ms, forth) {
    const listed = this.listed();
    return forth
      ? listed.find((item) => item.start_ms > ms + 0.5)
      : listed.findLast((item) => item.start_ms < ms - 0.5);
  }

  point(ms) {
    this.ms = ms;
    const listed = this.listed();
    this.around.show(listed, listed.findLastIndex((item) => item.start_ms <= ms));
  }

  row(item, here) {
    const line = jump(this.seek, () => item.start_ms,
      make("span", { class: "wb-time" }, moment(item.start_ms)),
      make("span", { class: "wb-what" }, item.text), make("span", { class: "wb-where" }, item.where || ""));
    line.classList.add(`wb-${item.kind}`);
    line.dataset.version = item.version;
    mark(line, here);
    if (this.replay && item.kind === "decided") this.judge(line, item);
    const { divergence } = this.replay || {};
    return divergence && divergence.version === item.version ? [line, this.diverged(divergence)] : [line];
  }

  judge(line, item) {
    const same = this.replay.same.has(item.version);
    const verdict = same ? "=" : this.replay.divergence && item.version > this.replay.divergence.version ? "≠" : "";
    if (!verdict) return;
    line.append(make("span", { class: "wb-verdict", title: same ? "The replay decides the same" : "The replay diverged before" }, verdict));
  }

  diverged({ then, now }) {
    return make("div", { class: "wb-divergence" },
      make("strong", {}, "The replay diverges here"),
      make("div", {}, `then: ${then}`), make("div", {}, `now: ${now}`));
  }
}

// The source of the flow, with the line that waits at the cursor.
class Source {
  constructor(score) {
    Object.assign(this, { score, version: null, lines: [] });
    this.title = make("p", { class: "wb-waits" });
    this.code = scroll("Source of the flow");
    this.code.classList.add("wb-code");
    this.root = sheet("Flow", this.title, this.code);
  }

  point(ms) {
    const [flow, line] = [this.score.at("flow", ms), this.score.at("line", ms)];
    const running = Boolean(line && line.where && flow && line.start_ms >= flow.start_ms);
    setText(this.title, this.words(ms, flow, running, line));
    if (this.version !== (flow?.kind ?? null)) this.load(flow);
    const here = running ? this.score.waiting(line).row : -1;
    if (here === this.here) return;
    this.here = here;
    for (const [n, row] of this.lines.entries()) mark(row, n === here);
    keepInSight(this.code, this.lines[here]);
  }

  words(ms, flow, running, line) {
    if (!flow) return this.score.isOver(ms) ? "No flow had this call." : "No flow has this call yet.";
    if (!running) return `${flow.text} ${line && !line.where ? "is over" : "begins"}`;
    const open = this.score.openAt(ms).findLast((item) => item.where === line.where);
    return `${flow.text} waits at ${line.where}${open ? `: ${open.text}` : ""}`;
  }

  load(flow) {
    this.version = flow?.kind ?? null;
    this.here = null;
    const first = place(flow?.where)[1] || 1;
    this.lines = (this.score.sources.get(this.version) || []).map((text, n) => make("div", { class: "wb-line" },
      make("span", { class: "wb-number" }, String(first + n)), make("span", {}, text || " ")));
    const none = flow ? [make("p", { class: "wb-none" }, "The source of this flow is not kept here.")] : [];
    this.code.replaceChildren(...(this.lines.length ? this.lines : none));
  }
}

// How the call stands at the cursor.
class Standing {
  constructor(score) {
    this.score = score;
    this.values = {};
    const list = make("dl", { class: "wb-facts" });
    for (const title of ["Moment", "Call", "Event", "Open", "Keys", "Quality"]) {
      this.values[title] = make("dd", {});
      list.append(make("dt", {}, title), this.values[title]);
    }
    this.root = sheet("At the cursor", list);
  }

  point(ms, event) {
    const { score, values } = this;
    const open = score.openAt(ms).map((item) => `${item.text} (for ${((ms - item.start_ms) / 1000).toFixed(1)} s)`);
    const keys = score.lane("digit").slice(0, score.upTo("digit", ms)).filter((item) => item.track === "received");
    setText(values.Moment, moment(ms));
    setText(values.Call, score.at("state", ms)?.text ?? "not begun");
    setText(values.Event, event ? `${event.version}: ${event.text}` : "none yet");
    setText(values.Open, open.join("; ") || "nothing");
    setText(values.Keys, keys.map((item) => item.text).join(" ") || "none");
    setText(values.Quality, score.at("quality", ms)?.text ?? "not measured yet");
  }
}

// The SIP messages between the two ends.
class Ladder {
  constructor(view, score, seek) {
    Object.assign(this, { view, score, seek });
    const list = scroll("SIP messages");
    this.around = new Around(list, (item, here) => [this.row(item, here)]);
    this.text = make("pre", { class: "wb-message", tabindex: "0", role: "region", "aria-label": "The SIP message", hidden: true });
    const ends = make("div", { class: "wb-ends", "aria-hidden": "true" }, make("span", {}, "workbench"), make("span", {}, "far end"));
    this.root = sheet("SIP", ends, list, this.text);
  }

  row(item, here) {
    const way = item.track === "sent" ? "sent" : "received";
    const row = jump(() => { this.seek(item.start_ms); this.view.act("message", { version: item.version }); },
      () => item.start_ms, make("span", { class: "wb-time" }, moment(item.start_ms)),
      make("span", { class: "wb-quiet" }, way), make("span", { class: `wb-arrow wb-arrow-${way}` }, item.text));
    mark(row, here);
    return row;
  }

  show(text) {
    this.text.hidden = !text;
    setText(this.text, text);
  }

  point(ms) { this.around.show(this.score.lane("sip"), this.score.upTo("sip", ms) - 1); }
}

// Everything under the lanes, on one cursor.
class Sheets {
  constructor(view, score, seek) {
    this.score = score;
    this.transcript = new Transcript(score, seek);
    this.events = new Events(score, seek);
    this.source = new Source(score);
    this.standing = new Standing(score);
    this.ladder = new Ladder(view, score, seek);
    const sheets = [this.transcript, this.events, this.source, this.standing, this.ladder];
    this.root = make("div", { class: "wb-sheets" }, ...sheets.map((one) => one.root));
  }

  clear() {
    this.transcript.clear();
    for (const one of [this.events, this.ladder]) one.around.stale();
  }

  add(items) {
    this.transcript.add(items);
    this.events.around.stale();
  }

  point(ms) {
    const event = this.events.at(ms);
    for (const one of [this.transcript, this.events, this.source, this.ladder]) one.point(ms);
    this.standing.point(ms, event);
  }
}
