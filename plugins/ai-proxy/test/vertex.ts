// Vertex AI as tests see it: its three modes, a service account, and Google's token endpoint.

import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import type {
  CallReply,
  TestChain,
  TestChainOptions,
  TestRequest,
} from "../../../host-test/testing/chain.ts";
import { provider } from "./proxy.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export const account = {
  type: "service_account",
  project_id: "p-1",
  private_key_id: "key-1",
  private_key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  client_email: "gateway@p-1.iam.gserviceaccount.com",
  token_uri: "https://oauth2.googleapis.com/token",
};

export const cluster = "outbound|443||google-auth.dns";
export const tokenKey = "vertex-us-central1-p-1-access-token";

export const express = { type: "vertex", apiTokens: ["sk-provider"] };
export const standard = {
  type: "vertex",
  vertexAuthKey: JSON.stringify(account),
  vertexRegion: "us-central1",
  vertexProjectId: "p-1",
  vertexAuthServiceName: "google-auth",
};
export const compatible = { ...standard, vertexOpenAICompatible: true };

/** Google's token endpoint: answers `token-1`, `token-2`, … */
export function tokens(more: object = { expires_in: 3599 }): Partial<TestChainOptions> {
  let count = 0;
  return {
    calls: {
      [cluster]: () => ({
        body: JSON.stringify({ access_token: `token-${++count}`, token_type: "Bearer", ...more }),
      }),
    },
  };
}

export function tokenReply(reply: CallReply): Partial<TestChainOptions> {
  return { calls: { [cluster]: () => reply } };
}

/** A chain with one of the modes, whose token calls succeed. */
export function vertex(entry: object, options: Partial<TestChainOptions> = {}): TestChain {
  return provider(entry, { ...tokens(), ...options });
}

/** The parts of a signed claim; throws when the signature is not the account's. */
export function claimOf(body: string): { header: object; claims: Record<string, unknown> } {
  const parameters = new URLSearchParams(body);
  if (parameters.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") throw new Error(body);
  const [header, claims, signature] = parameters.get("assertion")!.split(".") as [string, string, string];
  const isSigned = verify(
    "sha256",
    Buffer.from(`${header}.${claims}`),
    createPublicKey(privateKey),
    Buffer.from(signature, "base64url"),
  );
  if (!isSigned) throw new Error("the signature is not the account's");
  const part = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString());
  return { header: part(header), claims: part(claims) };
}

/** The head of a request, for an exchange that is driven by hand. */
export function headersOf({ headers, path }: TestRequest): [string, string][] {
  const own: [string, string][] = [
    [":method", "POST"],
    [":path", path!],
    [":authority", "gateway.example.com"],
    [":scheme", "http"],
  ];
  return [...own, ...Object.entries(headers as Record<string, string>)];
}
