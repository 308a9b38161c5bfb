// The probe of this folder with the calls the tests share.

import { loadProbe } from "../../../host-test/testing/probe.ts";

export interface SignedRequest {
  method: string;
  path: string;
  query: string;
  /** Those to sign besides `x-amz-date`. */
  headers: [name: string, value: string][];
  body: Uint8Array;
}

export interface SigningOptions {
  accessKey: string;
  secretKey: string;
  region: string;
  service: string;
  ms: number;
  keepsPath?: boolean;
  normalizesPath?: boolean;
}

export interface Frame {
  messageType: string;
  eventType: string;
  exceptionType: string;
  errorMessage: string;
  payload: string;
}

export const streamError = { none: 0, checksum: 1, malformed: 2, tooLong: 3 } as const;

export async function loadAws(flags: string[] = []) {
  const probe = await loadProbe("shared/aws/test/probe.ts", { flags });
  const { exports } = probe;
  const result = () => probe.take(exports.resultStart!(), exports.resultSize!());

  function push(...texts: (string | Uint8Array)[]): void {
    for (const text of texts) {
      const bytes = typeof text === "string" ? Buffer.from(text) : text;
      probe.put(bytes);
      exports.push!(bytes.length);
    }
  }

  return {
    collect: () => exports.collect!(),
    pages: () => probe.memory.buffer.byteLength >> 16,
    date(ms: number): string {
      exports.date!(BigInt(ms));
      return result().toString();
    },
    sign(request: SignedRequest, options: SigningOptions) {
      push(request.method, request.path, request.query);
      exports.openRequest!(Number(options.keepsPath ?? false), Number(options.normalizesPath ?? true));
      for (const header of request.headers) {
        push(...header);
        exports.addHeader!();
      }
      push(options.accessKey, options.secretKey, options.region, options.service, request.body);
      exports.sign!(BigInt(options.ms));
      const [canonicalRequest, stringToSign, signature, authorization, date] = [0, 1, 2, 3, 4].map((part) => {
        exports.readSignature!(part);
        return result().toString();
      });
      return { canonicalRequest, stringToSign, signature, authorization, date };
    },
    /** The frames that come out of these chunks, and how the stream ended. */
    frames(chunks: Iterable<Uint8Array>, maxFrameBytes = 1 << 20) {
      exports.openStream!(maxFrameBytes);
      const frames: Frame[] = [];
      for (const chunk of chunks) {
        probe.put(chunk);
        exports.feed!(chunk.length);
        while (exports.next!()) {
          const [payload, messageType, eventType, exceptionType, errorMessage] = [0, 1, 2, 3, 4].map(
            (part) => {
              exports.readFrame!(part);
              return result().toString();
            },
          ) as [string, string, string, string, string];
          frames.push({ messageType, eventType, exceptionType, errorMessage, payload });
        }
      }
      return { frames, error: exports.streamError!() as number, isCut: exports.isCut!() === 1 };
    },
  };
}
