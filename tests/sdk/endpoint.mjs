// An HTTP endpoint of a test, on a free port of this machine.
import { createServer } from "node:http";

/** Keeps each request in seen and answers with what answer(seen) says: a status. */
export async function endpoint(answer) {
  const seen = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (d) => parts.push(d)).on("end", () => {
      seen.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(answer(seen)).end();
    });
  });
  await new Promise((r) => server.listen(0, "127.0.0.1", r));
  return { seen, url: `http://127.0.0.1:${server.address().port}/`, close: () => { server.closeAllConnections(); server.close(); } };
}
