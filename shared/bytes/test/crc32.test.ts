import fc from "fast-check";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { builds } from "./builds.ts";
import { BytesProbe, latin1 } from "./bytes-probe.ts";

describe.each(builds)("CRC-32, %s", (_name, flags) => {
  const loaded = BytesProbe.load(flags);

  // The check value of https://reveng.sourceforge.io/crc-catalogue/all.htm#crc.cat.crc-32-iso-hdlc
  test("of the catalogue's check text is the catalogue's value", async () => {
    expect((await loaded).call("checksum", [latin1("123456789")]) >>> 0).toBe(0xcbf43926);
  });

  test("of any bytes is what zlib makes of them, whole and in two pieces", async () => {
    const probe = await loaded;
    const input = fc.tuple(fc.uint8Array({ maxLength: 100 }), fc.nat(100));
    fc.assert(
      fc.property(input, ([bytes, cut]) => {
        const expected = crc32(bytes);
        expect(probe.call("checksum", [bytes]) >>> 0).toBe(expected);
        expect(probe.call("checksumInPieces", [bytes], Math.min(cut, bytes.length)) >>> 0).toBe(expected);
      }),
    );
  });
});
