// What host functions act on: a root context (one per plugin configuration) or a stream context.

import type { RootContext } from "./root-context.ts";
import type { StreamContext } from "./stream-context.ts";
import type { Vm } from "./vm.ts";

export interface Context {
  readonly id: number;
  readonly vm: Vm;
  readonly root: RootContext;
  /** Itself when it belongs to a stream. */
  readonly stream: StreamContext | undefined;
  /** What `declare_property` said in this context: name → read-only. Only what a root declared counts. */
  readonly declared: Map<string, boolean>;
  /** Gives up what would otherwise run on after the VM is gone. */
  release(): void;
}
