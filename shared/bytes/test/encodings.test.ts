import fc from "fast-check";
import { createHash, createHmac } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { BytesProbe, latin1 } from "./bytes-probe.ts";

const standard = 0;
const url = 1;
const standardUnpadded = 2;
const urlPadded = 3;

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));

let probe: BytesProbe;
beforeAll(async () => {
  probe = await BytesProbe.load([]);
});

describe("base 64", () => {
  const expected: [form: number, write: (bytes: Buffer) => string][] = [
    [standard, (bytes) => bytes.toString("base64")],
    [url, (bytes) => bytes.toString("base64url")],
    [standardUnpadded, (bytes) => bytes.toString("base64").replaceAll("=", "")],
    [urlPadded, (bytes) => bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_")],
  ];

  test("all four forms are written as Node writes them and read back", () => {
    fc.assert(
      fc.property(bytes(80), (bytes) => {
        for (const [form, write] of expected) {
          const text = probe.bytes("base64Encoded", [bytes], form);
          expect(text.toString()).toBe(write(bytes));
          expect(probe.bytesOrNull("base64Decoded", [text], form)).toEqual(bytes);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["", ""],
    ["Zg", "f"],
    ["Zg==", "f"],
    ["Zm8", "fo"],
    ["Zm8=", "fo"],
    ["Zm9v", "foo"],
  ])("%j is read with and without padding", (text, decoded) => {
    for (const form of [standard, url]) {
      expect(probe.bytesOrNull("base64Decoded", [latin1(text)], form)?.toString()).toBe(decoded);
    }
  });

  test.each([
    "Z",
    "Zg=",
    "Zg===",
    "=",
    "==",
    "====",
    "Z===",
    "Zm8==",
    "Zm9v=",
    "Zm9v====",
    "Zg==Zg==",
    "Zm 9v",
    "Zm9v\n",
    "Zm9\xff",
    "Zm9.",
    "\0\0\0\0",
  ])("%j is refused", (text) => {
    for (const form of [standard, url]) {
      expect(probe.bytesOrNull("base64Decoded", [latin1(text)], form)).toBeNull();
    }
  });

  test("the other alphabet is refused", () => {
    expect(probe.bytesOrNull("base64Decoded", [latin1("+/+/")], url)).toBeNull();
    expect(probe.bytesOrNull("base64Decoded", [latin1("-_-_")], standard)).toBeNull();
  });

  test("bits behind the last byte are refused: one text stands for one value", () => {
    for (const text of ["Zh", "Zh==", "Zm9", "Zm9="]) {
      expect(probe.bytesOrNull("base64Decoded", [latin1(text)], standard)).toBeNull();
    }
  });

  test("what is accepted is what encoding the answer gives", () => {
    const alphabet = fc.constantFrom(..."ABYZabyz0189+/-_=");
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        const decoded = probe.bytesOrNull("base64Decoded", [latin1(text)], standard);
        const whole = decoded?.toString("base64");
        if (whole !== undefined) expect([whole, whole.replaceAll("=", "")]).toContain(text);
        else expect(Buffer.from(text, "base64").toString("base64")).not.toBe(text);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("base 16", () => {
  test("bytes are written in lower case and read in either", () => {
    fc.assert(
      fc.property(bytes(40), (bytes) => {
        const text = probe.bytes("hexEncoded", [bytes]);
        expect(text.toString()).toBe(bytes.toString("hex"));
        expect(probe.bytesOrNull("hexDecoded", [text])).toEqual(bytes);
        expect(probe.bytesOrNull("hexDecoded", [latin1(text.toString().toUpperCase())])).toEqual(bytes);
      }),
    );
  });

  test("every byte that is no digit is refused, in both places", () => {
    for (let byte = 0; byte < 256; byte++) {
      const isDigit = /[0-9a-fA-F]/.test(String.fromCharCode(byte));
      expect(Boolean(probe.call("hexDecoded", [Buffer.from([byte, 0x30])]))).toBe(isDigit);
      expect(Boolean(probe.call("hexDecoded", [Buffer.from([0x30, byte])]))).toBe(isDigit);
    }
    expect(probe.bytesOrNull("hexDecoded", [latin1("abc")])).toBeNull();
  });
});

describe("digests", () => {
  // https://datatracker.ietf.org/doc/html/draft-eastlake-fnv, appendix C
  test.each([
    ["", 0x811c9dc5, 0xcbf29ce484222325n],
    ["a", 0xe40c292c, 0xaf63dc4c8601ec8cn],
    ["foobar", 0xbf9cf968, 0x85944171f73967e8n],
  ])("FNV-1a of %j", (text, hash32, hash64) => {
    expect(probe.call("hash32", [latin1(text)]) >>> 0).toBe(hash32);
    expect(BigInt.asUintN(64, probe.call("hash64", [latin1(text)]))).toBe(hash64);
  });

  test("FNV-1a in two pieces is FNV-1a of the whole", () => {
    const text = latin1("tenant-a/consumer-b");
    for (let cut = 0; cut <= text.length; cut++) {
      expect(probe.call("hash32InPieces", [text], cut)).toBe(probe.call("hash32", [text]));
    }
  });

  // FIPS 180-4 examples, https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ])("SHA-256 of the published example %.20s", (text, digest) => {
    expect(probe.bytes("digest", [latin1(text)]).toString("hex")).toBe(digest);
  });

  test("SHA-256 agrees with Node for every length to 300 bytes, whole and in pieces", () => {
    for (let size = 0; size <= 300; size++) {
      const message = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + size) & 0xff));
      const expected = createHash("sha256").update(message).digest();
      expect(probe.bytes("digest", [message])).toEqual(expected);
      for (const piece of [1, 3, 63, 64, 65]) {
        expect(probe.bytes("digestInPieces", [message], piece)).toEqual(expected);
      }
    }
  });

  // RFC 4231 §4
  test.each([
    ["0b".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [
      latin1("Jefe").toString("hex"),
      "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      "aa".repeat(131),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ])("HMAC-SHA-256 vector with key %.16s", (key, message, mac) => {
    expect(probe.bytes("authenticate", [Buffer.from(key, "hex"), latin1(message)]).toString("hex")).toBe(mac);
  });

  test("HMAC-SHA-256 agrees with Node for keys around the block size", () => {
    fc.assert(
      fc.property(bytes(140), bytes(200), (key, message) => {
        const expected = createHmac("sha256", key).update(message).digest();
        expect(probe.bytes("authenticate", [key, message])).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
