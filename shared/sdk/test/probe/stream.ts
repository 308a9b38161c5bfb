// One exchange of the probe: every callback says that it came, and does its steps.

import { Body, Flow, Head, HttpReply, RespValue, log } from "as-proxy-wasm-sdk/sdk";
import { Actor, Scene, run } from "./steps";

export class Probe extends Actor {
  private visits: Map<string, i32> = new Map<string, i32>();

  onRequestHead(head: Head, end: bool): Flow {
    return this.play("requestHead", ` end=${end}`, head, null);
  }
  onRequestBody(body: Body, end: bool): Flow {
    return this.play("requestBody", ` end=${end}`, this.requestHead, body);
  }
  onRequestTrailers(trailers: Head): Flow {
    return this.play("requestTrailers", "", trailers, null);
  }
  onResponseHead(head: Head, end: bool): Flow {
    return this.play("responseHead", ` end=${end}`, head, null);
  }
  onResponseBody(body: Body, end: bool): Flow {
    return this.play("responseBody", ` end=${end}`, this.responseHead, body);
  }
  onResponseTrailers(trailers: Head): Flow {
    return this.play("responseTrailers", "", trailers, null);
  }
  onLog(): void {
    this.play("log", "", this.requestHead, null);
  }
  onDone(): void {
    this.play("done", "", this.requestHead, null);
  }

  replied(reply: HttpReply): void {
    this.play("reply", ` status=${reply.status} reset=${reply.isReset}`, reply.head, reply.body);
  }
  gone(): void {
    this.play("gone", "", this.requestHead, null);
  }
  redisReplied(value: RespValue): void {
    this.play("redis", ` ${shown(value)}`, this.requestHead, null);
  }
  redisFailed(reason: string): void {
    this.play("redisFailure", ` ${reason}`, this.requestHead, null);
  }

  private play(phase: string, detail: string, head: Head, body: Body | null): Flow {
    const visit = this.visits.has(phase) ? this.visits.get(phase) : 0;
    this.visits.set(phase, visit + 1);
    const config = this.config;
    if (!config.quiet) log.info(`> ${phase}${detail}`);
    return run(config.stepsOf(phase, visit), new Scene(this, config, head, body));
  }
}

/** Kind and content, e.g. `4:text` or `6[ a b ]`. */
function shown(value: RespValue): string {
  if (value.items.length == 0) return `${<i32>value.kind}:${value.toString()}`;
  let text = `${<i32>value.kind}[`;
  for (let i = 0; i < value.items.length; i++) text += ` ${value.at(i).toString()}`;
  return text + " ]";
}
