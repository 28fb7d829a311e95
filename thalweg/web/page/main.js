// Joins the parts of the page: the form, the picture, the run that goes on, and the tables.

import { html, seconds } from "./drawing.js";
import { Form } from "./form.js";
import { readFields } from "./fields.js";
import { Live, NoPicture, scaleOf } from "./live.js";
import { plainly, sentence, showAnswer, showErrors } from "./answer.js";
import { showLegend } from "./panel.js";
import { Problem, Server } from "./server.js";
import { Tables } from "./table.js";

const get = (id) => document.getElementById(id);
const WAIT_MS = 80; // for the next key, before the server is asked what is missing
const LARGE = 60; // boxes; so large a picture is small either way
const READABLE = 0.8; // of its size: a picture that is smaller is tried the other way round, too

function askForToken(isRefused) {
  const dialog = get("token-dialog");
  get("token-wrong").textContent = isRefused ? "The server does not know this token." : "";
  get("token").value = "";
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  return new Promise((resolve) => {
    get("token-form").onsubmit = (event) => {
      event.preventDefault();
      const token = get("token").value.trim();
      if (!token) return;
      dialog.close();
      get("token").value = "";
      resolve(token);
    };
  });
}

class Page {
  constructor(server, openapi, drawing) {
    this.server = server;
    this.title = openapi.info.title;
    this.progress = get("progress");
    this.runs = 0;
    const { fields, effects } = readFields(openapi);
    this.fields = fields;
    this.names(openapi.info);
    const actions = {
      hasField: (name) => this.form.rows.has(name),
      goToField: (name) => this.form.goTo(name),
      drawn: () => this.picture && showLegend(this.picture),
    };
    this.picture = drawing instanceof Problem ? new NoPicture(plainly(drawing)) : new Live(drawing, actions);
    this.form = new Form(fields, effects, (name) => this.isComputed(name), () => this.foreseeSoon());
    this.tables = new Tables(server, fields);
    this.listen();
    this.foresee();
  }

  names(info) {
    document.title = `${this.title}, by thalweg`;
    get("title").textContent = this.title;
    get("about").textContent = info.description || "";
  }

  isComputed(name) {
    const box = this.picture.boxOfDatum(name);
    return Boolean(box && this.picture.into.get(box.key)?.length);
  }

  listen() {
    get("question").addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    get("cancel").addEventListener("click", () => this.cancel());
    get("clear").addEventListener("click", () => {
      this.form.clear();
      get("answer").hidden = true;
      this.foresee();
    });
    const draws = (id, act) => get(id)?.addEventListener("click", () => act(this.picture));
    draws("nearer", (picture) => picture.view.zoom(1.25));
    draws("farther", (picture) => picture.view.zoom(0.8));
    draws("fit", (picture) => picture.fit());
    draws("unused", (picture) => picture.turnUnused());
  }

  foreseeSoon() {
    window.clearTimeout(this.soon);
    this.soon = window.setTimeout(() => this.foresee(), WAIT_MS);
  }

  // What would be done with what is given and wanted now, and what is missing for it.
  async foresee() {
    this.foreseeing?.abort();
    const { signal } = this.foreseeing = new AbortController();
    const { runs } = this; // what was changed before a run, or during one, is not laid over its picture
    const { inputs, outputs, wrong } = this.form.read();
    const asked = { inputs: Object.keys(inputs), outputs: outputs.length ? outputs : null };
    try {
      const [plan, overlay] = await Promise.all([
        this.server.ask("POST", "plan", asked, { signal }),
        this.drawn("POST", "drawing", asked, signal),
      ]);
      const lacking = plan.unreachable.length
        ? await this.server.ask("POST", "missing", { ...asked, sets: 4 }, { signal }) : null;
      if (signal.aborted) return;
      if (runs === this.runs && !this.isRunning) this.picture.lay(overlay);
      this.sayEnough(plan, outputs, wrong, lacking);
    } catch (error) {
      if (error.name !== "AbortError") this.say(get("enough"), plainly(error), "wrong");
    }
  }

  sayEnough(plan, outputs, wrong, lacking) {
    const box = get("enough");
    const calls = plan.count === 1 ? "1 function" : `${plan.count} functions`;
    if (lacking) {
      const names = plan.unreachable.join(", ");
      const choice = (name) => html("button", { type: "button", class: "link", onclick: () => this.form.goTo(name) }, name);
      const joined = (parts, word) => parts.flatMap((part, place) => (place ? [word, part] : [part]));
      const sets = lacking.missing.map((set) => html("span", {}, ...joined(set.map(choice), " and "), set.length > 1 && lacking.missing.length > 1 ? " together" : ""));
      box.className = "missing";
      if (sets.length) box.replaceChildren(html("strong", {}, "Still missing"), ` for ${names}: give `, ...joined(sets, " or "), ".");
      else box.replaceChildren(html("strong", {}, "Out of reach: "), `${names} cannot be had, whatever else is given.`);
    } else if (wrong.length) this.say(box, `${wrong.join(", ")} cannot be read yet.`, "missing");
    else if (outputs.length) this.say(box, plan.count ? `Enough is known: ${calls} will be called.` : "It is known already: nothing needs to be called.", "enough");
    else {
      const computed = Object.values(plan.data).filter((way) => way.provider !== "START").length;
      this.say(box, plan.count ? `Nothing chosen: all that can be had is computed, ${computed} ${computed === 1 ? "value" : "values"} by ${calls}.`
        : "Give what you know. With nothing chosen, all that can be had is computed.", "");
    }
  }

  say(box, text, kind = "") {
    box.className = kind;
    box.replaceChildren(text);
  }

  async run() {
    if (this.isRunning) return;
    const { inputs, outputs, wrong } = this.form.read();
    if (wrong.length) {
      this.form.goTo(wrong[0]);
      return;
    }
    this.begun(true);
    window.clearTimeout(this.soon);
    this.foresee();
    this.picture.select("");
    try {
      const asked = { inputs, outputs: outputs.length ? outputs : null };
      this.picture.lay(await this.drawn("POST", "drawing", { ...asked, inputs: Object.keys(inputs) }));
      const record = await this.server.ask("POST", "runs", asked);
      this.running = record.id;
      if (get("cancel").disabled) await this.cancel(); // it was asked for before there was a run
      await this.server.follow(`runs/${record.id}/events`, (kind, told) => this.tell(kind, told));
      await this.show(record.id, outputs);
    } catch (error) {
      this.showProblem(error);
    } finally {
      this.begun(false);
    }
  }

  begun(isRunning) {
    const hadFocus = [get("run"), get("cancel")].includes(document.activeElement);
    this.isRunning = isRunning;
    this.runs += 1; // it begins, and it ends
    this.running = "";
    get("run").hidden = isRunning;
    get("cancel").hidden = !isRunning;
    get("cancel").disabled = false;
    if (hadFocus) get(isRunning ? "cancel" : "run").focus();
    document.body.classList.toggle("running", isRunning);
    window.clearInterval(this.growing);
    if (!isRunning) {
      this.progress.textContent = "";
      return;
    }
    this.calls = { planned: 0, ended: 0, at: new Set() };
    get("answer").hidden = false;
    get("values").replaceChildren();
    get("errors").replaceChildren();
    get("times").hidden = true;
    this.say(get("said"), "It waits for its turn.");
    this.growing = window.setInterval(() => { get("times").hidden = !this.picture.drawTimes(); }, 250);
  }

  tell(kind, told) {
    this.picture.tell(kind, told);
    const { calls } = this;
    if (kind === "begin") {
      calls.planned = (told.calls || []).length;
      this.say(get("said"), "It is at work.");
    } else if (kind === "running") calls.at.add(told.path);
    else if (kind === "done" || kind === "failed" || kind === "cancelled") {
      calls.at.delete(told.path);
      calls.ended += 1;
    }
    const now = [...calls.at].slice(0, 3).join(", ");
    this.progress.textContent = `${calls.ended} of ${Math.max(calls.planned, calls.ended + calls.at.size)} calls${now ? `; at work: ${now}` : ""}`;
  }

  async cancel() {
    get("cancel").disabled = true;
    try {
      if (this.running) await this.server.ask("DELETE", `runs/${this.running}`);
    } catch (error) {
      this.say(get("said"), plainly(error), "wrong");
    }
  }

  async show(id, outputs) {
    const told = await this.server.ask("GET", `runs/${id}?data=return,errors,explain`);
    if (told.state === "done" || told.state === "failed") await this.drawRun(id);
    get("times").hidden = !this.picture.drawTimes();
    const took = told.began && told.ended ? ` It took ${seconds(told.ended - told.began)}.` : "";
    if (told.state === "done") {
      const count = showAnswer(told, this.fields, outputs);
      this.say(get("said"), `Done: ${count} ${count === 1 ? "value" : "values"}.${took}`, "");
    } else if (told.problem) this.showProblem(told.problem, outputs);
    else this.say(get("said"), told.state === "cancelled" ? "It was cancelled." : `The run is ${told.state}.`, "missing");
    get("answer").scrollIntoView({ block: "nearest" });
  }

  // What is to be laid over the picture, if there is one.
  async drawn(method, path, asked, signal) {
    if (this.picture instanceof NoPicture) return null;
    return this.server.ask(method, `${path}?direction=${this.picture.direction}`, asked, { signal });
  }

  async drawRun(id) {
    try {
      this.picture.lay(await this.drawn("GET", `runs/${id}/drawing`));
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error; // so many others have ended since: it is gone
    }
  }

  // What went wrong, where it stands if it is about a field, and what was had all the same.
  showProblem(problem, outputs = []) {
    const told = problem.told || problem;
    showAnswer({ return: told.return }, this.fields, outputs);
    const pointed = (told.errors || []).filter((error) => error.pointer).map((error) => ({ ...error, name: nameIn(error.pointer) }));
    showErrors((told.errors || []).filter((error) => !error.pointer));
    const unfit = [...new Set(pointed.map(({ name }) => name))].filter((name) => this.form.rows.has(name));
    for (const { name, detail } of pointed) if (name) this.form.complain(name, sentence(detail), "server");
    get("answer").hidden = false;
    this.say(get("said"), unfit.length ? `What was given for ${unfit.join(", ")} does not fit.` : plainly(problem), "wrong");
    if (unfit.length) this.form.goTo(unfit[0]);
  }
}

// The datum that a place in a question is about.
function nameIn(pointer) {
  const [, name] = pointer.match(/^\/inputs\/([^/]+)/) || [];
  return name?.replace(/~1/g, "/").replace(/~0/g, "~");
}

// From left to right, or from top to bottom: as the window has more room for it.
async function drawingFor(server) {
  const [first, other] = window.innerWidth > 700 ? ["LR", "TB"] : ["TB", "LR"];
  const drawing = await server.ask("GET", `drawing?direction=${first}`);
  if (scaleOf(drawing) >= READABLE || drawing.boxes.length > LARGE) return drawing;
  const turned = await server.ask("GET", `drawing?direction=${other}`);
  return scaleOf(turned) > 1.15 * scaleOf(drawing) ? turned : drawing;
}

// Which of the two pages is seen is said by the end of the address.
function turnPage() {
  const isTable = window.location.hash === "#table";
  get("ask").hidden = isTable;
  get("table").hidden = !isTable;
  for (const [id, isHere] of [["to-ask", !isTable], ["to-table", isTable]]) {
    if (isHere) get(id).setAttribute("aria-current", "page");
    else get(id).removeAttribute("aria-current");
  }
  window.scrollTo(0, 0);
}

function turnTheme() {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
}

async function start() {
  get("theme").addEventListener("click", turnTheme);
  window.addEventListener("hashchange", turnPage);
  turnPage();
  const server = new Server(askForToken);
  try {
    const openapi = await server.ask("GET", "openapi.json");
    new Page(server, openapi, await drawingFor(server).catch((error) => {
      if (error instanceof Problem) return error;
      throw error;
    }));
  } catch (error) {
    get("trouble").hidden = false;
    get("trouble").textContent = plainly(error);
  }
  document.documentElement.dataset.ready = "yes";
}

start();
