import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["shared/*/test/**/*.test.ts", "plugins/*/test/**/*.test.ts", "host-test/test/**/*.test.ts", "scripts/test/**/*.test.ts"],
    globalSetup: ["scripts/test-setup.mjs"],
    // Workers load WebAssembly and start servers; a process each keeps a crash from taking others along.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", "./scripts/closing-line.mjs"],
  },
});
