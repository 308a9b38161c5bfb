// A real registry behind what stands between: token services, and networks that fail.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { digestOf } from "../../images/digest.ts";
import type { Image } from "../../images/image.ts";
import { packagePlugin } from "../../images/package.ts";
import { Credentials } from "../../registry/credentials.ts";
import { pullModule } from "../../registry/pull.ts";
import { pushImage } from "../../registry/push.ts";
import { Registry } from "../../registry/registry.ts";
import { hasRegistryTools, startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";
import { startFront, type Fault, type Front, type FrontOptions } from "./registry-front.ts";

describe.skipIf(!(await hasRegistryTools()))("a registry behind a front", () => {
  let registry: DockerRegistry;
  let image: Image;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    [image] = (await packagePlugin("model-ratelimit", "1.2.3", repositoryFolders)) as [Image];
  });
  afterAll(() => registry.stop());

  const behind = async (options: FrontOptions): Promise<Front> => {
    const front = await startFront(registry.host, options);
    onTestFinished(() => front.close());
    return front;
  };
  const client = ({ host }: Front, account?: string): Registry => {
    const auths = account === undefined ? {} : { [host]: { auth: Buffer.from(account).toString("base64") } };
    const credentials = new Credentials("the test's file", JSON.stringify({ auths }));
    return new Registry(host, { credentials, retryDelayMs: () => 0 });
  };
  /** Digest of the module that the registry has. */
  const held = async (front: Front, repository: string, account?: string): Promise<string> => {
    const reference = { registry: front.host, repository, tag: "1.2.3", digest: undefined };
    return digestOf((await pullModule(client(front, account), reference)).module);
  };
  const built = (): string => digestOf([...image.blobs.values()].find((blob) => blob[0] === 0)!);

  test("is pushed to and pulled from with a token, and only the token service sees the password", async () => {
    const front = await behind({ account: "ann:pass:word" });
    await pushImage(client(front, "ann:pass:word"), "team/one", image);
    expect(await held(front, "team/one", "ann:pass:word")).toBe(built());
    expect(new Set(front.scopes)).toEqual(new Set(["repository:team/one:pull,push"]));
    const shown = new Set(front.seen.map(({ authorization }) => authorization));
    expect(shown).toEqual(new Set([undefined, "Bearer a-token-of-this-test"]));
  });

  test.each([undefined, "ann:wrong"])(
    "gives no token to %s, and the error says who asked whom",
    async (account) => {
      const front = await behind({ account: "ann:pass:word" });
      await expect(pushImage(client(front, account), "team/two", image)).rejects.toThrow(
        `${front.host} gives no token for ${front.host}/team/two: status 401`,
      );
    },
  );

  const faults: Fault[] = [503, 429, 500, 408, "reset"];
  test.each(faults)(
    "answers %s once to every kind of request, and the image is there all the same",
    async (fault) => {
      const failed = new Set<string>();
      const front = await behind({
        fault(method, path) {
          const kind = `${method} ${/blobs\/uploads|blobs|manifests/.exec(path)?.[0]}`;
          if (failed.has(kind)) return undefined;
          failed.add(kind);
          return fault;
        },
      });
      const repository = `faults/${fault}`;
      expect(await pushImage(client(front), repository, image)).toBe(image.manifest.digest);
      expect(await held(front, repository)).toBe(built());
      expect(failed.size).toBeGreaterThanOrEqual(5);
    },
  );

  test("loses the connection in the middle of a piece, and the blob arrives whole", async () => {
    let cuts = 0;
    const front = await behind({
      fault: (method) => (method === "PATCH" && cuts++ < 2 ? "cut body" : undefined),
    });
    await pushImage(client(front), "faults/cut", image, { chunkBytes: 20_000 });
    expect(cuts).toBeGreaterThan(2);
    expect(await held(front, "faults/cut")).toBe(built());
  });

  test("fails for good: five tries, then its status and its own words", async () => {
    const front = await behind({ fault: () => 503 });
    await expect(pushImage(client(front), "faults/all", image)).rejects.toThrow(/status 503/);
    expect(front.seen).toHaveLength(5);
    const busy = await behind({ fault: (method) => (method === "PUT" ? 429 : undefined) });
    await expect(pushImage(client(busy), "faults/busy", image)).rejects.toThrow(
      "status 429, TOOMANYREQUESTS: not now",
    );
  });
});
