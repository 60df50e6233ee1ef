// What the server has beyond the SDK, as resources of the same API.
import assert from "node:assert/strict";
import test from "node:test";
import { AgentMail } from "agentmail";
import { call, client, delivered, unique, until } from "../session.mjs";
import { mail, smtp } from "../smtp.mjs";

const path = (...parts) => "/" + parts.map(encodeURIComponent).join("/");

async function get(at) {
  const { status, body } = await call(at);
  assert.equal(status, 200, `${at}: ${JSON.stringify(body)}`);
  return body;
}

test("a message tells how it came, and its author's verdict", async () => {
  const inbox = await client.inboxes.create({ username: unique("traced") });
  assert.match(await mail(inbox.inboxId, { Subject: "Traced", "Message-ID": `<${unique("t")}/a+b@sender.test>` }, "Hello"), /^250/);
  const message = (await until(() => client.inboxes.messages.list(inbox.inboxId), (l) => l.count === 1)).messages[0];
  const at = path("v0", "inboxes", inbox.inboxId, "messages", message.messageId);
  const trace = await get(at + "/trace");
  assert.ok(trace.gates.some((g) => g.gate === "dmarc" || g.name === "dmarc" || JSON.stringify(g).includes("dmarc")));
  assert.match(trace.text, /sender\.test/);
  assert.ok((await get(at)).authentication_results);
  const raw = await call(at + "/raw", "GET", undefined, { accept: "message/rfc822" });
  assert.match(raw.body, /^Return-Path: <ann@sender\.test>/);
  assert.equal((await get(path("v0", "inboxes", inbox.inboxId, "unread-count"))).count, 1);
  assert.equal((await call(at, "PATCH", { read: true })).status, 200);
  assert.equal((await get(path("v0", "inboxes", inbox.inboxId, "unread-count"))).count, 0);
  assert.equal((await get(`${path("v0", "inboxes", inbox.inboxId, "messages")}?verified_only=true&is_read=true&q=trac`)).count, 1);
  assert.equal((await call(at, "PATCH", { archived: true })).status, 200);
  assert.equal((await call(at, "PATCH", { archived: true })).body.code, "conflict");
  assert.equal((await get(path("v0", "inboxes", inbox.inboxId, "messages"))).count, 0);
  assert.equal((await get(`${path("v0", "inboxes", inbox.inboxId, "messages")}?include_archived=true`)).count, 1);
});

test("a list waits for its first message", async () => {
  const inbox = await client.inboxes.create({ username: unique("waiting") });
  const waiting = get(`${path("v0", "inboxes", inbox.inboxId, "messages")}?wait=30`);
  await client.inboxes.messages.send(inbox.inboxId, { to: inbox.inboxId, subject: "At last", text: "x" });
  assert.equal((await waiting).messages[0].subject, "At last");
});

test("what was refused at the door can be read", async () => {
  const stranger = `${unique("nobody")}@agentmta.test`;
  const [host, port] = process.env.AGENTMTA_SMTP.split(":");
  const replies = await smtp(host, Number(port), ["EHLO sender.test", "MAIL FROM:<ann@sender.test>", `RCPT TO:<${stranger}>`]);
  assert.match(replies.at(-1), /^550 5\.1\.1/);
  const listed = await until(() => get(`/v0/refusals?to=${encodeURIComponent(stranger)}`), (l) => l.count === 1);
  const refusal = await get(path("v0", "refusals", listed.refusals[0].refusal_id));
  assert.equal(refusal.code, 550);
  assert.equal(refusal.recipient, stranger);
});

test("what waits is listed, held, released, made due and dropped; the message shows each attempt", async () => {
  const inbox = await client.inboxes.create({ username: unique("queued") });
  const destination = "[127.0.0.77]";
  const sent = await client.inboxes.messages.send(inbox.inboxId, { to: `someone@${destination}`, subject: "Queued", text: "x" });
  const at = `${path("v0", "inboxes", inbox.inboxId, "messages", sent.messageId)}/deliveries`;
  const first = (await until(() => get(at), (l) => l.deliveries[0].state === "deferred" && l.deliveries[0].attempts.length > 0 && !l.deliveries[0].in_flight)).deliveries[0];
  assert.equal(first.attempts[0].host ?? first.destination, first.attempts[0].host ?? destination);
  assert.ok((await get("/v0/queue?limit=100")).deliveries.some((d) => d.delivery_id === first.delivery_id));
  assert.ok((await get("/v0/queue/totals")).totals.some((t) => t.destination === first.destination));
  const change = async (verb) => { const answer = await call(`/v0/queue/${verb}`, "POST", { delivery_id: first.delivery_id }); assert.equal(answer.status, 200, JSON.stringify(answer.body)); return answer.body.changed; };
  assert.equal(await change("hold"), 1);
  assert.equal((await get(at)).deliveries[0].state, "held");
  assert.equal(await change("release"), 1);
  await until(() => get(at), (l) => l.deliveries[0].state === "deferred" && l.deliveries[0].attempts.length >= 2 && !l.deliveries[0].in_flight);
  assert.equal(await change("flush"), 1);
  await until(() => get(at), (l) => l.deliveries[0].attempts.length >= 3 && !l.deliveries[0].in_flight);
  assert.equal(await change("drop"), 1);
  const full = await until(() => client.inboxes.messages.get(inbox.inboxId, sent.messageId), (m) => m.labels.includes("rejected"));
  assert.ok(full.labels.includes("sent"));
  assert.equal((await call("/v0/queue/flush", "POST", {})).body.code, "validation_error");
});

test("networks that fail to authenticate are shown to the operator alone, and forgiven", async () => {
  const { count, networks } = await get("/v0/auth-failures");
  assert.equal(count, networks.length);
  assert.equal((await call("/v0/auth-failures/192.0.2.1", "DELETE")).status, 204);
  assert.equal((await call("/v0/auth-failures/nowhere", "DELETE")).status, 400);
  const { apiKey } = await client.pods.apiKeys.create((await client.pods.create({ name: "Tenant" })).podId, { name: "tenant" });
  assert.equal((await call("/v0/auth-failures", "GET", undefined, { authorization: `Bearer ${apiKey}` })).body.code, "forbidden");
});

test("a suppressed address gets no mail until it is let go", async () => {
  const inbox = await client.inboxes.create({ username: unique("suppressing") });
  const address = `${unique("gone")}@elsewhere.example`;
  assert.equal((await call("/v0/suppressions", "POST", { address, reason: "asked by phone" })).body.reason, "manual");
  assert.equal((await call("/v0/suppressions", "POST", { address })).body.code, "already_exists");
  assert.equal((await get(`/v0/suppressions?address=${encodeURIComponent(address)}`)).suppressions[0].detail, "asked by phone");
  await assert.rejects(() => client.inboxes.messages.send(inbox.inboxId, { to: address, text: "x" }), (e) => e instanceof AgentMail.MessageRejectedError && /suppressions/.test(e.body.fix));
  assert.equal((await call(path("v0", "suppressions", address), "DELETE")).status, 204);
  assert.equal((await call(path("v0", "suppressions", address), "DELETE")).status, 404);
});

test("a use case makes its inbox and goes with it", async () => {
  const sender = `${unique("news")}@agentmta.test`;
  const made = (await call("/v0/use-cases", "POST", { sender, email_type: "marketing", unsubscribable: true, accepts_cold_inbound: false, entity_name: "Example", name: "News" })).body;
  assert.equal(made.inbox_id, sender);
  assert.ok((await get("/v0/use-cases?limit=100")).use_cases.some((u) => u.use_case_id === made.use_case_id));
  const changed = (await call(path("v0", "use-cases", made.use_case_id), "PATCH", { unsubscribe_scope: "setup", name: null })).body;
  assert.equal(changed.unsubscribe_scope, "setup");
  assert.equal(changed.name, undefined);
  assert.equal((await get(path("v0", "use-cases", made.use_case_id))).accepts_cold_inbound, false);
  assert.equal((await call(path("v0", "use-cases", made.use_case_id), "DELETE")).status, 204);
  await assert.rejects(() => client.inboxes.get(sender), AgentMail.NotFoundError);
});

test("keys of a pod and of an inbox are got below it", async () => {
  const pod = await client.pods.create({ name: "Keys" });
  const inbox = await client.pods.inboxes.create(pod.podId, { username: unique("keyed") });
  const [ofPod, ofInbox] = [await client.pods.apiKeys.create(pod.podId, { name: "p" }), await client.inboxes.apiKeys.create(inbox.inboxId, { name: "i" })];
  assert.equal((await get(path("v0", "pods", pod.podId, "api-keys", ofPod.apiKeyId))).name, "p");
  assert.equal((await get(path("v0", "inboxes", inbox.inboxId, "api-keys", ofInbox.apiKeyId))).inbox_id, inbox.inboxId);
  assert.equal((await call(path("v0", "inboxes", inbox.inboxId, "api-keys", ofPod.apiKeyId))).status, 404);
});

test("whoever asks without right or reason is told so", async () => {
  const without = (headers) => call("/v0/inboxes", "GET", undefined, { authorization: "", ...headers });
  assert.equal((await without({})).body.code, "missing_authorization");
  assert.equal((await without({ authorization: "Basic YTpi" })).body.code, "invalid_token_type");
  assert.equal((await without({ authorization: "Bearer am_none" })).body.code, "unknown_api_key");
  assert.equal((await call("/v0/nowhere")).body.code, "not_found");
  assert.equal((await call("/v0/inboxes", "PUT", {})).body.code, "method_not_allowed");
  assert.equal((await call("/v0")).body.code, "upgrade_required");
  assert.equal((await call("/v0/inboxes", "POST", { username: "x" }, { "content-type": "text/plain" })).body.code, "unsupported_media_type");
  const { to, message } = await delivered({ subject: "Range", text: "r", attachments: [{ filename: "a.txt", content: "aGk=" }] });
  const link = await client.inboxes.messages.getAttachment(to.inboxId, message.messageId, message.attachments[0].attachmentId);
  const beyond = await fetch(link.downloadUrl, { headers: { range: "bytes=99-" } });
  assert.equal(beyond.status, 416);
  assert.equal((await beyond.json()).code, "range_not_satisfiable");
  assert.equal((await get("/healthz")).status, "ok");
  assert.match(await get("/metrics"), /^agentmta_inbound_connections_open \d+$/m);
  assert.equal((await get("/openapi.json")).openapi, "3.1.0");
  assert.equal((await client.fetch("/v0/auth/me")).status, 200);
});

test("a message is claimed by one, renewed, given back, claimed again and acked", async () => {
  const { to, message } = await delivered({ subject: "Claimed", text: "c" });
  const root = path("v0", "inboxes", to.inboxId);
  const one = root + path("messages", message.messageId);
  const claim = async (body) => (await call(`${root}/messages/claim`, "POST", body)).body;
  const first = await claim({ lease_seconds: 60, labels: "received" });
  assert.equal(first.messages[0].message_id, message.messageId);
  assert.equal((await claim()).count, 0);
  const lease = first.messages[0].lease.token;
  assert.equal((await call(`${one}/renew`, "POST", { lease, lease_seconds: 120 })).body.state, "leased");
  assert.equal((await call(`${one}/release`, "POST", { lease, reason: "not mine" })).body.state, "waiting");
  assert.equal((await get(`${root}/turns`)).turns[0].reason, "not mine");
  const second = (await claim()).messages[0].lease;
  assert.equal(second.attempt, 2);
  assert.equal((await call(`${one}/ack`, "POST", { lease })).body.code, "lease_lost");
  assert.equal((await call(`${one}/ack`, "POST", { lease: second.token, add_labels: "answered" })).body.state, "done");
  assert.deepEqual((await client.inboxes.messages.get(to.inboxId, message.messageId)).labels.toSorted(), ["answered", "received"]);
});
