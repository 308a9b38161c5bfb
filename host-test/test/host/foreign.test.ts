import { createSign, generateKeyPairSync, verify } from "node:crypto";
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Flavour } from "../../host/types.ts";
import { chainOf, code, drop, escaped, out, pairs, said, setProperty, show } from "./snippets.ts";

const call = (name: string, argument: Uint8Array | string = "") =>
  `(call $proxy_call_foreign_function @"${name}" @"${escaped(argument)}" ${out})`;
const result = (label: string, name: string, argument?: Uint8Array | string) =>
  `(i32.store (i32.const 20) (i32.const 0)) ${show(label, call(name, argument))}`;
const token = (value: number) => Buffer.from(new Uint32Array([value]).buffer);

/** A protobuf field: text and bytes by length, numbers as varint below 128. */
function field(number: number, value: string | Uint8Array | number): Buffer {
  if (typeof value === "number") return Buffer.from([number * 8, value]);
  const bytes = Buffer.from(value);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

function lines(body: string, flavour: Flavour = "envoy"): string[] {
  const chain = chainOf({ proxy_on_request_headers: body }, { flavour, memory: "4" });
  chain.exchange({ path: "/x", headers: { a: "1" } });
  return said(chain);
}

describe("which functions exist (abi.md §13, §16.3)", () => {
  const stock = [
    "compress",
    "uncompress",
    "clear_route_cache",
    "set_envoy_filter_state",
    "declare_property",
    "sign",
    "verify_signature",
    "expr_create",
    "expr_evaluate",
    "expr_delete",
  ];
  const higress = [
    "get_log_level",
    "set_global_max_requests_per_io_cycle",
    "inject_encoded_data_to_filter_chain_on_header",
  ];
  const found = (name: string) => code(name, `(i32.ne ${call(name, "\xff")} (i32.const 1))`);

  test("stock Envoy has its own, Higress has both, unknown names are 1 and never fail the load", () => {
    const all = [...stock, ...higress, "nothing"];
    const expected = (names: string[]) => all.map((name) => `${name}=${names.includes(name) ? 1 : 0}`);
    expect(lines(all.map(found).join(" "))).toEqual(expected(stock.filter((name) => name !== "nothing")));
    expect(lines(all.map(found).join(" "), "higress")).toEqual(expected([...stock, ...higress]));
  });

  test("without a place for the result it is discarded", () => {
    const body = code(
      "call",
      `(call $proxy_call_foreign_function @"compress" @"x" (i32.const 0) (i32.const 0))`,
    );
    expect(lines(body)).toEqual(["call=0"]);
  });

  test("get_log_level is the numeric level", () => {
    expect(lines(result("level", "get_log_level"), "higress")).toEqual([`level=${token(0).toString()}`]);
  });
});

describe("compress and uncompress", () => {
  test("are zlib's, and broken data is 3", () => {
    const chain = chainOf({
      proxy_on_request_headers: `${drop(call("compress", "hello hello"))}
        ${show("back", `(call $proxy_call_foreign_function @"uncompress" (i32.load (i32.const 16)) (i32.load (i32.const 20)) ${out})`)}
        ${result("broken", "uncompress", "nonsense")} ${result("empty", "uncompress", "")}
        (drop ${call("compress", "abc")}) (drop (call $proxy_set_property @"z" (i32.load (i32.const 16)) (i32.load (i32.const 20))))`,
    });
    const { record } = chain.exchange();
    expect(said(chain)).toEqual(["back=hello hello", "broken!3", "empty!3"]);
    expect(inflateSync(Buffer.from(record!.filterState.get("wasm.z")!, "latin1")).toString()).toBe("abc");
  });
});

describe("set_envoy_filter_state (codes measured on Envoy 1.40)", () => {
  const set = (label: string, key: string, value: string) =>
    result(label, "set_envoy_filter_state", Buffer.concat([field(1, key), field(2, value)]));

  test("takes keys Envoy has a factory for, checks their values, and stores them under their own name", () => {
    const address = "envoy.network.transport_socket.original_dst_address";
    const chain = chainOf({
      proxy_on_request_headers: `${set("string", "envoy.string", "bar")} ${set("address", address, "127.0.0.1:80")} ${set("bad address", address, "nonsense")}
        ${set("unknown", "foo", "bar")} ${result("malformed", "set_envoy_filter_state", Buffer.from([0xff]))}`,
    });
    const { record } = chain.exchange();
    expect(said(chain)).toEqual(["string=", "address=", "bad address!2", "unknown!1", "malformed!2"]);
    expect(Object.fromEntries(record!.filterState)).toEqual({
      "envoy.string": "bar",
      [address]: "127.0.0.1:80",
    });
  });
});

describe("expressions (codes measured on Envoy 1.40)", () => {
  /** Creates and evaluates each, and shows the results. */
  const evaluate = (...sources: string[]) =>
    sources
      .map(
        (source, index) =>
          `${drop(call("expr_create", source))} ${result(source, "expr_evaluate", token(index))}`,
      )
      .join(" ");
  const u64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes.toString();
  };

  test("values come in the bytes of properties", () => {
    const body = `${drop(setProperty("mine", "state"))} ${evaluate("1 + 1", "request.path == '/x'", "'é' + request.path", "1.5", "request.headers['a']", "size([1, 2])", "mine", "xds.route_name + '!'", "duration('1s')", "2u + 3u", "b'ab'", "[1, 'b']", "{'k': 'v'}")}`;
    const list = `${Buffer.from(
      pairs([
        ["12345678", ""],
        ["b", ""],
      ]).replaceAll("\\", ""),
      "hex",
    )
      .toString("latin1")
      .replace("12345678", "\x01\0\0\0\0\0\0\0")}`;
    expect(lines(body)).toEqual([
      ...[
        `1 + 1=${u64(2)}`,
        "request.path == '/x'=\u0001",
        "'é' + request.path=é/x",
        `1.5=${"\0\0\0\0\0\0\ufffd?"}`,
      ],
      ...["request.headers['a']=1", `size([1, 2])=${u64(2)}`, "mine=state", "xds.route_name + '!'=route!"],
      ...[
        `duration('1s')=${Buffer.from([0, 0xca, 0x9a, 0x3b, 0, 0, 0, 0]).toString()}`,
        `2u + 3u=${u64(5)}`,
        "b'ab'=ab",
        `[1, 'b']=${list}`,
      ],
      `{'k': 'v'}=${Buffer.from(pairs([["k", "v"]]).replaceAll("\\", ""), "hex").toString()}`,
    ]);
  });

  test("a value error is 10, what has no bytes is 3, a syntax error is 2, a dead token is 1", () => {
    expect(
      lines(evaluate("nothing.there", "response.code", "1 / 0", "null", "request")).filter(
        (line) => !line.startsWith("expr_"),
      ),
    ).toEqual([...["nothing.there!:", "response.code!:", "1 / 0!:", "null!3", "request!3"]]);
    const body = `${result("syntax", "expr_create", "1 +")} ${result("empty", "expr_create", "")} ${result("token", "expr_create", "1")}
      ${result("delete", "expr_delete", token(0))} ${result("again", "expr_delete", token(0))} ${result("dead", "expr_evaluate", token(0))}
      ${result("short", "expr_evaluate", "abc")} ${result("next", "expr_create", "1")}`;
    expect(lines(body)).toEqual([
      "syntax!2",
      "empty!2",
      "token=\0\0\0\0",
      "delete=",
      "again=",
      "dead!1",
      "short!2",
      "next=\u0001\0\0\0",
    ]);
  });
});

describe("sign and verify_signature (texts measured on Envoy 1.40)", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicDer = rsa.publicKey.export({ type: "spki", format: "der" });
  const privateDer = rsa.privateKey.export({ type: "pkcs8", format: "der" });
  const signature = createSign("sha256").update("hello").sign(rsa.privateKey);
  const verifying = (hash: string, key: Uint8Array | string, text: string) =>
    Buffer.concat([field(1, hash), field(2, key), field(3, signature), field(4, text)]);
  const signing = (hash: string, key: Uint8Array | string, text: string) =>
    Buffer.concat([field(1, hash), field(2, key), field(3, text)]);

  test("a signature is checked with a DER key; what is wrong is said in field 2", () => {
    const message = (text: string) => field(2, text).toString("latin1");
    const body = [
      ["good", verifying("sha256", publicDer, "hello")],
      ["upper case", verifying("SHA256", publicDer, "hello")],
      ["other text", verifying("sha256", publicDer, "hellx")],
      ["unknown hash", verifying("md4x", publicDer, "hello")],
      ["no key", verifying("sha256", "xx", "hello")],
    ] as const;
    expect(
      lines(body.map(([label, argument]) => result(label, "verify_signature", argument)).join(" ")),
    ).toEqual([
      "good=\b\u0001",
      "upper case=\b\u0001",
      `other text=${message("Failed to verify digest. Error code: 0")}`,
      `unknown hash=${message("md4x is not supported.")}`,
      `no key=${message("Failed to initialize digest verify.")}`,
    ]);
  });

  test("a text is signed with a DER key; what is wrong is said in field 3", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `(drop ${call("sign", signing("sha256", privateDer, "hello"))})
          (drop (call $proxy_set_property @"signed" (i32.load (i32.const 16)) (i32.load (i32.const 20))))
          ${result("unknown hash", "sign", signing("nope", privateDer, "hello"))} ${result("no key", "sign", signing("sha256", "zz", "hello"))}
          ${result("malformed", "sign", Buffer.from([0xff]))}`,
      },
      { memory: "4" },
    );
    const { record } = chain.exchange();
    const answer = Buffer.from(record!.filterState.get("wasm.signed")!, "latin1");
    expect(answer.subarray(0, 5)).toEqual(Buffer.from([0x08, 0x01, 0x12, 0x80, 0x02]));
    expect(verify("sha256", Buffer.from("hello"), rsa.publicKey, answer.subarray(5))).toBe(true);
    expect(said(chain)).toEqual([
      `unknown hash=${field(3, "nope is not supported.").toString()}`,
      `no key=${field(3, "Invalid key type: private key required for signing operation.").toString()}`,
      "malformed!2",
    ]);
  });
});
