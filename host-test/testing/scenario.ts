// Scenarios of plugins: given a gateway and its upstreams, when the client sends, then the upstream and the
// client see. One file of scenarios runs on the Node host and on a real Envoy.
//
//   describeEngines("model-router", (engine) => {
//     test("the model chooses the route", async () => {
//       const gateway = await engine.start({
//         plugins: [{ plugin: "model-router", configuration: { modelToHeader: "x-model" } }],
//         upstreams: { "openai.dns": { body: { id: "1" } } },
//       });
//       const answer = await gateway.send({ path: "/v1/chat/completions", body: { model: "gpt" } });
//       expect(answer.status).toBe(200);
//       expect(gateway.upstream("openai.dns").requests[0]?.header("x-model")).toBe("gpt");
//     });
//   });

import { afterAll, beforeAll, beforeEach, describe, onTestFinished } from "vitest";
import { findEnvoy } from "../envoy/binary.ts";
import type { EngineName, StartEngine } from "./scenario/engine.ts";
import { startEnvoyEngine } from "./scenario/envoy-engine.ts";
import { nodeEngine } from "./scenario/node-engine.ts";
import { Gateway } from "./scenario/gateway.ts";
import type { GatewaySetup } from "./scenario/setup.ts";

export {
  cut,
  Answer,
  SeenRequest,
  type BodySource,
  type Chunk,
  type HeaderList,
  type Protocol,
} from "./scenario/message.ts";
export { play, Upstream, type Exchange, type Handler, type Reply, type Script } from "./scenario/upstream.ts";
export type { ClientExchange, ClientRequest } from "./scenario/client.ts";
export type { EngineName, PluginLog } from "./scenario/engine.ts";
export type { GatewaySetup, PluginRule, PluginSetup, RouteSetup, UpstreamSetup } from "./scenario/setup.ts";
export { expectAgreement, type AgreementStep } from "./scenario/agreement.ts";
export { validateModule } from "../envoy/validate.ts";
export { Gateway };

export interface Engine {
  readonly name: EngineName;
  /** Starts a gateway that ends with the test. Only inside a test. */
  start(setup: GatewaySetup): Promise<Gateway>;
  /**
   * One gateway for all tests of the enclosing `describe`, started before the first and usable inside tests.
   * Before each, upstreams forget what they received and go back to the set-up's script; what plugins keep
   * stays. Only inside `describe`.
   */
  shared(setup: GatewaySetup): Gateway;
}

const hasEnvoy = (await findEnvoy()) !== null;

const starters: Record<EngineName, StartEngine> = {
  node: nodeEngine("higress"),
  "node-as-envoy": nodeEngine("envoy"),
  envoy: startEnvoyEngine,
};

/** Runs `body` once per engine. Without an Envoy on this machine its part is skipped, and one line says why. */
export function describeEngines(
  title: string,
  body: (engine: Engine) => void,
  { engines = ["node", "envoy"] }: { engines?: EngineName[] } = {},
): void {
  for (const name of engines) {
    describe.skipIf(name === "envoy" && !hasEnvoy)(`${title} [${name}]`, () => body(engine(name)));
  }
}

/** The engine of that name. `start` must be called inside a test. */
export function engine(name: EngineName): Engine {
  return {
    name,
    async start(setup) {
      const gateway = new Gateway(setup, starters[name]);
      onTestFinished(() => gateway.stop());
      await gateway.start();
      return gateway;
    },
    shared(setup) {
      const gateway = new Gateway(setup, starters[name]);
      beforeAll(() => gateway.start());
      beforeEach(() => gateway.clear());
      afterAll(() => gateway.stop());
      return gateway;
    },
  };
}
