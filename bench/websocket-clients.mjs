// Many readers in a process of their own: bare connections that count, so that what is measured is the other side.
import { connect } from "node:net";

const lastMark = Buffer.from("the-last-event");
let open = [];
let due = 0;

function openOne({ port, path, token, subscribe }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let isUp = false;
    let tail = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      if (!isUp) {
        const end = chunk.indexOf("\r\n\r\n");
        if (end === -1) return;
        const answer = chunk.toString("latin1");
        if (!answer.startsWith("HTTP/1.1 101")) {
          reject(new Error(answer));
          return;
        }
        isUp = true;
        if (subscribe) socket.write(masked(subscribe));
        resolve(socket);
      }
      // The mark may lie across two chunks.
      const end = Buffer.concat([tail, chunk.subarray(-512)]);
      tail = end.subarray(-64);
      if (!end.includes(lastMark)) return;
      tail = Buffer.alloc(0);
      due -= 1;
      if (due === 0) process.send({ done: true });
    });
    const headers = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol: apex.v1",
      ...(token ? [`Authorization: Bearer ${token}`] : []),
    ];
    socket.write(`${headers.join("\r\n")}\r\n\r\n`);
  });
}

/** A text frame of less than 126 bytes with a mask of zeros. */
function masked(text) {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

async function openAll(count, target) {
  open = [];
  for (let at = 0; at < count; at += 1) open.push(await openOne(target));
  // What was subscribed to is subscribed to.
  setTimeout(() => process.send({ opened: true }), 200);
}

process.on("message", ({ command, count, ...target }) => {
  if (command === "open") {
    void openAll(count, target);
  } else if (command === "expect") {
    due = open.length;
    process.send({ ready: true });
  } else {
    for (const socket of open) socket.destroy();
    setTimeout(() => process.send({ closed: true }), 200);
  }
});
