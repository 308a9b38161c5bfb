import { defineConfig } from "vitest/config";
import { guestBuild } from "./scripts/guest-build.mjs";

const everything = [
  "shared/*/test/**/*.test.ts",
  "plugins/*/test/**/*.test.ts",
  "host-test/test/**/*.test.ts",
  "scripts/test/**/*.test.ts",
];

// Builds that collect garbage more often show memory that nothing holds. Each run looks at the SDK in them;
// `npm run test:long` runs everything in each.
const collecting = ["collect", "stress"].map((build) => ({
  extends: true as const,
  test: {
    name: build,
    include: ["shared/sdk/test/{calls,flows,waits}.test.ts"],
    env: { GUEST_BUILD: build },
  },
}));

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: guestBuild, include: everything } },
      ...(guestBuild === "release" ? collecting : []),
    ],
    globalSetup: ["scripts/test-setup.mjs"],
    // Workers load WebAssembly and start servers; a process each keeps a crash from taking others along.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: guestBuild === "release" ? 120_000 : 1_200_000,
    // Hooks compile modules; on a busy machine that takes minutes.
    hookTimeout: 600_000,
    // What is written after the client's answer is waited for with `expect.poll`, which tells the last value it saw:
    // nearly as long as tests have that say nothing else, and shorter than the shortest of them.
    expect: { poll: { timeout: guestBuild === "release" ? 50_000 : 500_000, interval: 20 } },
    reporters: ["default", "./scripts/closing-line.mjs"],
  },
});
