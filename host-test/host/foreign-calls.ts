// proxy_call_foreign_function (compat/abi.md §13, §16.3).

import { Result } from "./codes.ts";
import type { Context } from "./context.ts";
import { foreignFunctions, higressForeignFunctions } from "./foreign.ts";
import type { Calls } from "./imports.ts";
import type { Vm } from "./vm.ts";

/** Result bytes (latin-1 or raw), or a code other than Ok. */
export type ForeignFunction = (context: Context, argument: Uint8Array) => Uint8Array | string | number;

export function foreignCalls(vm: Vm): Calls {
  return {
    proxy_call_foreign_function(
      name: number,
      nameSize: number,
      argument: number,
      argumentSize: number,
      pointerOut: number,
      sizeOut: number,
    ): number {
      const context = vm.effective();
      const functionName = vm.memory.text(name, nameSize);
      const bytes = vm.memory.copy(argument, argumentSize);
      if (functionName === undefined || bytes === undefined) return Result.InvalidMemoryAccess;
      const found =
        foreignFunctions.get(functionName) ??
        (vm.host.flavour === "higress" ? higressForeignFunctions.get(functionName) : undefined);
      if (found === undefined) return Result.NotFound;
      const result = found(context, bytes);
      if (typeof result === "number") return result;
      if (pointerOut === 0) return Result.Ok;
      const written =
        typeof result === "string"
          ? vm.returnText(result, pointerOut, sizeOut)
          : vm.returnBytes(result, pointerOut, sizeOut);
      return written ? Result.Ok : Result.InvalidMemoryAccess;
    },
  };
}
