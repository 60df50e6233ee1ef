// The same resources below a pod and below an inbox.
import assert from "node:assert/strict";
import test from "node:test";
import { AgentMail } from "agentmail";
import { client, unique, until } from "../session.mjs";

// A pod with an inbox that got a message with a file from itself.
async function tenant() {
  const pod = await client.pods.create({ name: unique("Tenant") });
  const inbox = await client.pods.inboxes.create(pod.podId, { username: unique("tenant"), displayName: "Tenant" });
  const content = Buffer.from("file").toString("base64");
  await client.inboxes.messages.send(inbox.inboxId, { to: inbox.inboxId, subject: "Tenancy", text: "text", attachments: [{ filename: "a.txt", content }] });
  const list = await until(() => client.inboxes.messages.list(inbox.inboxId, { labels: ["received"] }), (l) => l.count === 1);
  return { pod, inbox, message: list.messages[0] };
}

test("a pod's inboxes are listed, searched, got and changed below it alone", async () => {
  const { pod, inbox } = await tenant();
  const other = await client.pods.create({ name: "Other" });
  assert.deepEqual((await client.pods.inboxes.list(pod.podId)).inboxes.map((i) => i.inboxId), [inbox.inboxId]);
  assert.equal((await client.pods.inboxes.search(pod.podId, { q: inbox.inboxId })).inboxes[0].inboxId, inbox.inboxId);
  assert.equal((await client.pods.inboxes.search(other.podId, { q: inbox.inboxId })).count, 0);
  assert.equal((await client.pods.inboxes.get(pod.podId, inbox.inboxId)).displayName, "Tenant");
  assert.equal((await client.pods.inboxes.update(pod.podId, inbox.inboxId, { displayName: "Renamed" })).displayName, "Renamed");
  await assert.rejects(() => client.pods.inboxes.get(other.podId, inbox.inboxId), AgentMail.NotFoundError);
});

test("threads are read, changed and deleted below their pod and their inbox", async () => {
  const { pod, inbox, message } = await tenant();
  for (const threads of [(m, ...args) => client.pods.threads[m](pod.podId, ...args), (m, ...args) => client.inboxes.threads[m](inbox.inboxId, ...args)]) {
    const listed = await threads("list", { senders: [inbox.inboxId], recipients: [inbox.inboxId], limit: 5 });
    assert.deepEqual(listed.threads.map((t) => t.threadId), [message.threadId]);
    const got = await threads("get", message.threadId);
    assert.equal(got.count, got.messages.length);
    assert.equal(got.attachments[0].filename, "a.txt");
    const link = await threads("getAttachment", message.threadId, got.attachments[0].attachmentId);
    assert.equal(await (await fetch(link.downloadUrl)).text(), "file");
    assert.ok((await threads("update", message.threadId, { addLabels: ["seen"] })).labels.includes("seen"));
    assert.ok(!(await threads("update", message.threadId, { removeLabels: ["seen"] })).labels.includes("seen"));
  }
  await client.pods.threads.delete(pod.podId, message.threadId);
  await assert.rejects(() => client.inboxes.threads.get(inbox.inboxId, message.threadId), AgentMail.NotFoundError);
  const again = await tenant();
  await client.threads.delete(again.message.threadId);
  await assert.rejects(() => client.pods.threads.get(again.pod.podId, again.message.threadId), AgentMail.NotFoundError);
});

test("drafts are read at root, pod and inbox", async () => {
  const { pod, inbox } = await tenant();
  const draft = await client.inboxes.drafts.create(inbox.inboxId, { subject: "D", text: "d", attachments: [{ filename: "d.txt", content: Buffer.from("draft").toString("base64") }] });
  const id = draft.attachments[0].attachmentId;
  for (const drafts of [client.drafts, Object.fromEntries(["list", "get", "getAttachment"].map((m) => [m, (...args) => client.pods.drafts[m](pod.podId, ...args)])), Object.fromEntries(["list", "get", "getAttachment"].map((m) => [m, (...args) => client.inboxes.drafts[m](inbox.inboxId, ...args)]))]) {
    assert.ok((await drafts.list({ limit: 100 })).drafts.some((d) => d.draftId === draft.draftId));
    assert.equal((await drafts.get(draft.draftId)).text, "d");
    assert.equal(await (await fetch((await drafts.getAttachment(draft.draftId, id)).downloadUrl)).text(), "draft");
  }
  await client.inboxes.drafts.delete(inbox.inboxId, draft.draftId);
  await assert.rejects(() => client.drafts.get(draft.draftId), AgentMail.NotFoundError);
});

test("domains belong to their pod", async () => {
  const pod = await client.pods.create({ name: "Domains" });
  const name = `${unique("p").replace("-", "")}.example`;
  const made = await client.pods.domains.create(pod.podId, { domain: name });
  assert.equal(made.podId, pod.podId);
  assert.equal((await client.pods.domains.list(pod.podId)).domains[0].domainId, name);
  assert.ok((await client.pods.domains.get(pod.podId, name)).records.length > 0);
  assert.match(Buffer.from(await (await client.pods.domains.getZoneFile(pod.podId, name)).arrayBuffer()).toString(), /_domainkey/);
  assert.equal((await client.pods.domains.update(pod.podId, name, { feedbackEnabled: false })).feedbackEnabled, false);
  await client.pods.domains.verify(pod.podId, name);
  await client.domains.verify(name);
  assert.notEqual((await client.domains.get(name)).status, "VERIFIED");
  await client.pods.domains.delete(pod.podId, name);
  await assert.rejects(() => client.pods.domains.get(pod.podId, name), AgentMail.NotFoundError);
});

test("lists, webhooks, keys and metrics lie at each scope", async () => {
  const { pod, inbox } = await tenant();
  const scopes = [
    [client.lists, client.webhooks, client.apiKeys, client.metrics, []],
    [client.pods.lists, client.pods.webhooks, client.pods.apiKeys, client.pods.metrics, [pod.podId]],
    [client.inboxes.lists, client.inboxes.webhooks, client.inboxes.apiKeys, client.inboxes.metrics, [inbox.inboxId]],
  ];
  for (const [lists, webhooks, keys, metrics, at] of scopes) {
    const address = `${unique("listed")}@elsewhere.example`;
    assert.equal((await lists.create(...at, "reply", "block", { entry: address, reason: "test" })).listType, "block");
    assert.equal((await lists.get(...at, "reply", "block", address)).entry, address);
    assert.ok((await lists.list(...at, "reply", "block", { limit: 100 })).entries.some((e) => e.entry === address));
    await lists.delete(...at, "reply", "block", address);
    await assert.rejects(() => lists.get(...at, "reply", "block", address), AgentMail.NotFoundError);

    const hook = await webhooks.create(...at, { url: "https://hooks.example/scope", eventTypes: ["message.sent"], headers: { "X-A": "1" } });
    assert.equal((await webhooks.get(...at, hook.webhookId)).secret, hook.secret);
    assert.ok((await webhooks.list(...at, { limit: 100 })).webhooks.some((w) => w.webhookId === hook.webhookId));
    assert.deepEqual((await webhooks.update(...at, hook.webhookId, { eventTypes: ["message.bounced"] })).eventTypes, ["message.bounced"]);
    await webhooks.updateHeaders(...at, hook.webhookId, { headers: { "X-B": "2" }, removeHeaders: ["X-A"] });
    assert.deepEqual((await webhooks.getHeaders(...at, hook.webhookId)).headerNames, ["X-B"]);
    await webhooks.delete(...at, hook.webhookId);
    await assert.rejects(() => webhooks.get(...at, hook.webhookId), AgentMail.NotFoundError);

    const made = await keys.create(...at, { name: "scope", permissions: { inboxRead: true } });
    assert.match(made.apiKey, /^am_/);
    assert.ok((await keys.list(...at, { limit: 100 })).apiKeys.some((k) => k.apiKeyId === made.apiKeyId));
    assert.equal((await keys.update(...at, made.apiKeyId, { name: "renamed" })).name, "renamed");
    await keys.delete(...at, made.apiKeyId);
    await assert.rejects(() => client.apiKeys.get(made.apiKeyId), AgentMail.NotFoundError);

    const events = await metrics.queryEvents(...at, { eventTypes: ["message.received"], start: new Date(Date.now() - 3_600_000), period: 600, descending: true, limit: 10 });
    assert.ok(Object.values(events)[0].some((p) => p.count > 0));
    const usage = await metrics.queryUsage(...at, { usageTypes: ["storage_bytes", "inbox_count"] });
    assert.ok(Object.values(usage)[0].at(-1).value > 0);
  }
});

test("pods come again by their client id and are listed in order", async () => {
  const clientId = unique("pod");
  const made = await client.pods.create({ name: "First", clientId });
  assert.equal((await client.pods.create({ name: "Second", clientId })).podId, made.podId);
  assert.equal((await client.pods.get(clientId)).name, "First");
  assert.equal((await client.pods.list({ limit: 1 })).pods[0].podId, made.podId);
  const oldest = await client.pods.list({ limit: 1, ascending: true });
  assert.notEqual(oldest.pods[0].podId, made.podId);
  assert.ok(oldest.nextPageToken);
  await client.pods.delete(made.podId);
});
