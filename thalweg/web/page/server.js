// What the page asks of the server.  Addresses are relative, so the model may stand under any path; a token, where one
// is needed, is kept in memory alone and goes into the head of requests, never into an address.

export class Problem extends Error {
  constructor(told, status) {
    super(told.detail || `the server answered ${status}`);
    this.told = told;
    this.status = status;
  }
}

export class Server {
  // `askForToken` gives a promise of a token; it is told whether one was refused.
  constructor(askForToken) {
    this.askForToken = askForToken;
    this.token = "";
    this.asking = null;
  }

  async fetch(path, options = {}) {
    for (;;) {
      const token = this.token;
      const headers = { ...(options.headers || {}) };
      if (token) headers.Authorization = `Bearer ${token}`;
      let response;
      try {
        response = await fetch(path, { ...options, headers, credentials: "same-origin", cache: "no-store" });
      } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Problem({ detail: "The server cannot be reached. Is it still running?" }, 0);
      }
      if (response.status !== 401) return response;
      if (token === this.token) await this.newToken(Boolean(token));
    }
  }

  // Several requests may be turned away at once: one dialog serves them all.
  newToken(isRefused) {
    this.asking ||= this.askForToken(isRefused).then((token) => { this.token = token; }).finally(() => { this.asking = null; });
    return this.asking;
  }

  async ask(method, path, told, { signal, type = "application/json" } = {}) {
    const isRaw = told instanceof Blob;
    const body = told === undefined || isRaw ? told : JSON.stringify(told);
    const headers = { Accept: "application/json, application/problem+json" };
    if (body !== undefined) headers["Content-Type"] = type;
    const response = await this.fetch(path, { method, body, headers, signal });
    const text = await response.text();
    let answer;
    try {
      answer = JSON.parse(text);
    } catch {
      answer = { detail: `The server answered ${response.status}, and not as this page expects.` };
    }
    if (!response.ok) throw new Problem(answer, response.status);
    return answer;
  }

  // Events of a run as they come, to the end; a stream that breaks off is taken up again behind the last one read.
  async follow(path, tell, signal) {
    let latest = "";
    for (let failures = 0; failures < 6;) {
      const headers = { Accept: "text/event-stream", ...(latest && { "Last-Event-ID": latest }) };
      const response = await this.fetch(path, { headers, signal });
      if (!response.ok) throw new Problem(await response.json().catch(() => ({})), response.status);
      try {
        for await (const event of events(response.body)) {
          failures = 0;
          if (event.id) latest = event.id;
          tell(event.kind, JSON.parse(event.data));
          if (event.kind === "end") return;
        }
      } catch (error) {
        if (error.name === "AbortError") throw error;
      }
      failures += 1;
      await new Promise((resolve) => { setTimeout(resolve, 250 * 2 ** failures); });
    }
    throw new Problem({ detail: "The stream of events broke off." }, 0);
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = { kind: "message", data: "", id: "" };
      for (const line of text.slice(0, end).split("\n")) {
        const [, name, said] = /^(\w*): ?(.*)$/.exec(line) || [];
        if (name === "event") event.kind = said;
        else if (name === "data") event.data += said;
        else if (name === "id") event.id = said;
      }
      text = text.slice(end + 2);
      if (event.data) yield event;
    }
  }
}
