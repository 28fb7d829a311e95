// Tables: sent to be filled, shown with what was filled and why, and given back as files.

import { html } from "./drawing.js";
import { plainly, sentence } from "./answer.js";
import { numberText, textOf } from "./fields.js";

const get = (id) => document.getElementById(id);
const TYPES = {
  csv: "text/csv", txt: "text/csv", tsv: "text/tab-separated-values", json: "application/json",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", parquet: "application/vnd.apache.parquet",
};
const ROWS = 200;
const LARGE_BYTES = 1e6; // of a table; each of its cells in a line of a report would be very much

export class Tables {
  constructor(server, fields) {
    this.server = server;
    for (const id of ["add", "only"]) get(id).append(...fields.map(({ name }) => html("option", { value: name }, name)));
    this.links = [];
    const drop = get("drop");
    for (const name of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", name === "dragover");
        if (name === "drop" && event.dataTransfer.files.length) get("file").files = event.dataTransfer.files;
      });
    }
    get("upload").addEventListener("submit", (event) => {
      event.preventDefault();
      this.fill();
    });
    get("stop").addEventListener("click", () => this.stopping?.abort());
    get("grid").addEventListener("click", (event) => this.choose(event.target.closest("td.changed")));
    get("grid").addEventListener("focusin", (event) => this.choose(event.target.closest("td.changed")));
    get("grid").addEventListener("keydown", (event) => this.walk(event));
  }

  say(text, kind = "") {
    get("filling").className = kind;
    get("filling").textContent = text;
  }

  async fill() {
    const [file] = get("file").files;
    if (!file) {
      this.say("Choose a table first.", "wrong");
      get("file").focus();
      return;
    }
    const type = TYPES[file.name.split(".").pop().toLowerCase()];
    if (!type) {
      this.say("Its name must end in .csv, .tsv, .txt, .xlsx, .parquet or .json.", "wrong");
      return;
    }
    const chosen = (id) => [...get(id).selectedOptions].map(({ value }) => [id, value]);
    const parts = file.size < LARGE_BYTES ? "table,report,cells,file" : "table,report,file";
    const options = [["data", parts], ["rows", ROWS], ...chosen("add"), ...chosen("only")];
    if (get("keep").checked) options.push(["keep", "*"]);
    this.stopping = new AbortController();
    get("fill").disabled = true;
    get("stop").hidden = false;
    this.say("It is being filled …");
    try {
      const { signal } = this.stopping;
      const told = await this.server.ask("POST", `fill?${new URLSearchParams(options)}`, file, { signal, type });
      this.show(told, file.name);
      this.say("");
    } catch (error) {
      get("filled").hidden = true;
      this.say(error.name === "AbortError" ? "It was cancelled." : plainly(error), "wrong");
    } finally {
      get("fill").disabled = false;
      get("stop").hidden = true;
    }
  }

  show(told, name) {
    get("filled").hidden = false;
    get("summary").textContent = sentence(told.summary);
    get("report-text").textContent = told.report;
    this.offer(told, name);
    this.why = new Map();
    for (const group of told.groups) for (const row of group.rows) this.why.set(`${row} ${group.column}`, group);
    const label = told.columns.find((column) => !column.known && column.cells.some((cell) => typeof cell === "string"));
    this.rowName = (row) => (label?.cells[row] ? `${row + 1} ${textOf(label.cells[row], 30)}` : String(row + 1));
    const columns = told.columns.filter((column) => column !== label);
    const head = html("tr", {}, html("th", { scope: "col" }, label ? label.name : "#"), ...columns.map((column) =>
      html("th", { scope: "col", class: column.known ? "" : "muted", title: column.description || false }, column.name, column.unit ? html("span", { class: "unit" }, ` [${column.unit}]`) : "")));
    const count = Math.max(...told.columns.map(({ cells }) => cells.length));
    const rows = Array.from({ length: count }, (_, row) => html("tr", {}, html("th", { scope: "row" }, this.rowName(row)), ...columns.map((column) => this.cell(column, row))));
    const more = told.rows > count ? html("p", { class: "muted" }, `The first ${count} of ${told.rows} rows are shown; the files have them all.`) : "";
    get("grid").replaceChildren(html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows)), more);
    get("grid").querySelector("td.changed")?.setAttribute("tabindex", "0");
    get("why").textContent = told.filled + told.open ? "Choose a coloured cell to see where its value comes from." : "The table has no holes.";
    get("filled-title").focus({ preventScroll: true });
    get("filled").scrollIntoView({ block: "start" });
  }

  cell(column, row) {
    const group = this.why.get(`${row} ${column.name}`);
    const value = column.cells[row];
    const text = value === null ? "" : typeof value === "number" ? numberText(value) : textOf(value, 60);
    const kind = typeof value === "number" ? "number" : "";
    if (!group) return html("td", { class: kind }, text);
    return html("td", {
      class: `changed ${group.state} ${kind}`, tabindex: "-1", "data-row": String(row), "data-column": column.name,
      "aria-label": `${column.name}, row ${this.rowName(row)}: ${group.state === "open" ? "still open" : `${text}, filled`}`,
    }, group.state === "open" ? "–" : text);
  }

  choose(cell) {
    if (!cell) return;
    for (const other of get("grid").querySelectorAll("td.changed[tabindex='0'], td.chosen")) {
      other.setAttribute("tabindex", "-1");
      other.classList.remove("chosen");
    }
    cell.setAttribute("tabindex", "0");
    cell.classList.add("chosen");
    if (document.activeElement !== cell) cell.focus({ preventScroll: true });
    const { row, column } = cell.dataset;
    const group = this.why.get(`${row} ${column}`);
    const failed = group.failed.map((each) => html("li", {}, `not by ${each.node}: ${each.kind === "refused" ? "its domain refused the values" : each.error}`));
    get("why").replaceChildren(html("strong", {}, `${column}, row ${this.rowName(Number(row))}`),
      group.state === "open" ? ` is still open: ${group.why}.` : ` was filled ${group.why}.`, ...(failed.length ? [html("ul", {}, ...failed)] : []));
  }

  // Arrow keys lead from coloured cell to coloured cell.
  walk(event) {
    const cell = event.target.closest("td.changed");
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!cell || !step) return;
    const rows = [...get("grid").querySelectorAll("tbody tr")];
    let row = rows.indexOf(cell.parentElement);
    let column = cell.cellIndex;
    for (;;) {
      row += step[0];
      column += step[1];
      const next = rows[row]?.cells[column];
      if (!next) return;
      if (next.classList.contains("changed")) {
        event.preventDefault();
        next.focus();
        return;
      }
    }
  }

  offer(told, name) {
    for (const url of this.links) URL.revokeObjectURL(url);
    const stem = name.replace(/\.[^.]*$/, "");
    const { file } = told;
    const content = file.text ?? Uint8Array.from(atob(file.base64), (letter) => letter.charCodeAt(0));
    const files = [
      ["Filled table", `${stem}-filled${file.ending}`, file.type, content],
      ["Report", `${stem}-report.txt`, "text/plain", told.report],
      ["Each cell", `${stem}-cells.csv`, "text/csv", told.cells],
    ].filter(([, , , text]) => text !== undefined);
    this.links = files.map(([, , type, text]) => URL.createObjectURL(new Blob([text], { type })));
    get("downloads").replaceChildren(...files.map(([title, download], place) =>
      html("a", { href: this.links[place], download, class: "button" }, title, html("span", { class: "muted" }, ` ${download.split(".").pop().toUpperCase()}`))));
  }
}
