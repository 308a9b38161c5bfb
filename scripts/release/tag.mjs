// `node scripts/release/tag.mjs vX.Y.Z`: whether the tag is what package.json and the changelog say. Prints the
// changelog's section, which becomes the release's text; exits with 1 and the reason otherwise.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../compile.mjs";

/** The section of a version, without its heading. Throws what is wrong with the tag. */
export function releaseNotes(tag, { version, changelog }) {
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, package.json says version ${version}`);
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => /^\[?([^\s\]]+)/.exec(text)?.[1] === version);
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## ${version}"`);
  const notes = section.slice(section.indexOf("\n") + 1).trim();
  if (notes === "") throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return notes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
    console.log(releaseNotes(process.argv[2] ?? "", { version, changelog }));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
