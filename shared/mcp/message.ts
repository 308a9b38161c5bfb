// JSON-RPC 2.0 messages as they arrive. Ids are kept as they were written: a number that no double holds, or one
// with an exponent, comes back to the client byte for byte.

import { Span } from "../bytes";
import { Json, JsonError, JsonKind } from "../json";
import { ErrorCode } from "./error-code";

export enum MessageKind {
  Request,
  Notification,
  /** A client's answer to a question of the server. */
  Response,
  /** Not a message: `errorCode` and `error` say why. */
  Invalid,
}

export class Message {
  method: string = "";
  /** The id's JSON, a string or a number; empty where there is none that could be answered. */
  id: Span = Span.empty();
  /** An object, or missing. */
  params: Json;
  /** Of an invalid message. */
  errorCode: i32 = 0;
  error: string = "";

  private constructor(
    readonly kind: MessageKind,
    /** The whole message. */
    public json: Json,
  ) {
    this.params = json.get("params");
  }

  static of(json: Json): Message {
    const id = json.get("id");
    const method = json.get("method");
    const isLegalId = id.kind == JsonKind.String || id.kind == JsonKind.Number;
    let kind = MessageKind.Request;
    let error = "";
    if (json.kind != JsonKind.Object) error = "a message is a JSON object";
    else if (!method.exists && (json.get("result").exists || json.get("error").exists)) {
      kind = MessageKind.Response;
    } else if (method.kind != JsonKind.String || method.bytes().isEmpty) error = "method is required";
    else if (!id.exists) kind = MessageKind.Notification;
    else if (!isLegalId) error = "id must be a string or a number";
    const message = new Message(error.length > 0 ? MessageKind.Invalid : kind, json);
    if (isLegalId) message.id = id.raw();
    message.method = method.text();
    message.error = error;
    message.errorCode = ErrorCode.InvalidRequest;
    return message;
  }

  /** Keeps the id alone: the rest, which may be large, is not held until the answer comes. */
  forget(): void {
    this.id = this.id.copy();
    this.json = Json.read(Span.empty());
    this.params = this.json;
  }

  /** What stands for a body that holds no message. */
  static broken(code: i32, error: string): Message {
    const message = new Message(MessageKind.Invalid, Json.read(Span.empty()));
    message.errorCode = code;
    message.error = error;
    return message;
  }
}

/** All that one HTTP request brings. */
export class Messages {
  items: Message[] = [];
  /** An array of messages; an empty one is no batch, but an invalid message. */
  isBatch: bool = false;

  /** At most `maxBatch` messages; a longer batch is refused as a whole. The spans borrow from `body`. */
  static read(body: Span, maxBatch: i32): Messages {
    const messages = new Messages();
    const json = Json.checked(body);
    if (json.error != JsonError.None) {
      messages.items.push(Message.broken(ErrorCode.ParseError, "Parse error: the body is not JSON"));
      return messages;
    }
    if (json.kind != JsonKind.Array) {
      messages.items.push(Message.of(json));
      return messages;
    }
    const count = json.length();
    if (count == 0 || count > maxBatch) {
      const error = count == 0 ? "the batch is empty" : `a batch may hold ${maxBatch} messages`;
      messages.items.push(Message.broken(ErrorCode.InvalidRequest, error));
      return messages;
    }
    messages.isBatch = true;
    const items = json.items();
    while (items.next()) messages.items.push(Message.of(items.value));
    return messages;
  }
}
