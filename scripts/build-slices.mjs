// What `npm run test:long -- --slice` runs in each build of the guest: five to eight minutes with `collect`, on
// two idle cores. All of it looks at the guest's memory: every plugin's tests, the SDK, the runtime, faults and limits.

const of = ["plugins/", "shared/sdk/", "shared/runtime/", "host-test/test/plugins/"];

/**
 * Files that take minutes where garbage is collected at every allocation: bodies of megabytes, thousands of cases of
 * one kind, and other programs (clients, Redis, Envoy), whose code is in the other builds all the same.
 */
const slow = {
  "plugins/ai-proxy": [
    ...["bad-input", "bedrock-answers", "concurrent-streams", "engines", "fuzz", "matrix", "matrix-dropped"],
    ...["memory", "no-room", "own-answers", "providers", "qwen-answers", "qwen-cohere-clients", "recordings"],
    ...["responses-clients", "schema", "second-attempts-engines", "secrets", "tokens", "vertex-engines"],
    ...["vertex-fuzz", "gemini", "cuts"],
  ],
  "plugins/model-ratelimit": [
    ...["accounting", "answers", "cluster", "engines", "faults", "local", "native-properties"],
    ...["native-shared", "official-clients", "outages", "redis", "reservations", "round-trips", "stream-cut"],
  ],
  "plugins/rest-to-mcp": [
    ...["bridging", "clients", "conformance", "proxy-clients", "proxy-sse", "size", "transparency"],
  ],
  "shared/sdk": ["bodies", "engines", "memory"],
  "host-test/test/plugins": ["memory-limit", "soak/calls", "soak/chats", "chaos"],
};

const withoutSlow = Object.entries(slow).flatMap(([folder, names]) =>
  names.map((name) => `${folder.startsWith("host-test") ? folder : `${folder}/test`}/${name}.test.ts`),
);

/** `of`: filters for vitest; `without`: files that are left out. By name of the build. */
export const buildSlices = {
  release: { of, without: [] },
  collect: { of, without: [] },
  stress: { of, without: withoutSlow },
};

/** In words, for the page of promises. */
export function sliceInWords({ of, without }) {
  const folders = of.map((one) => one.replace(/\/$/, "")).join(", ");
  return without.length > 0 ? `${folders}, less ${without.length} slow files` : folders;
}
