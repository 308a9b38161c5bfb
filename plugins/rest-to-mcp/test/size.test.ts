// What an endpoint may take: answers of 10 MB and lists of a thousand tools, in memory that is bounded.

import { expect, test } from "vitest";
import { catalogue } from "../../../host-test/bench/subjects.ts";
import { ask, askModern, endpoint } from "./endpoint.ts";
import { get, server } from "./rest.ts";

const page = 65_536;
const answer = "é".repeat(5 << 20);

test("twelve answers of 10 MB, one after the other, take no more memory than the first four: 80 MB at the most", () => {
  const tools = [{ name: "t", ...get("/x") }];
  const chain = endpoint({ server, tools }, { upstream: () => ({ body: answer }), bufferLimit: 1 << 25 });
  const text = () => {
    const { result } = ask(chain, "tools/call", { name: "t" }).json;
    return (result!["content"] as { text: string }[])[0]!.text;
  };
  for (let i = 0; i < 4; i++) expect(text() === answer).toBe(true);
  const pages = chain.chain.memoryPages();
  for (let i = 0; i < 8; i++) text();
  expect(chain.chain.memoryPages()).toBe(pages);
  expect(pages * page).toBeLessThanOrEqual(80 << 20);
  chain.close();
});

test("an answer beyond maxAnswerBytes is never held: the memory stays that of small ones", () => {
  const tools = [{ name: "t", ...get("/x") }];
  const chain = endpoint(
    { server, tools, maxAnswerBytes: 1 << 20 },
    { upstream: () => ({ body: answer }), bufferLimit: 1 << 25 },
  );
  for (let i = 0; i < 5; i++)
    expect(JSON.stringify(ask(chain, "tools/call", { name: "t" }).json)).toContain(
      "the upstream's answer is too large",
    );
  expect(chain.chain.memoryPages() * page).toBeLessThan(16 << 20);
  chain.close();
});

test("a thousand tools take 72 MB at the most, and lists of them no more; every tool is listed to every revision", () => {
  const chain = endpoint(catalogue(1000));
  const names = (list: unknown) => (list as { name: string }[]).map(({ name }) => name);
  const all = Array.from({ length: 1000 }, (_, i) => `orders_search_${i}`);
  for (let i = 0; i < 20; i++) {
    expect(names(ask(chain, "tools/list").json.result!["tools"])).toEqual(all);
    expect(names(askModern(chain, "tools/list").json.result!["tools"])).toEqual(all);
  }
  expect(chain.chain.memoryPages() * page).toBeLessThanOrEqual(72 << 20);
  chain.close();
});

test("a tool of a thousand that is called first when others were listed works as it is configured", () => {
  let path = "";
  const chain = endpoint(catalogue(1000), {
    upstream: (request) => {
      path = request.header(":path")!;
      return { body: '{"orders":[{"id":1,"total":2,"state":"paid"}]}' };
    },
  });
  for (let i = 0; i < 2; i++) {
    const call = { name: "orders_search_999", arguments: { customer: "c", since: "d" } };
    expect(ask(chain, "tools/call", call).json.result).toMatchObject({
      content: [{ text: "1. 1: 2 PAID\n" }],
      isError: false,
    });
    expect(path).toBe("/v1/regions/999/customers/c/orders?limit=20&since=d");
  }
  chain.close();
});
