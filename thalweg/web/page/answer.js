// What came of a run: values with their units, why each came about this way, what failed, and problems in plain words.

import { html } from "./drawing.js";
import { breakable } from "./form.js";
import { textOf } from "./fields.js";

// Shows the values that were wanted, or else all that were computed, and gives how many these are.
export function showAnswer(told, fields, outputs) {
  const known = new Map(fields.map((field) => [field.name, field]));
  const had = new Map(Object.entries(told.return || {}));
  const names = (outputs.length ? outputs : [...had.keys()]).filter((name) => had.has(name));
  const isOld = (name) => !outputs.length && told.explain?.[name]?.provider === "START";
  const list = (some) => html("div", { class: "values" }, ...some.map((name) => row(name, had.get(name), known.get(name), told.explain?.[name])));
  const [fresh, old] = [names.filter((name) => !isOld(name)), names.filter(isOld)];
  const rest = old.length ? [html("details", { class: "old" }, html("summary", {}, `${old.length} more were given, or are defaults`), list(old))] : [];
  document.getElementById("values").replaceChildren(...(fresh.length ? [list(fresh)] : []), ...rest);
  showErrors(told.errors || []);
  return fresh.length;
}

function row(name, value, field, why) {
  const text = textOf(value);
  const isLong = typeof value === "object" && value !== null && JSON.stringify(value).length > 60;
  const shown = html("span", { class: "value" }, text, field?.unit ? html("span", { class: "unit" }, ` ${field.unit}`) : "");
  const whole = isLong ? [html("pre", { tabindex: "0" }, JSON.stringify(value, null, 1).slice(0, 20000))] : [];
  const details = why || isLong
    ? html("details", {}, html("summary", { "aria-label": `why this ${name}` }, isLong ? "why, and the whole value" : "why this way"), ...whole, ...explained(why))
    : "";
  return html("div", { class: "answer-row", "data-name": name }, html("span", { class: "name" }, breakable(name)), shown, details);
}

const named = (provider) => (Array.isArray(provider) ? provider.map(named).join(" and ") : provider === null ? "a function that is not exposed" : provider);

function explained(why) {
  if (!why) return [];
  const inputs = Object.entries(why.inputs || {}).map(([name, distance]) => (distance ? `${name} (distance ${distance})` : name));
  const from = inputs.length ? `, from ${inputs.join(", ")}` : "";
  const said = why.provider === "START"
    ? "It was given, or is a default."
    : `${named(why.provider)} gave it${from}; all of it costs ${why.distance}.`;
  const others = (why.alternatives || []).map((other) => html("li", {}, `not by ${named(other.provider)}: ${reason(other)}`));
  return [html("p", {}, said), ...(others.length ? [html("ul", {}, ...others)] : [])];
}

function reason(other) {
  if (other.error) return `it failed (${other.error})`;
  if (other.missing?.length) return `it lacked ${other.missing.join(", ")}`;
  if (other.distance !== undefined) return `it costs more, ${other.distance}`;
  return other.state;
}

const KINDS = { refused: "does not hold for these values", timeout: "took too long", domain: "could not be checked" };

export function showErrors(errors) {
  const items = errors.map((error) => {
    if (!error.node) return html("li", {}, "a function that is not exposed failed");
    const instead = Object.entries(error.instead || {}).map(([datum, other]) => `${datum} came from ${other} instead`);
    const said = KINDS[error.kind] || "failed";
    const why = error.kind === "refused" ? "" : `: ${error.error}${error.message ? `: ${error.message}` : ""}`;
    return html("li", {}, html("strong", {}, error.node), ` ${said}${why}`, instead.length ? html("span", { class: "muted" }, `; ${instead.join(", ")}`) : "");
  });
  document.getElementById("errors").replaceChildren(...(items.length
    ? [html("h3", {}, "What failed on the way"), html("ul", { class: "errors" }, ...items)] : []));
}

const TITLES = {
  0: "The server cannot be reached", 413: "That is too much at once", 415: "The server does not take this",
  429: "The server is busy", 503: "The server is being shut down", 504: "It took too long", 500: "The server failed",
};

// A problem as the server tells it, in a sentence or two.
export function plainly(problem) {
  const told = problem.told || problem;
  const status = problem.status ?? told.status;
  const title = TITLES[status];
  const detail = sentence(told.detail || problem.message || "something went wrong");
  return title && status !== 0 ? `${title}: ${told.detail || ""}` : detail;
}

export function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}
