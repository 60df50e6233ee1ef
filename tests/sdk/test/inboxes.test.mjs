import assert from "node:assert/strict";
import test from "node:test";
import { AgentMail, AgentMailClient, AgentMailError } from "agentmail";
import { client, unique, url } from "../session.mjs";

test("auth.me names the organization", async () => {
  const me = await client.auth.me();
  assert.equal(me.scopeType, "organization");
  assert.equal(me.scopeId, me.organizationId);
});

test("the organization tells what it has", async () => {
  const before = await client.organizations.get();
  assert.equal(before.organizationId, (await client.auth.me()).organizationId);
  assert.ok(before.createdAt instanceof Date && before.updatedAt instanceof Date);
  assert.equal(before.inboxLimit, undefined);
  assert.ok(before.domainCount > 0);
  assert.ok(before.inboxCount > 0);
});

test("a wrong key is 401 with a code", async () => {
  const stranger = new AgentMailClient({ apiKey: "am_wrong", baseUrl: url });
  await assert.rejects(() => stranger.inboxes.list(), (e) => e instanceof AgentMailError && e.statusCode === 401 && e.body.code === "unknown_api_key");
});

test("an inbox is made without a body, got, changed and deleted", async () => {
  const made = await client.inboxes.create();
  assert.match(made.inboxId, /@/);
  assert.ok(made.createdAt instanceof Date);
  const named = await client.inboxes.update(made.inboxId, { displayName: "Ann", metadata: { a: "1", n: 2, b: true } });
  assert.equal(named.displayName, "Ann");
  assert.deepEqual(named.metadata, { a: "1", n: 2, b: true });
  const dropped = await client.inboxes.update(made.inboxId, { metadata: { a: null } });
  assert.deepEqual(dropped.metadata, { n: 2, b: true });
  assert.equal((await client.inboxes.get(made.inboxId)).displayName, "Ann");
  await client.inboxes.delete(made.inboxId);
  await assert.rejects(() => client.inboxes.get(made.inboxId), AgentMail.NotFoundError);
});

test("client_id gives the same inbox again, another address on a taken name is refused", async () => {
  const id = unique("client");
  const first = await client.inboxes.create({ username: unique("a"), clientId: id });
  const again = await client.inboxes.create({ username: unique("b"), clientId: id });
  assert.equal(again.inboxId, first.inboxId);
  await assert.rejects(() => client.inboxes.create({ username: first.inboxId.split("@")[0] }), (e) => e.statusCode === 403 && e.body.code === "already_exists");
  await assert.rejects(() => client.inboxes.create({ username: "x", domain: "unknown.example" }), AgentMail.UnprocessableError);
});

test("inboxes are paged newest first and oldest first", async () => {
  const made = [await client.inboxes.create(), await client.inboxes.create(), await client.inboxes.create()].map((i) => i.inboxId);
  const one = await client.inboxes.list({ limit: 2 });
  assert.equal(one.count, 2);
  assert.deepEqual(one.inboxes.map((i) => i.inboxId), [made[2], made[1]]);
  const two = await client.inboxes.list({ limit: 2, pageToken: one.nextPageToken });
  assert.equal(two.inboxes[0].inboxId, made[0]);
  const oldest = await client.inboxes.list({ limit: 1, ascending: true });
  assert.equal(oldest.inboxes.length, 1);
  await assert.rejects(() => client.inboxes.list({ pageToken: "nonsense" }), (e) => e.statusCode === 400 && e.body.errors[0].path[0] === "page_token");
});

test("inboxes are found by a word of address or name", async () => {
  const word = unique("zebra").replace("-", "");
  const inbox = await client.inboxes.create({ username: `ab.${word}`, displayName: "Quagga Team" });
  assert.equal((await client.inboxes.search({ q: word })).inboxes[0].inboxId, inbox.inboxId);
  assert.ok((await client.inboxes.search({ q: "quag" })).inboxes.some((i) => i.inboxId === inbox.inboxId));
  assert.equal((await client.inboxes.search({ q: inbox.inboxId })).inboxes[0].inboxId, inbox.inboxId);
  await assert.rejects(() => client.inboxes.search({ q: "x" }), AgentMail.ValidationError);
});
