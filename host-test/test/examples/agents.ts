// What agents do with the agent gateway of examples/, whichever engine serves it.

import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import type { GatewayModel } from "../../gateway/model.ts";

/** The REST service behind the tools. */
export interface Books {
  port: number;
  close(): void;
}

export async function startBooks(): Promise<Books> {
  const server: Server = createServer((request, response) => {
    const isOne = request.url === "/books/1";
    response.writeHead(isOne ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isOne ? { id: "1", title: "The Book of Tea" } : { message: "no such book" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => void server.close().closeAllConnections(),
  };
}

/** The model with the service of the tools where it is now. */
export function withBooks(model: GatewayModel, { port }: Books): GatewayModel {
  const clusters = model.clusters.map((cluster) =>
    cluster.name.endsWith("books.static")
      ? { ...cluster, endpoints: [{ host: "127.0.0.1", port }] }
      : cluster,
  );
  return { ...model, clusters };
}

export class Agent {
  #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async post(path: string, body: object): Promise<Response> {
    const headers = { "content-type": "application/json", "x-mse-consumer": "agent-1" };
    return fetch(this.#url + path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Models in two dialects, and a provider that fails. */
  async usesModels(): Promise<void> {
    const messages = [{ role: "user", content: "Hello" }];
    const chat = await this.post("/v1/chat/completions", { model: "gpt-5.4-mini", messages });
    expect(await chat.json()).toMatchObject({ object: "chat.completion", choices: [{ index: 0 }] });
    expect(chat.headers.get("x-ratelimit-limit-tokens")).toBe("20000");
    const message = await this.post("/v1/messages", { model: "claude-haiku-5-5", max_tokens: 100, messages });
    expect(await message.json()).toMatchObject({ type: "message", role: "assistant" });
    const failing = await this.post("/v1/chat/completions", { model: "simulate-429", messages });
    expect(await failing.json()).toMatchObject({ object: "chat.completion" });
    expect(failing.headers.get("x-ai-proxy-provider")).toBe("claude");
  }

  /** Lists and calls tools, up to the limit. */
  async usesTools(): Promise<void> {
    const list = await this.post("/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list" });
    const { result } = (await list.json()) as { result: { tools: { name: string }[] } };
    expect(result.tools.map(({ name }) => name)).toEqual(["find_books", "get_book"]);
    const call = (id: string): Promise<Response> =>
      this.post("/mcp", {
        ...{ jsonrpc: "2.0", id: 2, method: "tools/call" },
        params: { name: "get_book", arguments: { id } },
      });
    expect(await (await call("1")).text()).toContain("The Book of Tea");
    expect(await (await call("9")).json()).toMatchObject({
      result: { isError: true, content: [{ text: "no such book" }] },
    });
    // The bucket fills while it is emptied, on a slow machine.
    let refused: unknown;
    for (let calls = 0; calls < 500 && refused === undefined; calls++)
      refused = ((await (await call("1")).json()) as { error?: unknown }).error;
    expect(refused).toMatchObject({ code: -32029 });
  }
}
