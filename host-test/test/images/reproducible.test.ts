// Whoever has the sources can make the images that are published, bit by bit: what a digest names can be checked.

import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtModules, listPlugins, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { moduleInArchive } from "../../images/archive.ts";
import { digestOf } from "../../images/digest.ts";
import type { Image, Manifest } from "../../images/image.ts";
import { packagePlugin } from "../../images/package.ts";
import { execute } from "./docker-registry.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** The one that compiles fastest. */
const smallest = "model-ratelimit";

describe("a clean build in another folder", () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "build-"))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("gives the same modules and the same image layout, bit by bit", async () => {
    const other = await cleanCopy(join(folder, "a folder of another länge"));
    // Neither the place nor what a person has set may be in the bytes.
    const environment = { TZ: "Asia/Shanghai", LC_ALL: "C", SOURCE_DATE_EPOCH: "1", NODE_OPTIONS: "" };
    const theirs = await packaged(other, join(folder, "theirs"), [smallest], environment);
    const ours = await packaged(root, join(folder, "ours"), [smallest]);
    expect(await digestsIn(theirs)).toEqual(await digestsIn(ours));
    for (const file of Object.values(builtModules(smallest, repositoryFolders)))
      expect((await readFile(join(other, relative(root, file)))).equals(await readFile(file))).toBe(true);
  });

  test.skipIf(!process.env["LONG"])("does so for every plugin, twice", { timeout: 900_000 }, async () => {
    const first = await packaged(await cleanCopy(join(folder, "first")), join(folder, "layouts-1"), []);
    const second = await packaged(await cleanCopy(join(folder, "2nd/place")), join(folder, "layouts-2"), []);
    const digests = await digestsIn(first);
    expect(digests.size).toBeGreaterThan(3 * listPlugins(repositoryFolders).length);
    expect(await digestsIn(second)).toEqual(digests);
  });
});

test.each(listPlugins(repositoryFolders))(
  "every module in the images of %s is the built one",
  async (name) => {
    const built = builtModules(name, repositoryFolders);
    const [higress, envoy, tool] = await packagePlugin(name, "1.2.3", repositoryFolders);
    for (const [image, file] of [
      [higress!, built.higress],
      [envoy!, built.envoy],
      [tool!, built.higress],
    ] as const) {
      const digest = digestOf(await readFile(file));
      expect(new Set((await modulesIn(image)).map(digestOf))).toEqual(new Set([digest]));
    }
  },
);

/** The bare layer's module and the archive's. */
async function modulesIn({ manifestBytes, blobs }: Image): Promise<Uint8Array[]> {
  const { layers } = JSON.parse(Buffer.from(manifestBytes).toString("utf8")) as Manifest;
  const modules: Uint8Array[] = [];
  for (const { mediaType, digest } of layers) {
    const blob = blobs.get(digest)!;
    if (mediaType.endsWith("+wasm")) modules.push(blob);
    if (mediaType.endsWith("+gzip")) modules.push(await moduleInArchive(blob));
  }
  return modules;
}

/** The sources as a clone has them after `npm ci`, nothing built. */
async function cleanCopy(target: string): Promise<string> {
  const left = new Set(["node_modules", "dist", "test", ".git", ".cache"]);
  for (const name of ["plugins", "shared", "scripts", "host-test", "docs", "asconfig.json", "package.json"]) {
    await cp(join(root, name), join(target, name), {
      recursive: true,
      filter: (path) => !left.has(path.split("/").at(-1)!),
    });
  }
  const modules = join(target, "node_modules");
  await mkdir(modules);
  const workspaces: Record<string, string> = {
    "as-proxy-wasm-sdk": join(target, "shared"),
    "proxy-wasm-host": join(target, "host-test"),
  };
  for (const name of await readdir(join(root, "node_modules")))
    await symlink(workspaces[name] ?? join(root, "node_modules", name), join(modules, name));
  // npm keeps another version that only the host needs there.
  const own = join("host-test", "node_modules");
  if (existsSync(join(root, own))) await symlink(join(root, own), join(target, own));
  return target;
}

async function packaged(
  repository: string,
  out: string,
  names: string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const args = [
    join(repository, "host-test/bin/gateway.mjs"),
    ...["package", ...names, "--out", out, "--version", "1.2.3"],
  ];
  await execute(process.execPath, args, { cwd: repository, env: { ...process.env, ...environment } });
  return out;
}

/** Of every file below the folder, by path. */
async function digestsIn(folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    digests.set(relative(folder, path), digestOf(await readFile(path)));
  }
  return digests;
}
