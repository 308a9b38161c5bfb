// Numbers of the ABI (compat/abi.md §4, §8).

export const Result = {
  Ok: 0,
  NotFound: 1,
  BadArgument: 2,
  SerializationFailure: 3,
  ParseFailure: 4,
  BadExpression: 5,
  InvalidMemoryAccess: 6,
  Empty: 7,
  CasMismatch: 8,
  ResultMismatch: 9,
  InternalFailure: 10,
  BrokenConnection: 11,
  Unimplemented: 12,
} as const;
export type Result = (typeof Result)[keyof typeof Result];

export const MapType = {
  RequestHeaders: 0,
  RequestTrailers: 1,
  ResponseHeaders: 2,
  ResponseTrailers: 3,
  GrpcReceiveInitialMetadata: 4,
  GrpcReceiveTrailingMetadata: 5,
  HttpCallResponseHeaders: 6,
  HttpCallResponseTrailers: 7,
} as const;

export const BufferType = {
  HttpRequestBody: 0,
  HttpResponseBody: 1,
  DownstreamData: 2,
  UpstreamData: 3,
  HttpCallResponseBody: 4,
  GrpcReceiveBuffer: 5,
  VmConfiguration: 6,
  PluginConfiguration: 7,
  CallData: 8,
  RedisCallResponse: 9,
} as const;

export const StreamType = { Request: 0, Response: 1, Downstream: 2, Upstream: 3 } as const;

/** What a filter tells the chain after headers. */
export const HeadersStatus = {
  Continue: 0,
  StopIteration: 1,
  ContinueAndDontEndStream: 2,
  StopAllIterationAndBuffer: 3,
  StopAllIterationAndWatermark: 4,
} as const;
export type HeadersStatus = (typeof HeadersStatus)[keyof typeof HeadersStatus];

/** What a filter tells the chain after data. */
export const DataStatus = {
  Continue: 0,
  StopIterationAndBuffer: 1,
  StopIterationAndWatermark: 2,
  StopIterationNoBuffer: 3,
} as const;
export type DataStatus = (typeof DataStatus)[keyof typeof DataStatus];

export const TrailersStatus = { Continue: 0, StopIteration: 1 } as const;
export type TrailersStatus = (typeof TrailersStatus)[keyof typeof TrailersStatus];

export const logLevels = ["trace", "debug", "info", "warn", "error", "critical"] as const;

/** Bits of `response.flags` with the short names of access logs; Envoy's `CoreResponseFlag`. */
export const ResponseFlag = {
  NoHealthyUpstream: 0x2,
  UpstreamRequestTimeout: 0x4,
  UpstreamConnectionFailure: 0x20,
  UpstreamConnectionTermination: 0x40,
  NoRouteFound: 0x100,
  DownstreamConnectionTermination: 0x4000,
  DownstreamProtocolError: 0x40000,
  UpstreamProtocolError: 0x800000,
} as const;

export const responseFlagNames: [bit: number, name: string][] = [
  [ResponseFlag.NoHealthyUpstream, "UH"],
  [ResponseFlag.UpstreamRequestTimeout, "UT"],
  [ResponseFlag.UpstreamConnectionFailure, "UF"],
  [ResponseFlag.UpstreamConnectionTermination, "UC"],
  [ResponseFlag.NoRouteFound, "NR"],
  [ResponseFlag.DownstreamConnectionTermination, "DC"],
  [ResponseFlag.DownstreamProtocolError, "DPE"],
  [ResponseFlag.UpstreamProtocolError, "UPE"],
];
