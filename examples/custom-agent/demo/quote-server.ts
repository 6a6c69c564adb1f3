import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

const quotes = [
  "Measure twice, cut once.",
  "Haste makes waste.",
  "Slow and steady wins the race.",
  "Time and tide wait for no man.",
];

/** What is measured here: `GET /quotes/0` to `/quotes/3`, each answered after `delayMs`. */
export function createQuoteServer(delayMs: number): Server {
  return createServer((request, response) => {
    setTimeout(() => answer(request, response), delayMs);
  });
}

function answer({ url = "/" }: IncomingMessage, response: ServerResponse): void {
  const id = /^\/quotes\/(\d+)$/.exec(url)?.[1];
  const text = id === undefined ? undefined : quotes[Number(id)];
  response.statusCode = text === undefined ? 404 : 200;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(text === undefined ? { error: "no such quote" } : { id: Number(id), text }));
}

/** Makes a server listen on a port of the loopback interface, 0 for any free one, and returns its URL. */
export async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("a server on a port has an address");
  return `http://127.0.0.1:${address.port}`;
}
