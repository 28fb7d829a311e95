// What stands beside the picture: details of a box, list of calls, steps of the run, timeline, legend.

function chip(page, box) {
  if (!box.state) return "";
  const number = page.model.stateNumber.get(box.state);
  return html("span", { class: `chip state-${number}`, "data-state": box.state, title: page.model.states[box.state].meaning }, box.state);
}

function goTo(page, key) {
  const box = page.model.box.get(key);
  return html("button", { class: "link", type: "button", onclick: () => page.select(key, true) }, box.label);
}

function seconds(value) {
  if (value >= 1) return `${Number(value.toPrecision(3))} s`;
  if (value >= 1e-3) return `${Number((value * 1e3).toPrecision(3))} ms`;
  return `${Number((value * 1e6).toPrecision(2))} µs`;
}

function fact(name, value) {
  return [html("dt", {}, name), html("dd", {}, value)];
}

// Neighbours of a box, each once, with those of an unused arrow last and pale.
function neighbours(page, key, end, other) {
  const found = new Map();
  const under = (at) => { // a box speaks for all that is in it
    for (; at; at = page.model.box.get(at).parent) if (at === key) return true;
    return false;
  };
  for (const arrow of page.model.arrows) {
    if (!under(arrow[end]) || under(arrow[other])) continue;
    if (!found.has(arrow[other]) || arrow.state === "used") found.set(arrow[other], arrow.state || "");
  }
  return [...found].sort((a, b) => STRENGTH.indexOf(a[1]) - STRENGTH.indexOf(b[1]));
}

const MOST = 40; // neighbours are listed

function neighbourList(page, title, pairs, lost = "") {
  if (!pairs.length) return [];
  const items = pairs.slice(0, MOST).map(([key, state]) => {
    const box = page.model.box.get(key);
    const value = box.value ? html("span", { class: "value" }, ` = ${box.value}`) : "";
    const why = state === "failed" && lost ? html("span", { class: "muted" }, ` (${lost})`) : "";
    return html("li", { class: state === "unused" ? "pale" : "" }, goTo(page, key), value, why);
  });
  if (pairs.length > MOST) items.push(html("li", { class: "muted" }, `and ${pairs.length - MOST} more`));
  return [html("h3", {}, title), html("ul", { class: "neighbours" }, ...items)];
}

function showDetails(page, key) {
  const panel = page.details;
  if (!key) {
    panel.replaceChildren(...overviewOf(page));
    return;
  }
  const { model } = page;
  const box = model.box.get(key);
  const isData = box.kind === "data";
  const isJob = box.kind === "job" || box.kind === "scheduler";
  const path = box.path.length > 1 ? html("p", { class: "muted path" }, box.path.join(" / ")) : "";
  const facts = [];
  if (box.value) facts.push(...fact("Value", html("code", {}, box.value)));
  if (box.note) facts.push(...fact(box.state === "failed" || box.state === "refused" ? "Why" : "Note", box.note));
  if (box.order) facts.push(...fact("Call", `number ${box.order} of ${model.steps.length}`));
  if (box.distance !== undefined) facts.push(...fact("Distance", String(box.distance)));
  if (box.seconds !== undefined) facts.push(...fact("Time", seconds(box.seconds)));
  if (box.is_wanted) facts.push(...fact("Wanted", "it was asked for"));
  const buttons = [];
  if (model.children.has(key)) {
    const isOpen = page.open.has(key);
    buttons.push(html("button", { type: "button", id: "toggle", onclick: () => page.toggle(key) }, isOpen ? "Close" : "Open here"));
    buttons.push(html("button", { type: "button", id: "enter", onclick: () => page.enter(key) }, "Show as a page"));
  }
  const texts = (model.details[key] || []).flatMap(([heading, form, text]) => {
    if (form === "text") return [html("h3", {}, heading), html("p", { class: "told" }, text)];
    return [html("h3", {}, heading), html("pre", { class: form }, html("code", {}, text))];
  });
  panel.replaceChildren(
    html("div", { class: "head" },
      html("h2", {}, box.label, " ", chip(page, box)),
      html("button", { type: "button", class: "close", "aria-label": "close details", onclick: () => page.select("") }, "×")),
    html("p", { class: "muted" }, model.kinds[box.kind].name, box.about ? `: ${box.about}` : ""), path,
    html("dl", {}, ...facts), html("p", { class: "buttons" }, ...buttons),
    ...neighbourList(page, isJob ? "Comes after" : isData ? "Comes from" : "Takes", neighbours(page, key, "target", "source"), isData ? "gave none" : ""),
    ...neighbourList(page, isJob ? "Comes before" : isData ? "Used by" : "Gives", neighbours(page, key, "source", "target"), isData ? "" : "not from here"),
    ...texts,
  );
  panel.scrollTop = 0;
}

// Nothing is selected: the story in a few sentences, what the colours mean, and all calls.
function overviewOf(page) {
  const { model } = page;
  const called = [...model.box.values()].filter((box) => model.kinds[box.kind].is_called);
  called.sort((a, b) => (a.order || 1e9) - (b.order || 1e9));
  const rows = called.slice(0, 500).map((box) => html("li", {},
    html("span", { class: "number" }, box.order ? `${box.order}.` : ""), goTo(page, box.key), " ", chip(page, box),
    box.note ? html("span", { class: "muted" }, ` ${box.note}`) : ""));
  const more = called.length > rows.length ? [html("p", { class: "muted" }, `… and ${called.length - rows.length} more`)] : [];
  const things = called.some((box) => box.kind === "job") ? ["Jobs", "Jobs, in the order in which they began"] : ["Functions", "Calls, in order"];
  const heading = things[model.subject === "model" ? 0 : 1];
  return [
    html("h2", {}, model.title),
    ...model.summary.map((line) => html("p", { class: "told" }, line)),
    ...legend(page),
    html("p", { class: "muted" }, "Click a box to see what it is and how it came about. Arrow keys walk along the arrows, / searches."),
    html("details", { open: page.index || called.length <= 40 }, html("summary", {}, heading), html("ol", { class: "index" }, ...rows), ...more),
    html("p", { class: "muted remark" }, model.remark),
  ];
}

function legend(page) {
  const { model } = page;
  const used = new Set([...model.box.values()].map((box) => box.state || ""));
  const items = Object.entries(model.states).filter(([name]) => name && used.has(name)).map(([name, state]) =>
    html("li", {}, html("span", { class: `chip state-${model.stateNumber.get(name)}` }, state.name), " ", state.meaning));
  const kinds = new Set([...model.box.values()].map((box) => box.kind));
  const forms = Object.entries(model.kinds).filter(([kind, { meaning }]) => meaning && kinds.has(kind)).map(([kind, { meaning }]) =>
    html("li", {}, html("span", { class: `form kind-${kind}` }), " ", meaning));
  return [html("ul", { class: "legend" }, ...forms, ...items)];
}

// Steps: before the first call, then after each.
function showStep(page) {
  const { model } = page;
  const at = page.step;
  const last = model.steps.length;
  page.slider.value = String(at ?? last);
  const step = at ? model.steps[at - 1] : null;
  page.told.textContent = at === null || at === undefined
    ? "The whole run is shown. Step through it to see what happened, call by call."
    : at === 0 ? `At first ${model.given.length} values are known.`
      : `${at} of ${last}: ${step.text}`;
  page.told.className = step ? `told state-text-${model.stateNumber.get(step.state)}` : "told";
  document.body.classList.toggle("stepping", at !== null && at !== undefined);
  const known = new Set(at === null || at === undefined ? [] : model.given);
  if (at) for (const one of model.steps.slice(0, at)) for (const key of [one.box, ...one.gives]) known.add(key);
  const now = new Set(step ? [step.box, ...step.gives] : []);
  const holds = (keys) => { // a closed box stands for what is in it
    const found = new Set();
    for (const key of keys) for (let up = key; up; up = model.box.get(up).parent) found.add(up);
    return found;
  };
  const reached = holds(known);
  const current = holds(now);
  for (const [key, element] of page.boxElements) {
    element.classList.toggle("later", at !== null && at !== undefined && !reached.has(key));
    element.classList.toggle("now", current.has(key) && !page.open.has(key));
  }
  for (const { source, target, path } of page.arrowElements.values()) {
    path.classList.toggle("later", at !== null && at !== undefined && !(reached.has(source) && reached.has(target)));
    path.classList.toggle("now", current.has(source) || (step && current.has(target) && target === step.box));
  }
  for (const bar of page.timeline.querySelectorAll(".bar")) bar.classList.toggle("now", Boolean(step) && bar.dataset.key === step.box);
}

// Bars by place and time; without times, one after the other in their order.
function drawTimeline(page) {
  const { model } = page;
  const hasTimes = model.spans.length > 0;
  const spans = hasTimes ? model.spans : model.steps.map((step, number) =>
    ({ box: step.box, start: number, end: number + 1, place: "order of calls", tries: [] }));
  const end = Math.max(...spans.map((span) => span.end), 1e-9);
  const places = new Map();
  for (const span of spans) {
    if (!places.has(span.place)) places.set(span.place, []);
    places.get(span.place).push(span);
  }
  const rows = [...places].map(([place, members]) => {
    const lanes = [];
    const bars = members.map((span) => {
      const box = model.box.get(span.box);
      let lane = lanes.findIndex((free) => free <= span.start + 1e-12);
      if (lane < 0) lane = lanes.push(0) - 1;
      lanes[lane] = span.end;
      const said = hasTimes ? `${seconds(span.end - span.start)} from ${seconds(span.start)}` : `call ${box.order}`;
      const tries = span.tries.length > 1 ? `, ${span.tries.length} tries` : "";
      const bar = html("button", {
        type: "button", class: `bar state-${model.stateNumber.get(box.state || "")}`, "data-key": span.box,
        title: `${box.label}: ${said}${tries}${box.note ? `, ${box.note}` : ""}`, onclick: () => page.select(span.box, true),
      }, box.label);
      bar.style.left = `${(100 * span.start) / end}%`;
      bar.style.width = `max(3px, ${(100 * (span.end - span.start)) / end}%)`;
      bar.style.top = `${lane * 22}px`;
      for (const [from, to, error] of span.tries.slice(0, -1)) {
        const lost = html("span", { class: "try", title: error });
        lost.style.left = `${(100 * (from - span.start)) / Math.max(1e-12, span.end - span.start)}%`;
        lost.style.width = `${(100 * (to - from)) / Math.max(1e-12, span.end - span.start)}%`;
        bar.append(lost);
      }
      return bar;
    });
    const lane = html("div", { class: "lane" }, ...bars);
    lane.style.height = `${Math.max(1, lanes.length) * 22}px`;
    return html("div", { class: "row" }, html("div", { class: "place" }, place), lane);
  });
  const ticks = hasTimes ? [0, 0.25, 0.5, 0.75, 1].map((part) => html("span", {}, part ? seconds(part * end) : "0")) : [];
  const note = hasTimes ? "" : html("p", { class: "muted" }, "No times were kept of this run; the calls are shown in their order.");
  page.timeline.replaceChildren(...rows, html("div", { class: "row axis" }, html("div", { class: "place" }), html("div", { class: "ticks" }, ...ticks)), note);
}

// Names that contain what was typed, those that begin with it first.
function searched(model, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found = [];
  for (const box of model.box.values()) {
    const name = box.label.toLowerCase();
    const at = name.indexOf(wanted);
    const isElsewhere = at < 0 && [box.about, box.value, box.note, box.path.join("/")].some((other) => (other || "").toLowerCase().includes(wanted));
    if (at >= 0 || isElsewhere) found.push([at < 0 ? 2 : at > 0 ? 1 : 0, box]);
  }
  return found.sort((a, b) => a[0] - b[0]).map(([, box]) => box);
}
