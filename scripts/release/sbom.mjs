// `node scripts/release/sbom.mjs > sbom.spdx.json`: everything that is installed here, in the form of SPDX 2.3. npm lists
// it; what it writes against the form is mended: https://spdx.github.io/spdx-spec/v2.3/.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { root } from "../compile.mjs";

/**
 * npm's document as SPDX has it: times without fractions (§6.9), ids of letters, digits, `.` and `-` (§7.2), and no
 * licence that is a sentence (Annex D).
 */
export function validDocument(document) {
  const ids = new Map();
  for (const { SPDXID } of document.packages) {
    const plain = SPDXID.replaceAll(/[^A-Za-z0-9.-]/g, "-");
    // Two names that differ in nothing else.
    const isTaken = [...ids.values()].includes(plain);
    ids.set(SPDXID, isTaken ? `${plain}-${ids.size}` : plain);
  }
  const idOf = (id) => ids.get(id) ?? id;
  const licence = (text) =>
    text === undefined || (/^[A-Za-z0-9.+() -]+$/.test(text) && !/^SEE |UNLICENSED/i.test(text))
      ? text
      : "NOASSERTION";
  return {
    ...document,
    creationInfo: {
      ...document.creationInfo,
      created: document.creationInfo.created.replace(/\.\d+Z$/, "Z"),
    },
    documentDescribes: document.documentDescribes?.map(idOf),
    packages: document.packages.map((one) => ({
      ...one,
      SPDXID: idOf(one.SPDXID),
      ...("licenseDeclared" in one && { licenseDeclared: licence(one.licenseDeclared) }),
    })),
    relationships: document.relationships.map((one) => ({
      ...one,
      spdxElementId: idOf(one.spdxElementId),
      relatedSpdxElement: idOf(one.relatedSpdxElement),
    })),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = execFileSync("npm", ["sbom", "--sbom-format", "spdx"], { cwd: root, maxBuffer: 1 << 28 });
  console.log(JSON.stringify(validDocument(JSON.parse(text.toString())), null, 2));
}
