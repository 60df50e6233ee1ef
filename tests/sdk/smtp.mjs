// As much SMTP as a test needs: one transaction, each reply in turn.
import { connect } from "node:net";

/** Sends the lines, reading a reply to each; returns all replies. A line "." ends data. */
export async function smtp(host, port, lines) {
  const socket = connect(port, host);
  socket.setEncoding("utf8");
  const replies = [];
  let waiting;
  let text = "";
  socket.on("data", (data) => {
    text += data;
    for (let end; (end = /^(\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(text)); ) {
      text = text.slice(end[0].length);
      replies.push(end[0].trimEnd());
      waiting?.();
    }
  });
  const reply = (count) => new Promise((resolve, reject) => {
    waiting = () => replies.length >= count && resolve();
    socket.once("error", reject).once("close", () => (replies.length >= count ? resolve() : reject(new Error(`The connection closed after ${replies.join(" | ")}`))));
    waiting();
  });
  await reply(1);
  for (const [i, line] of lines.entries()) {
    socket.write(line + "\r\n");
    await reply(i + 2);
  }
  socket.end("QUIT\r\n");
  return replies;
}

/** Mail from outside, as sender.test may send it (README, first start). */
export async function mail(to, headers, text) {
  const [host, port] = process.env.AGENTMTA_SMTP.split(":");
  const message = [...Object.entries({ From: "Ann <ann@sender.test>", To: to, ...headers }).map(([name, value]) => `${name}: ${value}`), "", text, "."].join("\r\n");
  const replies = await smtp(host, Number(port), ["EHLO sender.test", "MAIL FROM:<ann@sender.test>", `RCPT TO:<${to}>`, "DATA", message]);
  return replies.at(-1);
}
