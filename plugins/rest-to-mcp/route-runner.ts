// Runs an operation on the client's own exchange.

import { AnyStream, DraftHead } from "as-proxy-wasm-sdk/sdk";
import { Runner, Step } from "./operation";

export interface RouteClient {
  proceed(step: Step): void;
}

export class RouteRunner extends Runner {
  constructor(
    private owner: RouteClient,
    stream: AnyStream,
    client: DraftHead,
  ) {
    super(stream, client);
  }

  proceed(step: Step): void {
    this.owner.proceed(step);
  }
}
