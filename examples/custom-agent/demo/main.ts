import { createQuoteServer, listen } from "./quote-server.ts";

// PORT: 0, the default, takes any free one. QUOTE_DELAY_MS makes the service slow.
const { PORT = "0", QUOTE_DELAY_MS = "0" } = process.env;
console.log(await listen(createQuoteServer(Number(QUOTE_DELAY_MS)), Number(PORT)));
