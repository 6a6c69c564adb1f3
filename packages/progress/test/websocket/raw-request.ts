import { connect } from "node:net";

/** What came back for bytes that were sent as they are. */
export interface RawAnswer {
  /** 0 where there was none. */
  readonly status: number;
  readonly text: string;
}

/** Sends lines of a request over a bare connection and reads the answer, of one without a length its head; `keep` sees the connection afterwards. */
export function sendRaw(port: number, lines: readonly string[], host = "127.0.0.1"): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    let text = "";
    const finish = (): void => {
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text });
    };
    socket.setTimeout(10_000, finish);
    socket.on("error", finish);
    socket.on("close", finish);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const bodyAt = text.indexOf("\r\n\r\n") + 4;
      const length = Number(/^content-length: (\d+)\r$/im.exec(text.slice(0, bodyAt))?.[1] ?? 0);
      if (bodyAt >= 4 && text.length >= bodyAt + length) finish();
    });
    socket.write([...lines, "", ""].join("\r\n"));
  });
}

/** The lines of a handshake. */
export function handshakeLines(
  path: string,
  headers: Readonly<Record<string, string | undefined>>,
  { version = "13", protocol = "apex.v1" }: { readonly version?: string; readonly protocol?: string } = {},
): string[] {
  const all = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": version,
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": protocol,
    ...headers,
  };
  return requestLines(path, all);
}

/** The lines of a request that is no handshake. */
export function requestLines(
  path: string,
  headers: Readonly<Record<string, string | undefined>>,
  method = "GET",
): string[] {
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [`${method} ${path} HTTP/1.1`, ...lines];
}
