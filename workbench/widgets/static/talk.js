// The microphone and the speaker of this page in a call. Frames go by a websocket from a thread
// of its own; where it cannot be reached, through the kernel in pairs. WORKLET and WORKER are the
// texts of talk_worklet.js and talk_worker.js.

const WANTED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const TARGET_MS = { booth: 60, relay: 200 }; // that audio waits before it is played
const OPENING_MS = 25000; // until the kernel has opened a way
const JOINING_MS = 5000; // until the websocket has brought audio
const REFUSALS = {
  NotAllowedError: "The microphone was not allowed. Allow it for this page, beside its address, and click Talk again.",
  SecurityError: "The microphone was not allowed. Allow it for this page, beside its address, and click Talk again.",
  NotFoundError: "No microphone was found. Connect one and click Talk again.",
  NotReadableError: "The microphone does not work, or another program has it. Free it and click Talk again.",
};
const INSECURE = "The browser gives a microphone only to pages of this machine (localhost) or by https.";
const UNPLUGGED = "The microphone was unplugged, or is not allowed any more.";
const UNANSWERED = "The kernel has opened no way for the microphone. Click Talk again.";

const moduleOf = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));

// A talk of this view in one call. `told({ phase, text, level })` follows it: its phases are
// opening, talking and over.
class Talk {
  constructor(view, call, told) {
    Object.assign(this, { view, call, told, muted: false, phase: "opening" });
    this.id = Array.from(crypto.getRandomValues(new Uint32Array(3))).join("-");
    this.cleanups = [];
  }

  async begin() {
    this.tell("opening", "Asking for the microphone…");
    try {
      await this.open();
      if (this.isOver()) return;
      this.ask("talk", { origin: location.origin });
      this.wait(OPENING_MS, () => this.end(UNANSWERED));
      this.tell("opening", "Connecting the microphone…");
    } catch (error) {
      this.end(REFUSALS[error.name] ?? `The microphone cannot be used: ${error.message}`);
    }
  }

  async open() {
    if (!window.isSecureContext || !navigator.mediaDevices) throw new Error(INSECURE);
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: WANTED });
    this.cleanups.push(() => this.stream.getTracks().forEach((track) => track.stop()));
    this.stream.getTracks().forEach((track) => { track.onended = () => this.end(UNPLUGGED); });
    const context = new AudioContext({ latencyHint: "interactive" });
    this.cleanups.push(() => context.close());
    await context.resume();
    const url = moduleOf(WORKLET);
    await context.audioWorklet.addModule(url).finally(() => URL.revokeObjectURL(url));
    this.node = new AudioWorkletNode(context, "wb-talk", { outputChannelCount: [1], channelCount: 1, channelCountMode: "explicit" });
    this.node.port.onmessage = ({ data }) => this.told({ phase: this.phase, level: data });
    context.createMediaStreamSource(this.stream).connect(this.node).connect(context.destination);
    if (this.isOver()) this.cleanUp();
  }

  // What the kernel says of a talk.
  take({ kind, view, reason, port, token }) {
    if (view !== this.id || this.isOver()) return;
    if (kind === "over") this.end(`The talk is over: ${reason}.`);
    else if (port) this.join(port, token);
    else this.relay();
  }

  // What of the call comes through the kernel.
  play({ view }, buffers) {
    if (view !== this.id || !this.line) return;
    for (const { buffer, byteOffset, byteLength } of buffers) {
      const frame = buffer.slice(byteOffset, byteOffset + byteLength);
      this.line.postMessage(frame, [frame]);
    }
  }

  join(port, token) {
    const url = moduleOf(WORKER);
    const worker = (this.worker = new Worker(url));
    this.cleanups.push(() => { worker.terminate(); URL.revokeObjectURL(url); });
    worker.onmessage = ({ data }) => this.hear(data);
    worker.onerror = () => this.relay();
    const line = this.audio(TARGET_MS.booth);
    worker.postMessage({ url: `ws://127.0.0.1:${port}/`, token, line }, [line]);
    this.wait(JOINING_MS, () => this.relay());
  }

  hear({ kind, joined, reason }) {
    if (kind === "joined") this.start("Talking");
    else if (joined) this.end(`The talk is over: ${reason || "the way to the call was lost"}.`);
    else this.relay();
  }

  // Goes through the kernel instead.
  relay() {
    if (this.isOver() || this.line) return;
    this.worker?.terminate();
    this.line = this.audio(TARGET_MS.relay);
    let first = null;
    this.line.onmessage = ({ data }) => {
      if (first) this.send(first, data);
      first = first ? null : data;
    };
    this.ask("relay");
    this.start("Talking through the notebook's own connection, with more delay: the direct way cannot be reached from this page");
  }

  send(first, second) {
    const both = new Uint8Array(first.byteLength + second.byteLength);
    both.set(new Uint8Array(first));
    both.set(new Uint8Array(second), first.byteLength);
    this.view.model.send({ kind: "stream", call: this.call, view: this.id }, undefined, [both.buffer]);
  }

  // Returns the other end of the audio thread's line.
  audio(target) {
    const { port1, port2 } = new MessageChannel();
    this.node.port.postMessage({ line: port1, target }, [port1]);
    return port2;
  }

  mute(muted) {
    this.muted = muted;
    for (const track of this.stream?.getTracks() ?? []) track.enabled = !muted;
    this.tell(this.phase, this.text);
  }

  start(text) { clearTimeout(this.timer); this.tell("talking", text); }

  ask(action, fields = {}) { this.view.act(action, { call: this.call, view: this.id, ...fields }); }

  wait(milliseconds, late) {
    clearTimeout(this.timer);
    this.timer = setTimeout(late, milliseconds);
  }

  tell(phase, text) {
    [this.phase, this.text] = [phase, text];
    this.told({ phase, text, muted: this.muted });
  }

  isOver() { return this.phase === "over"; }

  // Ends the talk; the kernel is told by whoever ends it on purpose.
  end(text = "") {
    if (this.isOver()) return;
    this.cleanUp();
    this.tell("over", text);
  }

  cleanUp() {
    this.line = null;
    clearTimeout(this.timer);
    for (const cleanup of this.cleanups.splice(0)) cleanup();
  }
}
