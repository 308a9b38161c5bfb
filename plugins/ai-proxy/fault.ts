// Why a request is not sent on.

export class Fault {
  constructor(
    /** HTTP status for the client. */
    public status: i32,
    public message: string,
  ) {}

  /** The client's mistake: sending the same again would fail again. */
  static request(message: string): Fault {
    return new Fault(400, message);
  }
}
