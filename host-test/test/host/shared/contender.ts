// A worker of the tests: does one thing to shared memory together with its siblings, then says what it saw.

import { parentPort, workerData } from "node:worker_threads";
import { WorkerData } from "../../../services/shared-data.ts";
import { SharedMemory } from "../../../services/shared-memory.ts";
import { WorkerQueues } from "../../../services/shared-queues.ts";
import { WorkerStats } from "../../../services/shared-stats.ts";

export interface Task {
  buffer: SharedArrayBuffer;
  kind: "count" | "create" | "names" | "metrics" | "enqueue" | "listen";
  rounds: number;
  id: number;
}

const { buffer, kind, rounds, id } = workerData as Task;
const memory = new SharedMemory(buffer);
const data = new WorkerData(memory);
const missing = 0xffffffff;

/** Adds one to a shared decimal number, with CAS until it succeeds; returns the tries. */
function increment(): number {
  for (let tries = 1; ; tries++) {
    const entry = data.get("", "total")!;
    const next = Buffer.from(String(Number(Buffer.from(entry.value).toString()) + 1));
    if (data.set("", "total", next, entry.cas) === "ok") return tries;
  }
}

function run(): unknown {
  if (kind === "count") {
    let tries = 0;
    for (let i = 0; i < rounds; i++) tries += increment();
    return tries;
  }
  if (kind === "create") {
    let created = 0;
    for (let i = 0; i < rounds; i++) {
      if (data.get("", `key ${i}`) !== undefined) continue;
      const before = data.set("", `key ${i}`, Buffer.from(String(id)), missing);
      if (before === "ok") created++;
    }
    return created;
  }
  if (kind === "names") {
    for (let i = 0; i < rounds; i++) data.set("vm", `${id}:${i}`, Buffer.alloc(i % 300, id), 0);
    return undefined;
  }
  if (kind === "metrics") {
    const stats = new WorkerStats(memory);
    const requests = stats.define("counter", "requests")!;
    const sizes = stats.define("histogram", "sizes")!;
    for (let i = 0; i < rounds; i++) {
      stats.add(requests, 1n);
      stats.record(sizes, BigInt(i % 10));
    }
    return stats.get(requests) >= BigInt(rounds);
  }
  if (kind === "enqueue") {
    const queues = new WorkerQueues(memory);
    const token = queues.resolve("vm", "jobs");
    for (let i = 0; i < rounds; i++) queues.enqueue(token, Buffer.from(`${id}:${i}`));
    return token;
  }
  return undefined;
}

if (kind === "listen") {
  const queues = new WorkerQueues(memory);
  const items: string[] = [];
  const token: number = queues.register("vm", "jobs", () => {
    const item = queues.dequeue(token);
    if (typeof item !== "string") items.push(Buffer.from(item).toString());
    if (items.length < rounds) return;
    queues.close();
    parentPort!.postMessage(items);
    parentPort!.close();
  });
  // What keeps the thread alive until then; a wait for a queue does not.
  parentPort!.on("message", () => undefined);
  parentPort!.postMessage("listening");
} else {
  parentPort!.postMessage(run());
}
