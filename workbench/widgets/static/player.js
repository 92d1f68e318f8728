// The player of a call that is over: its audio, and one cursor through all lanes.

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];
const LEAD_MS = 250; // of a silence that is left before somebody speaks, where silence is skipped
const SHEETS_MS = 70; // how often the text follows while it plays

// The audio of a call, in segments that come when they are needed.
class Sound {
  constructor(view, ended) {
    Object.assign(this, { view, segments: [], urls: new Map(), current: -1, playing: false, speed: 1 });
    this.audio = make("audio", { preload: "auto", "data-from": "" });
    view.listen(this.audio, "ended", () => view.guard(ended));
    view.listen(this.audio, "error", () => view.complain("This browser cannot play the call's audio."));
    view.onClose(() => {
      this.audio.pause();
      for (const url of this.urls.values()) if (url) URL.revokeObjectURL(url);
    });
  }

  find(ms) { return this.segments.findIndex(([from, to]) => from <= ms && ms < to); }

  // Brings the audio to a moment; it is fetched when it is not there yet.
  seek(ms) {
    this.wanted = ms;
    const n = this.find(ms);
    if (n < 0 || !this.urls.get(n)) this.audio.pause();
    if (n < 0) this.current = -1;
    else if (this.urls.get(n)) this.place(n, ms);
    else this.fetch(n);
  }

  fetch(n) {
    this.current = -1;
    if (this.urls.has(n)) return; // on its way
    this.urls.set(n, "");
    this.view.act("audio", { segment: n });
  }

  take({ segment }, buffer) {
    this.urls.set(segment, URL.createObjectURL(new Blob([buffer], { type: "audio/wav" })));
    if (this.find(this.wanted) === segment) this.place(segment, this.wanted);
  }

  place(n, ms) {
    if (this.current !== n) {
      this.audio.src = this.urls.get(n);
      this.current = n;
    }
    this.audio.dataset.segment = n;
    this.audio.dataset.from = this.segments[n][0];
    this.audio.currentTime = (ms - this.segments[n][0]) / 1000;
    this.audio.playbackRate = this.speed;
    this.run();
  }

  run() {
    if (!this.playing || this.current < 0) this.audio.pause();
    else if (this.audio.paused) this.audio.play().catch((error) => {
      if (error.name !== "AbortError") this.view.complain(`The audio cannot be played: ${error.message}`);
    });
  }

  set(playing, speed) {
    Object.assign(this, { playing, speed });
    this.audio.playbackRate = speed;
    this.run();
  }

  // Where the audio is; null while there is none.
  position() {
    return this.current < 0 ? null : this.segments[this.current][0] + this.audio.currentTime * 1000;
  }
}

class Player {
  constructor(view) {
    Object.assign(this, { view, score: new Score(), ms: 0, playing: false, told: 0, asked: null, sought: 0 });
    const seek = (ms) => this.seek(ms);
    this.sound = new Sound(view, () => this.seek(this.sound.segments[this.sound.current][1]));
    this.lanes = new Lanes(view, this.score, seek);
    this.sheets = new Sheets(view, this.score, seek);
    this.title = make("p", { class: "wb-title" });
    this.notice = make("p", { class: "wb-notice", role: "status" });
    view.body.append(this.title, this.controls(), this.lanes.root, this.notice, this.sheets.root, this.sound.audio);
    view.onItems((items, fresh) => this.take(items, fresh));
    view.onState((state) => this.obey(state));
    view.onClose(() => cancelAnimationFrame(this.frame));
  }

  controls() {
    const button = (text, label, onclick) => make("button", { type: "button", "aria-label": label, title: label, onclick }, text);
    this.toggle = button("Play", "Play", () => this.run(!this.playing));
    this.slider = make("input", {
      type: "range", min: "0", max: "1", step: "100", value: "0", "aria-label": "Position in the call",
      oninput: () => this.seek(Number(this.slider.value)),
      onkeydown: (event) => { if (event.key === " ") { event.preventDefault(); this.run(!this.playing); } },
    });
    this.clock = make("output", { class: "wb-clock", "aria-live": "off" });
    this.speed = make("select", { "aria-label": "Speed", onchange: () => this.sound.set(this.playing, Number(this.speed.value)) },
      ...SPEEDS.map((speed) => make("option", { value: speed, selected: speed === 1 }, `${speed}×`)));
    this.skip = make("input", { type: "checkbox" });
    return make("div", { class: "wb-controls", role: "group", "aria-label": "Playing" },
      this.toggle, button("◂", "Event before", () => this.step(false)), button("▸", "Event after", () => this.step(true)),
      this.slider, this.clock,
      make("span", {}, this.speed, make("label", { class: "wb-check" }, this.skip, " skip silence"),
        button("+", "Zoom in", () => this.zoom(0.5)), button("−", "Zoom out", () => this.zoom(2)),
        button("All", "Show the whole call", () => this.zoom(Infinity))));
  }

  // -- what comes from the kernel -----------------------------------------------------------

  take(items, fresh) {
    if (fresh) { this.score.clear(); this.sheets.clear(); }
    for (const { value, buffers } of items) this.takeOne(value, buffers);
    if (items.some(({ value }) => value.kind === "items" || value.kind === "peaks")) this.fit();
  }

  takeOne(value, buffers) {
    if (value.kind === "call") this.introduce(value);
    else if (value.kind === "items") this.add(parsed(buffers[0]));
    else if (value.kind === "peaks") this.score.hear(value, new Int8Array(bytes(buffers[0])));
    else if (value.kind === "audio") this.sound.take(value, buffers[0]);
    else if (value.kind === "message") this.sheets.ladder.show(value.text);
    else if (value.kind === "replay") this.compare(value);
  }

  add(items) {
    this.score.add(items);
    this.sheets.add(items);
  }

  introduce({ title, sources, segments }) {
    setText(this.title, title);
    this.score.read(sources);
    this.sound.segments = segments;
  }

  compare(replay) {
    this.sheets.events.compare(replay);
    this.lanes.marked = replay.divergence ? replay.divergence.start_ms : null;
  }

  fit() {
    this.slider.max = Math.ceil(this.score.duration / 100) * 100;
    this.lanes.show(0, this.score.duration);
    this.point();
    this.view.root.dataset.ready = "true";
    if (this.asked !== null) this.seek(this.asked);
    this.asked = null;
  }

  obey({ cursor, notice }) {
    setText(this.notice, notice || "");
    if (!cursor || cursor.n === this.told) return;
    this.told = cursor.n;
    // Before the call is here there is nowhere to go.
    if (this.view.root.dataset.ready) this.seek(cursor.ms);
    else this.asked = cursor.ms;
  }

  // -- the cursor ---------------------------------------------------------------------------

  seek(ms) {
    this.ms = Math.max(0, Math.min(ms, this.score.duration));
    this.sound.seek(this.ms);
    this.point();
  }

  point(text = true) {
    if (this.ms < this.lanes.from || this.ms > this.lanes.to) this.pan();
    this.lanes.point(this.ms);
    const face = `${moment(this.ms)} of ${moment(this.score.duration)}`;
    if (document.activeElement !== this.slider || !this.playing) this.slider.value = this.ms;
    this.slider.setAttribute("aria-valuetext", face);
    setText(this.clock, face);
    this.view.root.dataset.ms = Math.round(this.ms);
    if (text) this.sheets.point(this.ms);
  }

  pan() {
    const span = this.lanes.to - this.lanes.from;
    const from = Math.max(0, Math.min(this.ms - span * 0.1, this.score.duration - span));
    this.lanes.show(from, from + span);
  }

  zoom(factor) {
    const span = Math.max(500, Math.min(this.score.duration, (this.lanes.to - this.lanes.from) * factor));
    const from = Math.max(0, Math.min(this.ms - span / 2, this.score.duration - span));
    this.lanes.show(from, from + span);
    this.point();
  }

  step(forth) {
    const event = this.sheets.events.next(this.ms, forth);
    if (event) this.seek(event.start_ms);
  }

  // -- playing ------------------------------------------------------------------------------

  run(playing) {
    if (playing && this.ms >= this.score.duration) this.seek(0);
    this.playing = playing;
    setText(this.toggle, playing ? "Pause" : "Play");
    this.toggle.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.toggle.title = playing ? "Pause" : "Play";
    cancelAnimationFrame(this.frame);
    this.sound.set(playing, Number(this.speed.value));
    if (!playing) return this.rest();
    this.sound.seek(this.ms);
    this.last = performance.now();
    this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  // Where the audio has stopped, which is a little behind the last picture.
  rest() {
    const heard = this.sound.position();
    if (heard !== null && this.ms < this.score.duration) this.ms = heard;
    this.point();
  }

  tick(now) {
    this.view.guard(() => this.advance(now - this.last));
    this.last = now;
    if (this.playing) this.frame = requestAnimationFrame((then) => this.tick(then));
  }

  advance(passed) {
    const heard = this.sound.position();
    if (heard !== null) this.ms = heard;
    else if (this.sound.find(this.ms) < 0) this.silently(passed);
    if (this.skip.checked) this.leap();
    if (this.ms >= this.score.duration) { this.ms = this.score.duration; return this.run(false); }
    const text = performance.now() - this.sought > SHEETS_MS;
    if (text) this.sought = performance.now();
    this.point(text);
  }

  // Where nothing was recorded, the cursor goes on by itself.
  silently(passed) {
    this.ms += passed * this.sound.speed;
    if (this.sound.find(this.ms) >= 0) this.sound.seek(this.ms);
  }

  leap() {
    const silence = this.score.silences().find(([from, to]) => from <= this.ms && this.ms < to - LEAD_MS);
    if (silence) { this.ms = silence[1] - LEAD_MS; this.sound.seek(this.ms); }
  }
}

export default panel("Player of a call", (view) => new Player(view));
