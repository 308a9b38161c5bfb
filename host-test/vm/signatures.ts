// Types of the functions that meet at the boundary (compat/abi.md §2, §3, §15, §16), written as
// `parameters>results` with one letter per value: i = i32, I = i64.

import type { FunctionType } from "./binary.ts";

const letters: Record<string, string> = { i: "i32", I: "i64" };

/** `"iiI>i"` → type. */
export function typeOf(signature: string): FunctionType {
  const [parameters = "", results = ""] = signature.split(">");
  return {
    parameters: [...parameters].map((letter) => letters[letter] ?? letter),
    results: [...results].map((letter) => letters[letter] ?? letter),
  };
}

export type AbiVersion = "0.1.0" | "0.2.0" | "0.2.1" | "0.2.100";

/** Exported functions that tell the ABI version; only Higress knows the last. */
export const versionMarkers: Record<string, AbiVersion> = {
  proxy_abi_version_0_1_0: "0.1.0",
  proxy_abi_version_0_2_0: "0.2.0",
  proxy_abi_version_0_2_1: "0.2.1",
  proxy_abi_version_0_2_100: "0.2.100",
};

/** Exports that the host calls. Any other type under one of these names fails the load. */
export const exportSignatures = {
  malloc: "i>i",
  proxy_on_memory_allocate: "i>i",
  proxy_validate_configuration: "ii>i",
  proxy_on_context_create: "ii>",
  proxy_on_vm_start: "ii>i",
  proxy_on_configure: "ii>i",
  proxy_on_tick: "i>",
  proxy_on_new_connection: "i>i",
  proxy_on_downstream_data: "iii>i",
  proxy_on_upstream_data: "iii>i",
  proxy_on_downstream_connection_close: "ii>",
  proxy_on_upstream_connection_close: "ii>",
  proxy_on_request_headers: "iii>i",
  proxy_on_request_body: "iii>i",
  proxy_on_request_trailers: "ii>i",
  proxy_on_request_metadata: "ii>i",
  proxy_on_response_headers: "iii>i",
  proxy_on_response_body: "iii>i",
  proxy_on_response_trailers: "ii>i",
  proxy_on_response_metadata: "ii>i",
  proxy_on_http_call_response: "iiiii>",
  proxy_on_grpc_receive_initial_metadata: "iii>",
  proxy_on_grpc_receive: "iii>",
  proxy_on_grpc_receive_trailing_metadata: "iii>",
  proxy_on_grpc_close: "iii>",
  proxy_on_queue_ready: "ii>",
  proxy_on_foreign_function: "iii>",
  proxy_on_done: "i>i",
  proxy_on_log: "i>",
  proxy_on_delete: "i>",
  envoy_on_resolve_dns: "iii>",
  envoy_on_stats_update: "ii>",
  proxy_on_redis_call_response: "iiii>",
} as const;

export type CallbackName = keyof typeof exportSignatures;

/** Types under ABI 0.1.0, which had no end-of-stream flag for headers and no foreign-function callback. */
export const exportSignatures010: Partial<Record<CallbackName, string>> = {
  proxy_on_request_headers: "ii>i",
  proxy_on_response_headers: "ii>i",
};

/** Exports only Higress looks up. */
export const higressExports: ReadonlySet<string> = new Set(["proxy_on_redis_call_response"]);

/** Start-up exports, checked only when the host is going to call them (compat/abi.md §1.7). */
export const startSignatures = {
  _initialize: ">",
  _start: ">",
  main: "ii>i",
  __main_void: ">i",
} as const;

/** Imports of module `env` every flavour offers under ABI 0.2.x. */
export const environmentSignatures: Record<string, string> = {
  proxy_log: "iii>i",
  proxy_get_status: "iii>i",
  proxy_get_property: "iiii>i",
  proxy_set_property: "iiii>i",
  proxy_send_local_response: "iiiiiiii>i",
  proxy_get_shared_data: "iiiii>i",
  proxy_set_shared_data: "iiiii>i",
  proxy_register_shared_queue: "iii>i",
  proxy_resolve_shared_queue: "iiiii>i",
  proxy_dequeue_shared_queue: "iii>i",
  proxy_enqueue_shared_queue: "iii>i",
  proxy_get_header_map_value: "iiiii>i",
  proxy_add_header_map_value: "iiiii>i",
  proxy_replace_header_map_value: "iiiii>i",
  proxy_remove_header_map_value: "iii>i",
  proxy_get_header_map_pairs: "iii>i",
  proxy_set_header_map_pairs: "iii>i",
  proxy_get_header_map_size: "ii>i",
  proxy_get_buffer_status: "iii>i",
  proxy_get_buffer_bytes: "iiiii>i",
  proxy_set_buffer_bytes: "iiiii>i",
  proxy_http_call: "iiiiiiiiii>i",
  proxy_grpc_call: "iiiiiiiiiiii>i",
  proxy_grpc_stream: "iiiiiiiii>i",
  proxy_grpc_send: "iiii>i",
  proxy_grpc_close: "i>i",
  proxy_grpc_cancel: "i>i",
  proxy_set_tick_period_milliseconds: "i>i",
  proxy_get_current_time_nanoseconds: "i>i",
  proxy_define_metric: "iiii>i",
  proxy_increment_metric: "iI>i",
  proxy_record_metric: "iI>i",
  proxy_get_metric: "ii>i",
  proxy_set_effective_context: "i>i",
  proxy_done: ">i",
  proxy_call_foreign_function: "iiiiii>i",
  pthread_equal: "ii>i",
  emscripten_notify_memory_growth: "i>",
  envoy_resolve_dns: "iii>i",
};

/** Further imports of `env`, by the ABI versions and flavour that have them. */
export const versionedSignatures = {
  "0.1.0": {
    proxy_get_configuration: "ii>i",
    proxy_continue_request: ">i",
    proxy_continue_response: ">i",
    proxy_clear_route_cache: ">i",
  },
  "0.2.x": { proxy_continue_stream: "i>i", proxy_close_stream: "i>i" },
  "0.2.1": { proxy_get_log_level: "i>i" },
  higress: {
    proxy_redis_init: "iiiiiii>i",
    proxy_redis_call: "iiiii>i",
    proxy_inject_encoded_data_to_filter_chain: "iii>i",
    proxy_get_upstream_hosts: "ii>i",
    proxy_set_upstream_override_host: "ii>i",
  },
} as const;

/** Imports of `wasi_unstable` and `wasi_snapshot_preview1`. */
export const wasiSignatures: Record<string, string> = {
  fd_write: "iiii>i",
  fd_read: "iiii>i",
  fd_seek: "iIii>i",
  fd_close: "i>i",
  fd_fdstat_get: "ii>i",
  fd_fdstat_set_flags: "ii>i",
  fd_fdstat_set_rights: "iII>i",
  fd_advise: "iIIi>i",
  fd_allocate: "iII>i",
  fd_datasync: "i>i",
  fd_filestat_get: "ii>i",
  fd_filestat_set_size: "iI>i",
  fd_filestat_set_times: "iIIi>i",
  fd_pread: "iiiIi>i",
  fd_pwrite: "iiiIi>i",
  fd_readdir: "iiiIi>i",
  fd_renumber: "ii>i",
  fd_sync: "i>i",
  fd_tell: "ii>i",
  fd_prestat_get: "ii>i",
  fd_prestat_dir_name: "iii>i",
  path_open: "iiiiiIIii>i",
  path_filestat_get: "iiiii>i",
  path_create_directory: "iii>i",
  path_filestat_set_times: "iiiiIIi>i",
  path_link: "iiiiiii>i",
  path_readlink: "iiiiii>i",
  path_remove_directory: "iii>i",
  path_rename: "iiiiii>i",
  path_symlink: "iiii>i",
  path_unlink_file: "iii>i",
  sock_accept: "iii>i",
  sock_recv: "iiiiii>i",
  sock_send: "iiiii>i",
  sock_shutdown: "ii>i",
  random_get: "ii>i",
  clock_time_get: "iIi>i",
  clock_res_get: "ii>i",
  environ_sizes_get: "ii>i",
  environ_get: "ii>i",
  args_sizes_get: "ii>i",
  args_get: "ii>i",
  proc_exit: "i>",
  sched_yield: ">i",
  poll_oneoff: "iiii>i",
};
