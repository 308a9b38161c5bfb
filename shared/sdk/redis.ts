// Redis through the host (Higress only). One command per call, one reply per call, always a deadline.
// In a build for stock Envoy every call fails at once, so importing this costs nothing there.

import * as host from "../abi/host";
import { BufferKind, Status } from "../abi/codes";
import { RespCommand, RespValue, readResp } from "../resp";
import { log } from "./log";
import { installRedisReplies, RedisReplies } from "./redis-replies";
import { AnyStream } from "./stream";

export class RedisOptions {
  username: string = "";
  password: string = "";
  database: i32 = 0;
  /** Milliseconds; Higress's plugins use 1000. */
  timeoutMs: i32 = 1000;
}

export abstract class RedisCall {
  /** Null for a call that belongs to no stream. */
  stream: AnyStream | null = null;
  command: RespCommand | null = null;
  client: Redis | null = null;
  private retried: bool = false;

  abstract onReply(value: RespValue): void;
  /** No reply: refused, closed or too late. `reason` is one of the Go SDK's texts. */
  abstract onFailure(reason: string): void;
  onStreamGone(): void {}

  /** Takes the host's answer; a lost login is renewed once. */
  settle(status: i32): void {
    if (status != 0) {
      this.onFailure("cannot connect to redis cluster");
      return;
    }
    const bytes = host.bufferBytes(BufferKind.RedisReply, 0, i32.MAX_VALUE);
    if (bytes.size == 0) {
      this.onFailure("cannot get redis response");
      return;
    }
    const value = readResp(bytes);
    const client = this.client;
    if (value.isError && !this.retried && client !== null && value.toString().includes("NOAUTH Authentication required")) {
      this.retried = true;
      client.forgetLogin();
      const command = this.command;
      if (command !== null && client.send(command, this)) return;
    }
    this.onReply(value);
  }
}

const pending = new Map<u32, RedisCall>();

class PendingReplies extends RedisReplies {
  streamOf(token: u32): AnyStream | null {
    return pending.has(token) ? pending.get(token).stream : null;
  }

  deliver(token: u32, status: i32): void {
    if (!pending.has(token)) return;
    const call = pending.get(token);
    pending.delete(token);
    const stream = call.stream;
    if (stream !== null && (stream.isGone || !host.setEffectiveContext(stream.id))) {
      call.onStreamGone();
      return;
    }
    call.settle(status);
  }
}

export class Redis {
  private ready: bool = false;

  constructor(
    /** Envoy cluster name, e.g. `outbound|6379||redis.dns`. */
    private cluster: string,
    private options: RedisOptions,
  ) {
    installRedisReplies(new PendingReplies());
  }

  /** The cluster may not exist yet when a configuration is read, so failing here is no error: each call tries again. */
  connect(): bool {
    if (this.ready) return true;
    const database = this.options.database != 0 ? `db=${this.options.database}&` : "";
    const service = `${this.cluster}?${database}buffer_flush_timeout=3&max_buffer_size_before_flush=1024`;
    const status = host.redisInit(service, this.options.username, this.options.password, this.options.timeoutMs);
    this.ready = status == Status.Ok;
    if (!this.ready) log.warn(`redis ${this.cluster} not ready: status ${<i32>status}`);
    return this.ready;
  }

  forgetLogin(): void {
    this.ready = false;
  }

  /** False when the command could not be sent: `call` hears nothing. */
  send(command: RespCommand, call: RedisCall): bool {
    if (!this.connect()) return false;
    call.command = command;
    call.client = this;
    const encoded = command.encode();
    const token = host.redisCall(this.cluster, encoded);
    if (host.callStatus() != Status.Ok) return false;
    pending.set(token, call);
    return true;
  }
}
