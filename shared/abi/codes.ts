// Numbers of the Proxy-Wasm ABI. Nothing outside abi/ and sdk/ sees them.

export const enum Status {
  Ok = 0,
  NotFound = 1,
  BadArgument = 2,
  SerializationFailure = 3,
  ParseFailure = 4,
  BadExpression = 5,
  InvalidMemoryAccess = 6,
  Empty = 7,
  CasMismatch = 8,
  ResultMismatch = 9,
  InternalFailure = 10,
  BrokenConnection = 11,
  Unimplemented = 12,
}

export const enum LogLevel {
  Trace = 0,
  Debug = 1,
  Info = 2,
  Warn = 3,
  Error = 4,
  Critical = 5,
}

export const enum MapKind {
  RequestHeaders = 0,
  RequestTrailers = 1,
  ResponseHeaders = 2,
  ResponseTrailers = 3,
  CallHeaders = 6,
  CallTrailers = 7,
}

export const enum BufferKind {
  RequestBody = 0,
  ResponseBody = 1,
  CallBody = 4,
  VmConfiguration = 6,
  PluginConfiguration = 7,
  RedisReply = 9,
}

export const enum Direction {
  Request = 0,
  Response = 1,
}

export const enum MetricKind {
  Counter = 0,
  Gauge = 1,
  Histogram = 2,
}

/** Return values of the headers callbacks; 2 acts as Continue in Envoy and is never used. */
export const enum HeadersAction {
  Continue = 0,
  StopIteration = 1,
  StopAllIterationAndBuffer = 3,
  StopAllIterationAndWatermark = 4,
}

export const enum BodyAction {
  Continue = 0,
  StopIterationAndBuffer = 1,
  StopIterationNoBuffer = 3,
}

export const enum TrailersAction {
  Continue = 0,
  StopIteration = 1,
}
