export { RespKind, RespValue, readResp } from "./read";
export { RespCommand } from "./command";
