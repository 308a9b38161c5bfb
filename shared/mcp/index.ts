export { ErrorCode } from "./error-code";
export { Message, MessageKind, Messages } from "./message";
export { Outcome } from "./outcome";
export {
  acceptsBatches,
  ASSUMED,
  isStateless,
  NEWEST_WITH_SESSION,
  reportsInputInResult,
  Revision,
  revisionName,
  revisionOf,
  SUPPORTED_REVISIONS,
} from "./revision";
export { Tool } from "./tool";
export { ToolResult } from "./tool-result";
