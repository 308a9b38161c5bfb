// A moment in one of Go's layouts, in which each part of the moment Mon Jan 2 15:04:05 2006 -0700 stands for
// the same part of another. https://pkg.go.dev/time#Layout

import { Buffer } from "../bytes";
import { Zone } from "./zone";

const MONTHS = "JanuaryFebruaryMarchAprilMayJuneJulyAugustSeptemberOctoberNovemberDecember";
const MONTH_ENDS: i32[] = [0, 7, 15, 20, 25, 28, 32, 36, 42, 51, 58, 66, 74];
const DAYS = "SundayMondayTuesdayWednesdayThursdayFridaySaturday";
const DAY_ENDS: i32[] = [0, 6, 12, 19, 28, 36, 42, 50];

/** The words of layouts, longer ones before their beginnings. */
const words: string[] =
  "January Jan Monday Mon MST 2006 15 01 02 002 03 04 05 06 _2006 __2 _2 PM pm -07:00:00 -070000 -07:00 -0700 -07 Z07:00 Z0700 Z07 1 2 3 4 5".split(
    " ",
  );

/** A date of the Gregorian calendar. */
class Calendar {
  year: i64 = 0;
  month: i32 = 0;
  day: i32 = 0;
  dayOfYear: i32 = 0;
  weekday: i32 = 0;

  /** https://howardhinnant.github.io/date_algorithms.html */
  constructor(days: i64) {
    this.weekday = <i32>((((days + 4) % 7) + 7) % 7);
    const shifted = days + 719468;
    const era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const ofEra = shifted - era * 146097;
    const year = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146096) / 365;
    const ofYear = ofEra - (365 * year + year / 4 - year / 100);
    const month = (5 * ofYear + 2) / 153;
    this.day = <i32>(ofYear - (153 * month + 2) / 5 + 1);
    this.month = <i32>(month < 10 ? month + 3 : month - 9);
    this.year = year + era * 400 + (this.month <= 2 ? 1 : 0);
    const isLeap = this.year % 4 == 0 && (this.year % 100 != 0 || this.year % 400 == 0);
    this.dayOfYear = <i32>(ofYear >= 306 ? ofYear - 305 : ofYear + 60 + <i64>isLeap);
  }
}

/** Appends the moment, given as seconds since 1970 and nanoseconds. */
export function formatTime(out: Buffer, layout: string, seconds: i64, nanos: i64, zone: Zone): void {
  // Beyond these years dates have no use, and arithmetic no room.
  seconds = min(max(seconds, -62135596800), 253402300799);
  const offset = zone.offsetAt(seconds);
  const local = seconds + <i64>offset;
  const days = (local >= 0 ? local : local - 86399) / 86400;
  const date = new Calendar(days);
  const second = <i32>(local - days * 86400);
  for (let at = 0; at < layout.length;) {
    const unit = layout.charCodeAt(at);
    const isFraction = unit == 0x2e || unit == 0x2c;
    const digit = layout.charCodeAt(at + 1);
    if (isFraction && (digit == 0x30 || digit == 0x39)) {
      let end = at + 1;
      while (end < layout.length && layout.charCodeAt(end) == digit) end++;
      const next = end < layout.length ? layout.charCodeAt(end) - 0x30 : 99;
      if (<u32>next > 9) {
        fraction(out, unit, end - at - 1, digit == 0x39, nanos);
        at = end;
        continue;
      }
    }
    let row = 0;
    while (row < words.length && !layout.startsWith(words[row], at)) row++;
    // `Jan` and `Mon` are no words inside of longer ones.
    if (row == 1 || row == 3) {
      const next = at + 3 < layout.length ? layout.charCodeAt(at + 3) - 0x61 : 99;
      if (row == 1 && <u32>next < 26) row = words.length;
    }
    if (row == words.length) {
      out.text(layout.charAt(at++));
      continue;
    }
    word(out, row, date, second, offset, zone, seconds);
    at += words[row].length;
  }
}

function word(out: Buffer, row: i32, date: Calendar, second: i32, offset: i32, zone: Zone, at: i64): void {
  const hour = second / 3600;
  const half = hour % 12 == 0 ? 12 : hour % 12;
  const minute = (second / 60) % 60;
  switch (row) {
    case 0:
      out.text(MONTHS.substring(MONTH_ENDS[date.month - 1], MONTH_ENDS[date.month]));
      return;
    case 1:
      out.text(MONTHS.substr(MONTH_ENDS[date.month - 1], 3));
      return;
    case 2:
      out.text(DAYS.substring(DAY_ENDS[date.weekday], DAY_ENDS[date.weekday + 1]));
      return;
    case 3:
      out.text(DAYS.substr(DAY_ENDS[date.weekday], 3));
      return;
    case 4:
      out.text(zone.nameAt(at));
      return;
    case 5:
      return padded(out, <i32>date.year, 4, 0x30);
    case 6:
      return padded(out, hour, 2, 0x30);
    case 7:
      return padded(out, date.month, 2, 0x30);
    case 8:
      return padded(out, date.day, 2, 0x30);
    case 9:
      return padded(out, date.dayOfYear, 3, 0x30);
    case 10:
      return padded(out, half, 2, 0x30);
    case 11:
      return padded(out, minute, 2, 0x30);
    case 12:
      return padded(out, second % 60, 2, 0x30);
    case 13:
      return padded(out, <i32>(date.year % 100), 2, 0x30);
    case 14:
      out.push(0x5f);
      return padded(out, <i32>date.year, 4, 0x30);
    case 15:
      return padded(out, date.dayOfYear, 3, 0x20);
    case 16:
      return padded(out, date.day, 2, 0x20);
    case 17:
      out.text(hour < 12 ? "AM" : "PM");
      return;
    case 18:
      out.text(hour < 12 ? "am" : "pm");
      return;
    case 27:
      return padded(out, date.month, 1, 0x30);
    case 28:
      return padded(out, date.day, 1, 0x30);
    case 29:
      return padded(out, half, 1, 0x30);
    case 30:
      return padded(out, minute, 1, 0x30);
    case 31:
      return padded(out, second % 60, 1, 0x30);
  }
  if (row >= 24 && offset == 0) {
    out.push(0x5a);
    return;
  }
  const size = abs(offset);
  out.push(offset < 0 ? 0x2d : 0x2b);
  padded(out, size / 3600, 2, 0x30);
  if (row == 23 || row == 26) return;
  const hasColon = row == 19 || row == 21 || row == 24;
  if (hasColon) out.push(0x3a);
  padded(out, (size / 60) % 60, 2, 0x30);
  if (row > 20) return;
  if (hasColon) out.push(0x3a);
  padded(out, size % 60, 2, 0x30);
}

function padded(out: Buffer, value: i32, size: i32, fill: i32): void {
  const text = value.toString();
  for (let i = text.length; i < size; i++) out.push(fill);
  out.text(text);
}

function fraction(out: Buffer, point: i32, size: i32, isShort: bool, nanos: i64): void {
  let text = nanos.toString().padStart(9, "0").padEnd(size, "0").substring(0, size);
  let end = text.length;
  while (isShort && end > 0 && text.charCodeAt(end - 1) == 0x30) end--;
  if (end == 0) return;
  text = text.substring(0, end);
  out.push(point);
  out.text(text);
}
