// Dates: sprig's date functions with Go's layouts. https://pkg.go.dev/time#pkg-constants

import { Buffer, Span } from "../../bytes";
import { floatOf } from "../../gjson/float";
import { Execution } from "../execution";
import { Value } from "../value";
import { textOf } from "./argument";
import { formatTime } from "../time-layout";
import { Zone } from "../zone";

export const timeFunctions =
  "now:0 date:2 dateInZone:3 date_in_zone:3 htmlDate htmlDateInZone:2 unixEpoch ago duration durationRound " +
  "toDate/mustToDate:2 dateModify/date_modify/mustDateModify/must_date_modify:2";

const NANOS_SECOND: i64 = 1000000000;

export function callTime(place: i32, values: Value[], x: Execution): Value {
  const nowSeconds = x.context.nowMs / 1000;
  const nowNanos = (x.context.nowMs % 1000) * 1000000;
  const out = new Buffer(40);
  if (place == 0) {
    formatTime(out, "2006-01-02 15:04:05.999999999 -0700 MST", nowSeconds, nowNanos, Zone.utc());
    return Value.string(out.span());
  }
  // What is no number of seconds stands for now, as `now` itself, which is a text by then.
  const at = place <= 3 ? values[1] : values[0];
  const isSeconds = at.isInteger;
  const seconds = isSeconds ? at.integer() : nowSeconds;
  if (place <= 5) {
    let zone = Zone.utc();
    if (place == 2 || place == 3 || place == 5)
      zone = Zone.named(textOf(values[values.length - 1], x).toString());
    const layout = place <= 3 ? textOf(values[0], x).toString() : "2006-01-02";
    // Each place of the layout is compared with every word that a layout may hold.
    if (!x.spend(layout.length * 32)) return at;
    formatTime(out, layout, seconds, isSeconds ? 0 : nowNanos, zone);
    return Value.string(out.span());
  }
  switch (place) {
    case 6:
      return Value.integer(seconds);
    case 7:
      writeDuration(out, nowSeconds - seconds);
      return Value.string(out.span());
    case 8:
      writeDuration(out, values[0].integer());
      return Value.string(out.span());
    case 9: {
      roundDuration(out, values[0].isNumber ? values[0].integer() / NANOS_SECOND : secondsOf(values[0].text));
      return Value.string(out.span());
    }
  }
  return x.fail("wrong type for value; expected time.Time; got " + values[values.length - 1].typeName());
}

/** Seconds as Go writes a duration: `1h2m3s`. */
function writeDuration(out: Buffer, seconds: i64): void {
  if (seconds < 0) {
    out.push(0x2d);
    seconds = max(-seconds, 0);
  }
  const hours = seconds / 3600;
  if (hours > 0) out.text(hours.toString() + "h");
  if (seconds >= 60) out.text(((seconds / 60) % 60).toString() + "m");
  out.text((seconds % 60).toString() + "s");
}

/** Seconds of a duration as Go writes it, `1h15m30.5s`; 0 for what is none. */
function secondsOf(text: Span): i64 {
  let total: f64 = 0;
  let at = text.at(0) == 0x2d || text.at(0) == 0x2b ? 1 : 0;
  while (at < text.size) {
    const start = at;
    while (<u32>(text.at(at) - 0x30) < 10 || text.at(at) == 0x2e) at++;
    const number = floatOf(text.slice(start, at), NaN);
    const unit = at;
    while (at < text.size && text.at(at) > 0x39) at++;
    const size = sizeOfUnit(text.slice(unit, at));
    if (isNaN(number) || size == 0) return 0;
    total += number * size;
  }
  return <i64>(text.at(0) == 0x2d ? -total : total);
}

function sizeOfUnit(unit: Span): f64 {
  if (unit.equalsAscii("h")) return 3600;
  if (unit.equalsAscii("m")) return 60;
  if (unit.equalsAscii("s")) return 1;
  if (unit.equalsAscii("ms")) return 1e-3;
  if (unit.equalsAscii("ns")) return 1e-9;
  return unit.at(unit.size - 1) == 0x73 && unit.size == 3 ? 1e-6 : unit.equalsAscii("us") ? 1e-6 : 0;
}

/** The largest unit alone: `3d`. */
function roundDuration(out: Buffer, seconds: i64): void {
  const units = "yodhms";
  const sizes: i64[] = [31536000, 2592000, 86400, 3600, 60, 1];
  const size = seconds < 0 ? -seconds : seconds;
  for (let i = 0; i < 6; i++) {
    if (size < sizes[i]) continue;
    const count = (size / sizes[i]).toString();
    out.text(count + (i == 1 ? "mo" : units.charAt(i)));
    return;
  }
  out.text("0s");
}
