import assert from "node:assert/strict";
import test from "node:test";
import { AgentMail } from "agentmail";
import { call, client, delivered, unique, until } from "../session.mjs";

// The index is a moment behind the store.
const found = (ask) => until(ask, (l) => l.count > 0);

test("messages are found by subject, text, participants and attachment names, with highlights", async () => {
  const word = unique("walrus").replace("-", "");
  const { from, to, message } = await delivered({
    subject: `Quarterly ${word} report`, text: `Dear agent,\nthe ${word} has landed in Caf\u00e9 M\u00fcnchen.`,
    attachments: [{ filename: "Budget 2026.xlsx", content: Buffer.from("x").toString("base64") }],
  });
  const list = await found(() => client.inboxes.messages.search(to.inboxId, { q: word.toUpperCase() }));
  assert.equal(list.count, 1);
  assert.equal(list.messages[0].messageId, message.messageId);
  assert.deepEqual(list.messages[0].highlights.subject, [`Quarterly **${word}** report`]);
  assert.match(list.messages[0].highlights.text[0], new RegExp(`the \\*\\*${word}\\*\\* has landed`));
  assert.equal(list.messages[0].highlights.from, undefined);
  const by = async (q, more) => (await client.inboxes.messages.search(to.inboxId, { q, ...more })).messages.length;
  assert.equal(await by("cafe munchen"), 1);
  assert.equal(await by(from.inboxId), 1);
  assert.equal(await by(from.inboxId.split("@")[0].slice(0, -1)), 1);
  assert.equal(await by("budget 2026"), 1);
  assert.equal(await by(`"${word} report"`), 1);
  assert.equal(await by(`"report ${word}"`), 0);
  assert.equal(await by(word, { before: new Date(Date.now() - 3600_000) }), 0);
  assert.equal(await by(word, { after: new Date(Date.now() - 3600_000) }), 1);
  const sender = await client.inboxes.messages.search(to.inboxId, { q: from.inboxId });
  assert.match(sender.messages[0].highlights.from[0], /\*\*/);
  await client.inboxes.messages.delete(to.inboxId, message.messageId);
  assert.equal(await by(word), 0);
});

test("threads are found once each at root, pod and inbox, page by page", async () => {
  const word = unique("otter").replace("-", "");
  const { from, to, message } = await delivered({ subject: `First ${word}`, text: "one" });
  await client.inboxes.messages.reply(to.inboxId, message.messageId, { text: `the ${word} answers` });
  await client.inboxes.messages.send(from.inboxId, { to: to.inboxId, subject: `Second ${word}`, text: "two" });
  const inPod = (q, more) => client.pods.threads.search(to.podId, { q, ...more });
  await until(() => client.inboxes.threads.search(to.inboxId, { q: word }), (l) => l.count === 2);
  const root = await until(() => client.threads.search({ q: word }), (l) => l.count === 4);
  assert.equal(root.threads.filter((t) => t.inboxId === to.inboxId).length, 2);
  assert.match(root.threads[0].highlights.subject[0], /\*\*/);
  assert.equal((await inPod(word)).count, 4);
  const seen = [];
  let pageToken;
  do {
    const page = await inPod(word, { limit: 1, pageToken });
    seen.push(...page.threads.map((t) => t.threadId));
    pageToken = page.nextPageToken;
  } while (pageToken);
  assert.equal(seen.length, 4);
  assert.equal(new Set(seen).size, 4);
});

test("a query that cannot be is told so, and none is a syntax error", async () => {
  const { to } = await delivered();
  for (const q of ["", "  ", "***", "x".repeat(501), Array.from({ length: 33 }, (_, i) => `w${i}`).join(" ")]) {
    await assert.rejects(client.inboxes.messages.search(to.inboxId, { q }), (e) => e instanceof AgentMail.ValidationError && e.body.errors[0].path[0] === "q" && e.body.fix.length > 10);
    await assert.rejects(client.threads.search({ q }), (e) => e instanceof AgentMail.ValidationError);
  }
  assert.equal((await call(`/v0/inboxes/${encodeURIComponent(to.inboxId)}/messages/search`)).status, 400);
  for (const q of ['"', 'a" OR "b', "NEAR(a b) AND NOT (", "x* ^y {z}:w -v", "'; DROP TABLE words; --", "\u0001 a"]) {
    const list = await client.inboxes.messages.search(to.inboxId, { q: q + " a" });
    assert.equal(list.count, list.messages.length);
  }
  await assert.rejects(client.inboxes.messages.search("nobody@agentmta.test", { q: "a" }), AgentMail.NotFoundError);
  await assert.rejects(client.inboxes.messages.search(to.inboxId, { q: "a", pageToken: "x" }), AgentMail.ValidationError);
});
