export { JsonError, JsonKind } from "./error";
export { Json } from "./view";
export { JsonItems, JsonMembers } from "./members";
export { JsonPosition, positionOf } from "./position";
export { JsonSeek } from "./seek";
export { JsonEdit, JsonSplice } from "./edit";
export { JsonWriter } from "./write";
export { escapeHtmlInto, escapeInto } from "./escape";
export { unescapeInto } from "./string";
