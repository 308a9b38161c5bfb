// Signatures against those of node:crypto, and keys that are none.

import fc from "fast-check";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  generatePrimeSync,
  sign,
  verify,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { loadProbe, type Probe } from "../../../host-test/testing/probe.ts";
import { builds } from "../../bytes/test/builds.ts";
import { der, derOf, integer, inverseOf, octets, pem, rsaParts, sequence } from "./keys.ts";

class RsaProbe {
  private readonly probe: Probe;
  private constructor(probe: Probe) {
    this.probe = probe;
  }

  static async load(flags: string[]): Promise<RsaProbe> {
    return new RsaProbe(await loadProbe("shared/crypto/test/probe.ts", { flags }));
  }

  /** The signature, or the key's error. */
  sign(key: string | Uint8Array, message: Uint8Array): Buffer | string {
    const keyBytes = Buffer.from(key as string);
    this.probe.put(Buffer.concat([keyBytes, message]));
    const isSigned = this.probe.exports.sign!(keyBytes.length, message.length);
    const result = this.probe.take(this.probe.exports.resultStart!(), this.probe.exports.resultSize!());
    this.probe.exports.collect!();
    return isSigned ? result : result.toString();
  }

  bits(key: string): number {
    this.probe.put(Buffer.from(key));
    return this.probe.exports.bits!(Buffer.byteLength(key));
  }
}

const pkcs8 = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }) as string;
const pkcs1 = (key: KeyObject) => key.export({ type: "pkcs1", format: "pem" }) as string;
const generate = (modulusLength: number, publicExponent = 0x10001) =>
  generateKeyPairSync("rsa", { modulusLength, publicExponent }).privateKey;

const message = Buffer.from("header.claims");
let key: KeyObject;
let probe: RsaProbe;
beforeAll(async () => {
  key = generate(2048);
  probe = await RsaProbe.load([]);
});

describe.each(builds)("signatures of the %s", (_, flags) => {
  let built: RsaProbe;
  beforeAll(async () => {
    built = await RsaProbe.load(flags);
  });

  test("are node's, for messages of any size", () => {
    const text = pkcs8(key);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(built.sign(text, bytes)).toEqual(sign("sha256", bytes, key));
      }),
      { numRuns: flags.length > 2 ? 5 : 25 },
    );
  });
});

describe("signatures are node's", () => {
  test.each([2048, 2048, 2048, 2050, 2056, 2064, 2080, 2304, 2560, 3072, 4096])(
    "for a new key of %d bits in both forms",
    (size) => {
      const fresh = generate(size);
      const expected = sign("sha256", message, fresh);
      expect(probe.bits(pkcs8(fresh))).toBe(size);
      expect(probe.sign(pkcs8(fresh), message)).toEqual(expected);
      expect(probe.sign(pkcs1(fresh), message)).toEqual(expected);
    },
  );

  // Sizes around limbs and bytes; a modulus of 2049 bits begins with a byte of its own.
  test.each([
    [1024, 1025],
    [1025, 1024],
    [1024, 1032],
    [1056, 1025],
    [1000, 1090],
    [700, 1400],
    [1400, 700],
    [2047, 2049],
  ])("for primes of %d and %d bits", (first, second) => {
    const bytes = derOf(
      generatePrimeSync(first, { bigint: true }),
      generatePrimeSync(second, { bigint: true }),
    );
    const own = createPrivateKey({ key: bytes, format: "der", type: "pkcs1" });
    const text = pem("RSA PRIVATE KEY", bytes);
    expect(probe.bits(text)).toBe(own.asymmetricKeyDetails!.modulusLength);
    expect(probe.sign(text, message)).toEqual(sign("sha256", message, own));
  });

  test.each([3, 17, 0x10001, 0xffffffff - 4])("for the public exponent %d", (exponent) => {
    const fresh = generate(2048, exponent);
    expect(probe.sign(pkcs8(fresh), message)).toEqual(sign("sha256", message, fresh));
  });

  test("where they begin with zeros", () => {
    const text = pkcs8(key);
    let zeros = 0;
    for (let i = 0; i < 600 && zeros < 2; i++) {
      const bytes = Buffer.from(`message ${i}`);
      const expected = sign("sha256", bytes, key);
      if (expected[0] !== 0) continue;
      zeros++;
      expect(probe.sign(text, bytes)).toEqual(expected);
    }
    expect(zeros).toBeGreaterThan(0);
  });

  test("without primes, by the private exponent, and with the primes in the other order", () => {
    const parts = rsaParts(key);
    const expected = sign("sha256", message, key);
    const withoutPrimes = [parts[0]!, parts[1]!, parts[2]!, 0n, 0n, 0n, 0n, 0n];
    expect(probe.sign(pem("RSA PRIVATE KEY", der(withoutPrimes)), message)).toEqual(expected);
    const [n, e, d, p, q, dp, dq] = parts as [bigint, bigint, bigint, bigint, bigint, bigint, bigint];
    const turned = der([n, e, d, q, p, dq, dp, inverseOf(p, q)]);
    expect(probe.sign(pem("RSA PRIVATE KEY", turned), message)).toEqual(expected);
  });

  test("whatever stands around the key, and however its lines end", () => {
    const expected = sign("sha256", message, key);
    const text = pkcs8(key);
    const bytes = key.export({ type: "pkcs8", format: "der" });
    for (const form of [
      `Bag Attributes\n  friendlyName: k\n${text}${text}`,
      text.replaceAll("\n", "\r\n"),
      text.replaceAll("\n", " "),
      text.trimEnd(),
      pem("PRIVATE KEY", Buffer.concat([bytes, Buffer.from("behind")])),
    ])
      expect(probe.sign(form, message)).toEqual(expected);
  });
});

describe("a key that is none is an error", () => {
  const body = (text: string) => text.replaceAll(/-----.*-----|\n/g, "");

  test.each<[string, () => string, string]>([
    ["nothing", () => "", "invalid PEM block"],
    ["no PEM", () => "not a key", "invalid PEM block"],
    [
      "a public key",
      () => createPublicKey(key).export({ type: "spki", format: "pem" }) as string,
      "invalid PEM block",
    ],
    [
      "a block without an end",
      () => pkcs8(key).replace("-----END PRIVATE KEY-----", ""),
      "invalid PEM block",
    ],
    ["literal \\n in place of line feeds", () => pkcs8(key).replaceAll("\n", "\\n"), "invalid PEM block"],
    [
      "no base 64",
      () => "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n",
      "invalid PEM block",
    ],
    ["an empty block", () => "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----", "no RSA key"],
    [
      "an encrypted key",
      () => key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }) as string,
      "invalid PEM block",
    ],
    [
      "an elliptic-curve key",
      () => pkcs8(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey),
      "no RSA key",
    ],
    [
      "an RSA-PSS key",
      () => pkcs8(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey),
      "no RSA key",
    ],
    ["1024 bits", () => pkcs8(generate(1024)), "RSA key of 1024 bits"],
    ["2047 bits", () => pkcs8(generate(2047)), "RSA key of 2047 bits"],
    [
      "more than 4096 bits",
      () => pem("RSA PRIVATE KEY", der([1n << 4096n, 3n, 1n, 0n, 0n, 0n, 0n, 0n])),
      "RSA key of 4097 bits",
    ],
    [
      "PKCS #1 under the label of PKCS #8",
      () => pem("PRIVATE KEY", Buffer.from(body(pkcs1(key)), "base64")),
      "no RSA key",
    ],
  ])("%s", (_, text, error) => {
    expect(probe.sign(text(), message)).toBe(error);
  });

  test("bytes that end early, at every length", () => {
    const bytes = key.export({ type: "pkcs8", format: "der" });
    for (let size = 0; size < bytes.length; size++)
      expect(probe.sign(pem("PRIVATE KEY", bytes.subarray(0, size)), message)).toBe("no RSA key");
    const inner = key.export({ type: "pkcs1", format: "der" });
    for (let size = 0; size < inner.length; size += 7)
      expect(probe.sign(pem("RSA PRIVATE KEY", inner.subarray(0, size)), message)).toBe("invalid RSA key");
  });

  test("parts that do not belong together, even, zero, one or too long", () => {
    const parts = rsaParts(key);
    const other = rsaParts(generate(2048));
    const wrong = parts.flatMap((part, index) =>
      [part + 2n, part + 1n, 0n, 1n, other[index]!, 1n << 5000n]
        // The public exponent of all is the same, and the private one is not asked where there are primes.
        .filter((value) => value !== part && index !== 2 && !(index >= 3 && value === 0n))
        .map((value) => parts.with(index, value)),
    );
    expect(wrong.length).toBeGreaterThan(25);
    for (const list of wrong)
      expect(probe.sign(pem("RSA PRIVATE KEY", der(list)), message)).toBeTypeOf("string");
  });

  test("a key with more than two primes, or of another version", () => {
    const parts = rsaParts(key);
    const bytes = sequence([integer(1n), ...parts.map(integer), octets(Buffer.alloc(3))]);
    expect(probe.sign(pem("RSA PRIVATE KEY", bytes), message)).toBe("invalid RSA key");
  });

  test("changed bytes never trap; what is signed is right", () => {
    const bytes = key.export({ type: "pkcs8", format: "der" });
    const expected = sign("sha256", message, key);
    const change = fc.record({
      at: fc.oneof(fc.nat(bytes.length - 1), fc.nat(40)),
      byte: fc.nat(255),
      keep: fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length)),
    });
    fc.assert(
      fc.property(change, ({ at, byte, keep }) => {
        const changed = Buffer.from(bytes.subarray(0, keep));
        if (at < keep) changed[at] = byte;
        const result = probe.sign(pem("PRIVATE KEY", changed), message);
        // A changed modulus gives another key, to which no signature of these parts can be right.
        if (typeof result !== "string") expect(result).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("any bytes never trap", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isBare) => {
        const label = isBare ? "RSA PRIVATE KEY" : "PRIVATE KEY";
        expect(probe.sign(pem(label, sequence([integer(0n), bytes])), message)).toBeTypeOf("string");
        expect(probe.sign(bytes, message)).toBe("invalid PEM block");
      }),
      { numRuns: 500 },
    );
  });
});

test("every signature is the one that the public key verifies", () => {
  expect(verify("sha256", message, createPublicKey(key), probe.sign(pkcs8(key), message) as Buffer)).toBe(
    true,
  );
});
