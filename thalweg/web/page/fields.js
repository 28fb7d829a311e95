// What the schema of the server says of each datum: what kind of value it takes, and how a text becomes one.

export class Unfit extends Error {}

function resolve(document, schema) {
  let found = schema;
  for (let depth = 0; found?.$ref && depth < 20; depth += 1) {
    const { $ref, ...rest } = found;
    const target = $ref.split("/").slice(1).reduce((at, part) => at?.[part.replace(/~1/g, "/").replace(/~0/g, "~")], document);
    found = { ...target, ...rest };
  }
  return found || {};
}

// The alternatives of a schema, without those that only say "no value" or how odd numbers are written.
function kinds(document, schema) {
  const whole = resolve(document, schema);
  // What has a kind besides alternatives has these within it: arrays of numbers, or of rows.
  const parts = ((!whole.type && (whole.anyOf || whole.oneOf)) || [whole]).map((each) => resolve(document, each));
  const isNullable = parts.some((each) => each.type === "null");
  const isOdd = (each) => each.type === "string" && (each.enum || []).includes("NaN");
  return { whole, isNullable, parts: parts.filter((each) => each.type !== "null" && !isOdd(each)) };
}

function kindOf({ parts }) {
  if (parts.length !== 1) return "any";
  const [part] = parts;
  if (part.enum || part.const !== undefined) return "choice";
  if (part.type === "number" || part.type === "integer" || part.type === "boolean") return part.type;
  if (part.type === "string") return part.format === "date" ? "date" : "text";
  if (part.type === "array") return "list";
  return part.type === "object" ? "object" : "any";
}

const SAID = {
  number: "a number", integer: "a whole number", boolean: "yes or no", text: "text", date: "a date", choice: "a choice",
  list: "1, 2, 3 or JSON", object: "an object in JSON", any: "a value",
};

// Fields of the root model: what may be given, and what may be wanted.
export function readFields(openapi) {
  const body = resolve(openapi, openapi.paths["/"].post.requestBody.content["application/json"].schema);
  const { properties } = resolve(openapi, (body.anyOf || [body])[0]);
  const inputs = kinds(openapi, properties.inputs).parts[0] || {};
  const outputs = kinds(openapi, properties.outputs).parts[0] || {};
  const names = resolve(openapi, outputs.items);
  const wanted = names.enum || (names.const === undefined ? [] : [names.const]);
  const fields = Object.entries(inputs.properties || {}).map(([name, schema]) => {
    const known = kinds(openapi, schema);
    const kind = kindOf(known);
    const part = known.parts[0] || {};
    return {
      name, kind, isNullable: known.isNullable,
      unit: known.whole["x-unit"] || "",
      about: known.whole.description || "",
      default: schema.default ?? known.whole.default,
      hasDefault: "default" in schema || "default" in known.whole,
      choices: part.enum || (part.const === undefined ? [] : [part.const]),
      limits: limitsOf(part), says: SAID[kind],
    };
  });
  const given = new Set(fields.map((field) => field.name));
  return { fields, effects: wanted.filter((name) => !given.has(name)) };
}

function limitsOf(part) {
  const said = [];
  if (part.exclusiveMinimum !== undefined) said.push(`above ${part.exclusiveMinimum}`);
  if (part.minimum !== undefined) said.push(`at least ${part.minimum}`);
  if (part.exclusiveMaximum !== undefined) said.push(`below ${part.exclusiveMaximum}`);
  if (part.maximum !== undefined) said.push(`at most ${part.maximum}`);
  return said.join(", ");
}

// The value that a text stands for; undefined for none.
export function valueOf(field, text) {
  const said = text.trim();
  if (!said) return undefined;
  if (field.kind === "choice" || field.kind === "boolean") return JSON.parse(said);
  if (said === "null" && (field.isNullable || field.kind === "any")) return null;
  const read = READERS[field.kind];
  return read(said, field, text);
}

const ODD = { nan: "NaN", inf: "Infinity", infinity: "Infinity", "+inf": "Infinity", "-inf": "-Infinity", "-infinity": "-Infinity" };

const READERS = {
  number: (said) => {
    const odd = ODD[said.toLowerCase()];
    if (odd) return odd;
    const number = Number(said);
    if (Number.isNaN(number)) throw new Unfit(/^[-+]?\d+,\d+$/.test(said) ? "write a point for the comma" : "this is no number");
    return number;
  },
  integer: (said) => {
    if (!/^[-+]?\d+(e\+?\d+)?$/i.test(said)) throw new Unfit("this is no whole number");
    if (!Number.isSafeInteger(Number(said))) throw new Unfit("a browser cannot hold so large a whole number");
    return Number(said);
  },
  date: (said) => said,
  text: (said, field, text) => (said === '""' ? "" : text),
  list: (said) => json(said.startsWith("[") ? said : `[${said}]`, "a list"),
  object: (said) => json(said, "an object"),
  any: (said, field, text) => {
    try {
      return JSON.parse(said);
    } catch {
      if (/^[[{"]/.test(said)) throw new Unfit("this is no JSON");
      return text;
    }
  },
};

function json(said, what) {
  try {
    return JSON.parse(said);
  } catch {
    throw new Unfit(`this is not ${what} in JSON`);
  }
}

// A value as people read it; `limit` characters at most.
export function textOf(value, limit = 120) {
  if (value === null || value === undefined) return value === null ? "nothing" : "";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return cut(value, limit);
  if (typeof value === "boolean") return value ? "yes" : "no";
  const { type, text = "", ...others } = value;
  if (typeof type === "string" && typeof text === "string" && !Object.keys(others).length) return cut(text || `a ${type}`, limit);
  const lines = JSON.stringify(value, null, 1); // breaks of lines are its own: those of texts are escaped
  return cut(lines.replace(/(?<=[[{])\n\s*|\n\s*(?=[\]}])/g, "").replace(/\n\s*/g, " "), limit);
}

export function numberText(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e15) ? value.toExponential(9).replace(/\.?0+e/, "e") : String(Number(value.toPrecision(10)));
}

function cut(text, limit) {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
