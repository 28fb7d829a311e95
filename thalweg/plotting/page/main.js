// Joins the parts: reads the scene, holds what is open, selected and shown, and listens.

class Page extends Picture {
  constructor(data) {
    const get = (id) => document.getElementById(id);
    super(prepare(data), get("canvas"), get("scenery"));
    const { model } = this;
    this.index = model.index;
    this.step = null;
    this.details = get("details");
    this.told = get("told");
    this.slider = get("slider");
    this.timeline = get("timeline");
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

  selectionChanged(key) {
    showDetails(this, key);
  }

  drawn() {
    if (this.model.steps.length) showStep(this);
  }

  setUnused(isShown) {
    document.getElementById("unused").checked = isShown;
    super.setUnused(isShown);
  }

  enter(key) {
    if (this.root === key) return;
    const address = key ? `#${key}` : " ";
    if (window.location.hash !== address.trim()) {
      try {
        window.history.pushState(null, "", key ? address : window.location.pathname + window.location.search);
      } catch { /* a page within another has no address of its own */ }
    }
    super.enter(key);
    this.crumbs();
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

  listen(get) {
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

  turnTheme() {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  }
}

window.thalwegPage = new Page(JSON.parse(document.getElementById("scene").textContent));
