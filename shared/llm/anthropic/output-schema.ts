// JSON schemas of answers: Anthropic takes fewer words than OpenAI, and wants every object closed.
// https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations

import { Json, JsonItems, JsonKind, JsonMembers, JsonWriter } from "../../json";
import { Dropped } from "../dropped";
import { indexOfName } from "../names";
import { textOf } from "../text";

const enum Word {
  /** Up to here the value is a list of schemas. */
  LastList = 2,
  /** Up to here a schema by each name. */
  LastMap = 5,
  Items = 6,
  AdditionalProperties = 7,
  MinItems = 8,
  Format = 9,
  Type = 10,
}

/** The words that are known; those behind `Format` stay as they are. */
const WORDS: StaticArray<string> = [
  "anyOf",
  "oneOf",
  "allOf",
  "properties",
  "$defs",
  "definitions",
  "items",
  "additionalProperties",
  "minItems",
  "format",
  "type",
  "description",
  "title",
  "enum",
  "const",
  "required",
  "$ref",
  "default",
];

const FORMATS: StaticArray<string> = [
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid",
];

/** An object or list that is being walked: exactly one of the two is not null. */
class Level {
  /** A schema that is one of an object has to be closed. */
  isObject: bool = false;

  constructor(
    readonly members: JsonMembers | null,
    readonly items: JsonItems | null,
    /** The members are the words of a schema, not schemas by their names. */
    readonly isSchema: bool,
  ) {}
}

/** Writes a schema of a checked document as Anthropic takes it; what it refuses is left out and noted. */
export function writeOutputSchema(json: JsonWriter, schema: Json, dropped: Dropped): void {
  const levels: Level[] = [openSchema(json, schema)];
  while (levels.length > 0) {
    const level = levels[levels.length - 1];
    const members = level.members;
    const items = level.items;
    let next: Level | null = null;
    let isEnd = false;
    if (members) {
      isEnd = !members.next();
      if (!isEnd && level.isSchema) next = writeWord(json, level, members, dropped);
      else if (!isEnd) next = openValue(json.keyBytes(members.keyBytes()), members.value);
    } else if (items) {
      isEnd = !items.next();
      if (!isEnd) next = openValue(json, items.value);
    }
    if (next) levels.push(next);
    if (!isEnd) continue;
    if (level.isObject) json.key("additionalProperties").bool(false);
    json.end();
    // check-guest allows unguarded pop: the loop goes on only while there is a level.
    levels.pop();
  }
}

function openSchema(json: JsonWriter, schema: Json): Level {
  json.object();
  const level = new Level(schema.members(), null, true);
  level.isObject = textOf(schema.get("type")).equalsAscii("object") || schema.get("properties").exists;
  return level;
}

/** `true` and `false` are schemas too. */
function openValue(json: JsonWriter, value: Json): Level | null {
  if (value.kind == JsonKind.Object) return openSchema(json, value);
  json.raw(value.raw());
  return null;
}

function writeWord(json: JsonWriter, level: Level, members: JsonMembers, dropped: Dropped): Level | null {
  const name = members.keyBytes();
  const value = members.value;
  const word = indexOfName(WORDS, name);
  if (word >= 0 && word <= Word.LastList && value.kind == JsonKind.Array) {
    // `oneOf` is not known; the looser `anyOf` is.
    json.key(word == 1 ? WORDS[0] : WORDS[word]).array();
    return new Level(null, value.items(), false);
  }
  if (word > Word.LastList && word <= Word.LastMap && value.kind == JsonKind.Object) {
    json.key(WORDS[word]).object();
    return new Level(value.members(), null, false);
  }
  if (word == Word.Items) return openValue(json.key("items"), value);
  const isFine =
    word >= Word.Type ||
    (word == Word.MinItems && <u64>value.integer(2) < 2) ||
    (word == Word.Format && indexOfName(FORMATS, textOf(value)) >= 0);
  if (isFine) json.keyBytes(name).raw(value.raw());
  else if (
    word != Word.AdditionalProperties ||
    !level.isObject ||
    value.kind != JsonKind.Bool ||
    value.isTrue
  ) {
    dropped.addNamed("response_format.", name);
  }
  return null;
}
