import assert from "node:assert/strict";
import test from "node:test";
import { AgentMail } from "agentmail";
import { client, delivered, unique, until } from "../session.mjs";

test("a draft is written, changed, sent once and gone", async () => {
  const inbox = await client.inboxes.create({ username: unique("drafts") });
  const made = await client.inboxes.drafts.create(inbox.inboxId, { to: [inbox.inboxId], subject: "One", text: "one", clientId: unique("d"), attachments: [{ filename: "a.txt", content: Buffer.from("hi").toString("base64") }] });
  assert.equal(made.attachments[0].size, 2);
  const link = await client.inboxes.drafts.getAttachment(inbox.inboxId, made.draftId, made.attachments[0].attachmentId);
  assert.equal(await (await fetch(link.downloadUrl)).text(), "hi");
  const changed = await client.inboxes.drafts.update(inbox.inboxId, made.draftId, { subject: "Two", addLabels: ["waiting"] });
  assert.equal(changed.subject, "Two");
  assert.equal(changed.text, "one");
  assert.equal((await client.inboxes.drafts.update(inbox.inboxId, made.draftId, { text: null })).text, undefined);
  assert.ok((await client.drafts.list()).drafts.some((d) => d.draftId === made.draftId));
  assert.equal((await client.inboxes.drafts.list(inbox.inboxId, { labels: ["waiting"] })).count, 1);
  const sent = await client.inboxes.drafts.send(inbox.inboxId, made.draftId, {});
  const got = await client.inboxes.messages.get(inbox.inboxId, sent.messageId);
  assert.equal(got.subject, "Two");
  assert.ok(got.labels.includes("waiting"));
  await assert.rejects(() => client.inboxes.drafts.get(inbox.inboxId, made.draftId), AgentMail.NotFoundError);
});

test("a reply draft keeps its target, a schedule fires once", async () => {
  const { to, message } = await delivered({ subject: "Question", text: "?" });
  const draft = await client.inboxes.drafts.create(to.inboxId, { inReplyTo: message.messageId, text: "Answer", sendAt: new Date(Date.now() + 500) });
  assert.equal(draft.sendStatus, "scheduled");
  assert.ok(draft.labels.includes("scheduled"));
  const thread = await until(() => client.threads.get(message.threadId), (t) => t.messageCount === 2);
  assert.equal(thread.messages[1].inReplyTo, message.messageId);
  assert.equal(thread.messages[1].subject, "Re: Question");
  await until(() => client.inboxes.drafts.list(to.inboxId), (l) => l.count === 0);
});

test("a schedule is taken back; an unsendable draft stays as failed", async () => {
  const inbox = await client.inboxes.create({ username: unique("sched") });
  const draft = await client.inboxes.drafts.create(inbox.inboxId, { subject: "Later", text: "x", sendAt: new Date(Date.now() + 3_600_000) });
  const freed = await client.inboxes.drafts.update(inbox.inboxId, draft.draftId, { sendAt: null });
  assert.equal(freed.sendStatus, undefined);
  assert.ok(!freed.labels.includes("scheduled"));
  await client.inboxes.drafts.update(inbox.inboxId, draft.draftId, { sendAt: new Date(Date.now() - 1000) });
  const failed = await until(() => client.inboxes.drafts.get(inbox.inboxId, draft.draftId), (d) => d.sendStatus === "failed");
  assert.match(failed.fault, /recipient/);
  await client.inboxes.drafts.delete(inbox.inboxId, draft.draftId);
});
