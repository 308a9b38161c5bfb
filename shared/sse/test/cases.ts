// Streams and the events the HTML standard reads from them, in the manner of the web platform tests'
// eventsource/format-*. Texts hold one byte a character. The end of a stream counts as a blank line.

import type { Event } from "./streams.ts";

export interface Case {
  promise: string;
  stream: string;
  events: Event[];
  retryMs?: bigint;
}

const message = (data: string, event = "", id = ""): Event => ({ event, data, id });
const BOM = "\xef\xbb\xbf";
const long = "x".repeat(200);

export const cases: Case[] = [
  { promise: "an empty stream has no event", stream: "", events: [] },
  { promise: "blank lines alone are no event", stream: "\n\n\r\n\r\r", events: [] },
  { promise: "one line of data is one event", stream: "data: a\n\n", events: [message("a")] },
  {
    promise: "lines may end with LF, CR or CRLF, mixed in one stream",
    stream: "data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\ndata: e\n\rdata: f\r\r\n",
    events: [message("a"), message("b"), message("c"), message("d"), message("e"), message("f")],
  },
  {
    promise: "CR LF LF ends one line and then the event",
    stream: "data: a\r\n\ndata: b\n\n",
    events: [message("a"), message("b")],
  },
  {
    promise: "LF CR is two line breaks",
    stream: "data: a\n\rdata: b\n\r",
    events: [message("a"), message("b")],
  },
  {
    promise: "several data lines are joined with LF",
    stream: "data: a\ndata: b\ndata: c\n\n",
    events: [message("a\nb\nc")],
  },
  {
    promise: "several data lines with CRLF are joined with LF",
    stream: "data: a\r\ndata: b\r\n\r\n",
    events: [message("a\nb")],
  },
  { promise: "an empty data line is an event with empty data", stream: "data:\n\n", events: [message("")] },
  {
    promise: "a data field without a colon has empty data",
    stream: "data\n\ndata\ndata\n\ndata:test\n\n",
    events: [message(""), message("\n"), message("test")],
  },
  {
    promise: "empty first and last data lines stay",
    stream: "data:\ndata: a\ndata:\n\n",
    events: [message("\na\n")],
  },
  {
    promise: "one space behind the colon is dropped, no more",
    stream: "data:a\ndata: b\ndata:  c\ndata:\td\n\n",
    events: [message("a\nb\n c\n\td")],
  },
  { promise: "a value of one space is empty", stream: "data: \n\n", events: [message("")] },
  { promise: "space at the end of a value stays", stream: "data: a \n\n", events: [message("a ")] },
  { promise: "colons in a value stay", stream: 'data: {"a":"b:c"}\n\n', events: [message('{"a":"b:c"}')] },
  {
    promise: "a space before the colon makes another field",
    stream: "data : a\ndata: b\n\n",
    events: [message("b")],
  },
  {
    promise: "a space before the name makes another field",
    stream: " data: a\ndata: b\n\n",
    events: [message("b")],
  },
  {
    promise: "field names are matched by case",
    stream: "Data: a\nDATA: b\ndata: c\n\n",
    events: [message("c")],
  },
  {
    promise: "unknown fields and longer names are ignored",
    stream:
      "dat: a\ndatas: b\ndataa\nevents: c\nids: d\ni: e\nretrys: 5\nretr: 5\nretrx: 5\nevenx: g\nx\ndata: f\n\n",
    events: [message("f")],
  },
  {
    promise: "a block of unknown fields is no event",
    stream: "foo: bar\n\ndata: a\n\n",
    events: [message("a")],
  },
  {
    promise: "comments are ignored, between events and inside",
    stream: ":\n\n: ping\n\n:data: no\ndata: a\n: more\n:\ndata: b\n\n:end\n",
    events: [message("a\nb")],
  },
  { promise: "a comment of 200 bytes is ignored", stream: `:${long}\ndata: a\n\n`, events: [message("a")] },
  {
    promise: "an event name belongs to its event only",
    stream: "event: ping\ndata: a\n\ndata: b\n\n",
    events: [message("a", "ping"), message("b")],
  },
  {
    promise: "the event name may follow the data",
    stream: "data: a\nevent: ping\n\n",
    events: [message("a", "ping")],
  },
  {
    promise: "the last event name counts",
    stream: "event: a\nevent: b\ndata: c\n\n",
    events: [message("c", "b")],
  },
  {
    promise: "an empty event name takes an earlier one back",
    stream: "event: a\nevent:\ndata: b\n\nevent: c\nevent\ndata: d\n\n",
    events: [message("b"), message("d")],
  },
  {
    promise: "an event name without data is no event and does not last",
    stream: "event: ping\n\ndata: a\n\n",
    events: [message("a")],
  },
  {
    promise: "an id lasts until the next id",
    stream: "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
    events: [message("a", "", "1"), message("b", "", "1"), message("c", "", "2")],
  },
  {
    promise: "an empty id resets it",
    stream: "id: 1\ndata: a\n\nid\ndata: b\n\nid: 2\ndata: c\n\nid:\ndata: d\n\n",
    events: [message("a", "", "1"), message("b"), message("c", "", "2"), message("d")],
  },
  {
    promise: "an id with a NUL is ignored",
    stream: "id: 1\nid: 2\0\nid: \x003\ndata: a\n\n",
    events: [message("a", "", "1")],
  },
  {
    promise: "an id without data counts for the events after it",
    stream: "id: 7\n\ndata: a\n\n",
    events: [message("a", "", "7")],
  },
  {
    promise: "a retry of digits is taken",
    stream: "retry: 3000\n\ndata: a\n\n",
    events: [message("a")],
    retryMs: 3000n,
  },
  {
    promise: "a retry that is not all digits is ignored",
    stream: "retry: 10\nretry: 1x\nretry: -1\nretry: 1.5\nretry:\nretry\nretry:  5\ndata: a\n\n",
    events: [message("a")],
    retryMs: 10n,
  },
  {
    promise: "a retry beyond 64 bits is the largest number",
    stream: `retry: ${"9".repeat(30)}\ndata: a\n\n`,
    events: [message("a")],
    retryMs: 2n ** 63n - 1n,
  },
  {
    promise: "one byte order mark at the start is skipped",
    stream: `${BOM}data: a\n\n`,
    events: [message("a")],
  },
  {
    promise: "a second byte order mark is part of a field name",
    stream: `${BOM}${BOM}data: a\n\ndata: b\n\n`,
    events: [message("b")],
  },
  {
    promise: "a byte order mark on a later line is part of a field name",
    stream: `data: a\n${BOM}data: b\n\n`,
    events: [message("a")],
  },
  {
    promise: "a byte order mark and a line break are a blank line",
    stream: `${BOM}\ndata: a\n\n`,
    events: [message("a")],
  },
  {
    promise: "two thirds of a byte order mark are part of a field name",
    stream: "\xef\xbbdata: a\ndata: b\n\n",
    events: [message("b")],
  },
  {
    promise: "a byte order mark before a comment is skipped",
    stream: `${BOM}: hello\ndata: a\n\n`,
    events: [message("a")],
  },
  { promise: "NUL in data stays", stream: "data: a\0b\n\n", events: [message("a\0b")] },
  {
    promise: "invalid UTF-8 stays as it came",
    stream: "data: \xff\xc0\x8a\xe2\x82\n\n",
    events: [message("\xff\xc0\x8a\xe2\x82")],
  },
  {
    promise: "the bytes of U+0085 and U+2028 are no line breaks",
    stream: "data: \xc2\x85\xe2\x80\xa8\xe2\x80\xa9\x0b\x0c\n\n",
    events: [message("\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\x0b\x0c")],
  },
  {
    promise: "data of 200 bytes and lines of 16 bytes are read",
    stream: `data: ${long}\n\ndata: 0123456789\n\nevent: 12345678\ndata: 0123456789\n\n`,
    events: [message(long), message("0123456789"), message("0123456789", "12345678")],
  },
  {
    promise: "many blank lines between events are one",
    stream: "data: a\n\n\n\n\r\n\r\rdata: b\n\n",
    events: [message("a"), message("b")],
  },
  {
    promise: "a last event without its blank line is released",
    stream: "data: a\n\ndata: b\n",
    events: [message("a"), message("b")],
  },
  {
    promise: "a last line without its line break is released",
    stream: "data: a\n\nevent: end\ndata: b",
    events: [message("a"), message("b", "end")],
  },
  {
    promise: "a stream that ends with CR has no further event",
    stream: "data: a\r\r",
    events: [message("a")],
  },
  {
    promise: "a model answer of the OpenAI kind",
    stream: 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n',
    events: [message('{"choices":[{"delta":{"content":"Hi"}}]}'), message("[DONE]")],
  },
  {
    promise: "a model answer of the Anthropic kind",
    stream: 'event: message_start\ndata: {"type":"message_start"}\n\nevent: ping\ndata: {"type": "ping"}\n\n',
    events: [message('{"type":"message_start"}', "message_start"), message('{"type": "ping"}', "ping")],
  },
];
