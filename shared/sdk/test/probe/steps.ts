// The probe's little language: a step is a verb and its words; the last flow named is the callback's answer.

import {
  Body,
  Flow,
  Head,
  HttpCall,
  HttpReply,
  HttpRequest,
  RedisCall,
  RespCommand,
  RespValue,
  Stream,
  clusterName,
  count,
  gauge,
  log,
  move,
  observe,
  property,
  routeName,
  send,
  setProperty,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { ProbeConfig } from "./config";
import { doubleBody, editBody } from "./bodies";
import { guardCall, guardHead, guardReply, replySpecial } from "./headers";
import { putOnce, addTo } from "./stored";

/** A stream that hears the answers of its call-outs. */
export abstract class Actor extends Stream<ProbeConfig> {
  abstract replied(reply: HttpReply): void;
  abstract gone(): void;
  abstract redisReplied(value: RespValue): void;
  abstract redisFailed(reason: string): void;
}

export class Scene {
  constructor(
    public stream: Actor,
    public config: ProbeConfig,
    public head: Head,
    public body: Body | null,
  ) {}
}

class ProbeCall extends HttpCall {
  constructor(private actor: Actor) {
    super();
  }
  onReply(reply: HttpReply): void {
    this.actor.replied(reply);
  }
  onStreamGone(): void {
    this.actor.gone();
  }
}

/** Belongs to no stream. */
class LoneCall extends HttpCall {
  onReply(reply: HttpReply): void {
    log.info(`> lone reply status=${reply.status} body=${reply.body.all().toString()}`);
  }
}

class ProbeRedisCall extends RedisCall {
  constructor(private actor: Actor) {
    super();
  }
  onReply(value: RespValue): void {
    this.actor.redisReplied(value);
  }
  onFailure(reason: string): void {
    this.actor.redisFailed(reason);
  }
  onStreamGone(): void {
    this.actor.gone();
  }
}

export function run(steps: string[], scene: Scene): Flow {
  let flow = Flow.Next;
  for (let i = 0; i < steps.length; i++) {
    const words = steps[i].split(" ");
    const verb = words[0];
    if (verb == "next") flow = Flow.Next;
    else if (verb == "hold") flow = Flow.Hold;
    else if (verb == "wait") flow = Flow.Wait;
    else if (verb == "drop") flow = Flow.Drop;
    else if (verb == "answer") flow = answer(scene, words);
    else if (verb == "guard-reply") flow = guardReply(scene.stream);
    else if (verb == "special-reply") flow = replySpecial(scene.stream);
    else act(verb, words, scene);
  }
  return flow;
}

function answer(scene: Scene, words: string[]): Flow {
  const status = <i32>I32.parseInt(words[1]);
  return scene.stream.reply(status, "text/plain", Span.text(rest(words, 2)), "probe.answer");
}

function act(verb: string, words: string[], scene: Scene): void {
  const stream = scene.stream;
  const head = scene.head;
  if (verb == "set") log.info(`set ${head.set(words[1], rest(words, 2))}`);
  else if (verb == "set-request") stream.requestHead.set(words[1], rest(words, 2));
  else if (verb == "add") log.info(`added ${head.add(words[1], rest(words, 2))}`);
  else if (verb == "remove") head.remove(words[1]);
  else if (verb == "get") log.info(`${words[1]} is ${value(head, words[1])}`);
  else if (verb == "pairs") log.info(`pairs ${pairs(head)}`);
  else if (verb == "copy") head.addBytes(words[2], bytesOf(head, words[1]));
  else if (verb == "readable") log.info(`readable ${head.isReadable}`);
  else if (verb == "bodies") log.info(`bodies ${stream.requestBodyReadable} ${stream.responseBodyReadable}`);
  else if (verb == "guard-head") guardHead(head);
  else if (verb == "guard-call") guardCall(words[1]);
  else if (verb == "ignore-request") stream.ignoreRequestBody();
  else if (verb == "ignore-response") stream.ignoreResponseBody();
  else if (verb == "resume") stream.resumeRequest();
  else if (verb == "resume-response") stream.resumeResponse();
  else if (verb == "cut") stream.cut();
  else if (verb == "call") call(scene, words);
  else if (verb == "call-alone") {
    const request = new HttpRequest(words[1], "GET", "probe.test", "/alone");
    if (!send(request, new LoneCall())) log.info("refused");
  } else if (verb == "redis") redis(scene, words);
  else if (verb == "store") log.info(putOnce(words[1], words[2]));
  else if (verb == "store-add") log.info(addTo(words[1], <i64>I64.parseInt(words[2])));
  else if (verb == "say") log.info(rest(words, 1));
  else if (verb == "levels") {
    log.debug("at debug");
    log.info("at info");
    log.warn("at warn");
    log.error("at error");
    log.info(`debugOn ${log.debugOn()}`);
  } else if (verb == "properties") log.info(properties());
  else if (verb == "property") setProperty(words[1], rest(words, 2));
  else if (verb == "count") count(words[1], <i64>I64.parseInt(words[2]));
  else if (verb == "gauge") gauge(words[1], <i64>I64.parseInt(words[2]));
  else if (verb == "move") move(words[1], <i64>I64.parseInt(words[2]));
  else if (verb == "observe") observe(words[1], <i64>I64.parseInt(words[2]));
  else if (verb == "count-many") for (let i = 0; i < <i32>I32.parseInt(words[1]); i++) count(`probe_${i}`);
  else onBody(verb, words, scene);
}

function onBody(verb: string, words: string[], scene: Scene): void {
  const body = scene.body;
  if (body === null) {
    log.error(`no such step: ${verb}`);
    return;
  }
  if (verb == "read") log.info(`body ${body.all().toString()}`);
  else if (verb == "size") log.info(`size ${body.all().size}`);
  else if (verb == "replace") log.info(`replaced ${body.replace(Span.text(rest(words, 1)))}`);
  else if (verb == "prefix") body.replacePrefix(<i32>I32.parseInt(words[1]), Span.text(rest(words, 2)));
  else if (verb == "append") log.info(`appended ${body.append(Span.text(rest(words, 1)))}`);
  else if (verb == "clear") body.clear();
  else if (verb == "window") log.info(outline(body.window(<i32>I32.parseInt(words[1]))));
  else if (verb == "edit") editBody(body, scene.head.get("x-splices"));
  else if (verb == "double") doubleBody(body);
  else log.error(`no such step: ${verb}`);
}

/** Size and both ends of bytes that are too many for a line. */
function outline(bytes: Span): string {
  return `${bytes.size} ${bytes.slice(0, 8).toString()} ${bytes.slice(bytes.size - 8).toString()}`;
}

/** `call CLUSTER [TIMEOUT [BODY]]`. */
function call(scene: Scene, words: string[]): void {
  const request = new HttpRequest(words[1], "POST", "probe.test", "/check?a=b");
  if (words.length > 2) request.timeoutMs = <i32>I32.parseInt(words[2]);
  if (words.length > 3) request.body = Span.text(rest(words, 3));
  request.headers.addBytes("x-copied", bytesOf(scene.head, "x-raw"));
  const call = new ProbeCall(scene.stream);
  call.stream = scene.stream;
  if (!send(request, call)) log.info("refused");
}

function redis(scene: Scene, words: string[]): void {
  const client = scene.config.redis;
  if (client === null) return;
  const command = new RespCommand(words[1]);
  for (let i = 2; i < words.length; i++) command.text(words[i]);
  const call = new ProbeRedisCall(scene.stream);
  call.stream = scene.stream;
  if (!client.send(command, call)) log.info("redis refused");
}

function properties(): string {
  const route = property("route_name");
  const cluster = property("cluster_name");
  const old = `${route === null ? "absent" : route}, ${cluster === null ? "absent" : cluster}`;
  return `old ${old}; found ${routeName()}, ${clusterName()}`;
}

function value(head: Head, name: string): string {
  const bytes = head.bytes(name);
  return bytes === null ? "absent" : bytes.isEmpty ? "empty" : head.get(name);
}

function bytesOf(head: Head, name: string): Span {
  const bytes = head.bytes(name);
  return bytes === null ? Span.empty() : bytes;
}

function pairs(head: Head): string {
  const pairs = head.pairs();
  let text = "";
  while (pairs.next()) text += `${pairs.name.toString()}=${pairs.value.toString()};`;
  return text;
}

function rest(words: string[], from: i32): string {
  return words.slice(from).join(" ");
}
