// What a transparent server says of itself to a client of another era: the server is opened, and its introduction put
// into the client's words.

import { clusterName } from "as-proxy-wasm-sdk/sdk";
import { Json } from "as-proxy-wasm-sdk/json";
import { isStateless, Outcome } from "as-proxy-wasm-sdk/mcp";
import { About } from "../about";
import { Step } from "../operation";
import { Opening, OpeningWaiter } from "./opening";
import { ServerRequest } from "./server-request";

export class Introduction extends ServerRequest implements OpeningWaiter {
  protected open(): Step {
    const runner = this.runner;
    if (runner === null) return Step.Answer;
    const cluster = clusterName();
    const opening = new Opening(
      this.server,
      runner.stream,
      this.head,
      cluster,
      this.asked.revision,
      this,
      true,
    );
    return opening.start() ? Step.Wait : this.conclude(opening);
  }

  opened(opening: Opening): void {
    const runner = this.runner;
    const step = this.conclude(opening);
    if (runner !== null) runner.proceed(step);
  }

  private conclude(opening: Opening): Step {
    const session = opening.session;
    if (session === null) return this.end(opening.outcome);
    const details = `mcp-proxy:${this.method}:success`;
    const introduction = Json.read(opening.introduction);
    if (!isStateless(this.asked.revision)) {
      return this.end(About.bridged(introduction).handshake(this.asked.params, details));
    }
    if (session.isStateless) return this.end(Outcome.ofForeignResult(introduction.raw(), details));
    return this.end(About.bridged(introduction).discovery(0, false, details));
  }
}
