// Error codes of JSON-RPC 2.0 and of the Model Context Protocol.

export namespace ErrorCode {
  export const ParseError: i32 = -32700;
  export const InvalidRequest: i32 = -32600;
  export const MethodNotFound: i32 = -32601;
  export const InvalidParams: i32 = -32602;
  export const InternalError: i32 = -32603;
  /** A header and the body of a request say different things (from 2026-07-28). */
  export const HeaderMismatch: i32 = -32020;
  /** The client has not declared what the answer needs (from 2026-07-28). */
  export const MissingClientCapability: i32 = -32021;
  /** The revision that a request names is not served (from 2026-07-28). */
  export const UnsupportedRevision: i32 = -32022;
}
