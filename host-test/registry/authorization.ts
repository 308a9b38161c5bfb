// How a registry is shown who asks: Basic, or a token from the service that its challenge names.

import { RegistryError } from "./registry-error.ts";
import type { Credential, Credentials } from "./credentials.ts";

export interface Scope {
  repository: string;
  actions: "pull" | "pull,push";
}

const tokenTimeoutMs = 30_000;

export class Authorization {
  #registry: string;
  #credentials: Credentials;
  #headers = new Map<string, string>();

  constructor(registry: string, credentials: Credentials) {
    this.#registry = registry;
    this.#credentials = credentials;
  }

  header({ repository, actions }: Scope): string | undefined {
    return this.#headers.get(`${repository}:${actions}`);
  }

  /** Answers a 401. False: there is nothing more to show. Rejects with `RegistryError`. */
  async renew(challenge: string, scope: Scope, url: string): Promise<boolean> {
    const credential = await this.#credentials.find(this.#registry, scope.repository);
    const header = /(^|,\s*)Bearer\s/i.test(challenge)
      ? await this.#token(challenge, scope, url, credential)
      : basic(credential);
    if (header === undefined) return false;
    this.#headers.set(`${scope.repository}:${scope.actions}`, header);
    return true;
  }

  async #token(
    challenge: string,
    { repository, actions }: Scope,
    url: string,
    credential: Credential | undefined,
  ): Promise<string> {
    const parameter = (name: string): string =>
      new RegExp(`[\\s,]${name}="([^"]*)"`, "i").exec(challenge)?.[1] ?? "";
    const realm = URL.parse(parameter("realm"));
    if (!realm)
      throw new RegistryError(`${this.#registry} asks for a token and does not say where to get it`);
    if (realm.protocol !== "https:" && !url.startsWith("http:"))
      throw new RegistryError(`${this.#registry} asks for a token from ${realm.host} in cleartext: refused`);
    const parameters = new URLSearchParams({
      service: parameter("service"),
      scope: parameter("scope") || `repository:${repository}:${actions}`,
    });
    const response = await requestToken(realm, parameters, credential);
    const body = (await response.json().catch(() => ({}))) as { token?: string; access_token?: string };
    const token = body.token ?? body.access_token;
    if (!response.ok || token === undefined)
      throw new RegistryError(
        `${realm.host} gives no token for ${this.#registry}/${repository}: status ${response.status}`,
        response.status,
      );
    return `Bearer ${token}`;
  }
}

async function requestToken(
  realm: URL,
  parameters: URLSearchParams,
  credential: Credential | undefined,
): Promise<Response> {
  const signal = AbortSignal.timeout(tokenTimeoutMs);
  if (credential && "identityToken" in credential) {
    parameters.set("grant_type", "refresh_token");
    parameters.set("client_id", "gateway");
    parameters.set("refresh_token", credential.identityToken);
    return fetch(realm, { method: "POST", body: parameters, signal });
  }
  for (const [name, value] of parameters) realm.searchParams.set(name, value);
  const header = basic(credential);
  return fetch(realm, { signal, ...(header !== undefined && { headers: { authorization: header } }) });
}

function basic(credential: Credential | undefined): string | undefined {
  if (credential === undefined || "identityToken" in credential) return undefined;
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString("base64")}`;
}
