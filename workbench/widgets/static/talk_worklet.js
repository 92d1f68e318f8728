// The audio thread of a talk: the microphone as frames of 20 ms at 8 kHz, and such frames to the
// speaker. Frames go and come by a port of their own, that talk.js hands in; they are buffers of
// 160 samples, int16. The page gets how loud both are, ten times a second.

const RATE = 8000; // of the telephone
const FRAME = 160; // samples
const TARGET = 480; // samples that wait before the first is played: 60 ms
const AGAIN = 2 / 3; // of them before it goes on, after there were none
const MOST = 1600; // beyond which they are thrown away down to the target
const LOOK = 80000; // samples after which what always waited in vain is thrown away: 10 s
const FILLED = 480; // samples of a gap that are filled: 60 ms
const ZEROS = 12; // of the filter, to each side
const PASS = 0.92; // of the lower rate's half

const gcd = (a, b) => (b ? gcd(b, a % b) : a);

// Changes the sample rate by a windowed sinc, one set of taps for each phase of the ratio.
class Resampler {
  constructor(from, to) {
    const common = gcd(from, to);
    [this.up, this.down] = [to / common, from / common];
    const cutoff = PASS * Math.min(1, to / from);
    this.half = Math.ceil(ZEROS / cutoff);
    this.taps = Array.from({ length: this.up }, (_, phase) => this.phase(phase / this.up, cutoff));
    this.past = new Float32Array(2 * this.half); // the last samples, twice round
    this.next = 0; // where in it the next one goes
    this.due = 0; // until the next sample that comes out, in 1/up of one that goes in
  }

  phase(shift, cutoff) {
    const taps = Float64Array.from({ length: 2 * this.half }, (_, k) => {
      const x = k - this.half + 1 - shift;
      const window = Math.abs(x) < this.half ? 0.5 + 0.5 * Math.cos((Math.PI * x) / this.half) : 0;
      return window * (x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x));
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
  }

  // Takes a sample, and gives `take` those that come out.
  push(sample, take) {
    this.past[this.next] = sample;
    this.next = (this.next + 1) % this.past.length;
    for (; this.due < this.up; this.due += this.down) take(this.at(this.taps[this.due]));
    this.due -= this.up;
  }

  at(taps) {
    let sum = 0;
    const length = this.past.length;
    for (let k = 0, at = this.next; k < length; k += 1) {
      sum += taps[k] * this.past[at];
      if ((at += 1) === length) at = 0;
    }
    return sum;
  }
}

// What has come and is not played yet. It waits a little, so that what is late is in time: the more
// often it was not, the longer. A short gap is filled with what was last heard, ever softer.
class Jitter {
  constructor(first) {
    [this.first, this.target, this.enough] = [first, first, first];
    this.frames = [];
    this.at = 0; // in the first frame
    this.waiting = 0; // samples
    this.priming = true;
    this.last = new Float32Array(FRAME); // samples, as a ring
    this.turn = 0; // in it
    this.faded = FILLED;
    this.begin();
  }

  begin() { [this.least, this.played] = [Infinity, 0]; }

  put(frame) {
    this.frames.push(frame);
    this.waiting += frame.length;
    if (this.waiting > MOST + this.target) this.drop(this.waiting - this.target);
  }

  drop(samples) {
    for (; samples > 0 && this.waiting > 0; samples -= 1) this.pull();
    this.begin();
  }

  pull() {
    const sample = this.frames[0][this.at];
    this.waiting -= 1;
    if ((this.at += 1) === this.frames[0].length) { this.frames.shift(); this.at = 0; }
    return sample / 32768;
  }

  next() {
    if (this.waiting === 0 && !this.priming) this.runDry();
    this.priming &&= this.waiting < this.enough;
    this.turn = (this.turn + 1) % FRAME;
    if (this.priming) return this.fill();
    if ((this.played += 1) === LOOK) this.settle();
    this.least = Math.min(this.least, this.waiting);
    this.faded = 0;
    return (this.last[this.turn] = this.pull());
  }

  fill() {
    this.faded = Math.min(FILLED, this.faded + 1);
    return this.last[this.turn] * (1 - this.faded / FILLED);
  }

  runDry() {
    this.priming = true;
    this.target = Math.min(2 * this.first, this.target + FRAME);
    this.enough = AGAIN * this.target;
    this.begin();
  }

  // Nothing was late for long: waits less, and throws away what waited in vain.
  settle() {
    this.target = Math.max(this.first, this.target - FRAME);
    this.drop(Math.min(this.least - this.target, this.waiting - FRAME));
    this.begin();
  }
}

class Talk extends AudioWorkletProcessor {
  constructor() {
    super();
    this.in = new Resampler(sampleRate, RATE);
    this.out = new Resampler(RATE, sampleRate);
    this.jitter = new Jitter(TARGET);
    this.begin();
    this.ready = []; // samples at the rate of the speaker
    this.loudest = { mic: 0, far: 0 };
    this.blocks = 0;
    this.port.onmessage = ({ data }) => this.join(data);
  }

  begin() { [this.frame, this.filled] = [new Int16Array(FRAME), 0]; }

  join({ line, target }) {
    this.jitter = new Jitter((target * RATE) / 1000 || TARGET);
    this.line = line;
    line.onmessage = ({ data }) => {
      if (data.byteLength === 2 * FRAME) this.jitter.put(new Int16Array(data));
    };
  }

  process([[mic]], [[speaker]]) {
    for (let at = 0; at < speaker.length; at += 1)
      this.in.push(mic ? mic[at] : 0, (sample) => this.say(sample));
    while (this.ready.length < speaker.length) {
      const sample = this.jitter.next();
      this.loudest.far = Math.max(this.loudest.far, Math.abs(sample));
      this.out.push(sample, (made) => this.ready.push(made));
    }
    speaker.set(this.ready.splice(0, speaker.length));
    this.tell(speaker.length);
    return true;
  }

  say(sample) {
    const whole = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
    this.loudest.mic = Math.max(this.loudest.mic, Math.abs(whole) / 32768);
    this.frame[this.filled] = whole;
    if ((this.filled += 1) < FRAME) return;
    if (this.line) this.line.postMessage(this.frame.buffer, [this.frame.buffer]);
    this.begin();
  }

  tell(samples) {
    this.blocks += samples;
    if (this.blocks < sampleRate / 10) return;
    this.port.postMessage(this.loudest);
    [this.blocks, this.loudest] = [0, { mic: 0, far: 0 }];
  }
}

registerProcessor("wb-talk", Talk);
