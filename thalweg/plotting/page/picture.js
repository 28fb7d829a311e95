// One picture in a page: what is open, selected and seen of a scene.  Whoever uses it says what else happens.

// A scene as the server or the page has it, with tables to find things by.
function prepare(data) {
  const box = new Map(data.boxes.map((each) => [each.key, { parent: "", ...each }]));
  const children = new Map();
  for (const each of box.values()) {
    if (!children.has(each.parent)) children.set(each.parent, []);
    children.get(each.parent).push(each.key);
  }
  if (!children.has("")) children.set("", []);
  const number = (table) => new Map(Object.keys(table).map((name, place) => [name, place]));
  return { ...data, box, children, stateNumber: number(data.states), arrowNumber: number(data.arrowStyles) };
}

class Picture {
  constructor(model, canvas, scenery, isAlone = true) {
    this.model = model;
    this.direction = model.direction;
    this.root = "";
    this.selected = "";
    this.showsUnused = model.showsUnused;
    this.open = new Set([...model.children.keys()].filter((key) => key && !model.closed.includes(key)));
    this.canvas = canvas;
    this.scenery = scenery;
    this.view = new View(canvas, scenery, isAlone);
    this.drawHeads();
    this.listenToCanvas();
  }

  // What a page does besides when a box is selected, and when the picture was drawn anew.
  selectionChanged() {}

  drawn() {}

  levels() {
    return this.showsUnused ? this.model.levels : this.model.usedLevels;
  }

  isOpen(key) {
    return this.open.has(key) && Boolean(this.levels()[key]);
  }

  drawHeads() {
    const definitions = svg("defs", {}, this.canvas);
    for (const place of this.model.arrowNumber.values()) {
      const marker = svg("marker", {
        id: `head-${place}`, class: `head-${place}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8,
        markerHeight: 8, orient: "auto", markerUnits: "userSpaceOnUse",
      }, definitions);
      svg("path", { d: "M0 0.5L8 4L0 7.5z" }, marker);
    }
  }

  redraw() {
    const focused = this.canvas.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    drawAll(this);
    this.mark();
    this.drawn();
    this.markFocus();
    if (focused) this.boxElements.get(focused)?.focus({ preventScroll: true });
  }

  // Draw some boxes anew where they stand, and every arrow as it is now.
  dress(keys) {
    for (const key of keys) {
      const old = this.boxElements.get(key);
      if (!old) continue;
      const fresh = drawBox(this, this.model.box.get(key), this.places.get(key), this.isOpen(key));
      const isFocused = document.activeElement === old;
      fresh.setAttribute("tabindex", old.getAttribute("tabindex"));
      old.replaceWith(fresh);
      this.boxElements.set(key, fresh);
      if (isFocused) fresh.focus({ preventScroll: true });
    }
    const arrows = visibleArrows(this.model, this.places, (key) => this.isOpen(key));
    for (const [pair, shown] of this.arrowElements) {
      shown.state = arrows.get(pair).state;
      styleArrow(this.model, shown.path, shown.state);
    }
    this.mark();
  }

  // One box of the picture can be reached by the tab key; from there arrow keys lead on.
  markFocus() {
    const key = this.boxElements.has(this.selected) ? this.selected : this.boxElements.keys().next().value;
    if (key) this.boxElements.get(key).setAttribute("tabindex", "0");
  }

  select(key, reveal = false) {
    this.selected = key;
    if (key && reveal) this.uncover(key);
    this.selectionChanged(key);
    this.mark();
    for (const element of this.boxElements.values()) element.setAttribute("tabindex", "-1");
    this.markFocus();
    if (key && reveal && this.places.has(key)) this.view.reveal(this.places.get(key));
  }

  // Draw what was not used too, or only what took part; either is laid out for itself.
  setUnused(isShown) {
    this.showsUnused = isShown;
    this.redraw();
  }

  // Open what hides a box, and leave a page that it is not on.
  uncover(key) {
    let isNew = false;
    const { box, usedLevels } = this.model;
    if (!this.showsUnused && !(key in (usedLevels[box.get(key).parent] || NOTHING).places)) this.setUnused(true);
    const above = [];
    for (let at = box.get(key).parent; at; at = box.get(at).parent) above.push(at);
    if (this.root && !above.includes(this.root)) {
      this.enter("");
    }
    for (const at of above) {
      if (at !== this.root && !this.open.has(at)) {
        this.open.add(at);
        isNew = true;
      }
    }
    if (isNew) this.redraw();
  }

  // Light up how the selected box came about, and what it is used for.
  mark() {
    const { model, selected } = this;
    const lit = new Set();
    if (selected) {
      const isRun = model.subject !== "model";
      const into = new Map();
      for (const arrow of model.arrows) {
        if (isRun && arrow.state !== "used" && arrow.state !== "failed") continue;
        if (!into.has(arrow.target)) into.set(arrow.target, []);
        into.get(arrow.target).push(arrow.source);
      }
      const within = [selected];
      for (const key of within) within.push(...(model.children.get(key) || []));
      const back = isRun ? [...within] : [];
      for (const key of back) {
        if (lit.has(key)) continue;
        lit.add(key);
        back.push(...(into.get(key) || []));
      }
      for (const key of within) lit.add(key);
      for (const arrow of model.arrows) {
        if (within.includes(arrow.source)) lit.add(arrow.target);
        if (within.includes(arrow.target)) lit.add(arrow.source);
      }
      for (const key of [...lit]) for (let up = key; up; up = model.box.get(up).parent) lit.add(up);
    }
    this.canvas.classList.toggle("choosing", Boolean(selected));
    for (const [key, element] of this.boxElements) {
      element.classList.toggle("lit", lit.has(key));
      element.classList.toggle("selected", key === selected);
    }
    for (const { source, target, path } of this.arrowElements.values()) {
      path.classList.toggle("lit", lit.has(source) && lit.has(target));
    }
  }

  toggle(key) {
    if (!this.model.children.has(key)) return;
    if (this.open.has(key)) this.open.delete(key);
    else this.open.add(key);
    this.redraw();
    if (this.selected === key) this.selectionChanged(key);
    const place = this.places.get(key);
    if (place) this.view.reveal(place);
    this.boxElements.get(key)?.focus({ preventScroll: true });
  }

  // Show what stands in one box, as if it were all there is.
  enter(key) {
    this.root = key;
    this.redraw();
    this.view.fit(this.size);
  }

  openAll(isOpen) {
    const inner = [...this.model.children.keys()].filter(Boolean);
    this.open = new Set(isOpen ? inner : []);
    this.redraw();
    this.view.fit(this.size);
  }

  // From box to box: along the arrows, or to what stands above or below.
  walk(key, name) {
    const place = this.places.get(key);
    const middle = ({ left, top, width, height }) => [left + width / 2, top + height / 2];
    const [x, y] = middle(place);
    const isAcross = this.direction === "LR" || this.direction === "RL";
    const along = isAcross ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const isForward = (name === along[1]) === (this.direction === "LR" || this.direction === "TB");
    let choice = [];
    if (along.includes(name)) {
      const [end, other] = isForward ? ["source", "target"] : ["target", "source"];
      choice = [...this.arrowElements.values()].filter((arrow) => arrow[end] === key).map((arrow) => arrow[other]);
    }
    if (!choice.length) {
      const sign = name === "ArrowRight" || name === "ArrowDown" ? 1 : -1;
      const axis = name === "ArrowLeft" || name === "ArrowRight" ? 0 : 1;
      choice = [...this.places.keys()].filter((other) => other !== key && sign * (middle(this.places.get(other))[axis] - [x, y][axis]) > 4);
    }
    const far = (other) => {
      const [ox, oy] = middle(this.places.get(other));
      return Math.hypot((ox - x) * (isAcross ? 1 : 3), (oy - y) * (isAcross ? 3 : 1)) + Math.hypot(ox - x, oy - y);
    };
    choice.sort((a, b) => far(a) - far(b));
    if (choice.length) {
      this.select(choice[0], true);
      this.boxElements.get(choice[0])?.focus({ preventScroll: true });
    }
  }

  listenToCanvas() {
    const boxAt = (event) => event.target.closest?.(".box")?.dataset.key || "";
    this.canvas.addEventListener("click", (event) => {
      if (this.view.moved <= 4) this.select(boxAt(event));
    });
    this.canvas.addEventListener("dblclick", (event) => this.toggle(boxAt(event)));
    this.canvas.addEventListener("focusin", (event) => {
      const key = boxAt(event);
      if (key && this.places.has(key) && event.target.matches(":focus-visible")) this.view.reveal(this.places.get(key));
    });
    this.canvas.addEventListener("keydown", (event) => {
      const key = boxAt(event);
      if (!key) return;
      if (event.key === "Enter") {
        if (this.selected === key) this.toggle(key);
        else this.select(key);
      } else if (event.key === " ") this.toggle(key);
      else if (event.key.startsWith("Arrow")) this.walk(key, event.key);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }
}
