// What stands below the picture: the box that was chosen, and what the colours mean.

import { chip, html, seconds } from "./drawing.js";

export function showPanel(picture, key) {
  const panel = document.getElementById("panel");
  const { model, actions } = picture;
  const box = model.box.get(key);
  if (!box) {
    panel.replaceChildren();
    return;
  }
  const facts = [];
  const fact = (name, text) => facts.push(html("dt", {}, name), html("dd", {}, text));
  if (box.value) fact("Value", html("code", {}, box.value));
  if (box.note) fact("Why", box.note);
  if (box.order) fact("Call", `number ${box.order}`);
  if (box.distance !== undefined) fact("Distance", String(box.distance));
  if (box.seconds !== undefined) fact("Time", seconds(box.seconds));
  const names = (end, other) => [...new Set(model.arrows.filter((arrow) => arrow[end] === key).map((arrow) => arrow[other]))];
  const listed = (title, keys) => {
    if (keys.length) fact(title, html("span", {}, ...keys.slice(0, 12).flatMap((each, place) => [place ? ", " : "", link(picture, each)]), keys.length > 12 ? ` and ${keys.length - 12} more` : ""));
  };
  const isData = box.kind === "data";
  listed(isData ? "Comes from" : "Takes", names("target", "source"));
  listed(isData ? "Used by" : "Gives", names("source", "target"));
  const buttons = [];
  const field = picture.fieldOf(box);
  if (field !== undefined && actions.hasField(field)) {
    buttons.push(html("button", { type: "button", onclick: () => actions.goToField(field) }, "To its field"));
  }
  if (model.children.has(key)) {
    buttons.push(html("button", { type: "button", onclick: () => picture.toggle(key) }, picture.open.has(key) ? "Close" : "Open"));
  }
  panel.replaceChildren(
    html("div", { class: "panel" },
      html("div", { class: "panel-head" }, html("h3", {}, box.path.join(" / "), " ", chip(picture, box)),
        html("button", { type: "button", class: "close", "aria-label": "close", onclick: () => picture.select("") }, "×")),
      html("p", { class: "muted" }, model.kinds[box.kind].name, box.about ? `: ${box.about}` : ""),
      html("dl", {}, ...facts), html("p", { class: "buttons" }, ...buttons)));
}

function link(picture, key) {
  return html("button", { type: "button", class: "link", onclick: () => picture.select(key, true) }, picture.model.box.get(key).label);
}

export function showLegend(picture) {
  const { model } = picture;
  const used = new Set([...picture.boxElements.keys()].map((key) => model.box.get(key).state || ""));
  const items = Object.entries(model.states).filter(([name]) => name && used.has(name)).map(([name, state]) =>
    html("li", {}, html("span", { class: `chip state-${model.stateNumber.get(name)}`, "data-state": name }, state.name), " ", state.meaning));
  const legend = document.getElementById("legend");
  legend.replaceChildren(...items);
  legend.hidden = !items.length;
}
