export { AnyPlugin, plugin } from "./plugin";
export { AnyStream, Flow, noStream, Stream } from "./stream";
export { DraftHead } from "./draft-head";
export { Head, HeaderList, HeaderPairs, isReadableBody } from "./head";
export { Body, WINDOW } from "./body";
export { hasRoom, lackedRoom, LARGE, unwatchRoom, watchRoom } from "../runtime/room";
export { IS_HIGRESS } from "../abi/host";
export { BodyEdit } from "./body-edit";
export { LastGoodRules } from "./last-good-rules";
export { Config, ConfigEntry, ConfigReader, ConfigReport } from "./config";
export { CallOut } from "./call-out";
export { HttpCall, HttpReply, HttpRequest, send } from "./call";
export { Slot, SlotChange, Slots } from "./slots";
export { Change, Store, StoreEntry, Update } from "./store";
export { count, gauge, move, observe } from "./metric";
export { every, Task } from "./tick";
export { nowMs, random, randomBelow } from "./clock";
export { logAttribute } from "./ai-log";
export {
  clusterName,
  property,
  propertyBytes,
  responseDetails,
  routeName,
  setProperty,
  setPropertyBytes,
  setSwitch,
  UPSTREAM_TIME,
  VIA_UPSTREAM,
} from "./property";
export { log, maskInLogs } from "./log";
export { Redis, RedisCall, RedisOptions } from "./redis";
export { RespCommand, RespKind, RespValue } from "../resp";
