// Type-unaware on purpose: the types of the host are checked by tsc, those of guest code by asc. House rules for
// guest code that a syntax tree does not show are in scripts/check-guest.mjs.

import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

const guest = ["shared/**/*.ts", "plugins/**/*.ts", "**/guest/**/*.ts", "**/probe.ts", "**/probe/**/*.ts"];
const tests = ["**/test/**/*.ts"];

export default tseslint.config(
  { ignores: ["**/node_modules/", "dist/", ".cache/", "coverage/", "tmp/", "**/fixtures/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  eslint.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-else-return": ["error", { allowElseIf: false }],
      "no-unneeded-ternary": "error",
      "object-shorthand": "error",
    },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: nodeGlobals() },
  },
  {
    files: ["host-test/gateway/admin/page/*.js"],
    languageOptions: { globals: { document: "readonly", fetch: "readonly", EventSource: "readonly" } },
  },
  {
    // AssemblyScript: `==` compares values of one static type, 64-bit literals are exact, the branch that a
    // compile-time condition leaves out needs an else, and a variable needs a value before a switch sets it.
    files: guest,
    ignores: ["**/*.test.ts", "plugins/*/test/**", "shared/*/test/!(probe).ts", "host-test/testing/probe.ts"],
    rules: {
      "@typescript-eslint/consistent-type-imports": "off",
      "@typescript-eslint/no-inferrable-types": "off",
      "@typescript-eslint/no-non-null-assertion": "error",
      // A method that plugins override names its parameters for them.
      "@typescript-eslint/no-unused-vars": ["error", { args: "none", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-namespace": "off",
      "@typescript-eslint/no-this-alias": "off",
      "@typescript-eslint/no-wrapper-object-types": "off",
      eqeqeq: "off",
      "no-else-return": "off",
      "no-loss-of-precision": "off",
      "no-useless-assignment": "off",
    },
  },
  {
    files: [...tests, "host-test/testing/**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "no-control-regex": "off",
      "no-loss-of-precision": "off",
      "no-restricted-properties": [
        "error",
        ...["test", "it", "describe"].map((object) => ({
          object,
          property: "only",
          message: "It leaves out the other tests.",
        })),
      ],
    },
  },
);

function nodeGlobals() {
  const names = [
    "AbortSignal",
    "Buffer",
    "URL",
    "WebAssembly",
    "console",
    "fetch",
    "performance",
    "process",
    "setImmediate",
    "setTimeout",
    "clearTimeout",
  ];
  return Object.fromEntries(names.map((name) => [name, "readonly"]));
}
