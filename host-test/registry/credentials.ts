// Who the user is at a registry, from a file in the form of Docker's config.json (also Podman's, and the content of
// a Secret of type kubernetes.io/dockerconfigjson).

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export type Credential = { username: string; password: string } | { identityToken: string };

interface Entry {
  auth?: string;
  username?: string;
  password?: string;
  identitytoken?: string;
}

interface DockerConfiguration {
  auths?: Record<string, Entry>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

/** The file, or what it refers to, cannot be used. The message never holds a secret. */
export class CredentialsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CredentialsError";
  }
}

export class Credentials {
  /** Where they come from, for messages. */
  readonly source: string;
  #configuration: DockerConfiguration;

  /** Throws `CredentialsError`. */
  constructor(source: string, content: string) {
    this.source = source;
    let parsed: unknown;
    try {
      parsed = JSON.parse(content);
    } catch {
      throw new CredentialsError(`${source} is not JSON`);
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
      throw new CredentialsError(`${source}: expected an object with "auths"`);
    this.#configuration = parsed as DockerConfiguration;
  }

  /** The named file; without a name the first there is of those that Docker and Podman use, or nothing. */
  static async read(file?: string): Promise<Credentials> {
    const path = file ?? standardFiles().find((candidate) => existsSync(candidate));
    if (path === undefined) return new Credentials("no credentials file", "{}");
    const content = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      const reason = error.code === "ENOENT" ? "no such file" : error.message;
      throw new CredentialsError(`credentials file ${path}: ${reason}`);
    });
    return new Credentials(path, content);
  }

  /** The most specific entry: `HOST/PATH` before `HOST`. Rejects with `CredentialsError`. */
  async find(registry: string, repository: string): Promise<Credential | undefined> {
    const { auths = {}, credHelpers = {}, credsStore } = this.#configuration;
    const helper = credHelpers[registry];
    if (helper !== undefined) return this.#ask(helper, registry);
    const parts = [registry, ...repository.split("/")];
    for (let length = parts.length; length > 0; length--) {
      const wanted = parts.slice(0, length).join("/");
      const key = Object.keys(auths).find((name) => plainName(name) === wanted);
      const found = key === undefined ? undefined : this.#decode(key, auths[key]!);
      if (found) return found;
    }
    return credsStore === undefined ? undefined : this.#ask(credsStore, registry);
  }

  #decode(key: string, { auth, username, password, identitytoken }: Entry): Credential | undefined {
    if (identitytoken) return { identityToken: identitytoken };
    if (username !== undefined && password !== undefined) return { username, password };
    if (!auth) return undefined;
    const decoded = Buffer.from(auth, "base64").toString("utf8");
    const colon = decoded.indexOf(":");
    if (colon <= 0)
      throw new CredentialsError(`${this.source}: auths["${key}"].auth: expected base64 of USER:PASSWORD`);
    return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
  }

  /** Of a credential helper: docker-credential-NAME, which answers JSON. */
  async #ask(helper: string, registry: string): Promise<Credential | undefined> {
    if (!/^[\w.-]+$/.test(helper))
      throw new CredentialsError(`${this.source}: ${helper} is no helper's name`);
    const program = `docker-credential-${helper}`;
    const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "ignore"] });
    const started = new Promise<void>((settle, reject) => {
      child.once("spawn", settle);
      child.once("error", (error) => reject(new CredentialsError(`${program}: ${error.message}`)));
    });
    await started;
    // A helper that ends without reading is no failure of ours.
    child.stdin.on("error", () => undefined);
    child.stdin.end(registry);
    const answer = await text(child.stdout);
    if (/credentials not found/.test(answer)) return undefined;
    try {
      const { Username, Secret } = JSON.parse(answer) as { Username: string; Secret: string };
      return Username === "<token>" ? { identityToken: Secret } : { username: Username, password: Secret };
    } catch {
      throw new CredentialsError(`${program} get: expected JSON with Username and Secret`);
    }
  }
}

function standardFiles(): string[] {
  const { REGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR } = process.env;
  return [
    ...(REGISTRY_AUTH_FILE ? [REGISTRY_AUTH_FILE] : []),
    join(DOCKER_CONFIG || join(homedir(), ".docker"), "config.json"),
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, "containers", "auth.json")] : []),
  ];
}

/** Docker also writes `https://HOST/v1/`. */
function plainName(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
}
