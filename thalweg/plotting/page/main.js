// Joins the parts: reads the scene, holds what is open, selected and shown, and listens.

function readModel() {
  const data = JSON.parse(document.getElementById("scene").textContent);
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

class Page {
  constructor(model) {
    this.model = model;
    this.direction = model.direction;
    this.index = model.index;
    this.root = "";
    this.selected = "";
    this.step = null;
    this.showsUnused = model.showsUnused;
    this.open = new Set([...model.children.keys()].filter((key) => key && !model.closed.includes(key)));
    const get = (id) => document.getElementById(id);
    this.canvas = get("canvas");
    this.scenery = get("scenery");
    this.details = get("details");
    this.told = get("told");
    this.slider = get("slider");
    this.timeline = get("timeline");
    this.view = new View(this.canvas, this.scenery);
    this.drawHeads();
    this.listen(get);
    this.readAddress();
    drawAll(this);
    this.view.fit(this.size);
    showDetails(this, "");
    this.crumbs();
    if (model.steps.length) {
      this.slider.max = String(model.steps.length);
      drawTimeline(this);
      showStep(this);
    } else get("run").hidden = true;
    this.markFocus();
    document.documentElement.dataset.ready = "yes";
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
    drawAll(this);
    this.mark();
    if (this.model.steps.length) showStep(this);
    this.markFocus();
  }

  // One box of the picture can be reached by the tab key; from there arrow keys lead on.
  markFocus() {
    const key = this.boxElements.has(this.selected) ? this.selected : this.boxElements.keys().next().value;
    if (key) this.boxElements.get(key).setAttribute("tabindex", "0");
  }

  select(key, reveal = false) {
    this.selected = key;
    if (key && reveal) this.uncover(key);
    showDetails(this, key);
    this.mark();
    for (const element of this.boxElements.values()) element.setAttribute("tabindex", "-1");
    this.markFocus();
    if (key && reveal && this.places.has(key)) this.view.reveal(this.places.get(key));
  }

  // Draw what was not used too, or only what took part; either is laid out for itself.
  setUnused(isShown) {
    this.showsUnused = isShown;
    document.getElementById("unused").checked = isShown;
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
    if (this.selected === key) showDetails(this, key);
    const place = this.places.get(key);
    if (place) this.view.reveal(place);
    this.boxElements.get(key)?.focus({ preventScroll: true });
  }

  enter(key) {
    if (this.root === key) return;
    this.root = key;
    const address = key ? `#${key}` : " ";
    if (window.location.hash !== address.trim()) {
      try {
        window.history.pushState(null, "", key ? address : window.location.pathname + window.location.search);
      } catch { /* a page within another has no address of its own */ }
    }
    this.redraw();
    this.crumbs();
    this.view.fit(this.size);
  }

  readAddress() {
    const key = window.location.hash.slice(1);
    this.root = this.model.children.has(key) ? key : "";
  }

  crumbs() {
    const way = [];
    for (let at = this.root; at; at = this.model.box.get(at).parent) way.unshift(at);
    const items = ["", ...way].map((key) => {
      const name = key ? this.model.box.get(key).label : this.model.title;
      return key === this.root
        ? html("li", {}, html("span", { "aria-current": "page" }, name))
        : html("li", {}, html("button", { type: "button", class: "link", onclick: () => this.enter(key) }, name));
    });
    document.getElementById("crumbs").replaceChildren(...items);
  }

  goTo(step) {
    const last = this.model.steps.length;
    this.step = step === null ? null : Math.max(0, Math.min(last, step));
    this.selected = "";
    this.mark();
    showStep(this);
    showDetails(this, this.step ? this.model.steps[this.step - 1].box : "");
    const shown = this.step ? this.model.steps[this.step - 1].box : "";
    let key = shown;
    while (key && !this.places.has(key)) key = this.model.box.get(key).parent;
    if (key) this.view.reveal(this.places.get(key));
  }

  play() {
    window.clearInterval(this.playing);
    const button = document.getElementById("play");
    const isPlaying = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!isPlaying));
    button.textContent = isPlaying ? "Play" : "Pause";
    if (isPlaying) return;
    if (this.step === null || this.step >= this.model.steps.length) this.goTo(0);
    this.playing = window.setInterval(() => {
      if (this.step >= this.model.steps.length) this.play();
      else this.goTo(this.step + 1);
    }, 1100);
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

  listen(get) {
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
    const on = (id, act) => get(id).addEventListener("click", act);
    on("nearer", () => this.view.zoom(1.25));
    on("farther", () => this.view.zoom(0.8));
    on("fit", () => this.view.fit(this.size));
    on("open-all", () => this.openAll(true));
    on("close-all", () => this.openAll(false));
    on("theme", () => this.turnTheme());
    on("first", () => this.goTo(0));
    on("previous", () => this.goTo((this.step ?? this.model.steps.length) - 1));
    on("next", () => this.goTo(this.step === null ? 1 : this.step + 1));
    on("whole", () => this.goTo(null));
    on("play", () => this.play());
    on("show-timeline", () => {
      this.timeline.hidden = !this.timeline.hidden;
      get("show-timeline").setAttribute("aria-expanded", String(!this.timeline.hidden));
    });
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider.value)));
    get("unused").checked = this.showsUnused;
    get("unused").addEventListener("change", (event) => {
      this.setUnused(event.target.checked);
      this.view.fit(this.size);
    });
    if (this.model.subject === "model") get("unused").closest("label").hidden = true;
    const hasInner = [...this.model.children.keys()].some(Boolean);
    get("open-all").hidden = get("close-all").hidden = !hasInner;
    window.addEventListener("popstate", () => {
      this.readAddress();
      this.redraw();
      this.crumbs();
      this.view.fit(this.size);
    });
    document.addEventListener("keydown", (event) => this.shortcut(event, get));
    this.listenToSearch(get("search"), get("found"));
  }

  shortcut(event, get) {
    if (event.target.matches("input[type=search]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      "/": () => get("search").focus(),
      "+": () => this.view.zoom(1.25),
      "-": () => this.view.zoom(0.8),
      0: () => this.view.fit(this.size),
      Escape: () => this.select(""),
      n: () => this.model.steps.length && this.goTo(this.step === null ? 1 : this.step + 1),
      p: () => this.model.steps.length && this.goTo((this.step ?? this.model.steps.length) - 1),
    };
    const act = acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  listenToSearch(field, list) {
    let found = [];
    let at = -1;
    const show = () => {
      list.replaceChildren(...found.slice(0, 30).map((box, place) => html("li", {
        role: "option", id: `found-${place}`, "aria-selected": String(place === at), onmousedown: (event) => {
          event.preventDefault();
          choose(box);
        },
      }, box.label, " ", html("span", { class: "muted" }, box.path.slice(0, -1).join(" / ")), " ", chip(this, box))));
      const isEmpty = !found.length && field.value.trim();
      if (isEmpty) list.append(html("li", { class: "muted" }, "nothing of this name"));
      list.hidden = !found.length && !isEmpty;
      field.setAttribute("aria-expanded", String(!list.hidden));
      field.setAttribute("aria-activedescendant", at >= 0 ? `found-${at}` : "");
      list.children[at]?.scrollIntoView({ block: "nearest" });
    };
    const choose = (box) => {
      list.hidden = true;
      field.setAttribute("aria-expanded", "false");
      this.select(box.key, true);
      this.boxElements.get(box.key)?.focus({ preventScroll: true });
    };
    field.addEventListener("input", () => {
      found = searched(this.model, field.value);
      at = found.length ? 0 : -1;
      show();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") at = Math.min(at + 1, Math.min(29, found.length - 1));
      else if (event.key === "ArrowUp") at = Math.max(0, at - 1);
      else if (event.key === "Enter" && found[at]) return choose(found[at]);
      else if (event.key === "Escape") {
        field.value = "";
        found = [];
        field.blur();
      } else return undefined;
      event.preventDefault();
      return show();
    });
    field.addEventListener("blur", () => { list.hidden = true; });
  }

  openAll(isOpen) {
    const inner = [...this.model.children.keys()].filter(Boolean);
    this.open = new Set(isOpen ? inner : []);
    this.redraw();
    this.view.fit(this.size);
  }

  turnTheme() {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  }
}

window.thalwegPage = new Page(readModel());
