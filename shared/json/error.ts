/** Why a document, or a value of it, could not be read. */
export const enum JsonError {
  None = 0,
  /** Nothing but white space. */
  Empty = 1,
  /** The bytes end inside a value. */
  Truncated = 2,
  /** A byte that cannot stand where it stands. */
  Syntax = 3,
  /** More than 128 arrays and objects inside each other. */
  Depth = 4,
  /** A control character, or a bare quote, inside a string. */
  Control = 5,
  /** A backslash followed by something that is no escape. */
  Escape = 6,
  /** Bytes that are not UTF-8 inside a string. */
  Utf8 = 7,
  /** A member name with half of a surrogate pair. */
  Surrogate = 8,
  /** A value that starts like a number but is none. */
  Number = 9,
  /** Bytes after the document's value. */
  Trailing = 10,
  /** The document is no object (for an edit: neither object nor array). */
  NotObject = 11,
  /** An edited path that does not fit the document, or is too long. */
  Path = 12,
  /** More bytes than a buffer or an offset can hold. */
  Limit = 13,
}

export const enum JsonKind {
  Missing = 0,
  Null = 1,
  Bool = 2,
  Number = 3,
  String = 4,
  Array = 5,
  Object = 6,
}

/** What the error means, for messages a person reads. */
export function jsonErrorText(error: JsonError): string {
  switch (error) {
    case JsonError.None:
      return "no error";
    case JsonError.Empty:
      return "the document is empty";
    case JsonError.Truncated:
      return "the document ends inside a value";
    case JsonError.Syntax:
      return "unexpected character";
    case JsonError.Depth:
      return "more than 128 levels of arrays and objects";
    case JsonError.Control:
      return "unescaped control character or quote in a string";
    case JsonError.Escape:
      return "invalid escape in a string";
    case JsonError.Utf8:
      return "invalid UTF-8 in a string";
    case JsonError.Surrogate:
      return "half of a surrogate pair in a name";
    case JsonError.Number:
      return "malformed number";
    case JsonError.Trailing:
      return "unexpected character after the document";
    case JsonError.NotObject:
      return "not an object";
    case JsonError.Path:
      return "the path does not fit the document";
    case JsonError.Limit:
      return "too large";
  }
  return "unknown error";
}
