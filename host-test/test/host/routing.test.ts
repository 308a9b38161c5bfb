import { describe, expect, test } from "vitest";
import type { Headers, Route } from "../../host/types.ts";
import {
  addHeader,
  chainOf,
  drop,
  getHeader,
  removeHeader,
  returns,
  said,
  say,
  setProperty,
  show,
} from "./snippets.ts";

describe("routing (abi.md §6, envoy.md §3)", () => {
  const route = (headers: Headers): Route | undefined => {
    const tenant = headers.find(([name]) => name === "x-tenant")?.[1];
    return tenant === "none"
      ? undefined
      : { name: tenant ?? "default", cluster: `cluster of ${tenant ?? "default"}` };
  };
  const routed = (on: Record<string, string>, options: object = {}) => chainOf(on, { route, ...options });

  test("a change of request headers chooses the route again, in the header callback and while they are held", () => {
    expect(
      routed({ proxy_on_request_headers: drop(addHeader(0, "x-tenant", "a")) }).exchange().upstream?.route
        .name,
    ).toBe("a");
    const held = {
      proxy_on_request_headers: returns(1),
      proxy_on_request_body: `(if (local.get $2) (then ${drop(addHeader(0, "x-tenant", "b"))} (return (i32.const 0)))) ${returns(1)}`,
    };
    expect(routed(held).exchange({ body: "x" }).upstream?.route.name).toBe("b");
    const removed = routed({ proxy_on_request_headers: drop(removeHeader(0, "x-tenant")) });
    expect(removed.exchange({ headers: { "x-tenant": "a" } }).upstream?.route.name).toBe("default");
  });

  test("the property still shows the old route until the router runs", () => {
    const chain = routed({
      proxy_on_request_headers: `${drop(addHeader(0, "x-tenant", "a"))} ${show("now", `(call $proxy_get_property @"xds\\00route_name" (i32.const 16) (i32.const 20))`)}`,
      proxy_on_response_headers: show(
        "then",
        `(call $proxy_get_property @"xds\\00route_name" (i32.const 16) (i32.const 20))`,
      ),
    });
    chain.exchange();
    expect(said(chain)).toEqual(["now=default", "then=a"]);
  });

  test("clear_route_cache=off keeps the route in Higress until it is set otherwise; stock Envoy ignores it", () => {
    const off = `(drop ${setProperty("clear_route_cache", "off")}) ${drop(addHeader(0, "x-tenant", "a"))}`;
    expect(routed({ proxy_on_request_headers: off }).exchange().upstream?.route.name).toBe("default");
    const on = `${off} (drop ${setProperty("clear_route_cache", "on")}) ${drop(addHeader(0, "other", "1"))}`;
    expect(routed({ proxy_on_request_headers: on }).exchange().upstream?.route.name).toBe("a");
    expect(
      routed({ proxy_on_request_headers: off }, { flavour: "envoy" }).exchange().upstream?.route.name,
    ).toBe("a");
  });

  test("the foreign function clear_route_cache chooses again although the switch is off", () => {
    const on = `(drop ${setProperty("clear_route_cache", "off")}) ${drop(addHeader(0, "x-tenant", "a"))}
      (drop (call $proxy_call_foreign_function @"clear_route_cache" @"" (i32.const 0) (i32.const 0)))`;
    expect(routed({ proxy_on_request_headers: on }).exchange().upstream?.route.name).toBe("a");
  });

  test("no route is 404 through the plugins' response callbacks", () => {
    const chain = routed({ proxy_on_response_headers: show("status", getHeader(2, ":status")) });
    const { client, upstream, record } = chain.exchange({ headers: { "x-tenant": "none" } });
    expect(upstream).toBeUndefined();
    expect(client).toMatchObject({ status: 404, text: "" });
    expect(record).toMatchObject({ details: "route_not_found", flags: "NR" });
    expect(said(chain)).toEqual(["status=404"]);
  });
});

describe("what may not go upstream (abi.md §6, measured on Envoy 1.40)", () => {
  const removed = "filter_removed_required_request_headers";
  test.each([
    [
      "a line break in a value",
      addHeader(0, "a", "b\\0d\\0ac: d"),
      503,
      "invalid header value for: a",
      `${removed}{invalid_header_value_for:_a}`,
      "DPE",
    ],
    [
      "a NUL in a value",
      addHeader(0, "a", "b\\00"),
      503,
      "invalid header value for: a",
      `${removed}{invalid_header_value_for:_a}`,
      "DPE",
    ],
    [
      "a name with a space",
      addHeader(0, "a b", "c"),
      503,
      "invalid header name: a b",
      `${removed}{invalid_header_name:_a_b}`,
      "DPE",
    ],
    [
      "no method",
      removeHeader(0, ":method"),
      503,
      "missing required header: :method",
      `${removed}{missing_required_header:_:method}`,
      "DPE",
    ],
    ["no path", removeHeader(0, ":path"), 404, "", "route_not_found", "NR"],
  ])("%s", (_name, change, status, body, details, flags) => {
    const chain = chainOf({
      proxy_on_request_headers: drop(change),
      proxy_on_response_headers: say("response"),
    });
    const { client, upstream, record } = chain.exchange();
    expect(upstream).toBeUndefined();
    expect(client).toMatchObject({ status, text: body });
    expect(record).toMatchObject({ details, flags });
    expect(said(chain)).toEqual(["response"]);
  });

  test("a response without :status is 502, and a line break in a response header is not looked at", () => {
    const without = chainOf({ proxy_on_response_headers: drop(removeHeader(2, ":status")) });
    const { client, record } = without.exchange();
    expect(client).toMatchObject({ status: 502, text: "missing required header: :status" });
    expect(record?.details).toBe(
      "filter_removed_required_response_headers{missing_required_header:_:status}",
    );
    const raw = chainOf({ proxy_on_response_headers: drop(addHeader(2, "a", "b\\0d\\0ac: d")) });
    expect(raw.exchange().client.header("a")).toBe("b\r\nc: d");
  });
});
