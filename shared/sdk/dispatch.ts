// From the host's context ids to configurations and exchanges.

import { IS_HIGRESS, setTickPeriod } from "../abi/host";
import { bufferBytes } from "../abi/messages";
import { BodyAction, BufferKind, HeadersAction, TrailersAction } from "../abi/codes";
import { Handler } from "../abi/handler";
import { equalsAsciiIgnoreCase, lowerAscii } from "../bytes/ascii";
import { Span } from "../bytes/span";
import { Json, JsonError, positionOf } from "../json";
import { closeWindow } from "./body";
import { deliver, httpCalls } from "./call";
import { nowMs } from "./clock";
import { ConfigReport } from "./config";
import { Head, isReadableBody } from "./head";
import { log, refreshLogLevel } from "./log";
import { AnyPlugin, pluginOfRoot } from "./plugin";
import { setPropertyBytes } from "./property";
import { redisReplies } from "./redis-replies";
import { Root } from "./root";
import { RuleSet } from "./rules";
import { AnyStream, requestHead, responseHead } from "./stream";
import { collectTasks, Ticker } from "./tick";

class Exchange {
  /** Null when no configuration applies. */
  stream: AnyStream | null = null;
  constructor(public root: Root) {}
}

function isWebSocket(head: Head): bool {
  const upgrade = head.bytes("upgrade");
  if (upgrade === null || !equalsAsciiIgnoreCase(upgrade, "websocket")) return false;
  const connection = head.bytes("connection");
  return connection !== null && lowerAscii(connection).indexOfAscii("upgrade") >= 0;
}

export class Dispatcher extends Handler {
  private roots: Map<u32, Root> = new Map<u32, Root>();
  private exchanges: Map<u32, Exchange> = new Map<u32, Exchange>();

  contextCreated(id: u32, parent: u32): void {
    if (parent == 0) {
      this.roots.set(id, new Root());
    } else if (this.roots.has(parent)) {
      this.exchanges.set(id, new Exchange(this.roots.get(parent)));
    }
  }

  vmStarted(root: u32): bool {
    return true;
  }

  configured(id: u32, size: i32): bool {
    if (!this.roots.has(id)) return false;
    const root = this.roots.get(id);
    const target = pluginOfRoot();
    root.plugin = target;
    root.pluginId = "";
    root.serve(null);
    refreshLogLevel();
    if (target === null) {
      log.error("no plugin of this module has the root id: set pluginName to one of its plugins");
      return false;
    }
    const accepted = this.configure(root, target);
    if (accepted) log.info("plugin start successfully");
    else log.error("plugin start failed");
    return accepted;
  }

  private configure(root: Root, target: AnyPlugin): bool {
    const text = bufferBytes(BufferKind.PluginConfiguration, 0, i32.MAX_VALUE);
    const document = Json.checked(text);
    if (text.size > 0 && document.error != JsonError.None) {
      // The text itself is not shown: it holds secrets that nobody has marked yet.
      const position = positionOf(text, document.errorAt).toString();
      log.error(`the plugin configuration is not a valid json: unexpected input at ${position}`);
      return false;
    }
    root.pluginId = document.get("_plugin_id_").text();
    root.serve(null);
    const report = new ConfigReport();
    const rules = RuleSet.parse(document, target, root.pluginId, report);
    for (let i = 0; i < report.warnings.length; i++) log.warn(report.warnings[i]);
    for (let i = 0; i < report.ignoredErrors.length; i++) {
      log.error(`global configuration ignored: ${report.ignoredErrors[i]}`);
    }
    for (let i = 0; i < report.errors.length; i++) log.error(`parse rule config failed: ${report.errors[i]}`);
    if (rules === null || report.failed) return false;
    return this.start(root, rules);
  }

  /** Puts a configuration to use; the one before stays when it does not start. */
  private start(root: Root, rules: RuleSet): bool {
    const ticker = new Ticker();
    collectTasks(ticker);
    const started = rules.start();
    collectTasks(null);
    if (!started) return false;
    root.rules = rules;
    if (!ticker.isEmpty || !root.ticker.isEmpty) setTickPeriod(ticker.periodMs);
    root.ticker = ticker;
    return true;
  }

  ticked(id: u32): void {
    if (!this.roots.has(id)) return;
    const root = this.roots.get(id);
    root.serve(null);
    root.ticker.tick(nowMs());
  }

  /** The exchange's stream with the log origin set, or null when the plugin is not active for it. */
  private active(id: u32): AnyStream | null {
    if (!this.exchanges.has(id)) return null;
    const exchange = this.exchanges.get(id);
    const stream = exchange.stream;
    if (stream !== null) exchange.root.serve(stream.requestId);
    return stream;
  }

  /** As `active`, for what concerns the answer: null also where the plugin ignores it. */
  private answered(id: u32): AnyStream | null {
    const stream = this.active(id);
    return stream === null || stream.ignoresResponse ? null : stream;
  }

  requestHeaders(id: u32, count: i32, end: bool): i32 {
    if (!this.exchanges.has(id)) return HeadersAction.Continue;
    const exchange = this.exchanges.get(id);
    const root = exchange.root;
    const target = root.plugin;
    const rules = root.rules;
    if (target === null || rules === null) return HeadersAction.Continue;
    requestHead.remember();
    const action = this.begin(id, exchange, target, rules, end);
    requestHead.forget();
    return action;
  }

  private begin(id: u32, exchange: Exchange, target: AnyPlugin, rules: RuleSet, end: bool): i32 {
    const requestId = requestHead.bytes("x-request-id");
    if (IS_HIGRESS) setPropertyBytes("x_request_id", requestId === null ? Span.empty() : requestId);
    refreshLogLevel();
    exchange.root.serve(requestId);
    const authority = requestHead.bytes(":authority");
    if (authority === null) {
      log.error("get match config failed, err:no :authority header");
      return HeadersAction.Continue;
    }
    const config = rules.match(authority);
    if (config === null) return HeadersAction.Continue;
    const stream = target.newStream();
    stream.id = id;
    // The whole head would stay in memory with a part of it.
    if (requestId !== null) stream.requestId = requestId.copy();
    stream.attach(config);
    exchange.stream = stream;
    const webSocket = isWebSocket(requestHead);
    stream.requestBodyReadable = !webSocket && isReadableBody(requestHead);
    stream.responseBodyReadable = !webSocket;
    return stream.requestSide.head(stream, end);
  }

  requestBody(id: u32, size: i32, end: bool): i32 {
    const stream = this.active(id);
    return stream === null ? BodyAction.Continue : stream.requestSide.body(stream, size, end);
  }

  requestTrailers(id: u32, count: i32): i32 {
    const stream = this.active(id);
    return stream === null ? TrailersAction.Continue : stream.requestSide.trailers(stream);
  }

  responseHeaders(id: u32, count: i32, end: bool): i32 {
    const stream = this.answered(id);
    if (stream === null) return HeadersAction.Continue;
    responseHead.remember();
    stream.responseBodyReadable = stream.responseBodyReadable && isReadableBody(responseHead);
    const action = stream.responseSide.head(stream, end);
    responseHead.forget();
    return action;
  }

  responseBody(id: u32, size: i32, end: bool): i32 {
    const stream = this.answered(id);
    return stream === null ? BodyAction.Continue : stream.responseSide.body(stream, size, end);
  }

  responseTrailers(id: u32, count: i32): i32 {
    const stream = this.answered(id);
    return stream === null ? TrailersAction.Continue : stream.responseSide.trailers(stream);
  }

  callReplied(root: u32, token: u32, headers: i32, bodySize: i32): void {
    deliver(token, headers, bodySize);
    closeWindow();
  }

  redisReplied(root: u32, token: u32, status: i32): void {
    const replies = redisReplies();
    if (replies !== null) replies.deliver(token, status);
    closeWindow();
  }

  logged(id: u32): void {
    const stream = this.active(id);
    if (stream !== null) stream.onLog();
  }

  /** Hosts tell it before `deleted`; some never tell the latter. */
  done(id: u32): bool {
    const stream = this.active(id);
    if (stream !== null && !stream.isGone) {
      stream.isGone = true;
      stream.onDone();
    }
    return true;
  }

  deleted(id: u32): void {
    this.done(id);
    if (this.exchanges.has(id)) {
      this.exchanges.delete(id);
    } else if (this.roots.has(id)) {
      const root = this.roots.get(id);
      this.roots.delete(id);
      httpCalls.forget(root);
      const replies = redisReplies();
      if (replies !== null) replies.forget(root);
    }
  }
}
