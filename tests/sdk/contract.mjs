// Holds every exchange of this process with the server against the server's own /openapi.json: path and method, status, headers, media type, body, and what was
// sent where it was accepted. Schemas are closed here, so that what is served without being described is a fault as well.
import { appendFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const send = globalThis.fetch;

export class Contract {
  constructor(document) {
    this.document = document;
    this.faults = [];
    this.seen = new Set();
    this.ajv = new Ajv2020.default({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
    addFormats.default(this.ajv);
    for (const [name, schema] of Object.entries(document.components.schemas)) this.ajv.addSchema(closed(schema), `schema:${name}`);
    this.operations = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({
      path, method, operation, pattern: new RegExp(`^${path.split("/").map((s) => (s.startsWith("{") ? "[^/]+" : escape(s))).join("/")}$`),
      weight: path.split("/").filter((s) => s.startsWith("{")).length,
    }))).sort((a, b) => a.weight - b.weight);
    this.validators = new Map();
  }

  static async of(root) {
    return new Contract(await (await send(`${root}/openapi.json`)).json());
  }

  /** The faults of a value against a schema of the document, as text; empty where it is right. */
  check(schema, value) {
    const key = JSON.stringify(schema);
    if (!this.validators.has(key)) this.validators.set(key, this.ajv.compile(closed(schema)));
    const validate = this.validators.get(key);
    return validate(value) ? "" : validate.errors.map((e) => `${e.instancePath || "/"} ${e.message} ${JSON.stringify(e.params)}`).join("; ");
  }

  find(method, path) {
    return this.operations.find((o) => o.method === method.toLowerCase() && o.pattern.test(path));
  }

  /** All faults since the last call. */
  take() {
    return this.faults.splice(0);
  }

  async exchange(root, input, init = {}) {
    const url = new URL(typeof input === "string" || input instanceof URL ? input : input.url);
    const answer = await send(input, init);
    if (url.origin !== new URL(root).origin) return answer;
    const method = (init.method ?? (input.method || "GET")).toUpperCase();
    try {
      this.judge(method, url, init, answer, Buffer.from(await answer.clone().arrayBuffer()));
    } catch (e) {
      this.faults.push(`${method} ${url.pathname}: ${e.stack}`);
    }
    return answer;
  }

  judge(method, url, init, answer, bytes) {
    const say = (fault) => this.faults.push(`${method} ${url.pathname}${url.search} -> ${answer.status}: ${fault}`);
    const found = this.find(method, url.pathname);
    if (!found) {
      // What is not there is told like any other fault.
      if (answer.status !== 404 && answer.status !== 405) return say("there is no such operation in /openapi.json");
      return this.judgeBody(say, { content: { "application/json": { schema: { $ref: "#/components/schemas/ErrorResponse" } } } }, answer, bytes);
    }
    this.seen.add(`${found.method} ${found.path} ${answer.status}`);
    let expected = found.operation.responses[answer.status];
    if (!expected) return say("this status is not described");
    if (expected.$ref) expected = at(this.document, expected.$ref);
    for (const [name, header] of Object.entries(expected.headers ?? {})) {
      const value = answer.headers.get(name);
      if (value === null) { if (header.required) say(`the header ${name} is missing`); continue; }
      const fault = this.check(header.schema, typed(header.schema, value));
      if (fault) say(`header ${name}: ${fault}`);
    }
    this.judgeBody(say, expected, answer, bytes);
    if (answer.status < 400) this.judgeRequest(say, found, url, init);
  }

  judgeBody(say, expected, answer, bytes) {
    const media = (answer.headers.get("content-type") ?? "").split(";")[0].trim();
    if (!expected.content) { if (bytes.length > 0) say(`a body of ${media} is not described`); return; }
    const content = expected.content[media] ?? expected.content["*/*"];
    if (!content) return say(`the media type '${media}' is not described`);
    if (media !== "application/json" || expected.content["*/*"]) return;
    const fault = this.check(content.schema, JSON.parse(bytes.toString()));
    if (fault) say(`${fault} in ${bytes.toString().slice(0, 1500)}`);
  }

  // What the server took has to be what the document says that it takes.
  judgeRequest(say, { operation }, url, init) {
    const parameters = operation.parameters ?? [];
    for (const name of new Set(url.searchParams.keys())) {
      const parameter = parameters.find((p) => p.in === "query" && p.name === name);
      if (!parameter) { say(`the parameter ${name} was taken and is not described`); continue; }
      for (const value of url.searchParams.getAll(name)) {
        const fault = parameter.content
          ? value.startsWith("[") && this.check(parameter.content["application/json"].schema, JSON.parse(value))
          : this.check(parameter.schema, typed(parameter.schema, value));
        if (fault) say(`parameter ${name}: ${fault}`);
      }
    }
    for (const parameter of parameters) if (parameter.in === "query" && parameter.required && !url.searchParams.has(parameter.name)) say(`${parameter.name} is required, and it went without`);
    const body = init.body && String(init.body);
    if (!body) { if (operation.requestBody?.required) say("a body is required, and it went without"); return; }
    if (!operation.requestBody) return say("a body was taken and is not described");
    const fault = this.check(operation.requestBody.content["application/json"].schema, JSON.parse(body));
    if (fault) say(`request: ${fault} in ${body.slice(0, 1000)}`);
  }
}

const escape = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

const at = (document, pointer) => pointer.slice(2).split("/").reduce((node, step) => node[step.replaceAll("~1", "/").replaceAll("~0", "~")], document);

// Text of a query or header as the schema's type means it.
function typed(schema, text) {
  const types = [schema, ...(schema.anyOf ?? [])].flatMap((s) => s.type ?? []);
  if ((types.includes("integer") || types.includes("number")) && /^-?\d+$/.test(text)) return Number(text);
  if (types.includes("boolean") && /^(true|false)$/.test(text)) return text === "true";
  return text;
}

// A copy in which no object has more fields than the schema names, and references lead to the closed components.
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== "object") return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, key === "enum" || key === "const" || key === "examples" ? value : closed(value)]));
  if (typeof copy.$ref === "string") copy.$ref = copy.$ref.replace("#/components/schemas/", "schema:");
  if (copy.properties && !copy.$ref && [copy.type].flat().includes("object") && copy.additionalProperties === undefined) copy.additionalProperties = false;
  return copy;
}

/** Writes what this process used of the API, one word a line, for coverage.mjs. */
export function record(kind, words) {
  if (process.env.AGENTMTA_RECORD) appendFileSync(`${process.env.AGENTMTA_RECORD}/${kind}`, [...words].map((w) => w + "\n").join(""));
}
