import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import test from "node:test";
import { AgentMailClient } from "agentmail";
import WebSocket from "ws";
import { call, client, contract, delivered, key, unique, until, url } from "../session.mjs";

const eventTypes = contract.document.components.schemas.SubscribeFrame.properties.event_types.items.enum;

function right(name, frame) {
  assert.equal(contract.check({ $ref: `#/components/schemas/${name}` }, frame), "", JSON.stringify(frame));
}

test("the websocket tells of a message with its thread", async (t) => {
  const frames = [];
  const socket = await client.websockets.connect({ connectionTimeoutInSeconds: 30 });
  t.after(() => socket.close());
  socket.on("message", (f) => frames.push(f));
  socket.sendSubscribe({ type: "subscribe" });
  await until(async () => frames, (f) => f.some((x) => x.type === "subscribed"));
  const { to, message } = await delivered({ subject: "Live", text: "live" });
  const received = (await until(async () => frames, (f) => f.some((x) => x.eventType === "message.received" && x.message.inboxId === to.inboxId))).find((x) => x.message?.inboxId === to.inboxId);
  assert.equal(received.message.messageId, message.messageId);
  assert.equal(received.thread.threadId, message.threadId);
  assert.match(received.message.text, /live/);
  await until(async () => frames, (f) => f.some((x) => x.eventType === "message.delivered"));
});

test("every frame is one that /openapi.json describes", async (t) => {
  const frames = [];
  const socket = new WebSocket(`${url.replace("http", "ws")}/v0?api_key=${key}`);
  t.after(() => socket.terminate());
  socket.on("message", (data) => frames.push(JSON.parse(data.toString())));
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  socket.send("nonsense");
  socket.send(JSON.stringify({ type: "subscribe", event_types: ["message.imagined"] }));
  await until(async () => frames, (f) => f.length === 2);
  for (const frame of frames) right("ErrorFrame", frame);
  assert.match(frames[1].message, /imagined/);
  const subscribe = { type: "subscribe", event_types: eventTypes };
  right("SubscribeFrame", subscribe);
  socket.send(JSON.stringify(subscribe));
  right("SubscribedFrame", (await until(async () => frames, (f) => f.length > 2))[2]);

  const { from, to, message } = await delivered({ subject: "Frames", text: "f" });
  await client.inboxes.messages.update(to.inboxId, message.messageId, { addLabels: "todo" });
  await client.inboxes.lists.create(to.inboxId, "receive", "block", { entry: from.inboxId });
  await client.inboxes.messages.send(from.inboxId, { to: to.inboxId, subject: "Blocked", text: "b" });
  await client.inboxes.messages.send(from.inboxId, { to: `${unique("nobody")}@agentmta.test`, subject: "Bounced", text: "b" });
  await client.inboxes.delete(to.inboxId).catch(() => {});
  const of = (type) => frames.some((f) => f.event_type === type && JSON.stringify(f).includes(from.inboxId));
  await until(async () => frames, () => ["message.queued", "message.sent", "message.delivered", "message.bounced"].every(of) && frames.some((f) => f.event_type === "inbox.deleted" && f.change.inbox_id === to.inboxId));
  for (const frame of frames.slice(3)) right("Event", frame);
  assert.ok(new Set(frames.map((f) => f.event_type)).size >= 8, "few kinds of events came");
});

test("after a lost connection the SDK comes back by itself, and goes on behind its last cursor", async (t) => {
  // Between the SDK and the server stands a wire that can be cut.
  const target = new URL(url);
  const wires = new Set();
  const wire = createServer((from) => {
    const to = connect(Number(target.port), target.hostname);
    for (const [a, b] of [[from, to], [to, from]]) a.on("data", (d) => b.write(d)).on("close", () => b.destroy()).on("error", () => b.destroy());
    wires.add(from);
  });
  await new Promise((r) => wire.listen(0, "127.0.0.1", r));
  const through = new AgentMailClient({ apiKey: key, baseUrl: `http://127.0.0.1:${wire.address().port}` });
  const inbox = await client.inboxes.create({ username: unique("resume") });
  const mailed = async (subject) => (await client.inboxes.messages.send(inbox.inboxId, { to: inbox.inboxId, subject, text: subject })).messageId;
  const events = [];
  let cursor;
  // One attempt that takes too long is the SDK's last, so a busy machine gets the time that it needs.
  const socket = await through.websockets.connect({ connectionTimeoutInSeconds: 30 });
  t.after(() => {
    socket.close();
    for (const cut of wires) cut.destroy();
    wire.close();
  });
  const subscribe = () => socket.sendSubscribe({ type: "subscribe", inboxIds: [inbox.inboxId], eventTypes: ["message.received"], after: cursor });
  socket.on("message", (frame) => {
    cursor = frame.cursor ?? cursor;
    if (frame.type === "event") events.push(frame);
  });
  socket.on("open", subscribe);
  subscribe();
  await until(async () => cursor, (c) => c !== undefined);
  const first = await mailed("Before");
  await until(async () => events, (e) => e.length === 1);
  for (const cut of wires) cut.destroy();
  const second = await mailed("While it was gone");
  await until(async () => events, (e) => e.length === 2);
  const third = await mailed("After");
  await until(async () => events, (e) => e.length === 3);
  assert.deepEqual(events.map((e) => e.message.messageId), [first, second, third]);
  assert.ok(events[0].cursor < events[1].cursor && events[1].cursor < events[2].cursor);
  assert.ok(wires.size >= 2);
});

test("the event log is read by poll, and waits", async () => {
  const start = (await call("/v0/events?after=now")).body;
  const waiting = call(`/v0/events?after=${start.cursor}&wait=20`).then((r) => r.body);
  await client.inboxes.create({ username: unique("poll") });
  const got = await waiting;
  assert.ok(got.events.length > 0);
  assert.ok(got.events[0].cursor > start.cursor);
  assert.equal((await call("/v0/events?after=yesterday")).status, 400);
});
