import { execFileSync } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { waitForService } from "../../src/wait/wait-for-service.ts";
import { closedPort, lookText, peer, says } from "./peers.ts";
import { type Cluster, cluster, host, programs } from "./real-servers.ts";

const isInstalled = programs.initdb !== undefined && programs.postgres !== undefined;

/** Starts a PostgreSQL that encrypts, with a certificate for `localhost` alone. Its port, and the file of the certificate. */
async function startEncrypted(
  data: Cluster,
): Promise<{ readonly port: number; readonly authority: string; readonly settle: Promise<unknown> }> {
  const authority = path.join(data.directory, "server.crt");
  const key = path.join(data.directory, "server.key");
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const shape = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", ...shape, ...subject, "-keyout", key, "-out", authority], { stdio: "ignore" });
  chmodSync(key, 0o600);
  // PostgreSQL, which does not run as root, reads a key of its own user alone.
  if (process.getuid?.() === 0) for (const file of [key, authority]) chownSync(file, 65_534, 65_534);
  const port = await closedPort();
  data.start(port, { ssl: "on" });
  return { port, authority, settle: waitForService(`tcp://${host}:${port}`) };
}

describe.runIf(isInstalled)("a PostgreSQL that encrypts", { timeout: 60_000 }, () => {
  test("and lets in nobody who does not is ready by default, with its password and its query", async () => {
    const { port, settle } = await startEncrypted(cluster(["hostssl all all all scram-sha-256"]));
    await settle;
    const at = `ann:secret@${host}:${port}/postgres`;
    // It fails, by a division by zero, over a connection in the clear.
    const query = "select 1 / count(*) from pg_stat_ssl where pid = pg_backend_pid() and ssl";
    for (const mode of ["", "?sslmode=allow", "?sslmode=prefer", "?sslmode=require"]) {
      expect(await lookText({ kind: "postgres", url: `postgres://${at}${mode}`, query })).toMatch(
        /^ready \(\d+\.\d+\)$/,
      );
    }
    expect(await lookText({ kind: "postgres", url: `postgres://${at}?sslmode=disable` })).toMatch(
      /^refused: .* says "no pg_hba\.conf entry for host .*, no encryption"$/,
    );
    expect(await lookText({ kind: "postgres", url: `postgres://ann:wrong-one@${host}:${port}/postgres` })).toBe(
      `refused: ${host}:${port} says "password authentication failed for user \\"ann\\""`,
    );
  });

  test("is looked at in the clear where its rules want that", async () => {
    const { port, settle } = await startEncrypted(cluster(["hostnossl all all all scram-sha-256"]));
    await settle;
    const url = `postgres://ann:secret@${host}:${port}/postgres`;
    expect(await lookText({ kind: "postgres", url })).toMatch(/^ready \(/);
    expect(await lookText({ kind: "postgres", url: `${url}?sslmode=require` })).toMatch(
      /^refused: .*, SSL encryption"$/,
    );
  });

  test("has to have a certificate by somebody who is trusted, and for its own name, as the address says", async () => {
    const { port, authority, settle } = await startEncrypted(cluster(["hostssl all all all scram-sha-256"]));
    await settle;
    const addressed = (name: string, more: string): string =>
      `postgres://ann:secret@${name}:${port}/postgres?sslmode=${more}`;
    const trusting = `&sslrootcert=${encodeURIComponent(authority)}`;
    for (const url of [
      addressed("localhost", `verify-full${trusting}`),
      addressed(host, `verify-ca${trusting}`),
      addressed(host, `require${trusting}`),
    ]) {
      expect(await lookText({ kind: "postgres", url })).toMatch(/^ready \(/);
    }
    for (const more of ["sslmode=verify-ca", "sslmode=verify-full", "sslrootcert=system"]) {
      const url = `postgres://ann:secret@${host}:${port}/postgres?${more}`;
      expect(await lookText({ kind: "postgres", url })).toBe(
        `unhealthy: the certificate of ${host}:${port} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)`,
      );
    }
    expect(await lookText({ kind: "postgres", url: addressed(host, `verify-full${trusting}`) })).toBe(
      `unhealthy: the certificate of ${host}:${port} is not trusted (ERR_TLS_CERT_ALTNAME_INVALID)`,
    );
    const projectRoot = path.dirname(authority);
    const relative = addressed("localhost", "verify-full&sslrootcert=server.crt");
    expect(await lookText({ kind: "postgres", url: relative }, { projectRoot })).toMatch(/^ready \(/);
    expect(await lookText({ kind: "postgres", url: relative })).toMatch(
      /^cannot-look: localhost:\d+: the file of sslrootcert cannot be read: ENOENT.*server\.crt/,
    );
    expect(await lookText({ kind: "postgres", url: addressed(host, "prefer&sslrootcert=/nowhere.pem") })).toMatch(
      /^ready \(/,
    );
  });

  test("is not what does not", async () => {
    const port = await closedPort();
    cluster(["host all all all scram-sha-256"]).start(port);
    const url = `postgres://ann:secret@${host}:${port}/postgres`;
    expect(await waitForService(url)).toMatchObject({ outcome: "ready" });
    expect(await lookText({ kind: "postgres", url: `${url}?sslmode=require` })).toBe(
      `unhealthy: ${host}:${port} does not encrypt, and sslmode=require wants it to`,
    );
  });
});

test("what says more in the clear than that it encrypts is not believed", async () => {
  const port = await peer(says("SR\0\0\0\u0008\0\0\0\0", "when asked"));
  expect(await lookText({ kind: "postgres", url: `postgres://ann:secret@${host}:${port}/shop` })).toMatch(
    /^other-program: /,
  );
});

test("what has no room for anybody says so before it is asked whether it encrypts", async () => {
  const text = Buffer.from("SFATAL\0C53300\0Msorry, too many clients already\0\0");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length + 4);
  const port = await peer(says(Buffer.concat([Buffer.from("E"), length, text]), "when asked"));
  expect(await lookText({ kind: "postgres", url: `postgres://ann:secret@${host}:${port}/shop` })).toBe(
    `unhealthy: ${host}:${port} says "sorry, too many clients already"`,
  );
});

test("what begins to encrypt and goes no further is given up at the deadline", async () => {
  const port = await peer(says("S", "when asked"));
  const url = `postgres://ann:secret@${host}:${port}/shop`;
  expect(await lookText({ kind: "postgres", url }, { deadlineMs: 300 })).toBe(
    `no-answer: nothing from ${host}:${port} within 0.3 s`,
  );
});
