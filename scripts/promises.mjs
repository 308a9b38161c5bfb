// What the project promises, and the tests that show it. `npm run test:long` fills in the figures
// (docs/robustness.json), `npm run docs` writes them down (docs/robustness.md) and refuses a promise without one.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./compile.mjs";

/**
 * `tests`: files that must all pass; a figure is how many tests they have and what they say with `figure()`.
 * `build`: all tests of the repository in this build of the guest.
 * `page`: the figures stand there, and another command measures them.
 *
 * @type {{ id: string, promise: string, tests?: string[], build?: string, page?: string }[]}
 */
export const promises = [
  {
    id: "fuzz ai-proxy",
    promise:
      "No request and no provider's answer makes ai-proxy trap, hang, or answer outside the client's dialect, for any provider type",
    tests: ["plugins/ai-proxy/test/fuzz.test.ts"],
  },
  {
    id: "fuzz model-ratelimit",
    promise: "No request, answer or reply of Redis makes model-ratelimit trap, hang, or change a byte",
    tests: ["plugins/model-ratelimit/test/fuzz.test.ts"],
  },
  {
    id: "fuzz rest-to-mcp",
    promise:
      "No message, API or proxied server makes rest-to-mcp trap, hang, or answer what is not JSON-RPC; only streams of a server of the client's own stateless revision pass as they come",
    tests: ["plugins/rest-to-mcp/test/fuzz.test.ts"],
  },
  {
    id: "fuzz llm",
    promise: "No JSON and no event makes a conversion between model dialects fail",
    tests: ["shared/llm/test/fuzz.test.ts"],
  },
  {
    id: "bans",
    promise: "Guest code has no throw, no unguarded index, no unsafe access outside shared/",
    tests: ["scripts/test/check-guest.test.ts"],
  },
  {
    id: "json",
    promise: "JSON is read as RFC 8259 says (JSONTestSuite), and refused by a code",
    tests: ["shared/json/test/conformance.test.ts"],
  },
  {
    id: "json edits",
    promise: "Values that are used are right, and bytes outside an edit stay as they are",
    tests: ["shared/json/test/differential.test.ts", "shared/json/test/edit.test.ts"],
  },
  {
    id: "utf-8",
    promise: "UTF-8 is read as TextDecoder reads it",
    tests: ["shared/bytes/test/utf8.test.ts"],
  },
  {
    id: "sse",
    promise: "Event streams are parsed as the standard says, at every cut",
    tests: ["shared/sse/test/parse.test.ts"],
  },
  {
    id: "chunks ai-proxy",
    promise: "However a provider's stream is cut, ai-proxy's client gets the same bytes",
    tests: ["plugins/ai-proxy/test/cuts.test.ts"],
  },
  {
    id: "chunks",
    promise:
      "So do the other converters and readers: dialects, usage of answers, AWS event streams, body edits",
    tests: [
      "shared/llm/test/cuts.test.ts",
      "shared/aws/test/event-stream.test.ts",
      "shared/sdk/test/bodies.test.ts",
      "plugins/model-ratelimit/test/answers.test.ts",
      "plugins/rest-to-mcp/test/results.test.ts",
    ],
  },
  {
    id: "memory sdk",
    promise: "Memory of a VM reaches its size early and stays there, and no context is left",
    tests: ["shared/sdk/test/memory.test.ts"],
  },
  {
    id: "memory ai-proxy",
    promise: "ai-proxy stays within 32 pages under mixed traffic, and streams uploads of 100 MB through 8",
    tests: ["plugins/ai-proxy/test/memory.test.ts"],
  },
  {
    id: "soak",
    promise:
      "Mixed exchanges with 1,024 streams alive at a time leave nothing behind: memory is flat, no context is left",
    tests: ["host-test/test/plugins/soak/chats.test.ts", "host-test/test/plugins/soak/calls.test.ts"],
  },
  {
    id: "growth refused",
    promise:
      "What a plugin admits fits into the 1 GiB that Envoy gives a VM; with 64 MiB messages of up to 8 MiB do, what does not fit is refused in the client's dialect, and the VM serves on",
    tests: [
      "host-test/test/plugins/memory-limit.test.ts",
      "plugins/ai-proxy/test/no-room.test.ts",
      "plugins/rest-to-mcp/test/no-room.test.ts",
    ],
  },
  {
    id: "chaos",
    promise:
      "Faults of clients, providers, call-outs, Redis, configurations and the clock have their documented answer in every plugin",
    tests: ["host-test/test/plugins/chaos.test.ts"],
  },
  { id: "build release", promise: "All tests pass in the build that is shipped", build: "release" },
  {
    id: "build collect",
    promise: "All tests pass when garbage is collected after every callback",
    build: "collect",
  },
  {
    id: "build stress",
    promise: "All tests pass when garbage is collected at every allocation",
    build: "stress",
  },
  {
    id: "failure policy",
    promise:
      "A call-out that fails, is late, is refused or breaks off has its documented answer, in each plugin",
    tests: [
      "plugins/ai-proxy/test/failover.test.ts",
      "plugins/ai-proxy/test/fallbacks.test.ts",
      "plugins/ai-proxy/test/retry.test.ts",
      "plugins/rest-to-mcp/test/proxy-http.test.ts",
      "shared/sdk/test/calls.test.ts",
    ],
  },
  {
    id: "ends",
    promise: "A message is judged and passed whole, whatever ends it: trailers, an empty last piece, no body",
    tests: ["shared/sdk/test/conservation.test.ts", "shared/sdk/test/flows.test.ts"],
  },
  {
    id: "headers",
    promise: "No byte that could split a header reaches the host, by any setter",
    tests: ["shared/sdk/test/headers.test.ts", "shared/sdk/test/replies.test.ts"],
  },
  {
    id: "secrets",
    promise: "No secret is in a log line, a local answer or a request to somebody else",
    tests: [
      "plugins/ai-proxy/test/secrets.test.ts",
      "plugins/model-ratelimit/test/configuration.test.ts",
      "plugins/rest-to-mcp/test/security.test.ts",
    ],
  },
  {
    id: "limits",
    promise: "Workers share a limit without losing a count, and reservations keep parallel clients within it",
    tests: [
      "host-test/test/host/shared/shared-data.test.ts",
      "plugins/model-ratelimit/test/properties.test.ts",
      "plugins/model-ratelimit/test/accounting.test.ts",
    ],
  },
  {
    id: "redis",
    promise:
      "Limits in a Redis that is gone, slow or wrong are open or closed as configured, and count again once it is back",
    tests: ["plugins/model-ratelimit/test/redis.test.ts"],
  },
  {
    id: "linear",
    promise:
      "Work for hostile patterns, paths and templates, and for conversations with very many of one thing, grows as the text does",
    tests: [
      "plugins/ai-proxy/test/many-members.test.ts",
      "shared/regex/test/linear.test.ts",
      "shared/gjson/test/gjson.test.ts",
      "shared/template/test/template.test.ts",
    ],
  },
  {
    id: "injection",
    promise: "No argument of a tool chooses another host, path, parameter, header or JSON string",
    tests: ["plugins/rest-to-mcp/test/injection.test.ts"],
  },
  {
    id: "host",
    promise: "The Node host does what Envoy does: the same cases on both",
    tests: ["host-test/test/host/agreement/agreement.test.ts", "host-test/test/envoy/agreement.test.ts"],
  },
  {
    id: "artefacts",
    promise: "Two clean builds are bit-identical, and what a registry gives back is what was built",
    tests: ["host-test/test/images/reproducible.test.ts", "host-test/test/images/registry.test.ts"],
  },
  {
    id: "suite",
    promise:
      "The suite, one module with all plugins, is each of them: their tests pass on it, on our own host and on Envoy",
    tests: ["host-test/test/suite/suite.test.ts"],
  },
  {
    id: "throughput and size",
    promise: "Time, memory, size and compile time are measured beside an empty module and the Go plugins",
    page: "docs/performance.md",
  },
];

export const robustnessFile = join(root, "docs", "robustness.json");

/** What runs have measured: by id of the promise. */
export function measuredFigures() {
  return existsSync(robustnessFile) ? JSON.parse(readFileSync(robustnessFile, "utf8")) : {};
}

/** The commit, the machine and how busy it was, and the minutes of one core that the tests took. */
function whenAndWhere({ date, commit, machine, load, minutes }) {
  const parts = [
    date,
    commit,
    machine,
    load !== undefined && `load ${load}`,
    minutes !== undefined && `${minutes} min`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** docs/robustness.md. Throws where a promise has no figure. */
export function promisePage() {
  const measured = measuredFigures();
  const rows = promises.map((row) => {
    const known = measured[row.id];
    if (row.page === undefined && known === undefined)
      throw new Error(
        `the promise "${row.id}" has no figure: npm run test:long -- ${(row.tests ?? [row.build]).join(" ")}`,
      );
    const shown = row.page
      ? `[${row.page.replace("docs/", "")}](${row.page.replace("docs/", "")})`
      : `${known.figure}`;
    const how = row.build
      ? `\`npm run test:long -- ${row.build}\`, with \`--slice\` what [build-slices](../scripts/build-slices.mjs) chooses`
      : (row.tests ?? [])
          .map((test) => `[${test.split("/").at(-1).replace(".test.ts", "")}](../${test})`)
          .join(", ");
    const when = known ? whenAndWhere(known) : "";
    return `| ${row.promise} | ${how} | ${shown} | ${when} |`;
  });
  return [
    "# What is promised, and what was measured",
    "<!-- Written by npm run test:long and npm run docs from scripts/promises.mjs and docs/robustness.json. -->",
    "`npm run test:long` measures all of it and writes this page; `npm run test:long -- FILTER…` measures the promises whose\ntests the filters name, and renews their rows. `npm test` runs a slice of each. A run of fewer cases does not take the\nplace of one of more.",
    ["| promise | tests | figure | measured |", "| --- | --- | --- | --- |", ...rows].join("\n"),
    "",
  ].join("\n\n");
}
