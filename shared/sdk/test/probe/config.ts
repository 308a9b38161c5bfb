// The probe's configuration: what to do in each callback, and what to read with the configuration reader.

import { Config, ConfigReader, Redis, RedisOptions, every, log } from "as-proxy-wasm-sdk/sdk";
import { ProbeTask } from "./task";

class Phase {
  /** One list per visit; the last one also for every later visit. */
  visits: string[][] = [];
}

export class ProbeConfig extends Config {
  name: string = "";
  quiet: bool = false;
  redis: Redis | null = null;
  private startFails: bool = false;
  private phases: Map<string, Phase> = new Map<string, Phase>();
  private tasks: ConfigReader[] = [];
  private lines: string[] = [];

  static parse(reader: ConfigReader, inherited: ProbeConfig | null): ProbeConfig {
    const config = new ProbeConfig();
    config.name = reader.text("name", "unnamed");
    config.quiet = reader.flag("quiet");
    config.startFails = reader.flag("startFails");
    if (inherited !== null) config.lines.push(`${config.name} inherits ${inherited.name}`);
    const failure = reader.text("fail");
    if (failure.length > 0) reader.fail(failure);
    const phases = reader.entries("steps");
    for (let i = 0; i < phases.length; i++)
      config.phases.set(phases[i].name, phaseOf(reader.child("steps"), phases[i].name));
    const tasks = reader.list("tasks");
    for (let i = 0; i < tasks.length; i++) config.tasks.push(tasks[i]);
    const wanted = reader.texts("read");
    const values = reader.child("values");
    for (let i = 0; i < wanted.length; i++)
      config.lines.push(`${wanted[i]} = ${readOne(values, wanted[i].split(" "))}`);
    if (reader.flag("strictValues")) values.warnUnread();
    if (reader.has("redis")) config.redis = redisOf(reader.child("redis"));
    return config;
  }

  start(): bool {
    for (let i = 0; i < this.lines.length; i++) log.info(this.lines[i]);
    for (let i = 0; i < this.tasks.length; i++) {
      every(new ProbeTask(this.tasks[i].text("say"), this.tasks[i].integer("periodMs", 100)));
    }
    const redis = this.redis;
    if (redis !== null) log.info(`redis connected: ${redis.connect()}`);
    return !this.startFails;
  }

  stepsOf(phase: string, visit: i32): string[] {
    if (!this.phases.has(phase)) return [];
    const visits = this.phases.get(phase).visits;
    return visits.length == 0 ? [] : visits[min(visit, visits.length - 1)];
  }
}

/** A list of steps, or a list of such lists. */
function phaseOf(steps: ConfigReader, name: string): Phase {
  const phase = new Phase();
  const items = steps.list(name);
  if (items.length == 0) return phase;
  if (items[0].value.kind != JSON_ARRAY) {
    phase.visits.push(steps.texts(name));
    return phase;
  }
  for (let i = 0; i < items.length; i++) {
    const texts: string[] = [];
    const inner = items[i].value.items();
    while (inner.next()) texts.push(inner.value.text());
    phase.visits.push(texts);
  }
  return phase;
}

/** JsonKind.Array. */
const JSON_ARRAY = 5;

function redisOf(reader: ConfigReader): Redis {
  const options = new RedisOptions();
  options.username = reader.text("username");
  options.password = reader.secret("password");
  options.database = <i32>reader.integer("database");
  options.timeoutMs = <i32>reader.integer("timeoutMs", 1000);
  return new Redis(reader.text("cluster"), options);
}

/** One call of the reader under test: `METHOD KEY [ARGUMENT…]`. */
function readOne(reader: ConfigReader, words: string[]): string {
  const method = words[0];
  const key = words.length > 1 ? words[1] : "";
  const first = words.length > 2 ? words[2] : "";
  if (method == "text") return reader.text(key, first);
  if (method == "requiredText") return reader.requiredText(key);
  if (method == "secret") return `${reader.secret(key).length} characters`;
  if (method == "secrets") return `${reader.secrets(key).length} secrets`;
  if (method == "number") return reader.number(key, 0.5).toString();
  if (method == "flag") return reader.flag(key, first == "true").toString();
  if (method == "texts") return `[${reader.texts(key).join("|")}]`;
  if (method == "raw") return reader.raw(key).toString();
  if (method == "has") return reader.has(key).toString();
  if (method == "isObjectAt") return reader.isObjectAt(key).toString();
  if (method == "integer")
    return reader.integer(key, first.length > 0 ? <i64>I64.parseInt(first) : 0).toString();
  if (method == "between") {
    return reader
      .integerBetween(key, <i64>I64.parseInt(first), <i64>I64.parseInt(words[3]), <i64>I64.parseInt(words[4]))
      .toString();
  }
  if (method == "child") return readOne(reader.child(key), words.slice(2));
  if (method == "listed") {
    const items = reader.list(key);
    let text = "";
    for (let i = 0; i < items.length; i++) text += (i > 0 ? "|" : "") + readOne(items[i], words.slice(2));
    return text;
  }
  if (method == "entries") {
    const entries = reader.entries(key);
    let text = "";
    for (let i = 0; i < entries.length; i++) text += `${entries[i].name}@${entries[i].reader.path};`;
    return text;
  }
  if (method == "expected") {
    reader.expected(key, first);
    return "";
  }
  return `no method ${method}`;
}
