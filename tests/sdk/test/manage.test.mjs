import assert from "node:assert/strict";
import test from "node:test";
import { AgentMail, AgentMailClient } from "agentmail";
import { client, delivered, unique, until, url } from "../session.mjs";

test("lists block and let through, at each scope", async () => {
  const inbox = await client.inboxes.create({ username: unique("lists") });
  const entry = await client.inboxes.lists.create(inbox.inboxId, "send", "block", { entry: "Blocked.Example", reason: "no" });
  assert.equal(entry.entry, "blocked.example");
  assert.equal(entry.entryType, "domain");
  assert.equal(entry.inboxId, inbox.inboxId);
  await assert.rejects(() => client.inboxes.messages.send(inbox.inboxId, { to: "a@blocked.example", text: "x" }), (e) => e instanceof AgentMail.MessageRejectedError && e.body.code === "message_rejected");
  assert.equal((await client.inboxes.lists.list(inbox.inboxId, "send", "block")).count, 1);
  assert.equal((await client.inboxes.lists.get(inbox.inboxId, "send", "block", "blocked.example")).reason, "no");
  await client.inboxes.lists.delete(inbox.inboxId, "send", "block", "blocked.example");
  await assert.rejects(() => client.inboxes.lists.get(inbox.inboxId, "send", "block", "blocked.example"), AgentMail.NotFoundError);
  const address = `${unique("someone")}@elsewhere.example`;
  const root = await client.lists.create("receive", "block", { entry: address });
  assert.equal(root.entryType, "email");
  assert.ok((await client.lists.list("receive", "block")).entries.some((e) => e.entry === address));
  await client.lists.delete("receive", "block", address);
  await assert.rejects(() => client.lists.create("receive", "block", { entry: "@@" }), AgentMail.ValidationError);
});

test("a blocked sender's mail is labelled and hidden", async () => {
  const from = await client.inboxes.create({ username: unique("spammer") });
  const to = await client.inboxes.create({ username: unique("victim") });
  await client.inboxes.lists.create(to.inboxId, "receive", "block", { entry: from.inboxId });
  await client.inboxes.messages.send(from.inboxId, { to: to.inboxId, subject: "buy", text: "buy" });
  const hidden = await until(() => client.inboxes.messages.list(to.inboxId, { includeBlocked: true }), (l) => l.count === 1);
  assert.ok(hidden.messages[0].labels.includes("blocked"));
  assert.equal((await client.inboxes.messages.list(to.inboxId)).count, 0);
});

test("pods hold inboxes apart", async () => {
  const pod = await client.pods.create({ name: "Tenant", clientId: unique("pod") });
  const inbox = await client.pods.inboxes.create(pod.podId, { username: unique("tenant") });
  assert.equal(inbox.podId, pod.podId);
  assert.equal((await client.pods.inboxes.list(pod.podId)).count, 1);
  assert.ok((await client.pods.list()).pods.some((p) => p.podId === pod.podId));
  assert.equal((await client.pods.get(pod.podId)).name, "Tenant");
  const key = await client.pods.apiKeys.create(pod.podId, { name: "tenant key" });
  const tenant = new AgentMailClient({ apiKey: key.apiKey, baseUrl: url, maxRetries: 0 });
  assert.deepEqual((await tenant.inboxes.list()).inboxes.map((i) => i.inboxId), [inbox.inboxId]);
  const other = await client.inboxes.create();
  await assert.rejects(() => tenant.inboxes.get(other.inboxId), AgentMail.NotFoundError);
  await assert.rejects(() => tenant.inboxes.messages.list(other.inboxId), AgentMail.NotFoundError);
  await assert.rejects(() => client.pods.delete(pod.podId), (e) => e.statusCode === 409 && e.body.code === "cannot_delete");
  await client.pods.inboxes.delete(pod.podId, inbox.inboxId);
  await client.pods.delete(pod.podId);
  await assert.rejects(() => client.pods.get(pod.podId), AgentMail.NotFoundError);
  await assert.rejects(() => tenant.inboxes.list(), (e) => e.statusCode === 401);
});

test("keys are restricted, cannot escalate, and end at once", async () => {
  const { to } = await delivered();
  const made = await client.inboxes.apiKeys.create(to.inboxId, { name: "reader", permissions: { messageRead: true, inboxRead: true, apiKeyCreate: true } });
  assert.match(made.apiKey, /^am_/);
  const reader = new AgentMailClient({ apiKey: made.apiKey, baseUrl: url, maxRetries: 0 });
  assert.equal((await reader.auth.me()).scopeType, "inbox");
  assert.equal((await reader.inboxes.messages.list(to.inboxId)).count, 1);
  await assert.rejects(() => reader.inboxes.messages.send(to.inboxId, { to: to.inboxId, text: "x" }), (e) => e.statusCode === 403 && e.body.code === "missing_permission");
  await assert.rejects(() => reader.apiKeys.create({ permissions: { messageSend: true } }), (e) => e.statusCode === 403 && e.body.code === "permission_escalation");
  const got = await client.apiKeys.get(made.apiKeyId);
  assert.equal(got.type, "bearer");
  assert.equal(got.permissions.messageRead, true);
  assert.ok((await client.apiKeys.list({ limit: 100 })).apiKeys.some((k) => k.apiKeyId === made.apiKeyId));
  const renamed = await client.apiKeys.update(made.apiKeyId, { name: "renamed" });
  assert.equal(renamed.name, "renamed");
  await client.apiKeys.delete(made.apiKeyId);
  await assert.rejects(() => reader.auth.me(), (e) => e.statusCode === 401);
});

test("domains show records and a zone file", async () => {
  const name = `${unique("d").replace("-", "")}.example`;
  const domain = await client.domains.create({ domain: name });
  assert.equal(domain.status, "NOT_STARTED");
  assert.ok(domain.records.some((r) => r.type === "TXT" && r.name.includes("_domainkey")));
  assert.equal((await client.domains.get(name)).domain, name);
  const zone = Buffer.from(await (await client.domains.getZoneFile(name)).arrayBuffer()).toString();
  assert.match(zone, /_domainkey/);
  assert.equal((await client.domains.update(name, { trackingEnabled: true })).trackingEnabled, true);
  assert.ok((await client.domains.list({ limit: 100 })).domains.some((d) => d.domainId === name));
  await client.domains.delete(name);
  await assert.rejects(() => client.domains.get(name), AgentMail.NotFoundError);
});

test("metrics count what happened and what there is", async () => {
  const { to } = await delivered();
  const events = await client.inboxes.metrics.queryEvents(to.inboxId, { eventTypes: ["message.received"], period: 3600 });
  assert.equal(Object.values(events)[0].reduce((n, p) => n + p.count, 0), 1);
  const usage = await client.inboxes.metrics.queryUsage(to.inboxId, { usageTypes: ["message_count"] });
  assert.equal(Object.values(usage)[0].at(-1).value, 1);
  await assert.rejects(() => client.metrics.queryEvents({ period: 1 }), (e) => e.statusCode === 422);
});
