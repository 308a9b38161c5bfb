// TLS to upstreams: the name that is asked for, and who is trusted.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findEnvoy } from "../../envoy/binary.ts";
import { runEnvoy, type EnvoyOptions } from "../../envoy/run.ts";
import type { Cluster } from "../../gateway/model.ts";
import { send } from "../../testing/scenario/client.ts";
import type { Answer } from "../../testing/scenario.ts";
import { cluster, model, route } from "./models.ts";

const name = "outbound|443||api.dns";
const run = promisify(execFile);
const hasOpenssl = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);
if (!hasOpenssl) console.error("skipped: no openssl to make a certificate with");

let folder: string;
let seen: { name: unknown; protocol: unknown }[];
let port: number;
let close: () => Promise<void>;

beforeAll(async () => {
  if (!hasOpenssl) return;
  folder = await mkdtemp(join(tmpdir(), "tls-test-"));
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "certificate.pem")];
  const subject = ["-subj", "/CN=api.test", "-addext", "subjectAltName=DNS:api.test"];
  await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...files, ...subject]);
  const key = await readFile(join(folder, "key.pem"));
  const cert = await readFile(join(folder, "certificate.pem"));
  const server = createSecureServer({ key, cert, allowHTTP1: true }, (message, response) => {
    const { servername, alpnProtocol } = (message.stream?.session?.socket ?? message.socket) as TLSSocket & {
      servername: string;
    };
    seen.push({ name: servername, protocol: alpnProtocol });
    response.end("secret");
  });
  server.on("sessionError", () => undefined).on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  close = async () => {
    server.close();
  };
});

afterAll(async () => {
  if (!hasOpenssl) return;
  await close();
  await rm(folder, { recursive: true });
});

async function ask(parts: Partial<Cluster>, options: EnvoyOptions): Promise<Answer> {
  seen = [];
  const gateway = model({ clusters: [cluster(name, port, parts)], routes: [route(name)] });
  const envoy = await runEnvoy(gateway, { port: 0, adminPort: 0, ...options });
  onTestFinished(() => envoy.stop());
  return send(envoy.port, {});
}

describe.skipIf(!hasOpenssl || !(await findEnvoy()))("TLS to an upstream", () => {
  test.each([
    ["http1", "http/1.1"],
    ["http2", "h2"],
  ] as const)("asks for the server's name and for %s", async (protocol, alpn) => {
    const trustedCa = join(folder, "certificate.pem");
    const answer = await ask({ tls: { serverName: "api.test" }, protocol }, { trustedCa });
    expect([answer.status, answer.text]).toEqual([200, "secret"]);
    expect(seen).toEqual([{ name: "api.test", protocol: alpn }]);
  });

  test("refuses a certificate for another name", async () => {
    const trustedCa = join(folder, "certificate.pem");
    const answer = await ask({ tls: { serverName: "other.test" } }, { trustedCa });
    expect([answer.status, seen]).toEqual([503, []]);
  });

  test("refuses a certificate that no authority of the system has signed", async () => {
    const answer = await ask({ tls: { serverName: "api.test" } }, {});
    expect([answer.status, seen]).toEqual([503, []]);
  });
});
