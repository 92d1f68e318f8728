// The lanes of a call on one axis: what is known of it (Score), and the picture of it (Lanes).
// A live call and a finished one are drawn by the same code.

const ROWS = [
  { name: "received", title: "Far end", height: 52 },
  { name: "sent", title: "Us", height: 52 },
  { name: "prompt", title: "Prompts", height: 20 },
  { name: "digit", title: "Keys", height: 20 },
  { name: "line", title: "Flow", height: 20 },
  { name: "wait", title: "Waits for", height: 20 },
  { name: "decision", title: "Decisions", height: 14 },
  { name: "quality", title: "Quality", height: 18 },
  { name: "axis", title: "", height: 18 },
];
const HEIGHT = ROWS.reduce((sum, row) => sum + row.height, 0);
const WAITS = ["gather", "step", "timer", "dial", "transfer", "hold", "park", "talk"];
const APART = ["event", "prompt", "digit", "speech", "barge-in", "quality", "sip", "state", "flow", "line"];
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600];
const QUIET = 3; // of 128: below it, a stretch counts as silent
const MOST_DRAWN = 4000; // items of a lane in one picture

// Milliseconds as 0:07.3: an event is to be found again.
function moment(ms) {
  return `${clockFace(ms)}.${Math.floor((Math.max(0, ms) % 1000) / 100)}`;
}

// A buffer of a message as plain bytes.
function bytes(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

// The JSON that a buffer holds.
function parsed(view) {
  return JSON.parse(new TextDecoder().decode(view));
}

// What is known of a call: its items by lane, in order, and its audio's peaks.
class Score {
  constructor() { this.clear(); }

  clear() {
    this.lanes = new Map();
    this.keys = new Map();
    this.tapes = [];
    this.sources = new Map(); // the lines of each flow's source, by its version
    this.duration = 0;
    this.quietest = null;
  }

  // Takes the sources of flows, as far as they are kept.
  read(sources) {
    for (const [version, text] of Object.entries(sources))
      this.sources.set(version, text.replace(/\n$/, "").split("\n"));
  }

  // Takes items that are new or have changed.
  add(items) {
    for (const item of items) {
      const known = this.keys.get(item.key);
      if (known) this.replace(known, item);
      else this.insert(item);
      this.duration = Math.max(this.duration, item.start_ms, item.end_ms || 0);
    }
  }

  // An item that has changed stays the same object: the lists under the lanes hold it.
  replace(known, item) {
    const moved = known.start_ms !== item.start_ms;
    if (moved) this.lane(known.lane).splice(this.lane(known.lane).indexOf(known), 1);
    for (const name of Object.keys(known)) delete known[name];
    Object.assign(known, item);
    if (moved) this.insert(known);
  }

  insert(item) {
    this.keys.set(item.key, item);
    const lane = this.lane(item.lane);
    let at = lane.length;
    while (at > 0 && lane[at - 1].start_ms > item.start_ms) at -= 1;
    lane.splice(at, 0, item);
  }

  lane(name) {
    if (!this.lanes.has(name)) this.lanes.set(name, []);
    return this.lanes.get(name);
  }

  // How many items of a lane begin at or before a moment.
  upTo(name, ms) {
    const lane = this.lane(name);
    let [low, high] = [0, lane.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lane[middle].start_ms <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // The last item of a lane that begins at or before a moment.
  at(name, ms) { return this.lane(name)[this.upTo(name, ms) - 1]; }

  // The line of the flow that waits from an item on: its number in the kept source (from 0, or
  // -1) and its text.
  waiting(line) {
    const flow = this.at("flow", line.start_ms);
    const [[file, number], [begun, first]] = [place(line.where), place(flow?.where)];
    const row = first && number && file === begun ? number - first : -1;
    return { row, text: this.sources.get(flow?.kind)?.[row]?.trim() || line.where };
  }

  // What was begun and not over at a moment, on the lanes of things that have an end.
  openAt(ms) {
    const names = [...this.lanes.keys()].filter((name) => !APART.includes(name));
    return names.flatMap((name) => this.lane(name).filter(
      (item) => item.start_ms <= ms && (item.end_ms === undefined || item.end_ms > ms)));
  }

  isOver(ms) { return Boolean(this.at("state", ms)?.text.startsWith("ended")); }

  // Takes peaks: `pairs` are int8, for each stretch low and high of received and of sent.
  hear({ tape, start_ms, step_ms, first }, pairs) {
    const known = (this.tapes[tape] ||= { start: start_ms, step: step_ms, pairs: new Int8Array(0) });
    const end = first * 4 + pairs.length;
    if (end > known.pairs.length || !known.length) {
      const room = new Int8Array(Math.max(end, known.length ? end * 2 : end));
      room.set(known.pairs.subarray(0, known.length || 0));
      known.pairs = room;
    }
    known.pairs.set(pairs, first * 4);
    known.length = Math.max(known.length || 0, end);
    this.duration = Math.max(this.duration, start_ms + (known.length / 4) * step_ms);
    this.quietest = null;
  }

  // Stretches of more than a second in which nobody is heard: [from, to] in milliseconds.
  silences() {
    return (this.quietest ||= this.tapes.flatMap((tape) => quiet(tape)));
  }
}

// File and number of a line of a flow, as `file:line` has them.
function place(where = "") {
  const colon = where.lastIndexOf(":");
  return [where.slice(0, colon), Number(where.slice(colon + 1))];
}

function quiet({ start, step, pairs, length }) {
  const found = [];
  let since = null;
  for (let at = 0; at <= length; at += 4) {
    const loud = at === length || [0, 1, 2, 3].some((n) => Math.abs(pairs[at + n]) > QUIET);
    const ms = start + (at / 4) * step;
    if (!loud) since ??= ms;
    else if (since !== null) {
      if (ms - since > 1000) found.push([since, ms]);
      since = null;
    }
  }
  return found;
}

// The picture: a canvas with all lanes, and the one cursor through them.
class Lanes {
  constructor(view, score, seek) {
    Object.assign(this, { view, score, seek, from: 0, to: 1000, present: Infinity, marked: null, drawn: 0 });
    this.canvas = make("canvas", { class: "wb-canvas", "aria-hidden": "true" });
    this.cursor = make("div", { class: "wb-cursor", "aria-hidden": "true" });
    this.stack = make("div", { class: "wb-stack" }, this.canvas, this.cursor);
    const titles = ROWS.map((row) => make("div", { style: `height:${row.height}px` }, row.title));
    this.root = make("div", { class: "wb-lanes", role: "group", "aria-label": "Lanes of the call" },
      make("div", { class: "wb-titles" }, ...titles), this.stack);
    this.follow();
  }

  follow() {
    const seek = (event) => {
      const box = this.stack.getBoundingClientRect();
      this.seek(this.ms(event.clientX - box.left));
    };
    this.view.listen(this.stack, "pointerdown", (event) => {
      this.stack.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.view.listen(this.stack, "pointermove", (event) => { if (event.buttons & 1) seek(event); });
    const sized = new ResizeObserver(() => this.draw());
    sized.observe(this.stack);
    // The page has no size while JupyterLab changes its theme.
    const recolour = () => { this.ink = null; this.draw(); };
    const theme = new MutationObserver(() => requestAnimationFrame(recolour));
    theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    this.view.onClose(() => { sized.disconnect(); theme.disconnect(); });
  }

  x(ms) { return ((ms - this.from) / (this.to - this.from)) * this.width; }
  ms(x) { return this.from + (x / this.stack.clientWidth) * (this.to - this.from); }

  show(from, to) {
    this.from = from;
    this.to = Math.max(to, from + 100);
    this.draw();
  }

  point(ms) {
    const share = (ms - this.from) / (this.to - this.from);
    this.cursor.hidden = share < 0 || share > 1;
    this.cursor.style.left = `${share * 100}%`;
  }

  draw() {
    this.width = this.stack.clientWidth;
    if (!this.width) return;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.width * scale), Math.round(HEIGHT * scale)];
    if (this.canvas.width !== width || this.canvas.height !== height)
      Object.assign(this.canvas, { width, height });
    const pen = (this.pen = this.canvas.getContext("2d"));
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, this.width, HEIGHT);
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    this.ink ||= this.inks();
    let top = 0;
    for (const row of ROWS) {
      this.row(row, top);
      top += row.height;
    }
    this.marks();
    this.drawn += 1;
    this.canvas.dataset.drawn = this.drawn;
  }

  inks() {
    const style = getComputedStyle(this.root);
    const names = ["text", "faint", "line", "raised", "strong", "bad", "on", "received", "sent", "key", "wait"];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--wb-${name}`).trim()]));
  }

  row({ name, height }, top) {
    this.pen.fillStyle = this.ink.line;
    this.pen.globalAlpha = 0.5;
    this.pen.fillRect(0, top + height - 1, this.width, 1);
    this.pen.globalAlpha = 1;
    if (name === "received" || name === "sent") this.voice(name, top, height);
    else if (name === "prompt") this.spans(this.visible("prompt"), top, height, this.ink.sent);
    else if (name === "digit") this.spans(this.visible("digit"), top, height, this.ink.key);
    else if (name === "line") this.flow(top, height);
    else if (name === "wait") this.waits(top, height);
    else if (name === "decision") this.decisions(top, height);
    else if (name === "quality") this.quality(top, height);
    else this.axis(top, height);
  }

  // The items of a lane that can be seen; a span that began before may reach in.
  visible(name) {
    const last = this.score.upTo(name, this.to);
    return this.score.lane(name).slice(Math.max(0, last - MOST_DRAWN), last)
      .filter((item) => (item.end_ms ?? (this.isSpan(item) ? this.to : item.start_ms)) >= this.from);
  }

  isSpan(item) { return !["digit", "quality", "barge-in", "event"].includes(item.lane); }

  voice(track, top, height) {
    const { pen, ink } = this;
    for (const item of this.visible("speech").filter((item) => item.track === track)) {
      pen.fillStyle = ink[track];
      pen.globalAlpha = 0.22;
      const x = this.x(item.start_ms);
      pen.fillRect(x, top, Math.max(2, this.x(item.end_ms ?? Math.min(this.to, this.present)) - x), height - 1);
      pen.globalAlpha = 1;
    }
    pen.fillStyle = ink[track];
    for (const tape of this.score.tapes) if (tape) this.wave(tape, track === "sent" ? 2 : 0, top, height);
  }

  wave({ start, step, pairs, length }, offset, top, height) {
    const [middle, half] = [top + (height - 1) / 2, (height - 4) / 2];
    const perPixel = (this.to - this.from) / this.width;
    const begin = Math.max(0, Math.floor(this.x(start)));
    const end = Math.min(this.width, Math.ceil(this.x(start + (length / 4) * step)));
    for (let x = begin; x < end; x += 1) {
      const first = Math.max(0, Math.floor((this.from + x * perPixel - start) / step));
      const last = Math.max(first + 1, Math.floor((this.from + (x + 1) * perPixel - start) / step));
      let [low, high] = [127, -128];
      for (let at = first * 4 + offset; at < Math.min(last * 4, length); at += 4) {
        if (pairs[at] < low) low = pairs[at];
        if (pairs[at + 1] > high) high = pairs[at + 1];
      }
      if (low > high) continue;
      const y = middle - (high / 128) * half;
      this.pen.fillRect(x, y, 1, Math.max(1, middle - (low / 128) * half - y));
    }
  }

  spans(items, top, height, colour, shade = 0.25) {
    for (const [n, item] of items.entries()) {
      const x = Math.max(-2, this.x(item.start_ms));
      const end = item.end_ms ?? (this.isSpan(item) ? Math.min(this.to, this.present) : item.start_ms);
      const wide = Math.max(3, Math.min(this.width + 4, this.x(end)) - x);
      this.pen.fillStyle = colour;
      this.pen.globalAlpha = shade;
      this.pen.fillRect(x, top + 2, wide, height - 5);
      this.pen.globalAlpha = 1;
      this.pen.fillRect(x, top + 2, 2, height - 5);
      if (item.lane === "prompt" && item.kind === "interrupted") {
        this.pen.fillStyle = this.ink.bad;
        this.pen.fillRect(x + wide - 3, top + 2, 3, height - 5);
      }
      const next = items[n + 1] ? this.x(items[n + 1].start_ms) : this.width;
      this.write(item.text, x + 5, top + height / 2, Math.min(next - x - 7, item.lane === "digit" ? 200 : wide - 7));
    }
  }

  write(text, x, y, room) {
    if (room < 8) return;
    this.pen.fillStyle = this.ink.text;
    const most = Math.floor(room / 5.5);
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(x, y - 10, room, 20);
    this.pen.clip();
    this.pen.fillText(text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text, x, y);
    this.pen.restore();
  }

  // The flow, line after line: each for as long as it waited.
  flow(top, height) {
    const lines = this.visible("line");
    const present = Math.min(this.to, this.present, this.score.duration);
    const spans = lines.map((line, n) => ({ ...line, end_ms: lines[n + 1]?.start_ms ?? present }))
      .filter((span) => span.where && span.end_ms >= this.from);
    for (const span of spans) span.text = this.score.waiting(span).text.replace(/\bawait (\w+\.)?/, "");
    this.spans(spans, top, height, this.ink.text, 0.1);
  }

  // What the flow waited for; the timer of another wait is a thin line below that.
  waits(top, height) {
    const items = WAITS.flatMap((name) => this.visible(name)).sort((a, b) => a.start_ms - b.start_ms);
    const [inner, outer] = [[], []];
    let reach = -Infinity; // how far another wait than a timer goes, of those before
    for (const item of items) {
      if (item.lane !== "timer") reach = Math.max(reach, item.end_ms ?? Infinity);
      (item.lane === "timer" && item.start_ms <= reach ? inner : outer).push(item);
    }
    this.spans(outer, top, height, this.ink.wait);
    this.pen.fillStyle = this.ink.wait;
    for (const { start_ms, end_ms } of inner) {
      const x = this.x(start_ms);
      this.pen.fillRect(x, top + height - 4, Math.max(2, this.x(end_ms ?? Math.min(this.to, this.present)) - x), 2);
    }
  }

  decisions(top, height) {
    this.pen.fillStyle = this.ink.text;
    for (const item of this.visible("event"))
      if (item.kind === "decided") this.pen.fillRect(Math.round(this.x(item.start_ms)), top + 2, 1.5, height - 5);
  }

  quality(top, height) {
    for (const item of this.visible("quality")) {
      const mos = item.value ?? 1;
      this.pen.fillStyle = mos < 3.6 ? this.ink.bad : this.ink.key;
      const tall = Math.max(2, ((mos - 1) / 3.5) * (height - 4));
      this.pen.fillRect(this.x(item.start_ms) - 3, top + height - 2 - tall, 4, tall);
    }
  }

  axis(top, height) {
    const span = (this.to - this.from) / 1000;
    const step = (STEPS_S.find((seconds) => span / seconds <= this.width / 70) || 3600) * 1000;
    this.pen.fillStyle = this.ink.text;
    for (let ms = Math.ceil(this.from / step) * step; ms <= this.to; ms += step) {
      this.pen.fillRect(this.x(ms), top, 1, 4);
      this.write(step < 1000 ? moment(ms) : clockFace(ms), this.x(ms) + 3, top + height / 2, 60);
    }
  }

  marks() {
    for (const item of this.visible("barge-in")) this.rule(item.start_ms, [4, 3], "barge-in", 62);
    if (this.marked !== null) this.rule(this.marked, [], "the replay diverges", 9);
  }

  rule(ms, dashes, text, y) {
    const { pen, ink } = this;
    const x = this.x(ms);
    pen.strokeStyle = ink.bad;
    pen.setLineDash(dashes);
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, HEIGHT - 18);
    pen.stroke();
    pen.setLineDash([]);
    const wide = pen.measureText(text).width + 8;
    const left = x + wide > this.width ? x - wide : x;
    pen.fillStyle = ink.bad;
    pen.fillRect(left, y - 8, wide, 16);
    pen.fillStyle = ink.on;
    pen.fillText(text, left + 4, y);
  }
}
