import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import test from "node:test";
import { AgentMail } from "agentmail";
import { call, client, delivered, unique, until } from "../session.mjs";

test("webhooks are made, changed and deleted", async () => {
  const made = await client.webhooks.create({ url: "https://hooks.example/in", eventTypes: ["message.received"], clientId: unique("hook"), headers: { "X-Token": "secret" } });
  assert.match(made.secret, /^whsec_/);
  assert.equal(made.enabled, true);
  assert.deepEqual((await client.webhooks.getHeaders(made.webhookId)).headerNames, ["X-Token"]);
  await client.webhooks.updateHeaders(made.webhookId, { headers: { "X-More": "1" }, removeHeaders: ["x-token"] });
  assert.deepEqual((await client.webhooks.getHeaders(made.webhookId)).headerNames, ["X-More"]);
  const inbox = await client.inboxes.create({ username: unique("hooked") });
  const changed = await client.webhooks.update(made.webhookId, { eventTypes: ["message.sent"], addInboxIds: [inbox.inboxId] });
  assert.deepEqual(changed.eventTypes, ["message.sent"]);
  assert.deepEqual(changed.inboxIds, [inbox.inboxId]);
  assert.ok((await client.webhooks.list()).webhooks.some((w) => w.webhookId === made.webhookId));
  await client.webhooks.delete(made.webhookId);
  await assert.rejects(() => client.webhooks.get(made.webhookId), AgentMail.NotFoundError);
});

test("an event is delivered signed, and once more after a fault", { skip: !process.env.AGENTMTA_LOOPBACK && "the server may not connect to this machine (AGENTMTA_LOOPBACK)" }, async () => {
  const seen = [];
  const endpoint = createServer((request, response) => {
    const parts = [];
    request.on("data", (d) => parts.push(d)).on("end", () => {
      seen.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(seen.length === 1 ? 500 : 204).end();
    });
  });
  await new Promise((r) => endpoint.listen(0, "127.0.0.1", r));
  const hook = await client.webhooks.create({ url: `http://127.0.0.1:${endpoint.address().port}/`, eventTypes: ["message.received"] });
  const { message } = await delivered({ subject: "Hooked", text: "hooked" });
  await until(async () => seen, (s) => s.length >= 2);
  const [first, second] = seen;
  assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
  const at = second.headers["webhook-timestamp"];
  const mac = createHmac("sha256", Buffer.from(hook.secret.slice(6), "base64")).update(`${second.headers["webhook-id"]}.${at}.${second.body}`).digest("base64");
  assert.equal(second.headers["webhook-signature"], `v1,${mac}`);
  assert.equal(second.headers["svix-signature"], `v1,${mac}`);
  const event = JSON.parse(second.body);
  assert.equal(event.event_type, "message.received");
  assert.equal(event.message.message_id, message.messageId);
  assert.equal((await call(`/v0/webhooks/${hook.webhookId}/dead-letters`)).body.count, 0);
  await client.webhooks.delete(hook.webhookId);
  endpoint.close();
});
