// The host functions a module is linked with. Which of them exist is decided by vm/load.ts.

import type { HostFunction, HostFunctions } from "../vm/instance.ts";
import type { LoadedModule } from "../vm/load.ts";
import { bufferCalls } from "./buffer-calls.ts";
import { Result } from "./codes.ts";
import { foreignCalls } from "./foreign-calls.ts";
import { grpcCalls } from "./grpc.ts";
import { headerCalls } from "./header-calls.ts";
import { higressCalls } from "./higress-calls.ts";
import { httpCalls } from "./http-calls.ts";
import { metricCalls } from "./metric-calls.ts";
import { propertyCalls } from "./property-calls.ts";
import { sharedCalls } from "./shared-calls.ts";
import { streamCalls } from "./stream-calls.ts";
import { systemCalls } from "./system-calls.ts";
import type { Vm } from "./vm.ts";
import { wasiCalls } from "./wasi.ts";

export type Calls = Record<string, HostFunction>;

/** WASI's "capabilities insufficient". */
const notCapable = 76;

export function createImports(vm: Vm, loaded: LoadedModule): HostFunctions {
  const environment: Calls = {
    ...bufferCalls(vm),
    ...foreignCalls(vm),
    ...grpcCalls(vm),
    ...headerCalls(vm),
    ...higressCalls(vm),
    ...httpCalls(vm),
    ...metricCalls(vm),
    ...propertyCalls(vm),
    ...sharedCalls(vm),
    ...streamCalls(vm),
    ...systemCalls(vm),
  };
  const wasi: Calls = wasiCalls(vm);
  const imports: HostFunctions = {};
  for (const { module, name, kind } of loaded.description.imports) {
    if (kind !== "function") continue;
    const isWasi = module !== "env";
    const real = (isWasi ? wasi : environment)[name];
    if (real === undefined) throw new Error(`host function ${module}.${name} has a type but no body`);
    const restricted = !vm.allows(name) && (isWasi || name.startsWith("proxy_"));
    (imports[module] ??= {})[name] = restricted ? () => (isWasi ? notCapable : Result.InternalFailure) : real;
  }
  return imports;
}
