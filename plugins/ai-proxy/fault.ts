// Why a request is not sent on (docs/decisions: broken request bodies).

import { JsonError, jsonErrorText } from "as-proxy-wasm-sdk/json";

export class Fault {
  constructor(
    /** HTTP status for the client. */
    public status: i32,
    public message: string,
  ) {}

  /** The gateway's failure, in Go's words. */
  static gateway(message: string): Fault {
    return new Fault(500, "failed to process request body: " + message);
  }

  /** The body is no JSON object. `at` is the offset of the error, or -1. */
  static json(error: JsonError, at: i32): Fault {
    if (error == JsonError.NotObject) return Fault.request("the request body is not a JSON object");
    if (error == JsonError.Path)
      return Fault.request("a member of the request body is no object, as it has to be");
    const place = at < 0 ? "" : ` at byte ${at}`;
    return Fault.request(`the request body is not valid JSON: ${jsonErrorText(error)}${place}`);
  }

  /** The client's mistake: sending the same again would fail again. */
  static request(message: string): Fault {
    return new Fault(400, message);
  }
}
