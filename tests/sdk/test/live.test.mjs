import assert from "node:assert/strict";
import test from "node:test";
import { call, client, delivered, unique, until } from "../session.mjs";

test("the websocket tells of a message with its thread", async () => {
  const frames = [];
  const socket = await client.websockets.connect();
  socket.on("message", (f) => frames.push(f));
  socket.sendSubscribe({ type: "subscribe" });
  await until(async () => frames, (f) => f.some((x) => x.type === "subscribed"));
  const { to, message } = await delivered({ subject: "Live", text: "live" });
  const received = (await until(async () => frames, (f) => f.some((x) => x.eventType === "message.received" && x.message.inboxId === to.inboxId))).find((x) => x.message?.inboxId === to.inboxId);
  assert.equal(received.message.messageId, message.messageId);
  assert.equal(received.thread.threadId, message.threadId);
  assert.match(received.message.text, /live/);
  await until(async () => frames, (f) => f.some((x) => x.eventType === "message.delivered"));
  socket.close();
});

test("the event log is read by poll, and waits", async () => {
  const start = (await call("/v0/events?after=now")).body;
  const waiting = call(`/v0/events?after=${start.cursor}&wait=20`).then((r) => r.body);
  await client.inboxes.create({ username: unique("poll") });
  const got = await waiting;
  assert.ok(got.events.length > 0);
  assert.ok(got.events[0].cursor > start.cursor);
});
