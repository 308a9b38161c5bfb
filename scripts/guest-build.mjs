// GUEST_BUILD chooses one of three builds of the guest's sources. All tests pass in each.
//
//   release   what is shipped (default)
//   collect   garbage is collected after every callback: what outlives a callback must be reachable
//   stress    garbage is collected at every allocation: so must be what a function still uses

import { join } from "node:path";

const stress = ["ASC_GC_GRANULARITY=1", "ASC_GC_IDLEFACTOR=0", "ASC_GC_SWEEPFACTOR=1000000"];

const builds = {
  release: { folder: "dist", flags: [] },
  collect: { folder: join("dist", "collect"), flags: ["--use", "COLLECT_ALWAYS=1"] },
  stress: {
    folder: join("dist", "stress"),
    flags: ["--runtime", "incremental", ...stress.flatMap((use) => ["--use", use])],
  },
};

/** The names of all builds. */
export const guestBuilds = Object.keys(builds);

/** `release`, `collect` or `stress`. */
export const guestBuild = process.env.GUEST_BUILD || "release";
if (!Object.hasOwn(builds, guestBuild))
  throw new Error(`GUEST_BUILD is ${guestBuild}: use ${guestBuilds.join(", ")}`);

/** Where modules of this build belong, relative to the repository: `dist`, or a folder of its own inside. */
export const outputFolder = builds[guestBuild].folder;

/** Flags of the AssemblyScript compiler that make a build, by default this one. */
export function buildFlags(build = guestBuild) {
  return builds[build].flags;
}

/** The name of the one module that holds all plugins; a plugin's `pluginName` (root id) chooses there. */
export const suite = "suite";

/** SUITE=1: the suite is loaded in place of every plugin's own module, so that the same tests run on it. */
export const runsSuite = process.env.SUITE === "1";
