// Redis through the host (Higress only). One command per call, one reply per call, always a deadline.
// In a build for stock Envoy every call fails at once, so importing this costs nothing there.

import { callStatus, redisCall, redisInit } from "../abi/calls";
import { IS_HIGRESS } from "../abi/host";
import { bufferBytes } from "../abi/messages";
import { BufferKind, Status } from "../abi/codes";
import { RespCommand, RespKind, RespValue, readResp } from "../resp";
import { CallOut, PendingCalls } from "./call-out";
import { log } from "./log";
import { installRedisReplies, RedisReplies } from "./redis-replies";
import { Root } from "./root";

const DEFAULT_TIMEOUT_MS = 1000;

export class RedisOptions {
  username: string = "";
  password: string = "";
  database: i32 = 0;
  /** Milliseconds for connecting and for each command; what is not above 0 means the default, as in Higress's plugins. */
  timeoutMs: i32 = DEFAULT_TIMEOUT_MS;
}

export abstract class RedisCall extends CallOut {
  private command: RespCommand | null = null;
  private client: Redis | null = null;
  private retried: bool = false;

  /** `value` may be an error of the server; it is readable only inside. */
  abstract onReply(value: RespValue): void;
  /** No reply: refused, closed or too late. `reason` is one of the Go SDK's texts. */
  abstract onFailure(reason: string): void;

  /** For the SDK: what is sent again when the login was lost. */
  remember(client: Redis, command: RespCommand): void {
    this.client = client;
    this.command = command;
  }

  /** For the SDK: takes the host's answer. A lost login is renewed once. */
  settle(status: i32): void {
    if (status != 0) {
      this.onFailure("cannot connect to redis cluster");
      return;
    }
    const bytes = bufferBytes(BufferKind.RedisReply, 0, i32.MAX_VALUE);
    if (bytes.size == 0) {
      this.onFailure("cannot get redis response");
      return;
    }
    const value = readResp(bytes);
    if (value.kind == RespKind.Broken) {
      this.onFailure("cannot read redis response");
      return;
    }
    const client = this.client;
    const command = this.command;
    const needsLogin = value.isError && value.bytes.indexOfAscii("NOAUTH Authentication required") >= 0;
    if (needsLogin && !this.retried && client !== null && command !== null) {
      this.retried = true;
      client.forgetLogin();
      if (client.send(command, this)) return;
    }
    this.onReply(value);
  }
}

const calls = new PendingCalls();

class PendingReplies extends RedisReplies {
  deliver(token: u32, status: i32): void {
    const call = calls.take(token);
    if (call !== null && call.begin()) (call as RedisCall).settle(status);
  }

  forget(root: Root): void {
    calls.forget(root);
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

  /** Tells which data it is: the cluster and the database. */
  get target(): string {
    return `${this.cluster}?${this.options.database}`;
  }

  /** False in a build for stock Envoy. */
  static get isSupported(): bool {
    return IS_HIGRESS;
  }

  /**
   * Tells the host who to connect as. The cluster may not exist yet when a configuration is read, so failing here
   * is no error: each command tries again.
   */
  connect(): bool {
    if (this.ready) return true;
    const database = this.options.database != 0 ? `db=${this.options.database}&` : "";
    const service = `${this.cluster}?${database}buffer_flush_timeout=3&max_buffer_size_before_flush=1024`;
    const timeoutMs = this.options.timeoutMs > 0 ? this.options.timeoutMs : DEFAULT_TIMEOUT_MS;
    const status = redisInit(service, this.options.username, this.options.password, timeoutMs);
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
    call.remember(this, command);
    const bytes = command.encode();
    let token = redisCall(this.cluster, bytes);
    if (callStatus() == Status.BadArgument) {
      // The host has forgotten its client, or the cluster was replaced.
      this.ready = false;
      if (!this.connect()) return false;
      token = redisCall(this.cluster, bytes);
    }
    if (callStatus() != Status.Ok) return false;
    calls.add(token, call);
    return true;
  }
}
