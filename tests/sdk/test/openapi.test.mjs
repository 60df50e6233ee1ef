import assert from "node:assert/strict";
import { test } from "node:test";
import { client, delivered, url } from "../session.mjs";

test("the OpenAPI document names each route it serves and every reference in it leads somewhere", async () => {
  const document = await (await fetch(`${url}/openapi.json`)).json();
  assert.equal(document.openapi, "3.1.0");
  assert.ok(Object.keys(document.paths).length > 80, `${Object.keys(document.paths).length} paths`);
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
  const { to, message } = await delivered();
  const answer = await (await client.fetch(`/v0/inboxes/${encodeURIComponent(to.inboxId)}/messages/${encodeURIComponent(message.messageId)}`)).json();
  const known = Object.keys(document.components.schemas.MessageResponse.properties);
  for (const key of Object.keys(answer)) assert.ok(known.includes(key), `${key} is served but not described`);
});
