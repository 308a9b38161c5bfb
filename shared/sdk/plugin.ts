// Registration and dispatch: from the host's context ids to root contexts, streams and configurations.

import * as host from "../abi/host";
import { BodyAction, BufferKind, HeadersAction, MapKind } from "../abi/codes";
import { Handler, install } from "../abi/handler";
import { setLiveContexts } from "../abi/memory";
import { equalsAsciiIgnoreCase, lowerAscii } from "../bytes/ascii";
import { Json, JsonError } from "../json";
import { Body } from "./body";
import { deliver, takePending } from "./call";
import { nowMs } from "./clock";
import { Config, ConfigReader, ConfigReport } from "./config";
import { Head } from "./head";
import { log, refreshLogLevel, setLogOrigin } from "./log";
import { property, setProperty } from "./property";
import { ConfigParser, RuleSet } from "./rules";
import { redisReplies } from "./redis-replies";
import { AnyStream, Flow, Stream } from "./stream";
import { collectTasks, Ticker } from "./tick";

/** A plugin without its configuration class. */
export abstract class AnyPlugin implements ConfigParser {
  /** True: a rule that does not parse keeps its last good configuration (mcp-server only in Higress). */
  isolatesRules: bool = false;
  constructor(public name: string) {}
  abstract parseConfig(reader: ConfigReader, inherited: Config | null): Config | null;
  abstract newStream(): AnyStream;
}

class PluginOf<C extends Config> extends AnyPlugin {
  constructor(
    name: string,
    private parser: (reader: ConfigReader, inherited: C | null) => C,
    private factory: () => Stream<C>,
  ) {
    super(name);
  }

  parseConfig(reader: ConfigReader, inherited: Config | null): Config | null {
    const parse = this.parser;
    const own = inherited !== null && inherited instanceof C ? (inherited as C) : null;
    return parse(reader, own);
  }

  newStream(): AnyStream {
    const create = this.factory;
    return create();
  }
}

const plugins: AnyPlugin[] = [];

/**
 * Registers a plugin. `parse` reads a configuration (the global one, or a rule's with the global one as
 * `inherited`) and records errors in the reader's report; `stream` makes the object of one exchange.
 * A module with several plugins picks by `pluginName` (root id).
 */
export function plugin<C extends Config>(
  name: string,
  parse: (reader: ConfigReader, inherited: C | null) => C,
  stream: () => Stream<C>,
): AnyPlugin {
  const registered = new PluginOf<C>(name, parse, stream);
  plugins.push(registered);
  if (plugins.length == 1) install(new Dispatcher());
  return registered;
}

class Root {
  plugin: AnyPlugin | null = null;
  pluginId: string = "";
  rules: RuleSet | null = null;
  ticker: Ticker = new Ticker();
  streams: i32 = 0;
}

class Exchange {
  stream: AnyStream | null = null;
  requestEnded: bool = false;
  responseEnded: bool = false;
  constructor(public root: Root) {}
}

function headersAction(flow: Flow, end: bool): i32 {
  // Holding the headers of a message without a body would hold it for ever: nothing follows to release it.
  if (flow == Flow.Hold) return end ? HeadersAction.Continue : HeadersAction.StopIteration;
  if (flow == Flow.Wait) return HeadersAction.StopAllIterationAndWatermark;
  return HeadersAction.Continue;
}

function bodyAction(flow: Flow, end: bool): i32 {
  // At the end nothing more can come, so holding means releasing, unless a call-out is awaited.
  if (flow == Flow.Hold) return end ? BodyAction.Continue : BodyAction.StopIterationAndBuffer;
  if (flow == Flow.Wait) return BodyAction.StopIterationAndBuffer;
  if (flow == Flow.Drop) return BodyAction.StopIterationNoBuffer;
  return BodyAction.Continue;
}

/** Bodies that are not text, or not readable as they are, are left alone (compat: "binary body"). */
function isReadableBody(head: Head): bool {
  const type = head.contentType;
  return !type.includes("octet-stream") && !type.includes("grpc") && head.get("content-encoding").length == 0;
}

function isWebSocket(head: Head): bool {
  const upgrade = head.bytes("upgrade");
  if (upgrade === null || !equalsAsciiIgnoreCase(upgrade, "websocket")) return false;
  const connection = head.bytes("connection");
  return connection !== null && lowerAscii(connection).indexOfAscii("upgrade") >= 0;
}

class Dispatcher extends Handler {
  private roots: Map<u32, Root> = new Map<u32, Root>();
  private exchanges: Map<u32, Exchange> = new Map<u32, Exchange>();

  contextCreated(id: u32, parent: u32): void {
    if (parent == 0) {
      this.roots.set(id, new Root());
      return;
    }
    if (!this.roots.has(parent)) return;
    const root = this.roots.get(parent);
    root.streams++;
    this.exchanges.set(id, new Exchange(root));
    setLiveContexts(this.exchanges.size);
  }

  vmStarted(root: u32): bool {
    return true;
  }

  configured(id: u32, size: i32): bool {
    if (!this.roots.has(id)) return false;
    const root = this.roots.get(id);
    const target = this.select();
    if (target === null) return false;
    root.plugin = target;
    refreshLogLevel();
    setLogOrigin(target.name, "", "");
    const accepted = this.configure(root, target, size);
    if (accepted) log.info("plugin start successfully");
    else log.error("plugin start failed");
    return accepted;
  }

  private select(): AnyPlugin | null {
    if (plugins.length == 1) return plugins[0];
    const rootId = property("plugin_root_id");
    for (let i = 0; i < plugins.length; i++) if (rootId !== null && plugins[i].name == rootId) return plugins[i];
    log.error(`no plugin named ${rootId === null ? "" : rootId} in this module: set pluginName`);
    return null;
  }

  private configure(root: Root, target: AnyPlugin, size: i32): bool {
    const text = host.bufferBytes(BufferKind.PluginConfiguration, 0, i32.MAX_VALUE).copy();
    if (text.size > 0) {
      const error = Json.check(text);
      if (error != JsonError.None) {
        log.error(`the plugin configuration is not a valid json: ${text.slice(0, 200).toString()}`);
        return false;
      }
    }
    const document = Json.read(text);
    root.pluginId = document.get("_plugin_id_").text();
    setLogOrigin(target.name, root.pluginId, "");
    const report = new ConfigReport();
    const rules = RuleSet.parse(document, target, report, target.isolatesRules);
    for (let i = 0; i < report.warnings.length; i++) log.warn(report.warnings[i]);
    if (rules === null || report.failed) {
      for (let i = 0; i < report.errors.length; i++) {
        log.error(`parse rule config failed: ${report.errors[i]}`);
      }
      return false;
    }
    collectTasks(root.ticker);
    const configs = rules.configs();
    for (let i = 0; i < configs.length; i++) {
      if (!configs[i].start()) {
        collectTasks(null);
        return false;
      }
    }
    collectTasks(null);
    root.rules = rules;
    root.ticker.start();
    return true;
  }

  ticked(id: u32): void {
    if (!this.roots.has(id)) return;
    const root = this.roots.get(id);
    const target = root.plugin;
    setLogOrigin(target === null ? "" : target.name, root.pluginId, "");
    root.ticker.tick(nowMs());
  }

  /** The exchange's stream with the log origin set, or null when the plugin is not active for it. */
  private active(id: u32): AnyStream | null {
    if (!this.exchanges.has(id)) return null;
    const exchange = this.exchanges.get(id);
    const stream = exchange.stream;
    if (stream === null) return null;
    this.speakFor(exchange.root, stream.requestId);
    return stream;
  }

  private speakFor(root: Root, requestId: string): void {
    const target = root.plugin;
    setLogOrigin(target === null ? "" : target.name, root.pluginId, requestId);
  }

  requestHeaders(id: u32, count: i32, end: bool): i32 {
    if (!this.exchanges.has(id)) return HeadersAction.Continue;
    const exchange = this.exchanges.get(id);
    const root = exchange.root;
    const target = root.plugin;
    const rules = root.rules;
    if (target === null || rules === null) return HeadersAction.Continue;
    const head = new Head(MapKind.RequestHeaders);
    const requestId = head.get("x-request-id");
    setProperty("x_request_id", requestId);
    refreshLogLevel();
    this.speakFor(root, requestId);
    const authority = head.bytes(":authority");
    if (authority === null) {
      log.error("get match config failed, err:no :authority header");
      return HeadersAction.Continue;
    }
    const config = rules.match(authority.toString());
    if (config === null) return HeadersAction.Continue;
    const stream = target.newStream();
    stream.id = id;
    stream.requestId = requestId;
    stream.attach(config);
    exchange.stream = stream;
    exchange.requestEnded = end;
    const webSocket = isWebSocket(head);
    stream.requestBodyReadable = !webSocket && isReadableBody(head);
    stream.responseBodyReadable = !webSocket;
    return headersAction(stream.onRequestHead(head, end), end);
  }

  requestBody(id: u32, size: i32, end: bool): i32 {
    const stream = this.active(id);
    if (stream === null || !stream.wantsRequestBody) return BodyAction.Continue;
    const exchange = this.exchanges.get(id);
    if (end) exchange.requestEnded = true;
    return bodyAction(stream.onRequestBody(new Body(BufferKind.RequestBody, size), end), end);
  }

  requestTrailers(id: u32, count: i32): i32 {
    const stream = this.active(id);
    if (stream === null) return HeadersAction.Continue;
    const exchange = this.exchanges.get(id);
    let flow = Flow.Next;
    // Trailers end the body: no body callback has said so (compat "Buffers and body semantics").
    if (!exchange.requestEnded && stream.wantsRequestBody) {
      exchange.requestEnded = true;
      flow = stream.onRequestBody(new Body(BufferKind.RequestBody, 0), true);
    }
    if (flow != Flow.Wait) {
      const after = stream.onRequestTrailers(new Head(MapKind.RequestTrailers));
      if (after == Flow.Wait) flow = after;
    }
    return flow == Flow.Wait ? HeadersAction.StopIteration : HeadersAction.Continue;
  }

  responseHeaders(id: u32, count: i32, end: bool): i32 {
    const stream = this.active(id);
    if (stream === null) return HeadersAction.Continue;
    const exchange = this.exchanges.get(id);
    exchange.responseEnded = end;
    const head = new Head(MapKind.ResponseHeaders);
    stream.responseBodyReadable = stream.responseBodyReadable && isReadableBody(head);
    return headersAction(stream.onResponseHead(head, end), end);
  }

  responseBody(id: u32, size: i32, end: bool): i32 {
    const stream = this.active(id);
    if (stream === null || !stream.wantsResponseBody) return BodyAction.Continue;
    const exchange = this.exchanges.get(id);
    if (end) exchange.responseEnded = true;
    return bodyAction(stream.onResponseBody(new Body(BufferKind.ResponseBody, size), end), end);
  }

  responseTrailers(id: u32, count: i32): i32 {
    const stream = this.active(id);
    if (stream === null) return HeadersAction.Continue;
    const exchange = this.exchanges.get(id);
    let flow = Flow.Next;
    if (!exchange.responseEnded && stream.wantsResponseBody) {
      exchange.responseEnded = true;
      flow = stream.onResponseBody(new Body(BufferKind.ResponseBody, 0), true);
    }
    if (flow != Flow.Wait) {
      const after = stream.onResponseTrailers(new Head(MapKind.ResponseTrailers));
      if (after == Flow.Wait) flow = after;
    }
    return flow == Flow.Wait ? HeadersAction.StopIteration : HeadersAction.Continue;
  }

  callReplied(token: u32, headers: i32, bodySize: i32, trailers: i32): void {
    const call = takePending(token);
    if (call === null) return;
    this.speakForStream(call.stream);
    deliver(call, headers, bodySize);
  }

  redisReplied(token: u32, status: i32, size: i32): void {
    const replies = redisReplies();
    if (replies === null) return;
    this.speakForStream(replies.streamOf(token));
    replies.deliver(token, status);
  }

  /** Log lines of a reply name the request it belongs to. */
  private speakForStream(stream: AnyStream | null): void {
    if (stream === null || !this.exchanges.has(stream.id)) return;
    this.speakFor(this.exchanges.get(stream.id).root, stream.requestId);
  }

  logged(id: u32): void {
    const stream = this.active(id);
    if (stream !== null) stream.onLog();
  }

  done(id: u32): bool {
    return true;
  }

  deleted(id: u32): void {
    const stream = this.active(id);
    if (stream !== null) {
      stream.isGone = true;
      stream.onDone();
    }
    if (this.exchanges.has(id)) {
      this.exchanges.get(id).root.streams--;
      this.exchanges.delete(id);
      setLiveContexts(this.exchanges.size);
    } else if (this.roots.has(id)) {
      this.roots.delete(id);
    }
  }
}
