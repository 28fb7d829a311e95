// The picture of the model: with the way that would be taken, and with a run while it goes on.

import { Picture, drawAll, drawTimeline, prepare, seconds } from "./drawing.js";
import { showPanel } from "./panel.js";

const MARGIN = 48;
const LEAST_HEIGHT = 260;
const MOST_HEIGHT = 0.52; // of the window
const MANY = 40; // boxes; with more only the way is shown, once there is one
const FEW = 10; // the same on a phone
// Of what stands in a closed box, the first of these that is there is said of the box.
const TELLING = ["running", "failed", "computed", "planned", "refused", "stopped", "not needed", "waiting"];

export class Live extends Picture {
  constructor(data, actions) {
    const canvas = document.getElementById("canvas");
    super(prepare(data), canvas, document.getElementById("scenery"), false);
    this.actions = actions;
    this.timeline = document.getElementById("timeline");
    document.getElementById("partly").hidden = data.isWhole;
    this.dirty = new Set();
    this.wantsAll = this.model.box.size <= (window.innerWidth > 700 ? MANY : FEW);
    this.byPair = new Map();
    for (const arrow of this.model.arrows) {
      const pair = `${arrow.source} ${arrow.target}`;
      if (!this.byPair.has(pair)) this.byPair.set(pair, []);
      this.byPair.get(pair).push(arrow);
    }
    this.into = grouped(this.model.arrows, "target");
    this.outOf = grouped(this.model.arrows, "source");
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.select("");
    });
    drawAll(this);
    this.markFocus();
    this.fit();
    new ResizeObserver(() => this.refit()).observe(canvas.parentElement);
  }

  // The canvas is as high as the picture needs at the width that there is, within bounds.
  fit() {
    const { canvas, size } = this;
    const scale = Math.min(1.25, (canvas.clientWidth - MARGIN) / Math.max(1, size.width));
    const most = Math.max(LEAST_HEIGHT, window.innerHeight * MOST_HEIGHT);
    canvas.style.height = `${Math.round(Math.min(most, Math.max(LEAST_HEIGHT, size.height * scale + MARGIN)))}px`;
    this.view.fit(size);
  }

  // Fit again when there is another width.
  refit() {
    const { clientWidth } = this.canvas;
    if (this.room === clientWidth || !clientWidth) return;
    this.room = clientWidth;
    this.fit();
  }

  selectionChanged(key) {
    showPanel(this, key);
  }

  // A box by the path that events use, and data by the names of the form; a box may show them otherwise.
  boxOfCall(path) {
    return this.model.box.get(this.model.calls[path]);
  }

  boxOfDatum(name) {
    return this.model.box.get(this.model.data[name]);
  }

  // Lay a plan or a run over the model; what it says nothing of is as in the model alone.
  lay(overlay) {
    const { model } = this;
    for (const box of model.box.values()) {
      for (const name of ["state", "value", "note", "order", "distance", "seconds", "is_wanted"]) delete box[name];
      Object.assign(box, overlay?.boxes[box.key]);
      this.say(box);
    }
    for (const arrow of model.arrows) arrow.state = "";
    for (const [source, target, state] of overlay?.arrows || []) for (const arrow of this.byPair.get(`${source} ${target}`) || []) arrow.state = state;
    model.spans = overlay?.spans || [];
    model.steps = overlay?.steps || [];
    model.usedLevels = overlay?.usedLevels || {};
    this.mayHide = Object.keys(model.usedLevels).length > 0 && model.steps.length > 0;
    this.arrangeAnew();
    if (this.selected) showPanel(this, this.selected);
  }

  arrangeAnew() {
    const isShown = this.wantsAll || !this.mayHide;
    const isOther = isShown !== this.showsUnused || !isShown;
    this.showsUnused = isShown;
    const button = document.getElementById("unused");
    button.setAttribute("aria-pressed", String(!isShown));
    button.hidden = !this.mayHide;
    const hint = document.getElementById("hint");
    hint.hidden = !isShown || this.model.box.size <= MANY;
    hint.textContent = `${this.model.box.size} boxes: zoom in (Ctrl and the wheel), or give and choose, and the way alone is shown.`;
    if (isOther) {
      this.redraw();
      this.fit();
    } else this.dress(this.boxElements.keys());
    this.actions.drawn();
  }

  turnUnused() {
    this.wantsAll = !this.showsUnused;
    this.arrangeAnew();
  }

  // The line below the name of a box, as far as there is room.
  say(box) {
    let text = "";
    if (box.value) text = `= ${box.value}`;
    else if (box.kind === "function") text = box.state === "running" ? "at work …" : ["failed", "refused"].includes(box.state) ? box.state : box.seconds === undefined ? "" : seconds(box.seconds);
    const width = this.places?.get(box.key)?.width || 120;
    const most = Math.max(8, Math.floor((width - 12) / 6.1));
    if (text) this.model.lines[box.key] = [text.length > most ? `${text.slice(0, most - 1)}…` : text];
    else delete this.model.lines[box.key];
  }

  // An event of the run that goes on.
  tell(kind, told) {
    if (kind === "begin") {
      this.begin(told.calls || []);
      return;
    }
    const box = this.boxOfCall(told.path);
    if (!box) return;
    if (!this.showsUnused && !this.isLaidOut(box)) {
      this.mayHide = false;
      this.arrangeAnew();
    }
    const act = { running: this.running, done: this.done, failed: this.failed, cancelled: this.cancelled, retry: this.retry }[kind];
    if (act) act.call(this, box, told);
    this.change(box);
  }

  fieldOf(box) {
    return Object.keys(this.model.data).find((name) => this.model.data[name] === box.key);
  }

  isLaidOut(box) {
    return box.key in (this.model.usedLevels[box.parent]?.places || {});
  }

  begin(calls) {
    this.startedAt = performance.now();
    this.model.spans = [];
    this.model.steps = [];
    for (const path of calls) {
      const box = this.boxOfCall(path);
      if (box && box.state !== "planned") {
        box.state = "planned";
        this.change(box);
      }
    }
  }

  running(box, told) {
    box.state = "running";
    for (const arrow of this.into.get(box.key) || []) arrow.state = "used";
    for (const arrow of this.outOf.get(box.key) || []) {
      const target = this.model.box.get(arrow.target);
      if (arrow.state !== "used" && !["computed", "given"].includes(target.state)) arrow.state = "used";
    }
    this.model.spans = this.model.spans.filter((span) => span.box !== box.key || !span.isOpen);
    this.model.spans.push({ box: box.key, start: told.seconds, end: told.seconds, place: "calls", tries: [], isOpen: true });
  }

  done(box, told) {
    this.ended(box, told);
    box.state = "computed";
    const known = (this.outOf.get(box.key) || []).filter((arrow) => arrow.state === "used").map((arrow) => arrow.target);
    for (const key of known) { // on through the links of sub-dispatchers
      const datum = this.model.box.get(key);
      if (datum.state !== "computed") {
        datum.state = "computed";
        this.change(datum);
        for (const arrow of this.outOf.get(key) || []) if (arrow.state === "used" && this.model.box.get(arrow.target).kind === "data") known.push(arrow.target);
      }
    }
  }

  failed(box, told) {
    this.ended(box, told);
    box.state = "failed";
    box.note = told.error;
    for (const arrow of this.outOf.get(box.key) || []) arrow.state = "failed";
  }

  cancelled(box, told) {
    this.ended(box, told);
    box.state = "stopped";
  }

  retry(box, told) {
    box.note = `another try follows; this one failed: ${told.error}`;
  }

  ended(box, told) {
    const span = this.model.spans.find((each) => each.box === box.key && each.isOpen);
    if (!span) return;
    span.end = told.seconds;
    span.isOpen = false;
    box.seconds = span.end - span.start;
  }

  // Draw anew what has changed, once for each frame.
  change(box) {
    this.say(box);
    if (!this.dirty.size) requestAnimationFrame(() => this.flush());
    for (let key = box.key; key; key = this.model.box.get(key).parent) this.dirty.add(key);
  }

  flush() {
    const { model } = this;
    for (const key of this.dirty) {
      const box = model.box.get(key);
      if (!model.children.has(key)) continue;
      const states = new Set(this.membersOf(key).map((member) => model.box.get(member).state));
      box.state = TELLING.find((state) => states.has(state)) || "";
    }
    this.dress(this.dirty);
    this.dirty.clear();
    this.drawTimes();
    this.actions.drawn();
  }

  membersOf(key) {
    const found = [...this.model.children.get(key)];
    for (const each of found) found.push(...(this.model.children.get(each) || []));
    return found;
  }

  // Bars of calls that are at work grow.
  drawTimes() {
    const now = (performance.now() - this.startedAt) / 1000;
    for (const span of this.model.spans) if (span.isOpen) span.end = Math.max(span.end, now);
    if (this.model.spans.length) drawTimeline(this);
    return this.model.spans.length > 0;
  }
}

// Stands for the picture where there can be none: all else goes on without it.
export class NoPicture {
  constructor(reason) {
    document.getElementById("picture").replaceChildren(reason);
    this.direction = "LR";
    this.into = new Map();
  }

  boxOfDatum() {}

  lay() {}

  tell() {}

  select() {}

  drawTimes() {
    return false;
  }
}

// How large a picture of this direction would be shown in the room that there is: the larger, the better it is read.
export function scaleOf(data) {
  const { places } = data.levels[""] || { places: {} };
  let [width, height] = [1, 1];
  for (const [x, y, w, h] of Object.values(places)) {
    width = Math.max(width, x + w / 2);
    height = Math.max(height, y + h / 2);
  }
  const room = document.getElementById("canvas").clientWidth - MARGIN;
  return Math.min(1, room / width, (window.innerHeight * MOST_HEIGHT - MARGIN) / height);
}

function grouped(arrows, end) {
  const found = new Map();
  for (const arrow of arrows) {
    if (!found.has(arrow[end])) found.set(arrow[end], []);
    found.get(arrow[end]).push(arrow);
  }
  return found;
}
