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
