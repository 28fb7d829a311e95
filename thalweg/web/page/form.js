// The form: a row for each datum, to be given, to be wanted, or both.

import { html } from "./drawing.js";
import { Unfit, textOf, valueOf } from "./fields.js";

const MANY = 14; // rows; with more there is a search
const SHORT = 10; // characters of a default that have room in its field

export class Form {
  // `isComputed` says of a name whether something gives it; `changed` is called when what is given or wanted changes.
  constructor(fields, effects, isComputed, changed) {
    this.changed = changed;
    this.rows = new Map();
    this.box = document.getElementById("fields");
    const given = fields.filter((field) => !isComputed(field.name));
    const computed = fields.filter((field) => isComputed(field.name));
    const groups = [
      ["Only you can say", given, "nothing computes these"],
      ["Can be computed", computed, "or given, where you know better"],
    ];
    for (const [title, members, about] of groups) if (members.length) this.box.append(this.group(title, about, members));
    if (effects.length) this.box.append(this.group("To be done", "functions that are called for what they do", effects.map((name) => ({ name, isEffect: true }))));
    const search = document.getElementById("search");
    document.getElementById("search-label").hidden = this.rows.size <= MANY;
    search.addEventListener("input", () => this.show(search.value));
    this.seen = this.state();
  }

  group(title, about, fields) {
    const rows = fields.map((field) => this.row(field));
    const heads = html("div", { class: "field heads", "aria-hidden": "true" }, html("span", {}), html("span", {}, "give"), html("span", {}, "want"));
    return html("fieldset", {}, html("legend", {}, title, " ", html("span", { class: "muted" }, about)), heads, ...rows);
  }

  row(field) {
    const number = this.rows.size;
    const [id, aboutId, wrongId] = [`field-${number}`, `about-${number}`, `wrong-${number}`];
    const wrong = html("p", { class: "wrong", id: wrongId, hidden: true });
    const want = html("input", { type: "checkbox", id: `want-${number}`, "aria-label": `want ${field.name}`, onchange: () => this.look() });
    const row = { field, want, wrong, input: null };
    const isLong = field.hasDefault && (field.kind === "date" || textOf(field.default, 40).length > SHORT);
    const notes = [field.about, field.limits, isLong && `default ${textOf(field.default, 60)}`].filter(Boolean).join("; ");
    const about = html("span", { class: "about muted", id: aboutId }, notes);
    const name = html("span", { class: "name" }, breakable(field.name));
    const unit = field.unit ? html("span", { class: "unit" }, field.unit) : "";
    let label = html("span", { class: "label" }, name, " ", unit);
    if (!field.isEffect) {
      row.input = this.control(field, id, `${aboutId} ${wrongId}`);
      row.input.addEventListener("input", () => this.look());
      row.input.addEventListener("change", () => this.look());
      label = html("label", { class: "label", for: id }, name, " ", unit);
    }
    row.element = html("div", { class: "field", "data-name": field.name },
      html("div", { class: "words" }, label, about), row.input || html("span", {}), html("span", { class: "want" }, want, html("span", { class: "want-word", "aria-hidden": "true" }, "want")), wrong);
    this.rows.set(field.name, row);
    return row.element;
  }

  control(field, id, describedBy) {
    const fallback = field.hasDefault ? textOf(field.default, 40) : "";
    const common = { id, "aria-describedby": describedBy };
    if (field.kind === "boolean" || field.kind === "choice") {
      // The value of an option is JSON: a text may be empty, or look like a number.
      const choices = field.kind === "boolean" ? [[true, "yes"], [false, "no"]] : field.choices.map((each) => [each, choiceText(each)]);
      const none = field.hasDefault ? `default: ${fallback}` : "not given";
      const nothing = field.isNullable ? [html("option", { value: "null" }, "nothing")] : [];
      return html("select", common, html("option", { value: "" }, none), ...choices.map(([value, text]) => html("option", { value: JSON.stringify(value) }, text)), ...nothing);
    }
    const placeholder = !field.hasDefault ? field.says : fallback.length > SHORT ? "default" : `default ${fallback}`;
    if (field.kind === "date") return html("input", { ...common, type: "date" });
    if (field.kind === "object") return html("textarea", { ...common, placeholder, rows: 2, spellcheck: "false" });
    // Numbers, too, are typed as text: the keyboards for numbers of some phones have neither minus nor exponent.
    return html("input", { ...common, type: "text", placeholder, autocomplete: "off", spellcheck: "false" });
  }

  // Show only rows whose name or description has a text.
  show(text) {
    const part = text.trim().toLowerCase();
    for (const { field, element, input, want } of this.rows.values()) {
      const isUsed = want.checked || Boolean(input?.value);
      element.hidden = Boolean(part) && !isUsed && !`${field.name} ${field.about || ""} ${field.unit || ""}`.toLowerCase().includes(part);
    }
    for (const group of this.box.children) group.hidden = ![...group.querySelectorAll(".field:not(.heads)")].some((each) => !each.hidden);
  }

  // What is given and wanted; `wrong` names what cannot be read.
  read() {
    const inputs = Object.create(null); // a datum may be called __proto__
    const wrong = [];
    for (const [name, { field, input, wrong: note }] of this.rows) {
      if (!input) continue;
      try {
        const value = valueOf(field, input.value);
        if (value !== undefined) inputs[name] = value;
        if (note.dataset.from !== "server") this.complain(name, "");
      } catch (error) {
        if (!(error instanceof Unfit)) throw error;
        wrong.push(name);
        this.complain(name, error.message);
      }
    }
    const outputs = [...this.rows].filter(([, { want }]) => want.checked).map(([name]) => name);
    return { inputs, outputs, wrong };
  }

  complain(name, text, from = "") {
    const row = this.rows.get(name);
    if (!row) return false;
    row.wrong.textContent = text;
    row.wrong.dataset.from = from;
    row.wrong.hidden = !text;
    row.input?.setAttribute("aria-invalid", String(Boolean(text)));
    return true;
  }

  state() {
    const { inputs, outputs, wrong } = this.read();
    return JSON.stringify([Object.keys(inputs), outputs, wrong]);
  }

  // Has the set of what is given or wanted changed?  Values alone change no way.
  look() {
    for (const { wrong } of this.rows.values()) if (wrong.dataset.from === "server") wrong.dataset.from = "";
    const now = this.state();
    if (now === this.seen) return;
    this.seen = now;
    this.changed();
  }

  goTo(name) {
    const row = this.rows.get(name);
    if (!row) return;
    row.element.hidden = false;
    row.element.closest("fieldset").hidden = false;
    (row.input || row.want).focus();
    row.element.scrollIntoView({ block: "center" });
  }

  clear() {
    for (const [name, { input, want }] of this.rows) {
      if (input) input.value = "";
      want.checked = false;
      this.complain(name, "");
    }
    this.look();
  }
}

// An empty text has to be seen, and is not "nothing".
function choiceText(choice) {
  return choice === "" ? "empty text" : choice === null ? "nothing" : String(choice);
}

// A long name may be broken behind its underscores and points.
export function breakable(name) {
  const made = document.createDocumentFragment();
  for (const part of name.split(/(?<=[_./-])/)) made.append(part, document.createElement("wbr"));
  return made;
}
