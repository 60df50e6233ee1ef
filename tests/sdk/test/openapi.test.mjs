import assert from "node:assert/strict";
import test from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { call, client, contract, delivered, unique } from "../session.mjs";

const { document } = contract;

// Every schema in the document with where it stands.
function* schemas(node, path = "#") {
  if (node === null || typeof node !== "object") return;
  for (const [key, value] of Object.entries(node)) {
    if (key === "schema" || /^#\/components\/schemas$/.test(path)) yield [`${path}/${key}`, value];
    yield* schemas(value, `${path}/${key}`);
  }
}

test("the document is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(structuredClone(document));
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(document.openapi, "3.1.0");
});

test("every reference leads somewhere, every operation has an id of its own and a tag that is described", () => {
  const walk = (node) => {
    if (Array.isArray(node)) return node.forEach(walk);
    if (node === null || typeof node !== "object") return;
    for (const [key, value] of Object.entries(node)) {
      if (key !== "$ref") { walk(value); continue; }
      let at = document;
      for (const step of value.slice(2).split("/")) at = at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")];
      assert.notEqual(at, undefined, value);
    }
  };
  walk(document);
  const ids = contract.operations.map((o) => o.operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  const tags = document.tags.map((t) => t.name);
  for (const { operation } of contract.operations) for (const tag of operation.tags) assert.ok(tags.includes(tag), `${operation.operationId}: ${tag}`);
});

test("every schema compiles and every field says what it is, with examples that are right", () => {
  const described = (schema, where) => {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (!where.includes("/responses/")) assert.ok(field.description || where.includes("healthz"), `${where}/${name} has no description`);
      for (const example of field.examples ?? []) assert.equal(contract.check(field, example), "", `${where}/${name}`);
    }
  };
  for (const [where, schema] of schemas(document)) {
    contract.check(schema, null);
    described(schema, where);
  }
});

test("what the document requires of a body is required", async () => {
  const pod = await client.pods.create({ name: "Required" });
  const { to: inbox, message } = await delivered();
  const hook = await client.webhooks.create({ url: "https://hooks.example/in", eventTypes: ["message.received"] });
  const values = { pod_id: pod.podId, inbox_id: inbox.inboxId, webhook_id: hook.webhookId, message_id: message.messageId, direction: "send", type: "block" };
  let asked = 0;
  for (const { method, path, operation } of contract.operations) {
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    const required = [...(schema?.required ?? []), ...((schema?.$ref && document.components.schemas[schema.$ref.split("/").at(-1)].required) || [])];
    if (required.length === 0) continue;
    const target = path.replace("/inboxes/{inbox_id}/webhooks/{webhook_id}", "/webhooks/{webhook_id}").replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? assert.fail(`${path}: ${name}`)));
    const { status, body } = await call(target, method.toUpperCase(), {});
    assert.equal(status, 400, `${method} ${path}`);
    assert.ok(required.includes(body.errors[0].path[0]), `${method} ${path}: ${JSON.stringify(body)}`);
    asked++;
  }
  assert.ok(asked >= 10, `${asked} operations were asked`);
});

test("the bounds of query parameters are held", async () => {
  const pod = await client.pods.create({ name: "Bounds" });
  const inbox = await client.inboxes.create({ username: unique("bounds") });
  const values = { pod_id: pod.podId, inbox_id: inbox.inboxId, direction: "send", type: "block" };
  let asked = 0;
  for (const { method, path, operation } of contract.operations) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
    if (method !== "get" || !path.startsWith("/v0/") || names.some((n) => !values[n])) continue;
    const needed = (operation.parameters ?? []).filter((p) => p.in === "query" && p.required).map((p) => `&${p.name}=word`).join("");
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));
    for (const { name, schema, required } of (operation.parameters ?? []).filter((p) => p.in === "query")) {
      const wrong = schema?.maximum !== undefined ? schema.maximum + 1 : schema?.format === "date-time" ? "yesterday" : schema?.type === "boolean" ? "perhaps" : required && schema.type === "string" ? "" : undefined;
      if (wrong === undefined) continue;
      const { status, body } = await call(`${target}?${name}=${wrong}${required ? "" : needed}`);
      assert.equal(status, 400, `${target}?${name}=${wrong}: ${JSON.stringify(body)}`);
      assert.equal(body.errors[0].path[0], name);
      asked++;
    }
  }
  assert.ok(asked >= 100, `${asked} parameters were asked`);
});

// A value that the schema forbids, for each bound that it names.
function* wrong(schema) {
  const [types, items] = [[schema.type].flat(), schema.items ?? {}];
  if (schema.enum) yield "none-of-these";
  if (schema.pattern) yield "\u00e9 ?";
  if (schema.maxLength) yield "x".repeat(schema.maxLength + 1);
  if (schema.minimum !== undefined) yield schema.minimum - 1;
  if (schema.maximum !== undefined) yield schema.maximum + 1;
  if (schema.maxItems) yield Array.from({ length: schema.maxItems + 1 }, (_, i) => (items.$ref ? { content: "aGk=" } : `x${i}@example.com`));
  if (items.maxLength) yield ["x".repeat(items.maxLength + 1)];
  if (items.minLength) yield [""];
  if (items.enum) yield ["none-of-these"];
  if (schema.maxProperties) yield Object.fromEntries(Array.from({ length: schema.maxProperties + 1 }, (_, i) => [`k${i}`, 1]));
  if (schema.propertyNames) yield { "none-of-these": true };
  if (schema.format === "date-time") yield "yesterday";
  if (types.includes("boolean")) yield "perhaps";
  if (types.includes("string")) yield 7;
  if (types.includes("array")) yield "text";
}

test("the bounds of the fields of a body are held", async () => {
  const pod = await client.pods.create({ name: "Bodies" });
  const { to: inbox, message } = await delivered();
  const hook = await client.webhooks.create({ url: "https://hooks.example/in", eventTypes: ["message.received"] });
  const draft = await client.inboxes.drafts.create(inbox.inboxId, { subject: "Bounds" });
  const named = await client.apiKeys.create({ name: "bounds" });
  const useCase = (await call("/v0/use-cases", "POST", { sender: `${unique("bodies")}@agentmta.test` })).body;
  const domain = await client.domains.create({ domain: `${unique("b").replace("-", "")}.example` });
  const values = {
    pod_id: pod.podId, inbox_id: inbox.inboxId, webhook_id: hook.webhookId, message_id: message.messageId, thread_id: message.threadId, draft_id: draft.draftId, api_key_id: named.apiKeyId,
    use_case_id: useCase.use_case_id, domain_id: domain.domainId, direction: "send", type: "block",
  };
  const accepted = [];
  let asked = 0;
  for (const { method, path, operation } of contract.operations) {
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    if (!schema || !path.startsWith("/v0/inboxes/") && path.includes("{pod_id}")) continue;
    const fields = document.components.schemas[schema.$ref.split("/").at(-1)];
    const target = path.replace("/inboxes/{inbox_id}/webhooks/{webhook_id}", "/webhooks/{webhook_id}").replace("/inboxes/{inbox_id}/api-keys/{api_key_id}", "/api-keys/{api_key_id}")
      .replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? assert.fail(`${path}: ${name}`)));
    const base = Object.fromEntries([...(schema.required ?? []), ...(fields.required ?? [])].map((name) => [name, fields.properties[name].examples?.[0] ?? "x"]));
    for (const [name, field] of Object.entries(fields.properties)) {
      for (const value of wrong(field)) {
        const { status } = await call(target, method.toUpperCase(), { ...base, [name]: value });
        if (status !== 400) accepted.push(`${method} ${path} ${name}=${JSON.stringify(value).slice(0, 60)} -> ${status}`);
        asked++;
      }
    }
  }
  assert.deepEqual(accepted, []);
  assert.ok(asked >= 200, `${asked} values were sent`);
});
