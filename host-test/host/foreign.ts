// The foreign functions themselves, by name.

import { deflateSync, inflateSync } from "node:zlib";
import { BodyBuffer } from "./buffers.ts";
import { logLevels, Result } from "./codes.ts";
import type { ForeignFunction } from "./foreign-calls.ts";
import { numberField, readMessage, textField } from "./protobuf.ts";

/** Envoy's own. */
export const foreignFunctions = new Map<string, ForeignFunction>([
  ["compress", (_context, argument) => deflateSync(argument)],
  [
    "uncompress",
    (_context, argument) => {
      try {
        return inflateSync(argument);
      } catch {
        return Result.SerializationFailure;
      }
    },
  ],
  [
    "clear_route_cache",
    (context) => {
      context.stream?.http.clearRouteCache();
      return "";
    },
  ],
  [
    "declare_property",
    (context, argument) => {
      const fields = readMessage(argument);
      if (fields === undefined) return Result.BadArgument;
      const name = textField(fields, 1);
      if (context.vm.declaredProperties.has(name)) return Result.BadArgument;
      context.vm.declaredProperties.set(name, { readOnly: numberField(fields, 2) !== 0n });
      return "";
    },
  ],
]);

/** Those only Higress has. */
export const higressForeignFunctions = new Map<string, ForeignFunction>([
  [
    "get_log_level",
    (context) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(logLevels.indexOf(context.vm.host.log.level));
      return bytes;
    },
  ],
  // Connections belong to the gateway, which yields between requests anyway.
  ["set_global_max_requests_per_io_cycle", (_context, argument) => (argument.length === 8 ? "" : Result.BadArgument)],
  [
    "inject_encoded_data_to_filter_chain_on_header",
    (context, argument) => {
      const fields = readMessage(argument);
      const { stream } = context;
      if (fields === undefined || stream === undefined) return Result.BadArgument;
      const body = Buffer.from(textField(fields, 1), "latin1");
      stream.http.inject(stream.response.place, new BodyBuffer(body), numberField(fields, 2) !== 0n);
      return "";
    },
  ],
]);
