// What nobody may read in a trace: configured secrets wherever they turn up, and what carries credentials by name.

import type { Headers } from "../../host/types.ts";

const mask = "***";

/** Shorter values would hide half of an ordinary body. */
const shortestSecret = 6;

const credentialHeaders =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie$|(?:^|-)(?:api-?key|access-?key|secret|token|signature|credential|password)$/;

const credentialParameters =
  /([?&](?:key|api[-_]?key|access[-_]?token|token|secret|password|sig|signature|x-amz-signature|x-amz-security-token)=)[^&#]+/gi;

/** Headers that a replay cannot take from a trace. */
export function isMasked(value: string): boolean {
  return value.includes(mask);
}

export class Redaction {
  /** As latin-1, the longest first: one may be part of another. */
  #secrets: string[];

  /** `secrets`: what the plugins' schemas mark as secret. */
  constructor(secrets: readonly string[]) {
    const forms = secrets.filter(({ length }) => length >= shortestSecret).flatMap(formsOf);
    this.#secrets = [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  headers(headers: Headers): Headers {
    return headers.map(([name, value]) => [name, this.#header(name, value)]);
  }

  /** `isCut`: a secret may have been cut at the end. */
  bytes(bytes: Buffer, isCut: boolean): Buffer {
    if (this.#secrets.length === 0) return bytes;
    const text = bytes.toString("latin1");
    const hidden = this.#hide(text);
    const whole = isCut ? this.#withoutCutSecret(hidden) : hidden;
    return whole === text ? bytes : Buffer.from(whole, "latin1");
  }

  #header(name: string, value: string): string {
    // The scheme of a credential says much and tells nothing.
    if (/authorization$/.test(name)) return value.replace(/^(\S+\s+)?.*$/s, `$1${mask}`);
    if (credentialHeaders.test(name)) return mask;
    const path = name === ":path" || name === "referer" || name === "location";
    return this.#hide(path ? value.replace(credentialParameters, `$1${mask}`) : value);
  }

  #hide(text: string): string {
    let hidden = text;
    for (const secret of this.#secrets) hidden = hidden.replaceAll(secret, mask);
    return hidden;
  }

  #withoutCutSecret(text: string): string {
    for (const secret of this.#secrets)
      for (let length = Math.min(secret.length - 1, text.length); length > 2; length--)
        if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + mask;
    return text;
  }
}

/** A secret as it is, as a parameter, and inside JSON. */
function formsOf(secret: string): string[] {
  const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)].map(latin1);
}

/**
 * The texts that `masked` hides of `value`: a configuration, and the same with `***` in place of each secret.
 * Both are JSON; without a mask everything may be secret.
 */
export function hiddenTexts(value: unknown, masked: unknown): string[] {
  if (masked === mask || masked === undefined) return textsOf(value);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    hiddenTexts(member, (masked as Record<string, unknown> | null)?.[key]),
  );
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
