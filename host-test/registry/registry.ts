// One registry over the distribution API: requests with credentials, tried again where that can help.

import { setTimeout } from "node:timers/promises";
import { Authorization, type Scope } from "./authorization.ts";
import type { Credentials } from "./credentials.ts";
import { RegistryError } from "./registry-error.ts";

export interface RegistryOptions {
  credentials: Credentials;
  /** How long to wait before the try after this one, from 1. */
  retryDelayMs?: (attempt: number) => number;
}

export interface RegistryRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
  /** False: the caller must look first what became of a request that failed. */
  retry?: boolean;
}

const attempts = 5;
const timeoutMs = 300_000;

export class Registry {
  readonly host: string;
  #base: string;
  #authorization: Authorization;
  #credentials: Credentials;
  #retryDelayMs: (attempt: number) => number;

  constructor(
    host: string,
    { credentials, retryDelayMs = (attempt) => 250 * 2 ** attempt }: RegistryOptions,
  ) {
    this.host = host;
    this.#base = `${isCleartext(host) ? "http" : "https"}://${host}`;
    this.#authorization = new Authorization(host, credentials);
    this.#credentials = credentials;
    this.#retryDelayMs = retryDelayMs;
  }

  /**
   * `target`: a path below the repository's, or the whole URL that the registry gave. Resolves with any answer but a
   * 401 or one worth another try. Rejects with `RegistryError`.
   */
  async request(scope: Scope, target: string, request: RegistryRequest = {}): Promise<Response> {
    const url = /^https?:/.test(target) ? target : `${this.#base}/v2/${scope.repository}/${target}`;
    const last = request.retry === false ? 1 : attempts;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#authorized(scope, url, request).catch((error: unknown) => error as Error);
      if (outcome instanceof RegistryError) throw outcome;
      const isTransient =
        outcome instanceof Error
          ? isInterruption(outcome)
          : [408, 429].includes(outcome.status) || outcome.status >= 500;
      if (!isTransient || attempt >= last) {
        if (outcome instanceof Error) throw new RegistryError(`${this.host}: ${reasonOf(outcome)}`);
        return outcome;
      }
      if (outcome instanceof Response) await outcome.body?.cancel();
      await setTimeout(this.#retryDelayMs(attempt));
    }
  }

  /** An error that says what was tried and what the registry answered. */
  async refusal(what: string, response: Response): Promise<RegistryError> {
    const body = (await response.json().catch(() => ({}))) as {
      errors?: { code?: string; message?: string }[];
    };
    const reasons = (body.errors ?? []).map(({ code, message }) =>
      [code, message].filter(Boolean).join(": "),
    );
    const hint = [401, 403].includes(response.status) ? `; credentials: ${this.#credentials.source}` : "";
    return new RegistryError(
      `${this.host}: ${what}: ${[`status ${response.status}`, ...reasons].join(", ")}${hint}`,
      response.status,
    );
  }

  async #authorized(scope: Scope, url: string, request: RegistryRequest): Promise<Response> {
    const first = await this.#send(scope, url, request);
    if (first.status !== 401) return first;
    const challenge = first.headers.get("www-authenticate") ?? "";
    // Only the registry itself is told who asks.
    if (!this.#isOwn(url) || !(await this.#authorization.renew(challenge, scope, url))) return first;
    await first.body?.cancel();
    return this.#send(scope, url, request);
  }

  async #send(
    scope: Scope,
    url: string,
    { method = "GET", headers = {}, body }: RegistryRequest,
  ): Promise<Response> {
    const authorization = this.#isOwn(url) ? this.#authorization.header(scope) : undefined;
    return fetch(url, {
      method,
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  }

  #isOwn(url: string): boolean {
    return new URL(url).origin === new URL(this.#base).origin;
  }
}

/** This machine, and what Istio's and Higress's variable names: `HOST:PORT,…`, or `*`. */
function isCleartext(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  if (name === "localhost" || name === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(name)) return true;
  const insecure = (process.env["WASM_INSECURE_REGISTRIES"] ?? "").split(",").map((entry) => entry.trim());
  return insecure.includes(host) || insecure.includes("*");
}

/** Worth another try: the connection broke off or took too long. A name or a port where nobody is stays so. */
function isInterruption(error: Error): boolean {
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  return error.name === "TimeoutError" || /^(ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN|UND_ERR_.*)$/.test(code);
}

function reasonOf(error: Error): string {
  const cause = error.cause as Error | undefined;
  return cause?.message || (cause as NodeJS.ErrnoException | undefined)?.code || error.message;
}
