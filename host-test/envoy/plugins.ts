// A plugin as an Envoy HTTP filter, configured as Higress configures it.

import type { PluginResource } from "../gateway/model.ts";
import type { FailurePolicy } from "../host/types.ts";

/** What the resource does not say: for tests of the raw behaviours and for tuning a local Envoy. */
export interface PluginOverride {
  failurePolicy?: FailurePolicy;
  /** Default true, so that a header callback's 1 holds the headers while the body is read. */
  allowOnHeadersStopIteration?: boolean;
  /** Default empty, as Higress has it: one shared-data namespace for all plugins. */
  vmId?: string;
  /** Pause before a trapped VM is started again, milliseconds. Envoy's default: 1000. */
  reloadIntervalMs?: number;
}

const stringValue = "type.googleapis.com/google.protobuf.StringValue";

export function wasmFilter(plugin: PluginResource, override: PluginOverride = {}): object {
  const environment = Object.keys(plugin.environment).length > 0 ? plugin.environment : undefined;
  return {
    name: plugin.name,
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
      config: {
        name: plugin.name,
        root_id: plugin.rootId,
        vm_config: {
          vm_id: override.vmId ?? "",
          runtime: "envoy.wasm.runtime.v8",
          code: { local: { filename: plugin.modules.envoy } },
          ...(environment && { environment_variables: { key_values: environment } }),
        },
        ...(plugin.configuration !== "" && {
          configuration: { "@type": stringValue, value: plugin.configuration },
        }),
        allow_on_headers_stop_iteration: override.allowOnHeadersStopIteration ?? true,
        ...failure(override.failurePolicy ?? (plugin.failOpen ? "fail-open" : "fail-reload"), override),
      },
    },
  };
}

/** FAIL_CLOSE becomes FAIL_RELOAD because Higress restarts a trapped VM and stock FAIL_CLOSED never does. */
function failure(policy: FailurePolicy, { reloadIntervalMs }: PluginOverride): object {
  switch (policy) {
    case "fail-closed":
      return { failure_policy: "FAIL_CLOSED" };
    case "fail-open":
      return { failure_policy: "FAIL_OPEN" };
    case "legacy-fail-open":
      return { fail_open: true };
    case "fail-reload":
      return {
        failure_policy: "FAIL_RELOAD",
        ...(reloadIntervalMs !== undefined && {
          reload_config: { backoff: { base_interval: `${reloadIntervalMs / 1000}s` } },
        }),
      };
  }
}
