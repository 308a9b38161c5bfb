// Host functions of module `env`, as Proxy-Wasm 0.2.1 has them. The file's name is the import module's name.
// Everything is i32 unless the host's table says i64; pointers are linear-memory addresses.

export declare function proxy_log(level: i32, message: usize, size: i32): i32;
export declare function proxy_get_log_level(level: usize): i32;
export declare function proxy_get_property(path: usize, size: i32, value: usize, valueSize: usize): i32;
export declare function proxy_set_property(path: usize, size: i32, value: usize, valueSize: i32): i32;
export declare function proxy_send_local_response(
  status: i32,
  details: usize,
  detailsSize: i32,
  body: usize,
  bodySize: i32,
  headers: usize,
  headersSize: i32,
  grpcStatus: i32,
): i32;
export declare function proxy_get_shared_data(
  key: usize,
  keySize: i32,
  value: usize,
  valueSize: usize,
  cas: usize,
): i32;
export declare function proxy_set_shared_data(
  key: usize,
  keySize: i32,
  value: usize,
  valueSize: i32,
  cas: u32,
): i32;
export declare function proxy_get_header_map_value(
  map: i32,
  key: usize,
  keySize: i32,
  value: usize,
  valueSize: usize,
): i32;
export declare function proxy_add_header_map_value(
  map: i32,
  key: usize,
  keySize: i32,
  value: usize,
  valueSize: i32,
): i32;
export declare function proxy_replace_header_map_value(
  map: i32,
  key: usize,
  keySize: i32,
  value: usize,
  valueSize: i32,
): i32;
export declare function proxy_remove_header_map_value(map: i32, key: usize, keySize: i32): i32;
export declare function proxy_get_header_map_pairs(map: i32, value: usize, valueSize: usize): i32;
export declare function proxy_set_header_map_pairs(map: i32, data: usize, size: i32): i32;
export declare function proxy_get_buffer_bytes(
  buffer: i32,
  start: i32,
  length: i32,
  value: usize,
  valueSize: usize,
): i32;
export declare function proxy_set_buffer_bytes(
  buffer: i32,
  start: i32,
  length: i32,
  data: usize,
  size: i32,
): i32;
export declare function proxy_http_call(
  cluster: usize,
  clusterSize: i32,
  headers: usize,
  headersSize: i32,
  body: usize,
  bodySize: i32,
  trailers: usize,
  trailersSize: i32,
  timeoutMs: i32,
  token: usize,
): i32;
export declare function proxy_get_status(code: usize, value: usize, valueSize: usize): i32;
export declare function proxy_set_tick_period_milliseconds(period: i32): i32;
export declare function proxy_define_metric(type: i32, name: usize, size: i32, id: usize): i32;
export declare function proxy_increment_metric(id: i32, offset: i64): i32;
export declare function proxy_record_metric(id: i32, value: i64): i32;
export declare function proxy_get_metric(id: i32, value: usize): i32;
export declare function proxy_set_effective_context(id: i32): i32;
export declare function proxy_done(): i32;
export declare function proxy_continue_stream(stream: i32): i32;
export declare function proxy_close_stream(stream: i32): i32;
export declare function proxy_call_foreign_function(
  name: usize,
  nameSize: i32,
  argument: usize,
  argumentSize: i32,
  result: usize,
  resultSize: usize,
): i32;

// Higress only (compat: module `env`, every ABI version). Reached only behind `isDefined(HIGRESS)`, so the
// compiler drops them from the build for stock Envoy, which refuses a module with an unknown import.
export declare function proxy_redis_init(
  service: usize,
  serviceSize: i32,
  username: usize,
  usernameSize: i32,
  password: usize,
  passwordSize: i32,
  timeoutMs: i32,
): i32;
export declare function proxy_redis_call(
  service: usize,
  serviceSize: i32,
  query: usize,
  querySize: i32,
  token: usize,
): i32;
export declare function proxy_inject_encoded_data_to_filter_chain(
  body: usize,
  size: i32,
  endStream: i32,
): i32;
export declare function proxy_get_upstream_hosts(value: usize, valueSize: usize): i32;
export declare function proxy_set_upstream_override_host(address: usize, size: i32): i32;
