// A call while it goes on: the lanes grow, and the cursor is at the present until it is moved.

const SPANS = [["10 s", 10_000], ["30 s", 30_000], ["2 min", 120_000], ["all", Infinity]];
const TICK_MS = 66; // 15 pictures a second
const TELL_MS = 200; // how often the text follows while nothing happens

class LiveCall {
  constructor(view) {
    Object.assign(this, { view, score: new Score(), ms: 0, following: true, start: null, over: false, told: 0 });
    const seek = (ms) => this.seek(ms);
    this.lanes = new Lanes(view, this.score, seek);
    this.sheets = new Sheets(view, this.score, seek);
    this.title = make("p", { class: "wb-title" });
    this.notice = make("p", { class: "wb-notice", role: "status" });
    view.body.append(this.title, this.controls(), this.lanes.root, this.notice, this.sheets.root);
    view.onItems((items, fresh) => this.take(items, fresh));
    view.onState((state) => setText(this.notice, state.notice || ""));
    view.every(TICK_MS, () => this.tick());
  }

  controls() {
    this.status = make("output", { class: "wb-status" });
    this.clock = make("output", { class: "wb-clock", "aria-live": "off" });
    this.live = make("button", { type: "button", "aria-pressed": "true", onclick: () => this.follow() }, "Live");
    this.span = make("select", { "aria-label": "Span that is shown", onchange: () => this.tick() },
      ...SPANS.map(([text, ms]) => make("option", { value: ms, selected: text === "30 s" }, text)));
    return make("div", { class: "wb-controls", role: "group", "aria-label": "The call" },
      this.live, this.clock, this.status, this.span);
  }

  take(items, fresh) {
    if (fresh) { this.score.clear(); this.sheets.clear(); }
    for (const { value, buffers } of items) {
      if (value.kind === "call") this.introduce(value);
      else if (value.kind === "items") this.add(parsed(buffers[0]));
      else if (value.kind === "peaks") this.score.hear(value, new Int8Array(bytes(buffers[0])));
      else if (value.kind === "message") this.sheets.ladder.show(value.text);
    }
    this.changed = true;
  }

  introduce({ title, sources, start }) {
    setText(this.title, title);
    this.score.read(sources);
    this.start = start;
  }

  add(items) {
    this.score.add(items);
    this.sheets.add(items);
    this.told = 0;
    this.over ||= items.some((item) => item.topic === "call.ended");
    setText(this.status, this.score.lane("state").at(-1)?.text ?? "");
  }

  // The present, on the axis of the call.
  present() {
    if (this.over || this.start === null) return this.score.duration;
    return Math.max(this.score.duration, this.view.now() - this.start);
  }

  seek(ms) {
    this.following = false;
    this.ms = Math.max(0, Math.min(ms, this.present()));
    this.go();
  }

  follow() {
    this.following = true;
    this.go();
  }

  go() {
    Object.assign(this, { changed: true, told: 0 });
    this.tick();
  }

  tick() {
    const now = this.present();
    const stands = this.over && !this.changed && this.shown === this.span.value;
    if (this.start === null || stands) return;
    Object.assign(this, { changed: false, shown: this.span.value });
    if (this.following) this.ms = now;
    this.live.setAttribute("aria-pressed", String(this.following));
    setText(this.clock, moment(this.ms));
    this.view.root.dataset.ms = Math.round(this.ms);
    const span = Math.min(Number(this.span.value), Math.max(now, 5000));
    this.lanes.present = now;
    this.lanes.show(Math.max(0, now - span), Math.max(now, span));
    this.lanes.point(this.ms);
    if (performance.now() - this.told < TELL_MS && !this.over) return;
    this.told = performance.now();
    this.sheets.point(this.ms);
  }
}

export default panel("Live call", (view) => new LiveCall(view));
