// Everything that can be said about resource files without starting them.

import type { LoadedGateway } from "../load.ts";
import { checkBuffers } from "./buffers.ts";
import { checkOrder } from "./order.ts";
import { checkMatchRules, checkRoutes } from "./routes.ts";
import { checkServices } from "./services.ts";

/** Adds to `gateway.problems` what does not keep the gateway from starting. */
export function lintGateway(gateway: LoadedGateway): void {
  checkServices(gateway);
  checkRoutes(gateway);
  checkMatchRules(gateway);
  checkOrder(gateway);
  checkBuffers(gateway);
}
