// The softphone; talk.js is before it. State: { calls, current, destinations, recent, address, closed, problem }; a call
// is a row of followed.py, and `talking`. Everything it asks for is an action of softphone.py.

const KEYS = [
  ["1", ""], ["2", "ABC"], ["3", "DEF"],
  ["4", "GHI"], ["5", "JKL"], ["6", "MNO"],
  ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"],
  ["*", ""], ["0", "+"], ["#", ""],
];
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -3, ArrowDown: 3 };
const NAMES = { "*": "star", "#": "hash" };
const BEFORE_ANSWER = ["offered", "ringing", "early-media"];

const isUp = (call) => call?.phase === "answered";
const isOver = (call) => call?.phase === "ended";
const isIncoming = (call) => call?.direction === "inbound" && BEFORE_ANSWER.includes(call.phase);

function duration(call, now) {
  if (!call.answered) return "";
  return clockFace((call.ended ?? now) - call.answered);
}

export default panel("Softphone", (view) => {
  let state = view.state;
  let chosen = "";
  const nodes = new Map(); // the button of each call
  const talks = new Map(); // what of this view is in each call, as it was told last: { talk, … }

  const call = () => state.calls.find(({ id }) => id === chosen);
  const press = (key) => {
    if (isUp(call())) view.act("digits", { call: chosen, digits: key });
    else { number.value += key; }
    flash(key);
  };
  const nameOf = ({ party: uri }) =>
    state.destinations.find((each) => each.uri === uri)?.name ?? uri;
  const dial = () => { view.act("dial", { to: number.value }); };
  const ask = (action, fields = {}) => view.act(action, { call: chosen, ...fields });

  // -- whom to call ---------------------------------------------------------------------------
  const number = make("input", {
    class: "wb-number", type: "text", "aria-label": "Number, address or name to call",
    placeholder: "Number or address", autocomplete: "off", spellcheck: "false",
    onkeydown: (event) => { if (event.key === "Enter") dial(); },
  });
  const erase = make("button", {
    type: "button", "aria-label": "Delete the last character",
    onclick: () => { number.value = [...number.value].slice(0, -1).join(""); },
  }, "⌫");
  const keys = new Map(KEYS.map(([key, letters]) => [key, make("button", {
    type: "button", class: "wb-key", "aria-label": NAMES[key] ?? key, onclick: () => press(key),
  }, make("b", { "aria-hidden": "true" }, key), make("small", { "aria-hidden": "true" }, letters))]));
  const pad = make("div", {
    class: "wb-pad", role: "group", "aria-label": "Dial pad: type the keys, or go with the arrows",
  }, ...keys.values());
  const go = make("button", { type: "button", class: "wb-go", onclick: dial }, "Call");
  const named = make("div", { class: "wb-names", role: "group", "aria-label": "Named destinations" });
  const recent = make("div", { class: "wb-names", role: "group", "aria-label": "Recent destinations" });
  const address = make("p", { class: "wb-address" });

  const flash = (key) => {
    keys.get(key)?.classList.add("wb-pressed");
    setTimeout(() => keys.get(key)?.classList.remove("wb-pressed"), 120);
  };
  const choose = (uri) => { number.value = uri; go.focus(); };
  const fill = (group, entries) => {
    const wanted = JSON.stringify(entries);
    if (group.dataset.shown === wanted) return;
    group.dataset.shown = wanted;
    group.replaceChildren(...entries.map(([text, uri]) =>
      make("button", { type: "button", title: uri, onclick: () => choose(uri) }, make("bdi", {}, text))));
  };
  // The pad is one stop of the Tab key.
  const order = [...keys.values()];
  const stop = (at) => order.forEach((key) => { key.tabIndex = key === at ? 0 : -1; });
  stop(order[0]);
  view.listen(pad, "keydown", (event) => {
    const next = order[order.indexOf(event.target) + STEPS[event.key]];
    if (!next) return;
    event.preventDefault();
    stop(next);
    next.focus();
  });

  // -- the call that is chosen ----------------------------------------------------------------
  const party = make("h3", { class: "wb-party" });
  const uri = make("p", { class: "wb-uri" });
  const words = make("span", { class: "wb-words" });
  const timer = make("span", { class: "wb-timer", role: "timer", "aria-label": "Duration" });
  const last = make("p", { class: "wb-last" });
  const digits = make("p", { class: "wb-digits" });
  const button = (text, click, attributes = {}) =>
    make("button", { type: "button", onclick: click, ...attributes }, text);
  const answer = button("Answer", () => ask("answer"), { class: "wb-go" });
  const reject = button("Reject", () => ask("reject"), { class: "wb-stop" });
  const hangup = button("Hang up", () => ask("hangup"), { class: "wb-stop" });
  const dismiss = button("Dismiss", () => ask("dismiss"));
  const toggle = (text, on, off, isOn) =>
    button(text, () => ask(isOn(call()) ? off : on), { "aria-pressed": "false" });
  const hold = toggle("Hold", "hold", "resume", (it) => it.held);
  const mute = toggle("Mute", "mute", "unmute", (it) => it.muted);
  const record = toggle("Record", "record", "stop_recording", (it) => it.recording);
  const talk = button("Talk", () => toggleTalk(chosen), { "aria-pressed": "false" });
  const still = button("Mute microphone", () => {
    const { talk } = talks.get(chosen);
    talk.mute(!talk.muted);
  }, { "aria-pressed": "false" });
  const level = (label) => make("meter", { min: "0", max: "1", value: "0", "aria-label": label });
  const mic = level("Level of your microphone");
  const far = level("Level of the far end");
  const levels = make("div", { class: "wb-levels" },
    make("span", { "aria-hidden": "true" }, "you"), mic, make("span", { "aria-hidden": "true" }, "far end"), far);
  const spoken = make("p", { class: "wb-spoken", role: "status" });
  const target = make("input", {
    type: "text", "aria-label": "Hand the call on to this number, address or name",
    placeholder: "Hand on to…", autocomplete: "off", spellcheck: "false",
    onkeydown: (event) => { if (event.key === "Enter") hand.click(); },
  });
  const hand = button("Transfer", () => ask("transfer", { to: target.value }));
  const others = make("div", { class: "wb-others" });
  const transfer = make("div", { class: "wb-transfer", role: "group", "aria-label": "Transfer" }, target, hand, others);
  const verbs = make("div", { class: "wb-verbs", role: "group", "aria-label": "This call" },
    answer, reject, talk, still, hold, mute, record, hangup, dismiss);
  const detail = make("div", { class: "wb-call", role: "group", "aria-label": "The chosen call", tabindex: "-1" },
    party, uri, make("p", {}, words, " ", timer), digits, last, verbs, levels, spoken, transfer);
  const count = make("p", { class: "wb-count" });
  const list = make("ul", { class: "wb-calls", "aria-label": "Calls" });
  const nothing = make("p", { class: "wb-nothing" }, "No call. Type a number, press the keys or choose whom to call.");
  const problem = make("p", { class: "wb-error", role: "alert" });
  const said = make("p", { class: "wb-quiet", role: "status" });

  view.body.append(make("div", { class: "wb-softphone" },
    make("div", { class: "wb-dial" }, make("div", { class: "wb-entry" }, number, erase), pad, go, named, recent, address),
    make("div", { class: "wb-talk" }, count, list, nothing, detail, problem, said)));

  // Keys of the keyboard press those of the pad, wherever nothing is typed.
  view.listen(view.root, "keydown", (event) => {
    const typing = event.target.matches("input, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys.has(event.key)) return;
    event.preventDefault();
    if (!event.repeat) press(event.key);
  });
  view.root.tabIndex = 0;
  view.refuge = () => (state.closed ? view.root : detail.hidden ? number : detail);

  const show = (element, visible) => { element.hidden = !visible; };

  const pick = () => {
    const known = state.calls.some(({ id }) => id === chosen);
    const ringing = state.calls.find(isIncoming);
    const alive = state.calls.filter((each) => !isOver(each));
    if (!known || (ringing && isOver(call())))
      chosen = (ringing ?? alive.at(-1) ?? state.calls.at(-1))?.id ?? "";
  };

  const showList = () => {
    for (const each of state.calls) {
      if (!nodes.has(each.id)) {
        const node = make("button", { type: "button", onclick: () => view.keepFocus(() => { chosen = each.id; update(); }) },
          make("span", { class: "wb-who" }), make("span", { class: "wb-how" }));
        nodes.set(each.id, make("li", {}, node));
        list.prepend(nodes.get(each.id)); // the latest first
      }
      const node = nodes.get(each.id).firstChild;
      setParty(node.children[0], each.direction === "inbound", nameOf(each));
      setText(node.children[1], each.words);
      node.classList.toggle("wb-rings", isIncoming(each));
      node.setAttribute("aria-pressed", String(each.id === chosen));
    }
    for (const [id, node] of nodes)
      if (!state.calls.some((each) => each.id === id)) { node.remove(); nodes.delete(id); }
    show(list, state.calls.length > 1);
    const ringing = state.calls.filter(isIncoming).length;
    setText(count, `${state.calls.length} calls${ringing ? `, ${ringing} coming in` : ""}`);
    show(count, state.calls.length > 4);
  };

  const showOthers = (it) => {
    const up = state.calls.filter((each) => isUp(each) && each.id !== it.id);
    fillOthers(up.map((each) => [each.id, nameOf(each)]));
  };
  const fillOthers = (entries) => {
    const wanted = JSON.stringify(entries);
    if (others.dataset.shown === wanted) return;
    others.dataset.shown = wanted;
    others.replaceChildren(...entries.map(([id, who]) =>
      make("button", { type: "button", onclick: () => ask("transfer_to", { other: id }) }, "Connect with ", make("bdi", {}, who))));
  };

  const toggleTalk = (id) => {
    const mine = talks.get(id)?.talk;
    if (!mine || mine.isOver()) beginTalk(id);
    else {
      mine.end();
      view.act("end_talk", { call: id });
    }
  };
  const beginTalk = (id) => {
    const talk = new Talk(view, id, (news) => {
      talks.set(id, { ...talks.get(id), ...news, talk });
      if (id === chosen) showTalk(call());
    });
    talk.begin();
  };
  const loud = (peak) => (peak > 0.001 ? Math.max(0, 1 + Math.log10(peak) / 3) : 0); // from -60 dB

  const showTalk = (it) => {
    const { phase = "over", text = "", muted = false, level = { mic: 0, far: 0 } } = talks.get(it.id) ?? {};
    const mine = phase !== "over";
    const elsewhere = it.talking && !mine;
    show(talk, isUp(it));
    talk.setAttribute("aria-pressed", String(mine));
    show(still, isUp(it) && phase === "talking");
    still.setAttribute("aria-pressed", String(muted));
    show(levels, isUp(it) && phase === "talking");
    [mic.value, far.value] = [muted ? 0 : loud(level.mic), loud(level.far)];
    setText(spoken, [text, muted && mine && "your microphone is muted", elsewhere && "Somebody talks by another page."]
      .filter(Boolean).join("; "));
    show(spoken, spoken.textContent);
  };

  const showCall = (it) => {
    show(detail, Boolean(it));
    show(nothing, !it);
    if (!it) return;
    setText(party, nameOf(it));
    setText(uri, it.party);
    show(uri, uri.textContent !== party.textContent);
    setText(words, it.words);
    setText(digits, [it.received && `pressed: ${it.received}`, it.sent && `sent: ${it.sent}`].filter(Boolean).join("  "));
    setText(last, [it.flow && `flow ${it.flow}`, it.phase !== "ended" && it.last].filter(Boolean).join(" · "));
    show(digits, digits.textContent);
    show(last, last.textContent);
    for (const each of [answer, reject]) show(each, isIncoming(it));
    for (const each of [hold, mute, record, transfer]) show(each, isUp(it));
    show(hangup, !isOver(it) && !isIncoming(it));
    show(dismiss, isOver(it));
    hold.setAttribute("aria-pressed", String(it.held));
    mute.setAttribute("aria-pressed", String(it.muted));
    record.setAttribute("aria-pressed", String(it.recording));
    showTalk(it);
    showOthers(it);
    tick();
  };

  const tick = () => {
    const it = call();
    setText(timer, it ? duration(it, view.now()) : "");
  };

  // What a screen reader says: who is calling, and how the chosen call stands.
  const announce = (it) => {
    const others = state.calls.filter((each) => isIncoming(each) && each.id !== chosen);
    const rings = others.length > 2 ? `${others.length} more calls come in` : others.map((each) => `${nameOf(each)} is calling`).join(", ");
    setText(said, [it && `${nameOf(it)}: ${it.words}`, rings].filter(Boolean).join(". "));
  };

  const update = () => {
    for (const [id, { talk }] of talks)
      if (!state.calls.some((each) => each.id === id && isUp(each))) talk.end("The talk is over: the call is over.");
    pick();
    showList();
    showCall(call());
    announce(call());
    view.root.classList.toggle("wb-active", state.calls.some((each) => !isOver(each)));
    view.root.classList.toggle("wb-ringing", state.calls.some(isIncoming));
  };

  let placed = state.current;
  view.onState((now) => {
    state = now;
    const isPlaced = state.current !== placed;
    if (isPlaced) {
      placed = chosen = state.current;
      number.value = "";
    }
    fill(named, state.destinations.map(({ name, uri }) => [name, uri]));
    fill(recent, state.recent.map((uri) => [uri.replace(/^sips?:/, ""), uri]));
    setText(address, state.address ? `Takes calls at ${state.address}` : "");
    setText(problem, state.closed ? CLOSED : state.problem);
    update();
    for (const each of view.root.querySelectorAll("button, input"))
      each.disabled = state.closed && !list.contains(each);
    // Whoever has just dialled goes on with the call: the next keys are for it.
    if (isPlaced && [number, go].includes(number.getRootNode().activeElement)) detail.focus();
  });
  view.onItems((items) => {
    for (const { value } of items) talks.get(value.call)?.talk.take(value);
  });
  view.onStream((value, buffers) => talks.get(value.call)?.talk.play(value, buffers));
  view.onClose(() => { for (const { talk } of talks.values()) talk.end(); });
  view.every(500, tick);
});
