// `node scripts/release/provenance.mjs > provenance.json`: how the images of this run came to be, as the predicate of
// an in-toto statement (https://slsa.dev/spec/v1.0/provenance). cosign puts it beside each image and signs it.
// Reads what GitHub Actions tells a job of itself.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../compile.mjs";

/** Rejects a job that does not say where it ran. */
export function provenance(environment, { lock, startedOn }) {
  const read = (name) => {
    const value = environment[name];
    if (!value) throw new Error(`${name} is not set: this is no job of GitHub Actions`);
    return value;
  };
  const repository = `${read("GITHUB_SERVER_URL")}/${read("GITHUB_REPOSITORY")}`;
  const [workflow] = read("GITHUB_WORKFLOW_REF")
    .replace(`${read("GITHUB_REPOSITORY")}/`, "")
    .split("@");
  return {
    buildDefinition: {
      buildType: "https://actions.github.io/buildtypes/workflow/v1",
      externalParameters: { workflow: { ref: read("GITHUB_REF"), repository, path: workflow } },
      internalParameters: { github: { event_name: read("GITHUB_EVENT_NAME") } },
      resolvedDependencies: [
        { uri: `git+${repository}@${read("GITHUB_REF")}`, digest: { gitCommit: read("GITHUB_SHA") } },
        // Compiler, Node and all tools, by their own digests.
        {
          uri: `${repository}/blob/${read("GITHUB_SHA")}/package-lock.json`,
          digest: { sha256: createHash("sha256").update(lock).digest("hex") },
        },
      ],
    },
    runDetails: {
      builder: { id: `${read("GITHUB_SERVER_URL")}/${read("GITHUB_WORKFLOW_REF")}` },
      metadata: {
        invocationId: `${repository}/actions/runs/${read("GITHUB_RUN_ID")}/attempts/${read("GITHUB_RUN_ATTEMPT")}`,
        startedOn,
      },
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const lock = readFileSync(join(root, "package-lock.json"));
    const statement = provenance(process.env, { lock, startedOn: new Date().toISOString() });
    console.log(JSON.stringify(statement, null, 2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
