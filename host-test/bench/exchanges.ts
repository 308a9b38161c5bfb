// Drives whole exchanges through the in-memory chain: what `gateway bench` times.

import type { Headers, RedisClients } from "../host/types.ts";
import { TestChain } from "../testing/chain.ts";
import type { Exchange } from "./subjects.ts";

const piece = 16_384;

const emptyAnswer: Headers = [
  [":status", "200"],
  ["content-type", "application/json"],
];

/** Modules in a chain, with what they are configured with. */
export interface Contender {
  name: string;
  /** Somebody else's: what it logs is its own affair. */
  isForeign?: boolean;
  plugins: { module: Uint8Array; configuration: object }[];
}

/** A chain that is given one exchange over and over. */
export class Exchanges {
  readonly #chain: TestChain;
  readonly #headers: Headers;
  readonly #pieces: Uint8Array[] = [];
  readonly #reply: Exchange["reply"];
  /** Commands that Redis has not answered. */
  readonly #asked: ((data: Uint8Array) => void)[] = [];
  readonly #redisReply: Uint8Array | undefined;

  readonly #isForeign: boolean;

  constructor(
    { name, plugins, isForeign = false }: Contender,
    { path, headers = [], body, reply, redisReply }: Exchange,
  ) {
    this.#redisReply = redisReply;
    const redis: RedisClients = {
      init: () => "ok",
      call: (_service, _command, answered) => (this.#asked.push(answered), "ok"),
    };
    this.#chain = new TestChain({
      ...(redisReply && { redis }),
      plugins: plugins.map(({ module, configuration }) => ({ name, module, configuration })),
      logLevel: "error",
      bufferLimit: 1 << 27,
    });
    for (let at = 0; at < body.length; at += piece) this.#pieces.push(body.subarray(at, at + piece));
    this.#reply = reply;
    this.#isForeign = isForeign;
    this.#headers = [
      [":method", "POST"],
      [":path", path],
      [":authority", "gateway.example.com"],
      [":scheme", "http"],
      ["accept", "application/json"],
      ["accept-encoding", "gzip, deflate"],
      ["authorization", "Bearer client-key"],
      ["content-length", String(body.length)],
      ["content-type", "application/json"],
      ["user-agent", "bench/1.0"],
      ["x-request-id", "00000000-0000-4000-8000-000000000000"],
      ...headers,
    ];
  }

  run(): void {
    const { http } = this.#chain.open("HTTP/2", true);
    http.requestHeaders(this.#headers.slice(), false);
    const last = this.#pieces.length - 1;
    for (let i = 0; i <= last; i++) http.requestData(this.#pieces[i]!, i === last);
    this.#answerRedis();
    if (this.#reply === undefined) return http.responseHeaders(emptyAnswer.slice(), true);
    const { headers, pieces } = this.#reply;
    http.responseHeaders(headers.slice(), false);
    for (let i = 0; i < pieces.length; i++) http.responseData(pieces[i]!, i === pieces.length - 1);
    this.#answerRedis();
  }

  #answerRedis(): void {
    if (this.#redisReply === undefined) return;
    for (let answered = this.#asked.shift(); answered !== undefined; answered = this.#asked.shift())
      answered(this.#redisReply);
  }

  /** Pages of 64 KiB of all VMs. */
  pages(): number {
    return this.#chain.chain.memoryPages();
  }

  /** Throws where a plugin of ours said that something went wrong. */
  close(): void {
    const [problem] = this.#chain.problems();
    this.#chain.close();
    if (problem !== undefined && !this.#isForeign) throw new Error(problem);
  }
}
