// Images of real plugins through a real registry, looked at by skopeo and by our own resolver.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtModules, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { digestOf } from "../../images/digest.ts";
import { readLayout, writeLayout } from "../../images/layout.ts";
import type { Manifest } from "../../images/image.ts";
import { packagePlugin } from "../../images/package.ts";
import { Credentials } from "../../registry/credentials.ts";
import { ImageStore } from "../../registry/image-store.ts";
import { pushImage } from "../../registry/push.ts";
import { Registry } from "../../registry/registry.ts";
import { load, plugin } from "../gateway/resource-files.ts";
import { execute, hasRegistryTools, startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";

const name = "model-ratelimit";
const bin = fileURLToPath(new URL("../../bin/gateway.mjs", import.meta.url));

describe.skipIf(!(await hasRegistryTools()))("a registry", () => {
  let registry: DockerRegistry;
  let folder: string;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    folder = await mkdtemp(join(tmpdir(), "images-"));
  });
  afterAll(async () => {
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const layoutOf = async (): Promise<string> => {
    const layout = join(folder, "layout", name);
    await writeLayout(layout, await packagePlugin(name, "1.2.3", repositoryFolders));
    return layout;
  };
  const pushed = async (repository: string): Promise<string> => {
    const { stdout } = await execute(process.execPath, [
      ...[bin, "push", await layoutOf(), `${registry.host}/${repository}`],
    ]);
    return /:1\.2\.3@sha256:([0-9a-f]{64})\n/.exec(stdout)![1]!;
  };

  test("skopeo sees the digest that push prints, and the module's layer is the built module", async () => {
    const digest = await pushed("seen/one");
    const inspect = await execute("skopeo", [
      ...["inspect", "--tls-verify=false", `docker://${registry.host}/seen/one:1.2.3`],
    ]);
    const built = digestOf(await readFile(builtModules(name, repositoryFolders).higress));
    const seen = JSON.parse(inspect.stdout) as { Digest: string; Layers: string[]; RepoTags: string[] };
    expect(seen.Digest).toBe(`sha256:${digest}`);
    expect(seen.Layers[0]).toBe(built);
    expect(seen.RepoTags.toSorted()).toEqual(["1.2.3", "1.2.3-envoy", "1.2.3-hgctl"]);
  });

  test("skopeo copies a layout into the registry and back without changing a digest", async () => {
    const layout = await layoutOf();
    const [image] = await readLayout(layout);
    const target = `docker://${registry.host}/copied/one:1.2.3`;
    await execute("skopeo", [
      "--insecure-policy",
      "copy",
      "--dest-tls-verify=false",
      `oci:${layout}:1.2.3`,
      target,
    ]);
    const back = join(folder, "back");
    await execute("skopeo", [
      "--insecure-policy",
      "copy",
      "--src-tls-verify=false",
      target,
      `oci:${back}:1.2.3`,
    ]);
    expect((await readLayout(back))[0]!.manifest.digest).toBe(image!.manifest.digest);
  });

  test.each(["1.2.3", "1.2.3-hgctl"])("the host pulls tag %s and has the built module", async (tag) => {
    await pushed("pulled/other");
    const imageStore = new ImageStore(join(folder, `cache-${tag}`));
    const url = `oci://${registry.host}/pulled/other:${tag}`;
    const { model, lines } = await load(plugin("p", "").replace("file://m.wasm", url), { imageStore });
    expect(lines()).toEqual([]);
    const { higress } = builtModules(name, repositoryFolders);
    expect(digestOf(await readFile(model.plugins[0]!.modules.higress))).toBe(
      digestOf(await readFile(higress)),
    );
  });

  test("the digest in sha256 and in the reference is checked", async () => {
    const digest = await pushed("checked/other");
    const imageStore = new ImageStore(join(folder, "cache-checked"));
    const resource = (reference: string, sha256: string): string =>
      plugin("p", `sha256: "${sha256}"`).replace(
        "file://m.wasm",
        `oci://${registry.host}/checked/${reference}`,
      );
    expect((await load(resource("other:1.2.3", digest), { imageStore })).lines()).toEqual([]);
    expect((await load(resource(`other@sha256:${digest}`, digest), { imageStore })).lines()).toEqual([]);
    const wrong = "0".repeat(64);
    expect((await load(resource("other:1.2.3", wrong), { imageStore })).lines()[0]).toContain(
      `spec.sha256: is the digest of another image: expected ${wrong}, found ${digest}`,
    );
    expect((await load(resource(`other@sha256:${wrong}`, digest), { imageStore })).lines()[0]).toMatch(
      /cannot be pulled.*status 404, MANIFEST_UNKNOWN/,
    );
  });

  test("what was pulled once needs no registry", async () => {
    const own = await startDockerRegistry();
    const [image] = await packagePlugin(name, "1.2.3", repositoryFolders);
    await pushImage(new Registry(own.host, { credentials: new Credentials("none", "{}") }), "kept", image!);
    const imageStore = new ImageStore(join(folder, "cache-kept"));
    const text = plugin("p", "").replace("file://m.wasm", `oci://${own.host}/kept:1.2.3`);
    expect((await load(text, { imageStore })).lines()).toEqual([]);
    await own.stop();
    expect((await load(text, { imageStore })).lines()).toEqual([]);
    const always = text.trimEnd() + "\n  imagePullPolicy: Always\n";
    expect((await load(always, { imageStore })).lines()[0]).toContain("cannot be pulled");
  });

  test("push and pull show the user's credentials, and without them say who refused and what was tried", async () => {
    const own = await startDockerRegistry({
      htpasswd: "user:$2y$04$24HGmXxlnCJRvQBvD47lrOgGeRG0lSNqlcBZTldhI8K8h3F6wRVt2\n",
    });
    const content = JSON.stringify({ auths: { [own.host]: { username: "user", password: "a-password" } } });
    const [image] = await packagePlugin(name, "1.2.3", repositoryFolders);
    const stranger = new Registry(own.host, { credentials: new Credentials("an empty file", "{}") });
    await expect(pushImage(stranger, "kept", image!)).rejects.toThrow(
      /status 401, UNAUTHORIZED: .*; credentials: an empty file$/,
    );
    await pushImage(
      new Registry(own.host, { credentials: new Credentials("a file", content) }),
      "kept",
      image!,
    );
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: access}\nstringData: {.dockerconfigjson: ${JSON.stringify(content)}}\n`;
    const resource = plugin("p", "imagePullSecret: access").replace(
      "file://m.wasm",
      `oci://${own.host}/kept:1.2.3`,
    );
    const imageStore = new ImageStore(join(folder, "cache-secret"));
    expect((await load(secret + resource, { imageStore })).lines()).toEqual([]);
    await own.stop();
  });

  test("a blob that goes in many pieces arrives whole", async () => {
    const client = new Registry(registry.host, { credentials: new Credentials("none", "{}") });
    const [image] = await packagePlugin(name, "1.2.3", repositoryFolders);
    const digest = await pushImage(client, "pieces", image!, { chunkBytes: 10_000 });
    expect(digest).toBe(image!.manifest.digest);
    const { stdout } = await execute("skopeo", [
      ...["inspect", "--raw", "--tls-verify=false", `docker://${registry.host}/pieces:1.2.3`],
    ]);
    expect(digestOf(Buffer.from(stdout))).toBe(digest);
  });
});

test("the image has both forms that Higress's fetcher tries, and the tool's form has the documents", async () => {
  const [image, , tool] = await packagePlugin(name, "1.2.3", repositoryFolders);
  const types = (bytes: Uint8Array): string[] =>
    (JSON.parse(Buffer.from(bytes).toString()) as Manifest).layers.map(({ mediaType }) => mediaType);
  expect(types(image!.manifestBytes)).toEqual([
    "application/vnd.module.wasm.content.layer.v1+wasm",
    "application/vnd.oci.image.layer.v1.tar+gzip",
  ]);
  expect(types(tool!.manifestBytes)).toEqual([
    "application/vnd.module.wasm.spec.v1+yaml",
    "application/vnd.module.wasm.doc.v1+markdown",
    "application/vnd.module.wasm.doc.v1.zh+markdown",
    "application/vnd.module.wasm.doc.v1.en+markdown",
    "application/vnd.oci.image.layer.v1.tar+gzip",
  ]);
});

test("the same modules are packaged into the same bytes", async () => {
  const digests = async (): Promise<string[]> =>
    (await packagePlugin(name, "1.2.3", repositoryFolders)).map(({ manifest }) => manifest.digest);
  expect(await digests()).toEqual(await digests());
});

test("an entry of the credentials file is found by host and by path, and a broken one says where", async () => {
  const auth = Buffer.from("user:pass:word").toString("base64");
  const file = new Credentials("config.json", JSON.stringify({ auths: { "https://a.test/v1/": { auth } } }));
  expect(await file.find("a.test", "x/y")).toEqual({ username: "user", password: "pass:word" });
  expect(await file.find("b.test", "x/y")).toBeUndefined();
  const broken = new Credentials("config.json", '{"auths":{"a.test/x":{"auth":"bm9jb2xvbg=="}}}');
  await expect(broken.find("a.test", "x/y")).rejects.toThrow('config.json: auths["a.test/x"].auth');
  expect(() => new Credentials("config.json", "[")).toThrow("config.json is not JSON");
});
