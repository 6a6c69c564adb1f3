import { createQuoteServer, listen } from "./quote-server.ts";

// The service and its clients in one process, for `node --cpu-prof`.
const server = createQuoteServer(Number(process.env["QUOTE_DELAY_MS"] ?? 0));
const url = await listen(server, 0);
const startedMs = performance.now();
for (let round = 0; round < 10; round += 1) {
  await Promise.all([0, 1, 2, 3].map(async (id) => (await fetch(`${url}/quotes/${id}`)).json()));
}
console.log(`40 requests in ${Math.round(performance.now() - startedMs)} ms`);
server.closeAllConnections();
server.close();
