// Starting, reloading and stopping a real Envoy, and asking it about a module.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findEnvoy } from "../../envoy/binary.ts";
import { runEnvoy, type EnvoyOptions, type RunningEnvoy } from "../../envoy/run.ts";
import { validateModule } from "../../envoy/validate.ts";
import type { GatewayModel } from "../../gateway/model.ts";
import { Upstream, type Script } from "../../testing/scenario.ts";
import { send } from "../../testing/scenario/client.ts";
import { cluster, model, plugin, route } from "./models.ts";
import { assemble, response } from "./wat.ts";

const name = "outbound|80||up.static";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "run-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function moduleFile(file: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${file}.wasm`);
  await writeFile(path, bytes);
  return path;
}

/** A module that marks every answer. */
const marking = (mark: string): Uint8Array =>
  assemble((text) => ({ response_headers: `${text.setHeader(response, "x-mark", mark)} (i32.const 0)` }));

async function upstream(script: Script = {}): Promise<Upstream> {
  const one = new Upstream("up", script);
  await one.listen("http1");
  onTestFinished(() => one.close());
  return one;
}

async function run(gateway: GatewayModel, options: EnvoyOptions = {}): Promise<RunningEnvoy> {
  const envoy = await runEnvoy(gateway, { port: 0, adminPort: 0, ...options });
  onTestFinished(() => envoy.stop());
  return envoy;
}

describe.skipIf(!(await findEnvoy()))("a running Envoy", () => {
  test("serves on the port it names, and its admin port is ready", async () => {
    const { port } = await upstream({ body: "hello" });
    const envoy = await run(model({ clusters: [cluster(name, port)], routes: [route(name)] }));
    expect((await send(envoy.port, {})).text).toBe("hello");
    const ready = await fetch(`http://127.0.0.1:${envoy.adminPort}/ready`);
    expect(ready.status).toBe(200);
    expect(await envoy.stat(`cluster.${name}.upstream_rq_200`)).toBe(1);
  });

  test("two at once do not disturb each other", async () => {
    const { port } = await upstream({ body: "hello" });
    const gateway = model({ clusters: [cluster(name, port)], routes: [route(name)] });
    const both = await Promise.all([run(gateway), run(gateway)]);
    const answers = await Promise.all(both.map((envoy) => send(envoy.port, {})));
    expect(answers.map(({ text }) => text)).toEqual(["hello", "hello"]);
  });

  test("a port that is taken is an error that names it, and nothing is left running", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    await expect(run(model(), { port })).rejects.toThrow(new RegExp(`127.0.0.1:${port}.*in use`));
    await expect(run(model(), { adminPort: port })).rejects.toThrow(new RegExp(`127.0.0.1:${port}.*in use`));
  });

  test("a route to a cluster that is not there is an error that names it", async () => {
    await expect(run(model({ routes: [route("nowhere")] }))).rejects.toThrow("unknown cluster 'nowhere'");
  });

  test("a module that needs Higress is refused before Envoy starts, with where and why", async () => {
    const redis = assemble(() => ({}), {
      declarations:
        '(import "env" "proxy_redis_init" (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))',
    });
    const path = await moduleFile("redis", redis);
    await expect(run(model({ plugins: [plugin(path)] }))).rejects.toThrow(
      "resources.yaml:7: plugin test.plugin: needs Redis (proxy_redis_init), which only Higress offers; use the node engine",
    );
  });

  test("a module that is not built is refused by its path", async () => {
    await expect(run(model({ plugins: [plugin("/nowhere/absent.wasm")] }))).rejects.toThrow(
      "/nowhere/absent.wasm does not exist; build it first",
    );
  });

  test("a module that was rebuilt in place is taken by a reload", async () => {
    const { port } = await upstream({ body: "ok" });
    const path = await moduleFile("rebuilt", marking("old"));
    const gateway = model({
      clusters: [cluster(name, port)],
      routes: [route(name)],
      plugins: [plugin(path)],
    });
    const envoy = await run(gateway);
    expect((await send(envoy.port, {})).header("x-mark")).toBe("old");
    await writeFile(path, marking("new"));
    await envoy.reload(gateway);
    expect((await send(envoy.port, {})).header("x-mark")).toBe("new");
  });

  test("a refused reload names the plugin and its reason, and a later one is taken", async () => {
    const { port } = await upstream({ body: "ok" });
    const refusing = assemble((text) => ({ configure: `${text.log("no")} (i32.const 0)` }));
    const serving = { clusters: [cluster(name, port)], routes: [route(name)] };
    const envoy = await run(
      model({ ...serving, plugins: [plugin(await moduleFile("good", marking("good")))] }),
    );
    const refused = model({
      ...serving,
      plugins: [plugin(await moduleFile("bad", refusing), { name: "test.bad" })],
    });
    await expect(envoy.reload(refused)).rejects.toMatchObject({ plugin: "test.bad" });
    expect((await send(envoy.port, {})).header("x-mark")).toBe("good");
    await envoy.reload(model(serving));
    expect((await send(envoy.port, {})).header("x-mark")).toBeUndefined();
  });

  test("a stop with a drain lets running answers end", async () => {
    const gate = Promise.withResolvers<void>();
    const up = await upstream({ chunks: ["first", () => gate.promise, "last"] });
    const envoy = await run(model({ clusters: [cluster(name, up.port)], routes: [route(name)] }));
    const answer = send(envoy.port, {});
    await up.next();
    const stopped = envoy.stop({ drainMs: 60_000 });
    gate.resolve();
    expect((await answer).text).toBe("firstlast");
    await stopped;
    expect(await envoy.ended).toBe(0);
  });

  test("a plugin in an endless loop does not keep Envoy from stopping", async () => {
    const { port } = await upstream();
    const looping = assemble((text) => ({
      request_headers: `${text.log("looping")} (loop $l (br $l)) (i32.const 0)`,
    }));
    const path = await moduleFile("looping", looping);
    const logged = Promise.withResolvers<void>();
    const envoy = await run(
      model({ clusters: [cluster(name, port)], routes: [route(name)], plugins: [plugin(path)] }),
      { onLog: ({ message }) => message.includes("looping") && logged.resolve() },
    );
    const answer = send(envoy.port, {});
    await logged.promise;
    await envoy.stop();
    expect((await answer).status).toBe(0);
    expect(await envoy.ended).toBeNull();
  });

  test("Envoy ends with the process that started it, even if that one is killed", async () => {
    const runner = new URL("../../envoy/run.ts", import.meta.url).href;
    const program = `
      const { runEnvoy } = await import(${JSON.stringify(runner)});
      const model = { plugins: [], clusters: [], routes: [], ignored: [] };
      const { adminPort } = await runEnvoy(model, { port: 0, adminPort: 0 });
      console.log(adminPort);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program]);
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const ready = `http://127.0.0.1:${Number(line)}/ready`;
    expect((await fetch(ready)).status).toBe(200);
    parent.kill("SIGKILL");
    const isGone = (): Promise<boolean> =>
      fetch(ready).then(
        () => false,
        () => true,
      );
    await expect.poll(isGone).toBe(true);
  });

  test("what a plugin logs outside of ASCII arrives as it was", async () => {
    const speaking = assemble((text) => ({
      configure: `${text.log(Buffer.from('grün "x"\\n\t…', "utf8").toString("latin1"))} (i32.const 1)`,
    }));
    const path = await moduleFile("speaking", speaking);
    const envoy = await run(model({ plugins: [plugin(path)] }));
    await expect.poll(() => envoy.logs.map(({ message }) => message)).toContain('wasm log: grün "x"\\n\t…');
  });

  test("a plugin's environment variables reach it", async () => {
    const reading = assemble(
      (text) => ({
        configure: `
        (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
        (drop (call $environ_get (i32.const 32768) (i32.const 36864)))
        (drop (call $proxy_log (i32.const 2) (i32.const 36864) (i32.load (i32.const 20))))
        ${text.note("")} (i32.const 1)`,
      }),
      {
        declarations: `
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))`,
      },
    );
    const path = await moduleFile("reading", reading);
    const envoy = await run(model({ plugins: [plugin(path, { environment: { MODE: "yes" } })] }));
    await expect.poll(() => envoy.logs.map(({ message }) => message).join("\n")).toContain("MODE=yes");
  });
});

describe.skipIf(!(await findEnvoy()))("validation of a module", () => {
  test("a module that takes its configuration is valid", async () => {
    expect(await validateModule(await moduleFile("valid", marking("x")))).toEqual({ valid: true });
  });

  test.each([
    [
      "a refused configuration",
      assemble((text) => ({ configure: `${text.log("bad key", 4)} (i32.const 0)` })),
      "bad key",
    ],
    [
      "a missing import",
      assemble(() => ({}), { declarations: '(import "env" "proxy_unheard_of" (func))' }),
      "missing import: env.proxy_unheard_of",
    ],
    ["a missing version marker", new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), "Proxy-Wasm ABI version"],
  ])("%s is named", async (title, module, reason) => {
    const verdict = await validateModule(await moduleFile(title.replaceAll(" ", "-"), module), {
      configuration: "{}",
    });
    expect(verdict).toMatchObject({ valid: false, reason: expect.stringContaining(reason) });
  });
});
