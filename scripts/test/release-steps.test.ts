// The steps of release.yml, each `run:` block as it stands there: from the checkout to the release's page, against a real
// registry. What only GitHub has is played: `gh` and `cosign` write down what they were asked (cosign's keyless signing needs
// an identity of GitHub's). Not run are the steps that install the machine's packages and cosign, and the tests.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  hasRegistryTools,
  startDockerRegistry,
  type DockerRegistry,
} from "../../host-test/test/images/docker-registry.ts";
import { buildPlugins, pluginNames } from "../build.mjs";
import { guestBuild, suite } from "../guest-build.mjs";

const execute = promisify(execFile);
const root = new URL("../../", import.meta.url).pathname;
const version = (JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string })
  .version;

interface Step {
  name: string;
  run: string;
  env?: Record<string, string>;
}

async function stepsOf(workflow: string, job: string): Promise<Step[]> {
  const text = await readFile(join(root, ".github/workflows", workflow), "utf8");
  return (parse(text) as { jobs: Record<string, { steps: Step[] }> }).jobs[job]!.steps;
}

const isReady = guestBuild === "release" && (await hasRegistryTools());

describe.skipIf(!isReady)("the steps of a release", () => {
  let registry: DockerRegistry;
  let folder: string;
  let environment: Record<string, string>;
  let steps: Step[];
  const place = (...names: string[]) => join(folder, ...names);
  const read = (...names: string[]) => readFile(place(...names), "utf8");

  /** Runs a step as GitHub's runner does, with its own environment and what earlier steps added to the path. */
  const run = async (name: string): Promise<string> => {
    const step = steps.find((one) => one.name === name)!;
    const own = Object.entries(step.env ?? {}).map(([key, value]) => [key, resolved(value)]);
    const script = place("step.sh");
    await writeFile(script, step.run);
    const { stdout } = await execute("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
      cwd: place("checkout"),
      env: { ...environment, ...(Object.fromEntries(own) as Record<string, string>) },
      maxBuffer: 1 << 26,
    });
    return stdout;
  };
  const resolved = (value: string): string =>
    value.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, expression: string) => {
      const known: Record<string, string> = {
        "github.token": "t",
        "runner.temp": place("runner"),
        "secrets.REGISTRY_USERNAME": "owner",
        "secrets.REGISTRY_PASSWORD": "pass:word",
      };
      return known[expression]!;
    });

  beforeAll(async () => {
    await buildPlugins([...pluginNames(), suite]);
    steps = await stepsOf("release.yml", "release");
    registry = await startDockerRegistry({ htpasswd: `owner:${bcryptOfPassword}\n` });
    folder = await mkdtemp(join(tmpdir(), "release-"));
    await Promise.all(["checkout", "runner", "bin", "pulled"].map((name) => mkdir(place(name))));
    const commit = await repository(place("owner", "name"));
    environment = {
      PATH: `${place("bin")}:${process.env.PATH}`,
      HOME: folder,
      CALLS: place("calls"),
      REGISTRY: `${registry.host}/ai-gateway`,
      RUNNER_TEMP: place("runner"),
      GITHUB_SERVER_URL: `file://${folder}`,
      GITHUB_REPOSITORY: "owner/name",
      GITHUB_SHA: commit,
      GITHUB_REF: `refs/tags/v${version}`,
      GITHUB_REF_NAME: `v${version}`,
      GITHUB_WORKFLOW_REF: `owner/name/.github/workflows/release.yml@refs/tags/v${version}`,
      GITHUB_EVENT_NAME: "push",
      GITHUB_RUN_ID: "7",
      GITHUB_RUN_ATTEMPT: "1",
    };
    for (const name of ["cosign", "gh"]) await program(name, `echo ${name} "$@" >> "$CALLS"`);
    // The packages of this checkout serve; only they are not installed again.
    const { stdout: npm } = await execute("which", ["npm"]);
    await program("npm", `[ "$1" = ci ] || exec ${npm.trim()} "$@"`);
  }, 600_000);

  afterAll(async () => {
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const program = async (name: string, script: string): Promise<void> => {
    await writeFile(place("bin", name), `#!/bin/bash\n${script}\n`);
    await chmod(place("bin", name), 0o755);
  };

  test("Check out: the commit of the tag, and nothing else", async () => {
    await run("Check out");
    const { stdout } = await execute("git", ["rev-parse", "HEAD"], { cwd: place("checkout") });
    expect(stdout.trim()).toBe(environment.GITHUB_SHA);
    await takePackages(place("checkout"));
    await cp(join(root, "dist"), place("checkout", "dist"), { recursive: true });
  });

  test("The tag, the version and the changelog agree: the changelog's section is the release's text", async () => {
    await run("The tag, the version and the changelog agree");
    expect(await read("runner", "notes.md")).toBe("- First.\n");
  });

  test("Package: an image of each plugin, a list of parts in SPDX's form, a statement in SLSA's", async () => {
    await run("Package");
    expect((await readdir(place("runner", "images"))).toSorted()).toEqual(
      [...pluginNames(), suite].toSorted(),
    );
    const parts = JSON.parse(await read("runner", "sbom.spdx.json")) as Record<string, unknown>;
    expect(parts).toMatchObject({
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: "SPDXRef-DOCUMENT",
    });
    expect((parts.creationInfo as { created: string }).created).toMatch(/^[\d-]+T[\d:]+Z$/);
    const packages = parts.packages as { name: string; versionInfo: string; SPDXID: string }[];
    expect(packages.map(({ name }) => name)).toContain("assemblyscript");
    expect(new Set(packages.map(({ SPDXID }) => SPDXID)).size).toBe(packages.length);
    const statement = JSON.parse(await read("runner", "provenance.json")) as Record<string, object>;
    expect(statement.buildDefinition).toMatchObject({
      resolvedDependencies: [{ digest: { gitCommit: environment.GITHUB_SHA } }, {}],
    });
  }, 600_000);

  test("Push, sign, attest: the registry has what is signed, by digest, and no credential is left", async () => {
    await run("Push, sign, attest");
    const images = (await read("runner", "images.txt")).trim().split("\n");
    expect(images).toHaveLength(3 * (pluginNames().length + 1));
    const calls = (await read("calls")).trim().split("\n");
    expect(calls).toHaveLength(3 * images.length);
    for (const image of images) {
      const [, name, tag, digest] = /^(.*):([\w.-]+)@(sha256:[0-9a-f]{64})$/.exec(image)!;
      const tools = ["--tls-verify=false", "--creds", "owner:pass:word"];
      const { stdout } = await execute("skopeo", ["inspect", ...tools, `docker://${name}:${tag}`]);
      expect((JSON.parse(stdout) as { Digest: string }).Digest).toBe(digest);
      expect(calls.filter((call) => call.endsWith(` ${name}@${digest}`))).toEqual([
        expect.stringMatching(/^cosign sign --yes /),
        expect.stringMatching(/^cosign attest --yes --type slsaprovenance1 --predicate .*provenance\.json /),
        expect.stringMatching(/^cosign attest --yes --type spdxjson --predicate .*sbom\.spdx\.json /),
      ]);
    }
    await expect(readdir(place("runner", "docker"))).rejects.toThrow("ENOENT");
  });

  test("the module in the registry is the one that was built", async () => {
    for (const name of [...pluginNames(), suite]) {
      const target = place("pulled", name);
      const tools = ["--src-tls-verify=false", "--src-creds", "owner:pass:word"];
      const image = `docker://${registry.host}/ai-gateway/${name}:${version}`;
      await execute("skopeo", ["copy", ...tools, image, `dir:${target}`]);
      const built = await readFile(join(root, "dist", `${name}.higress.wasm`));
      const digest = createHash("sha256").update(built).digest("hex");
      expect(built.equals(await readFile(join(target, digest)))).toBe(true);
    }
  });

  test("Release page: notes, images by digest, and the files", async () => {
    await rm(place("calls"));
    await run("Release page");
    const page = await read("runner", "release.md");
    expect(page.startsWith("- First.\n")).toBe(true);
    expect(page).toContain(await read("runner", "images.txt"));
    const [call] = (await read("calls")).trim().split("\n");
    expect(call).toMatch(new RegExp(`^gh release create v${version} --verify-tag --title v${version} `));
    for (const file of call!.split(" ").slice(-3)) expect((await readFile(file)).length).toBeGreaterThan(0);
  });
});

test("all workflows check out with the same lines, but for the tags that one of them needs", async () => {
  const jobs = [
    ["test.yml", "test"],
    ["test.yml", "performance"],
    ["long.yml", "long"],
    ["release.yml", "release"],
  ];
  const texts = await Promise.all(jobs.map(async ([file, job]) => (await stepsOf(file!, job!))[0]!.run));
  expect(new Set(texts.map((text) => text.replace("--tags", "--depth 1"))).size).toBe(1);
});

/** `pass:word`. */
const bcryptOfPassword = "$2y$04$26uAYjaOQNyjD.LgrhToEOghlMuifUQsfrOzlQByk/DKSKo46mVcy";

/** This checkout as it is, with a changelog that names the version, as a repository with a tag. Resolves with the commit. */
async function repository(target: string): Promise<string> {
  const git = async (...args: string[]) =>
    (
      await execute("git", ["-c", "user.name=owner", "-c", "user.email=owner@example.test", ...args], {
        cwd: target,
      })
    ).stdout;
  await mkdir(target, { recursive: true });
  const { stdout: tracked } = await execute(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    {
      cwd: root,
      maxBuffer: 1 << 26,
    },
  );
  for (const name of tracked.split("\0").filter(Boolean)) {
    await cp(join(root, name), join(target, name), { verbatimSymlinks: true }).catch(
      (error: { code: string }) => {
        // Deleted, and not yet committed.
        if (error.code !== "ENOENT") throw error;
      },
    );
  }
  await appendFile(join(target, "CHANGELOG.md"), `\n## ${version}\n\n- First.\n`);
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "release");
  await git("tag", `v${version}`);
  return (await git("rev-parse", "HEAD")).trim();
}

/** What `npm ci` would install: the packages of this checkout, by hard links where both are on one disk. */
async function takePackages(target: string): Promise<void> {
  for (const folder of ["node_modules", "shared/node_modules", "host-test/node_modules"]) {
    const [from, to] = [join(root, folder), join(target, folder)];
    if (!existsSync(from)) continue;
    await execute("cp", ["-alT", from, to]).catch(() => execute("cp", ["-aT", from, to]));
  }
}
