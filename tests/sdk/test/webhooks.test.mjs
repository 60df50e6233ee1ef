import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import test from "node:test";
import { AgentMail } from "agentmail";
import { endpoint } from "../endpoint.mjs";
import { call, client, contract, unique, until } from "../session.mjs";

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

const signature = (secret, { headers, body }) =>
  "v1," + createHmac("sha256", Buffer.from(secret.slice(6), "base64")).update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest("base64");

test("an event is delivered signed, and once more after a fault", async (t) => {
  const { seen, url, close } = await endpoint((all) => (all.length === 1 ? 500 : 204));
  t.after(close);
  const from = await client.inboxes.create({ username: unique("hookfrom") });
  const to = await client.inboxes.create({ username: unique("hookto") });
  const hook = await client.inboxes.webhooks.create(to.inboxId, { url, eventTypes: ["message.received"], headers: { "X-Mine": "yes" } });
  const sent = await client.inboxes.messages.send(from.inboxId, { to: to.inboxId, subject: "Hooked", text: "hooked" });
  await until(async () => seen, (s) => s.length >= 2);
  const [first, second] = seen;
  assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
  assert.equal(second.headers["svix-id"], second.headers["webhook-id"]);
  assert.equal(second.headers["webhook-signature"], signature(hook.secret, second));
  assert.equal(second.headers["svix-signature"], signature(hook.secret, second));
  assert.equal(second.headers["x-mine"], "yes");
  const event = JSON.parse(second.body);
  assert.equal(contract.check({ $ref: "#/components/schemas/Event" }, event), "");
  assert.equal(event.event_type, "message.received");
  assert.equal(event.event_id, second.headers["webhook-id"]);
  assert.equal(event.message.message_id, sent.messageId);
  assert.equal((await call(`/v0/webhooks/${hook.webhookId}/dead-letters`)).body.count, 0);
  await client.webhooks.delete(hook.webhookId);
});

test("a secret is rotated and events are delivered again, below each scope", async (t) => {
  const { seen, url, close } = await endpoint(() => 200);
  t.after(close);
  const pod = await client.pods.create({ name: "Hooks" });
  const inbox = await client.pods.inboxes.create(pod.podId, { username: unique("replayed") });
  const scopes = [["/v0", client.webhooks, []], [`/v0/pods/${pod.podId}`, client.pods.webhooks, [pod.podId]], [`/v0/inboxes/${encodeURIComponent(inbox.inboxId)}`, client.inboxes.webhooks, [inbox.inboxId]]];
  for (const [root, webhooks, at] of scopes) {
    const before = seen.length;
    const hook = await webhooks.create(...at, { url, eventTypes: ["message.received"], ...(at.length === 0 ? { inboxIds: [inbox.inboxId] } : {}) });
    await client.inboxes.messages.send(inbox.inboxId, { to: inbox.inboxId, subject: root, text: "x" });
    await until(async () => seen, (s) => s.length === before + 1);
    const one = `${root}/webhooks/${hook.webhookId}`;
    const rotated = await call(`${one}/rotate-secret`, "POST");
    assert.notEqual(rotated.body.secret, hook.secret);
    assert.equal((await call(`${one}/rotate-secret`, "POST", { secret: "short" })).status, 400);
    assert.deepEqual((await call(`${one}/replay`, "POST", { event_ids: [seen[before].headers["webhook-id"]] })).body, { replayed: 1 });
    await until(async () => seen, (s) => s.length === before + 2);
    assert.equal(seen[before + 1].headers["webhook-id"], seen[before].headers["webhook-id"]);
    // While the old secret ends, both sign.
    assert.deepEqual(seen[before + 1].headers["webhook-signature"].split(" "), [signature(rotated.body.secret, seen[before + 1]), signature(hook.secret, seen[before + 1])]);
    assert.equal((await call(`${one}/dead-letters?limit=5`)).body.count, 0);
    await webhooks.delete(...at, hook.webhookId);
  }
});

test("an endpoint in a network that nobody permitted is refused at once", async () => {
  for (const host of ["10.0.0.1", "169.254.169.254", "[::1]"]) {
    await assert.rejects(() => client.webhooks.create({ url: `http://${host}/`, eventTypes: ["message.sent"] }), (e) => e instanceof AgentMail.ValidationError && /private network/.test(JSON.stringify(e.body)));
  }
});
