// Every method of the SDK's client, found by walking its prototypes, and which of them were called with success.
import { AgentMailClient } from "agentmail";

/** Calls visit(path, owner, name) for each public method, such as inboxes.messages.list. */
export function walk(client, visit, path = "", seen = new Set()) {
  if (seen.has(client)) return;
  seen.add(client);
  for (let type = Object.getPrototypeOf(client); type && type !== Object.prototype; type = Object.getPrototypeOf(type)) {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (name === "constructor" || name.startsWith("_")) continue;
      if (member.get) {
        const part = client[name];
        if (part && typeof part === "object") walk(part, visit, `${path}${name}.`, seen);
      } else if (typeof member.value === "function") {
        visit(path + name, type, name);
      }
    }
  }
}

/** All names, without duplicates (a wrapper may override what it wraps). */
export function names() {
  const all = new Set();
  walk(new AgentMailClient({ apiKey: "am_none", baseUrl: "http://127.0.0.1:1" }), (path) => all.add(path));
  return [...all];
}

/** Notes each method that answers well in the set; the methods themselves stay what they are. */
export function watch(called) {
  const done = new Set();
  walk(new AgentMailClient({ apiKey: "am_none", baseUrl: "http://127.0.0.1:1" }), (path, type, name) => {
    const method = type[name];
    if (done.has(method)) return;
    function watched(...args) {
      const answer = method.apply(this, args);
      Promise.resolve(answer).then(() => called.add(path), () => {});
      return answer;
    }
    done.add(watched);
    type[name] = watched;
  });
}
