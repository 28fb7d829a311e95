// The picture itself: boxes and arrows as SVG, zoom and pan.  Texts enter as text nodes, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes = {}, parent = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (parent) parent.append(made);
  return made;
}

function html(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...content);
  return made;
}

function boxTitle(box) {
  return box.order ? `${box.order}. ${box.label}` : box.label;
}

// One box; `lines` were chosen and measured when the page was made.
function drawBox(page, box, place, isOpen) {
  const { model } = page;
  const kind = model.kinds[box.kind];
  const state = model.stateNumber.get(box.state || "");
  const group = svg("g", {
    class: `box kind-${box.kind} state-${state}${isOpen ? " open" : ""}`,
    transform: `translate(${place.left.toFixed(1)} ${place.top.toFixed(1)})`,
    "data-key": box.key,
    "data-state": box.state || "",
    tabindex: "-1",
    role: "button",
    "aria-label": [kind.name, box.label, box.state, box.value && `= ${box.value}`, box.note].filter(Boolean).join(", "),
  });
  const { width, height } = place;
  const round = isOpen ? 10 : kind.rounded ? 14 : 3;
  if (box.is_wanted) {
    svg("rect", { class: "halo", x: -4, y: -4, width: width + 8, height: height + 8, rx: round + 4 }, group);
  }
  if (!isOpen && model.children.has(box.key)) {
    svg("rect", { class: "shape behind", x: 4, y: 4, width, height, rx: round }, group);
  }
  svg("rect", { class: "shape", width, height, rx: round }, group);
  const title = svg("text", { class: "name", x: isOpen ? 34 : width / 2, y: isOpen ? 20 : 18 }, group);
  title.textContent = boxTitle(box);
  if (model.children.has(box.key)) {
    const sign = svg("text", { class: "sign", x: isOpen ? 18 : width - 10, y: isOpen ? 20 : height - 7 }, group);
    sign.textContent = isOpen ? "–" : "+";
  }
  if (!isOpen) {
    (model.lines[box.key] || []).forEach((line, number) => {
      svg("text", { class: "line", x: width / 2, y: 33 + 14 * number }, group).textContent = line;
    });
  }
  return group;
}

function styleArrow(model, path, state) {
  const number = model.arrowNumber.get(state);
  path.setAttribute("class", `arrow arrow-${number}`);
  path.setAttribute("marker-end", `url(#head-${number})`);
}

// Everything that is to be seen now; what stood there before is replaced.
function drawAll(page) {
  const { model, open, root, direction } = page;
  const levels = page.levels();
  const isOpen = (key) => page.isOpen(key);
  const { places, routes, width, height } = arrange(model, levels, root, open, direction);
  const arrows = visibleArrows(model, places, isOpen);
  const below = svg("g", { class: "boxes-open" });
  const between = svg("g", { class: "arrows" });
  const above = svg("g", { class: "boxes" });
  page.places = places;
  page.size = { width, height };
  page.boxElements = new Map();
  page.arrowElements = new Map();
  for (const [key, place] of places) {
    const element = drawBox(page, model.box.get(key), place, isOpen(key));
    page.boxElements.set(key, element);
    (isOpen(key) ? below : above).append(element);
  }
  for (const [pair, arrow] of arrows) {
    const path = svg("path", {
      d: curve(places.get(arrow.source), places.get(arrow.target), routes.get(pair), direction),
    }, between);
    styleArrow(model, path, arrow.state);
    const weight = arrow.weight !== undefined ? `weight ${arrow.weight}` : "";
    const count = arrow.count > 1 ? `${arrow.count} arrows` : "";
    svg("title", {}, path).textContent =
      [model.box.get(arrow.source).label + " → " + model.box.get(arrow.target).label, count, weight,
        model.arrowStyles[arrow.state].meaning].filter(Boolean).join(" · ");
    page.arrowElements.set(pair, { ...arrow, path });
  }
  page.scenery.replaceChildren(below, between, above);
}

// Zoom and pan: one transform on the scenery.
class View {
  // A picture that is not alone leaves the wheel to the page, unless Ctrl is held, as for maps.
  constructor(canvas, scenery, isAlone) {
    this.isAlone = isAlone;
    this.canvas = canvas;
    this.scenery = scenery;
    this.x = 0;
    this.y = 0;
    this.scale = 1;
    this.pointers = new Map();
    this.moved = 0;
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
  }

  apply() {
    const { x, y, scale } = this;
    this.scenery.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${scale.toFixed(4)})`);
    this.canvas.classList.toggle("far", scale < 0.45);
  }

  zoom(factor, cx = this.canvas.clientWidth / 2, cy = this.canvas.clientHeight / 2) {
    const scale = Math.min(4, Math.max(0.02, this.scale * factor));
    const ratio = scale / this.scale;
    this.x = cx - (cx - this.x) * ratio;
    this.y = cy - (cy - this.y) * ratio;
    this.scale = scale;
    this.apply();
  }

  wheel(event) {
    if (!this.isAlone && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const edge = this.canvas.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), event.clientX - edge.left, event.clientY - edge.top);
  }

  down(event) {
    this.pointers.set(event.pointerId, event);
    this.moved = 0;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before || !event.buttons) return;
    const others = [...this.pointers.values()].filter((other) => other.pointerId !== event.pointerId);
    if (others.length) {
      const [other] = others;
      const gap = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      const edge = this.canvas.getBoundingClientRect();
      this.zoom(gap(event) / Math.max(1, gap(before)), other.clientX - edge.left, other.clientY - edge.top);
    } else {
      this.x += event.clientX - before.clientX;
      this.y += event.clientY - before.clientY;
      this.apply();
    }
    this.moved += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
    // Only a real move takes the pointer, so that a click still reaches its box.
    if (this.moved > 4 && !this.canvas.hasPointerCapture(event.pointerId)) this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
  }

  fit({ width, height }) {
    const room = { width: this.canvas.clientWidth - 48, height: this.canvas.clientHeight - 48 };
    const scale = Math.min(room.width / Math.max(1, width), room.height / Math.max(1, height), 1.25);
    this.scale = Math.max(0.02, scale);
    this.x = (this.canvas.clientWidth - width * this.scale) / 2;
    this.y = (this.canvas.clientHeight - height * this.scale) / 2;
    this.apply();
  }

  // Bring a place into sight, large enough to be read.
  reveal(place) {
    const { clientWidth, clientHeight } = this.canvas;
    if (this.scale < 0.6) this.scale = 0.9;
    const left = place.left * this.scale + this.x;
    const top = place.top * this.scale + this.y;
    const isIn = left > 20 && top > 20 && left + place.width * this.scale < clientWidth - 20
      && top + place.height * this.scale < clientHeight - 20;
    if (!isIn) {
      this.x = clientWidth / 2 - (place.left + place.width / 2) * this.scale;
      this.y = clientHeight / 2 - (place.top + Math.min(place.height, 200) / 2) * this.scale;
    }
    this.apply();
  }
}
