import { expect, test } from "vitest";
import { TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";

test("headers, bodies, a call and shared data pass through one plugin", () => {
  const module = guest({
    on: {
      proxy_on_configure: `
        (call $show @"config" (call $proxy_get_buffer_bytes (i32.const 7) (i32.const 0) (i32.const 100) (i32.const 16) (i32.const 20)))`,
      proxy_on_request_headers: `
        (call $show @"path" (call $proxy_get_header_map_value (i32.const 0) @":path" (i32.const 16) (i32.const 20)))
        (drop (call $proxy_add_header_map_value (i32.const 0) @"x-added" @"yes"))
        (call $show @"route" (call $proxy_get_property @"route_name" (i32.const 16) (i32.const 20)))
        (call $code @"call" (call $proxy_http_call @"peer" @"\\03\\00\\00\\00\\07\\00\\00\\00\\03\\00\\00\\00\\05\\00\\00\\00\\01\\00\\00\\00\\0a\\00\\00\\00\\01\\00\\00\\00:method\\00GET\\00:path\\00/\\00:authority\\00p\\00" @"" @"" (i32.const 100) (i32.const 24)))
        (global.set $stream (local.get $0))
        (return (i32.const 4))`,
      proxy_on_http_call_response: `
        (call $code @"token" (local.get $1))
        (drop (call $proxy_set_effective_context (global.get $stream)))
        (drop (call $proxy_continue_stream (i32.const 0)))`,
      proxy_on_response_body: `
        (drop (call $proxy_set_buffer_bytes (i32.const 1) (i32.const 0) (i32.const 0) @"<"))`,
    },
    also: `(global $stream (mut i32) (i32.const 0))`,
  });
  const chain = new TestChain({
    plugins: [{ module, configuration: "{}" }],
    calls: { peer: () => ({ body: "hi" }) },
  });
  const { client, upstream, record } = chain.exchange({ path: "/p", chunks: ["ab", "cd"] });
  expect(chain.logs.map((line) => line.message)).toEqual([
    "config={}",
    "path=/p",
    "route=route",
    "call=0",
    "token=4",
  ]);
  expect(upstream?.header("x-added")).toBe("yes");
  expect(upstream?.text).toBe("abcd");
  expect(client.text).toBe("<ok<");
  expect(record?.details).toBe("via_upstream");
});
