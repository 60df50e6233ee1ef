import assert from "node:assert/strict";
import test from "node:test";
import { AgentMail } from "agentmail";
import { client, delivered, unique, until } from "../session.mjs";

test("a message is sent, listed, read and answered in one thread", async () => {
  const { from, to, sent, message } = await delivered({ subject: "Order 7", text: "Where is it?", html: "<p>Where is <b>it</b>?</p>" });
  assert.equal(message.messageId, sent.messageId);
  assert.deepEqual(message.labels.toSorted(), ["received", "unread"]);
  const full = await client.inboxes.messages.get(to.inboxId, message.messageId);
  assert.match(full.text, /Where is it/);
  assert.match(full.html, /<b>it<\/b>/);
  assert.match(full.extractedText, /Where is it/);
  assert.equal(full.from, `From <${from.inboxId}>`);
  const reply = await client.inboxes.messages.reply(to.inboxId, message.messageId, { text: "On its way." });
  assert.equal(reply.threadId, message.threadId);
  const back = await until(() => client.inboxes.messages.list(from.inboxId, { labels: ["received"] }), (l) => l.count > 0);
  assert.equal(back.messages[0].subject, "Re: Order 7");
  assert.equal(back.messages[0].inReplyTo, sent.messageId);
  assert.equal(back.messages[0].threadId, sent.threadId);
  const thread = await client.inboxes.threads.get(from.inboxId, sent.threadId);
  assert.equal(thread.messageCount, 2);
  assert.equal(thread.count, 2);
  assert.deepEqual(thread.messages.map((m) => m.subject), ["Order 7", "Re: Order 7"]);
});

test("reply-all and forward reach everybody meant", async () => {
  const third = await client.inboxes.create({ username: unique("third") });
  const { from, to, message } = await delivered({ subject: "All", text: "to all", cc: third.inboxId });
  await client.inboxes.messages.replyAll(to.inboxId, message.messageId, { text: "all back" });
  const copy = await until(() => client.inboxes.messages.list(third.inboxId), (l) => l.count === 2);
  assert.equal(copy.messages[0].subject, "Re: All");
  await client.inboxes.messages.forward(to.inboxId, message.messageId, { to: third.inboxId, text: "see below" });
  const forwarded = await until(() => client.inboxes.messages.list(third.inboxId), (l) => l.count === 3);
  assert.equal(forwarded.messages[0].subject, "Fwd: All");
  assert.ok((await client.inboxes.messages.list(from.inboxId, { labels: ["received"] })).count >= 1);
});

test("attachments go out as base64 and come back by a URL without the key, in ranges", async () => {
  const bytes = Buffer.from("%PDF-1.4 attachment \u00e9 " + "x".repeat(5000));
  const { to, message } = await delivered({
    subject: "With file", text: "see file",
    attachments: [{ filename: "r\u00e9port.pdf", contentType: "application/pdf", content: bytes.toString("base64") }, { filename: "a.html", contentType: "text/html", content: Buffer.from("<script>1</script>").toString("base64") }],
  });
  assert.equal(message.attachments.length, 2);
  const [pdf, html] = message.attachments;
  assert.equal(pdf.filename, "r\u00e9port.pdf");
  assert.equal(pdf.size, bytes.length);
  const link = await client.inboxes.messages.getAttachment(to.inboxId, message.messageId, pdf.attachmentId);
  const got = await fetch(link.downloadUrl);
  assert.equal(got.headers.get("x-content-type-options"), "nosniff");
  assert.match(got.headers.get("content-disposition"), /^attachment/);
  assert.deepEqual(Buffer.from(await got.arrayBuffer()), bytes);
  const part = await fetch(link.downloadUrl, { headers: { range: "bytes=2-5" } });
  assert.equal(part.status, 206);
  assert.equal(await part.text(), bytes.subarray(2, 6).toString());
  const inThread = await client.threads.getAttachment(message.threadId, html.attachmentId);
  const active = await fetch(inThread.downloadUrl);
  assert.equal(active.headers.get("content-type"), "application/octet-stream");
  assert.equal((await fetch(link.downloadUrl.replace(/signature=./, "signature=!"))).status, 403);
});

test("the raw message has what was received and what we put in front", async () => {
  const { to, message } = await delivered();
  const raw = await client.inboxes.messages.getRaw(to.inboxId, message.messageId);
  const text = await (await fetch(raw.downloadUrl)).text();
  assert.equal(Buffer.byteLength(text), raw.size);
  assert.match(text, /^Return-Path:/);
  assert.match(text, /DKIM-Signature:/);
  assert.match(text, /Hello there/);
});

test("labels are added, removed, searched by and bounded", async () => {
  const { to, message } = await delivered();
  const id = message.messageId;
  const updated = await client.inboxes.messages.update(to.inboxId, id, { addLabels: ["Todo", "read"], removeLabels: "unread" });
  assert.deepEqual(updated.labels.toSorted(), ["read", "received", "todo"]);
  assert.equal((await client.inboxes.messages.list(to.inboxId, { labels: ["todo", "read"] })).count, 1);
  assert.equal((await client.inboxes.messages.list(to.inboxId, { labels: ["todo", "other"] })).count, 0);
  await assert.rejects(() => client.inboxes.messages.update(to.inboxId, id, { addLabels: "sent" }), AgentMail.ValidationError);
  await assert.rejects(() => client.inboxes.messages.update(to.inboxId, id, { addLabels: " " }), AgentMail.ValidationError);
  await assert.rejects(() => client.inboxes.messages.update(to.inboxId, id, { addLabels: "x".repeat(65) }), AgentMail.ValidationError);
  await assert.rejects(() => client.inboxes.messages.update(to.inboxId, id, { addLabels: Array.from({ length: 21 }, (_, i) => `l${i}`) }), AgentMail.ValidationError);
  const events = await client.inboxes.events.list(to.inboxId);
  assert.ok(events.events.some((e) => e.eventType === "label.added" && e.label === "todo" && e.messageId === id));
  await client.inboxes.messages.update(to.inboxId, id, { addLabels: "trash" });
  assert.equal((await client.inboxes.messages.list(to.inboxId)).count, 0);
  assert.equal((await client.inboxes.messages.list(to.inboxId, { includeTrash: true })).count, 1);
  assert.equal((await client.inboxes.threads.list(to.inboxId)).count, 0);
});

test("batches read in order and change all or none", async () => {
  const { from, to, message } = await delivered();
  await client.inboxes.messages.send(from.inboxId, { to: to.inboxId, subject: "Second", text: "2" });
  const list = await until(() => client.inboxes.messages.list(to.inboxId), (l) => l.count === 2);
  const ids = list.messages.map((m) => m.messageId);
  const got = await client.inboxes.messages.batchGet(to.inboxId, { messageIds: [ids[1], "<unknown@x>", ids[0]] });
  assert.deepEqual(got.messages.map((m) => m.messageId), [ids[1], ids[0]]);
  assert.equal(got.limit, 3);
  const changed = await client.inboxes.messages.batchUpdate(to.inboxId, { messageIds: ids, addLabels: ["done"] });
  assert.equal(changed.count, 2);
  await assert.rejects(() => client.inboxes.messages.batchUpdate(to.inboxId, { messageIds: [ids[0], ids[0]], addLabels: ["x"] }), AgentMail.ValidationError);
  assert.ok(message.messageId);
});

test("a message is deleted for good and its thread with it", async () => {
  const { to, message } = await delivered();
  await client.inboxes.messages.delete(to.inboxId, message.messageId);
  await assert.rejects(() => client.inboxes.messages.get(to.inboxId, message.messageId), AgentMail.NotFoundError);
  await assert.rejects(() => client.inboxes.threads.get(to.inboxId, message.threadId), AgentMail.NotFoundError);
});

test("an idempotency key sends once; with other content it conflicts", async () => {
  const from = await client.inboxes.create({ username: unique("idem") });
  const options = { idempotencyKey: unique("key") };
  const body = { to: from.inboxId, subject: "Once", text: "once" };
  const first = await client.inboxes.messages.send(from.inboxId, body, options);
  const again = await client.inboxes.messages.send(from.inboxId, body, options);
  assert.equal(again.messageId, first.messageId);
  await assert.rejects(() => client.inboxes.messages.send(from.inboxId, { ...body, text: "twice" }, options), AgentMail.ConflictError);
});

test("faults of sending say what is wrong", async () => {
  const from = await client.inboxes.create({ username: unique("fault") });
  await assert.rejects(() => client.inboxes.messages.send(from.inboxId, { to: "not an address", text: "x" }), AgentMail.ValidationError);
  await assert.rejects(() => client.inboxes.messages.send(from.inboxId, { text: "nobody" }), (e) => e.statusCode === 422);
  await assert.rejects(() => client.inboxes.messages.reply(from.inboxId, "<a/b+c%2Fd@x.test>", { text: "x" }), AgentMail.NotFoundError);
  await assert.rejects(() => client.inboxes.messages.send(from.inboxId, { to: from.inboxId, attachments: [{ content: "%%%" }] }), AgentMail.ValidationError);
});

test("threads are listed at root, changed and deleted", async () => {
  const { to, message } = await delivered({ subject: unique("thread"), text: "t" });
  const listed = await client.threads.list({ subject: [message.subject] });
  assert.ok(listed.threads.some((t) => t.threadId === message.threadId));
  const changed = await client.threads.update(message.threadId, { addLabels: ["seen"], removeLabels: ["unread"] });
  assert.ok(changed.labels.includes("seen") && !changed.labels.includes("unread"));
  const got = await client.threads.get(message.threadId);
  assert.equal(got.inboxId, to.inboxId);
  await client.inboxes.threads.delete(to.inboxId, message.threadId);
  await assert.rejects(() => client.threads.get(message.threadId), AgentMail.NotFoundError);
});
