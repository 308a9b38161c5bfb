// What the gateway serves, for people to look at: secrets are masked.

import type { GatewayModel } from "../model.ts";
import { maskByName } from "../resources/schema-shape.ts";

export function configDump(model: GatewayModel): object {
  return {
    plugins: model.plugins.map(({ configuration, maskedConfiguration, environment, ...plugin }) => ({
      ...plugin,
      environment: maskByName(environment),
      // Without a mask nothing is known about what it holds.
      configuration: maskedConfiguration ? JSON.parse(maskedConfiguration) : configuration && "***",
    })),
    clusters: model.clusters,
    routes: model.routes,
    ...(model.bufferLimit !== undefined && { bufferLimit: model.bufferLimit }),
    ignored: model.ignored,
  };
}
