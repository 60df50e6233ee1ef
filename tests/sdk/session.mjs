import { after, afterEach } from "node:test";
import { AgentMailClient } from "agentmail";
import { Contract, record } from "./contract.mjs";
import { watch } from "./methods.mjs";

export const url = process.env.AGENTMTA_URL;
export const key = process.env.AGENTMTA_KEY;
if (!url || !key) throw new Error("Set AGENTMTA_URL and AGENTMTA_KEY to a running server.");

// A wrongly typed answer only makes the SDK warn: here it fails the test that saw it.
const warn = console.warn;
console.warn = (...args) => {
  if (String(args[0]).includes("Failed to validate")) throw new Error(args.map(String).join(" "));
  warn(...args);
};

// The SDK takes the global fetch at each call.
export const contract = await Contract.of(url);
globalThis.fetch = (input, init) => contract.exchange(url, input, init);
const called = new Set();
watch(called);
afterEach(() => {
  const faults = contract.take();
  if (faults.length > 0) throw new Error("The server does not do what /openapi.json says:\n" + faults.join("\n"));
});
after(() => {
  record("methods", called);
  record("operations", contract.seen);
});

export const client = new AgentMailClient({ apiKey: key, baseUrl: url, maxRetries: 0 });
export const unique = (name) => `${name}-${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;

export async function until(ask, isThere, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    if (Date.now() > end) throw new Error("It did not happen in time: " + JSON.stringify(answer).slice(0, 2000));
    await new Promise((r) => setTimeout(r, 50));
  }
}

// Two inboxes of this server and a message from the first to the second, as the second got it.
export async function delivered(body = { subject: "Hello", text: "Hello there" }) {
  const from = await client.inboxes.create({ username: unique("from"), displayName: "From" });
  const to = await client.inboxes.create({ username: unique("to") });
  const sent = await client.inboxes.messages.send(from.inboxId, { to: to.inboxId, ...body });
  const list = await until(() => client.inboxes.messages.list(to.inboxId), (l) => l.count > 0);
  return { from, to, sent, message: list.messages[0] };
}

// What lies beyond the SDK: the same server by plain HTTP.
export async function call(path, method = "GET", body, more = {}) {
  const answer = await fetch(url + path, { method, headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...more }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text && answer.headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text) : text || null };
}
