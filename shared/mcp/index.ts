export { ErrorCode } from "./error-code";
export { decodeHeaderText, encodeHeaderText } from "./header-text";
export { Message, MessageKind, Messages } from "./message";
export { Meta } from "./meta";
export { Outcome } from "./outcome";
export {
  acceptsBatches,
  ALL_REVISIONS,
  ASSUMED,
  isStateless,
  NEWEST_WITH_SESSION,
  reportsInputInResult,
  Revision,
  revisionName,
  revisionOf,
  STATELESS_REVISIONS,
} from "./revision";
export { Tool } from "./tool";
export { ToolResult } from "./tool-result";
