// Records what the audio thread of a talk takes and gives, beside it and on the same clock: the
// microphone and the speaker of the page. Run before the page's own scripts.

(() => {
  const SOURCE = `registerProcessor("recorder", class extends AudioWorkletProcessor {
    constructor() { super(); this.chunks = []; }
    process(inputs) {
      this.chunks.push(inputs.map(([samples]) => (samples ?? new Float32Array(128)).slice()));
      if (this.chunks.length === 32) {
        this.port.postMessage(this.chunks);
        this.chunks = [];
      }
      return true;
    }
  });`;
  const { connect } = AudioNode.prototype;
  const Worklet = window.AudioWorkletNode;
  const recorders = new Map();

  class Recorded {
    constructor(rate = 0) { Object.assign(this, { rate, mic: [], ear: [] }); }

    seconds() { return this.rate && (128 * this.ear.length) / this.rate; }

    take() { return [this.rate, whole(this.mic), whole(this.ear)]; }
  }

  // Chunks of floats as int16, in base64.
  const whole = (chunks) => {
    const samples = new Int16Array(128 * chunks.length);
    chunks.forEach((chunk, n) => chunk.forEach((sample, at) => {
      samples[128 * n + at] = 32767 * Math.max(-1, Math.min(1, sample));
    }));
    const bytes = new Uint8Array(samples.buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768)
      text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };

  const recorder = async (context) => {
    const url = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
    await context.audioWorklet.addModule(url);
    const node = new Worklet(context, "recorder", { numberOfInputs: 2, numberOfOutputs: 0 });
    const recorded = (window.recorded = new Recorded(context.sampleRate));
    node.port.onmessage = ({ data }) => {
      for (const [mic, ear] of data) {
        recorded.mic.push(mic);
        recorded.ear.push(ear);
      }
    };
    return node;
  };

  window.recorded = new Recorded();
  AudioNode.prototype.connect = function (target, ...rest) {
    const [isEar, isMic] = [target instanceof AudioDestinationNode, target instanceof Worklet];
    if (isEar || isMic) {
      if (!recorders.has(this.context)) recorders.set(this.context, recorder(this.context));
      recorders.get(this.context).then((node) => connect.call(this, node, 0, isEar ? 1 : 0));
    }
    return connect.call(this, target, ...rest);
  };
})();
