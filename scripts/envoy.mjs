// Prints the path of the Envoy binary that tests and `gateway run --engine envoy` use, installing it first
// if need be. Without one: says why on standard error and exits 0, or 1 with CI=true or REQUIRE_ENVOY=1.

import { EnvoyUnavailable, findEnvoy } from "../host-test/envoy/binary.ts";

try {
  const path = await findEnvoy();
  if (path) console.log(path);
} catch (error) {
  if (!(error instanceof EnvoyUnavailable)) throw error;
  console.error(`no Envoy: ${error.message}`);
  process.exitCode = 1;
}
