// What all widgets have in common, on the side of the browser: it is put before each widget's
// own module. What a widget shows is only ever text: nothing here or there parses markup.

const SILENCE_MS = 7000; // the kernel beats every 2 s
const PATIENCE_MS = 3000; // until a click that nobody has carried out is said to wait
const CLOSED = "The bench is closed. Open one again with Workbench(…), and run this cell anew.";

// Makes an element; `attributes` named on… are listeners, children are elements or text.
function make(tag, attributes = {}, ...children) {
  const svg = tag.startsWith("svg:");
  const element = svg
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Sets a text only where it changes, so that a screen reader does not repeat it.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Shows who is at the other end: the direction is an arrow for the eye, and a word for the ear.
function setParty(element, inbound, name) {
  if (!element.firstChild)
    element.append(make("span", { "aria-hidden": "true" }), make("span", { class: "wb-quiet" }), make("bdi"));
  const [arrow, word, who] = element.children;
  setText(arrow, inbound ? "←\u00a0" : "→\u00a0");
  setText(word, inbound ? "from " : "to ");
  setText(who, name);
}

// Milliseconds as 0:07 or 1:02:03.
function clockFace(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

// One view of a widget.
class Panel {
  constructor(model, el, label) {
    this.model = model;
    this.heard = Date.now();
    this.skew = 0; // what the kernel's clock is ahead of the browser's, in milliseconds
    this.asked = 0;
    this.done = 0;
    this.seq = null;
    this.cleanups = [];
    this.stateListeners = [];
    this.itemListeners = [];
    this.streamListeners = [];
    this.lost = make("p", { class: "wb-lost", role: "status" });
    this.error = make("p", { class: "wb-error", role: "alert" });
    this.body = make("div", { class: "wb-body" });
    // The page would take keys for shortcuts otherwise: 0 twice restarts the kernel.
    this.root = make(
      "section",
      { class: "wb-panel", "aria-label": label, "data-lm-suppress-shortcuts": "true" },
      this.body, this.lost, this.error,
    );
    this.root.tabIndex = -1;
    this.refuge = () => this.root; // where the focus goes when what had it is gone
    this.listen(this.root, "keydown", (event) => event.stopPropagation());
    el.append(this.root);
  }

  // -- for the widgets ----------------------------------------------------------------------

  // Calls `listener(state)` now and whenever the latest values change.
  onState(listener) { this.stateListeners.push(listener); }

  // Calls `listener(items, fresh)` with each batch; an item is { value, buffers }.
  onItems(listener) { this.itemListeners.push(listener); }

  // Calls `listener(content, buffers)` with what may be lost on the way, as it comes.
  onStream(listener) { this.streamListeners.push(listener); }

  onClose(cleanup) { this.cleanups.push(cleanup); }

  // Adds a listener that goes with the view.
  listen(target, type, listener, options) {
    target.addEventListener(type, listener, options);
    this.onClose(() => target.removeEventListener(type, listener, options));
  }

  // Calls `tick` so often, as long as the view is there.
  every(milliseconds, tick) {
    const timer = setInterval(() => this.guard(tick), milliseconds);
    this.onClose(() => clearInterval(timer));
  }

  // Asks the kernel for something; the method `act` of the widget carries it out.
  act(action, fields = {}) {
    this.asked = Math.max(this.asked, this.done, this.state.done || 0) + 1;
    const [n, since] = [this.asked, Date.now()];
    this.waiting = { n, since };
    this.model.send({ kind: "act", n, action, fields });
  }

  // The latest values; a value is sent with its like, those that change seldom apart.
  get state() { return { ...this.model.get("seldom"), ...this.model.get("state") }; }

  // The kernel's time, in milliseconds since 1970; it stands still when the kernel is silent.
  now() { return Math.min(Date.now(), this.heard + SILENCE_MS) + this.skew; }

  // Shows a failure of this page's own code, or of one of its devices.
  complain(text) { setText(this.error, text); }

  // -- the course of a view -----------------------------------------------------------------

  start() {
    this.onState((state) => { this.done = state.done || 0; setText(this.error, state.error || ""); });
    const changed = () => this.guard(() => this.tellState());
    const received = (content, buffers) => this.guard(() => this.receive(content, buffers || []));
    this.model.on("change:state", changed);
    this.model.on("change:seldom", changed);
    this.model.on("msg:custom", received);
    this.onClose(() => {
      this.model.off("change:state", changed);
      this.model.off("change:seldom", changed);
      this.model.off("msg:custom", received);
    });
    this.every(500, () => this.watch());
    changed();
    this.model.send({ kind: "hello" });
  }

  close() {
    for (const cleanup of this.cleanups.splice(0)) cleanup();
    this.root.remove();
  }

  guard(work) {
    try { work(); } catch (error) {
      console.error(error);
      this.complain(`This widget failed in the page: ${error.message}`);
    }
  }

  tellState() {
    this.heard = Date.now();
    const state = this.state;
    this.keepFocus(() => { for (const listener of this.stateListeners) listener(state); });
  }

  // Does `work`. A focus that was here stays here: keys that the page got would be shortcuts.
  keepFocus(work) {
    const page = this.root.getRootNode();
    const had = this.root.contains(page.activeElement);
    work();
    const now = page.activeElement;
    const kept = this.root.contains(now) && !now.disabled && now.checkVisibility();
    if (had && !kept) this.refuge().focus();
  }

  receive(content, buffers) {
    this.heard = Date.now();
    if (content.kind === "beat") {
      this.skew = content.now - Date.now();
      if (!content.open) this.model.send({ kind: "hello" });
    } else if (content.kind === "batch") this.take(content, buffers);
    else if (content.kind === "stream")
      for (const listener of this.streamListeners) listener(content, buffers);
    this.watch();
  }

  take({ seq, fresh, items }, buffers) {
    if (!fresh && this.seq !== null && seq !== this.seq + 1) {
      // Something was lost on the way: begin anew with a snapshot.
      this.seq = null;
      this.model.send({ kind: "hello" });
      return;
    }
    if (!fresh && this.seq === null) return; // the snapshot is to come
    this.seq = seq;
    let next = 0;
    const taken = items.map(([value, count]) => ({ value, buffers: buffers.slice(next, (next += count)) }));
    try { for (const listener of this.itemListeners) listener(taken, fresh); }
    finally { this.model.send({ kind: "ack", seq }); }
  }

  // Says when the kernel is silent, as after a restart, or has not come to a click yet.
  watch() {
    const silent = Date.now() - this.heard > SILENCE_MS;
    const waiting = this.waiting && this.waiting.n > this.done && Date.now() - this.waiting.since > PATIENCE_MS;
    this.root.classList.toggle("wb-silent", silent);
    setText(this.lost, silent
      ? "The kernel does not answer: what is shown here may be over. Run the cell again after a restart."
      : waiting ? "The kernel has not carried that out yet." : "");
  }
}

// Returns what anywidget wants of a widget's module.
function panel(label, mount) {
  return {
    render({ model, el, host }) {
      const view = new Panel(model, el, label);
      view.host = host; // how a widget shows another one
      view.guard(() => { mount(view); view.start(); });
      return () => view.close();
    },
  };
}
