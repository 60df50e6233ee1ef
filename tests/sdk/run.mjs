// Runs the tests, then holds what they used of the SDK and of /openapi.json against all that there is.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exceptions } from "./exceptions.mjs";
import { names } from "./methods.mjs";

const folder = mkdtempSync(join(tmpdir(), "agentmta-sdk-"));
try {
  const tests = spawnSync(process.execPath, ["--test", "--test-reporter=tap", "--test-concurrency=2", "--test-timeout=240000", "test/"], { stdio: "inherit", env: { ...process.env, AGENTMTA_RECORD: folder } });
  if (tests.status !== 0) process.exitCode = 1;
  else if (!covered(folder, await (await fetch(`${process.env.AGENTMTA_URL}/openapi.json`)).json())) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function covered(from, document) {
  const read = (kind) => new Set(readdirSync(from).includes(kind) ? readFileSync(join(from, kind), "utf8").split("\n") : []);
  const [called, seen] = [read("methods"), read("operations")];
  const operations = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`));
  const done = new Set([...seen].filter((line) => /^[a-z]+ \S+ [23]/.test(line)).map((line) => line.split(" ").slice(0, 2).join(" ")));
  const methods = report("method of the SDK", names(), called, exceptions.methods);
  return report("operation of /openapi.json", operations, done, exceptions.operations) && methods;
}

// Everything is used with success by some test, or stands among the exceptions with a reason; an exception that is used, or is none, has to go.
function report(what, all, used, allowed) {
  const missing = all.filter((name) => !used.has(name) && !(name in allowed));
  const stale = Object.keys(allowed).filter((name) => used.has(name) || !all.includes(name));
  for (const name of missing) console.error(`not covered: no test uses the ${what} ${name} with success`);
  for (const name of stale) console.error(`not an exception any more: ${what} ${name}`);
  console.log(`# ${all.length - missing.length - Object.keys(allowed).length} of ${all.length} ${what} used, ${Object.keys(allowed).length} excepted`);
  return missing.length + stale.length === 0;
}
