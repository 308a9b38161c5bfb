// Times as AWS writes them in signatures: `20150830T123600Z`, always UTC.

import { Buffer } from "../bytes";

/** Milliseconds since 1970 in ISO 8601's basic format, without fractions; earlier times count as 1970. */
export function amzDate(ms: i64): string {
  const seconds = <i32>max<i64>(min<i64>(ms / 1000, i32.MAX_VALUE), 0);
  const out = new Buffer(16);
  writeDay(out, seconds / 86400);
  out.push(0x54);
  writeTwo(out, (seconds / 3600) % 24);
  writeTwo(out, (seconds / 60) % 60);
  writeTwo(out, seconds % 60);
  out.push(0x5a);
  return out.span().toString();
}

/** Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last of its year. */
function writeDay(out: Buffer, daysSince1970: i32): void {
  const days = daysSince1970 + 719468;
  const era = days / 146097;
  const dayOfEra = days % 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const shifted = (5 * dayOfYear + 2) / 153;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  writeTwo(out, year / 100);
  writeTwo(out, year % 100);
  writeTwo(out, month);
  writeTwo(out, dayOfYear - (153 * shifted + 2) / 5 + 1);
}

function writeTwo(out: Buffer, value: i32): void {
  out.push(0x30 + value / 10);
  out.push(0x30 + (value % 10));
}
