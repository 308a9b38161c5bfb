// The builds that the tests of a pure area run on: all must answer the same.

const stress = ["ASC_GC_GRANULARITY=1", "ASC_GC_IDLEFACTOR=0", "ASC_GC_SWEEPFACTOR=1000000"];

export const builds: [name: string, flags: string[]][] = [
  ["SIMD build", []],
  ["scalar build", ["--disable", "simd"]],
  // Collects at every allocation: memory that is only reached by its address is lost at once.
  ["build that collects always", ["--runtime", "incremental", ...stress.flatMap((use) => ["--use", use])]],
];
