// The foreign functions themselves, by name.

import { deflateSync, inflateSync } from "node:zlib";
import { BodyBuffer } from "./buffers.ts";
import { EvaluationFailed, parseExpression } from "./cel.ts";
import { logLevels, Result } from "./codes.ts";
import type { ForeignFunction } from "./foreign-calls.ts";
import { setEnvoyFilterState } from "./filter-state.ts";
import { serialize } from "./property-value.ts";
import { numberField, readMessage, textField } from "./protobuf.ts";
import { sign, verifySignature } from "./signing.ts";

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
      if (context.declared.has(name)) return Result.BadArgument;
      context.declared.set(name, numberField(fields, 2) !== 0n);
      return "";
    },
  ],
  ["set_envoy_filter_state", setEnvoyFilterState],
  ["sign", sign],
  ["verify_signature", verifySignature],
  [
    "expr_create",
    (context, argument) => {
      const expression = parseExpression(Buffer.from(argument).toString("utf8"));
      if (expression === undefined) return Result.BadArgument;
      const token = context.vm.newExpressionToken();
      context.vm.expressions.set(token, expression);
      return u32(token);
    },
  ],
  [
    "expr_evaluate",
    (context, argument) => {
      if (argument.length !== 4) return Result.BadArgument;
      const expression = context.vm.expressions.get(Buffer.from(argument).readUInt32LE());
      if (expression === undefined) return Result.NotFound;
      try {
        return serialize(expression(context)) ?? Result.SerializationFailure;
      } catch (error) {
        if (!(error instanceof EvaluationFailed)) throw error;
        context.vm.log(context, 1, `expr_evaluate value error: ${error.message}`);
        return Result.InternalFailure;
      }
    },
  ],
  [
    "expr_delete",
    (context, argument) => {
      if (argument.length !== 4) return Result.BadArgument;
      context.vm.expressions.delete(Buffer.from(argument).readUInt32LE());
      return "";
    },
  ],
]);

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Those only Higress has. */
export const higressForeignFunctions = new Map<string, ForeignFunction>([
  ["get_log_level", (context) => u32(logLevels.indexOf(context.vm.host.log.level))],
  // Connections belong to the gateway, which yields between requests anyway.
  [
    "set_global_max_requests_per_io_cycle",
    (_context, argument) => (argument.length === 8 ? "" : Result.BadArgument),
  ],
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
