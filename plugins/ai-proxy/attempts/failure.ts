// What went wrong with an attempt, as far as a configuration tells failures apart.

/** Envoy's details of answers that it gives because no connection was made, or it broke before an answer. */
const CONNECT_DETAILS: StaticArray<string> = [
  "upstream_reset_before_response_started",
  "no_healthy_upstream",
  "cluster_not_found",
];

function isConnectFailure(details: string): bool {
  for (let i = 0; i < CONNECT_DETAILS.length; i++) if (details.startsWith(CONNECT_DETAILS[i])) return true;
  return false;
}

/** Envoy has several such details, Higress one more. Those of plugins have a dot. */
function isTimeout(status: i32, details: string): bool {
  return status == 504 && details.includes("timeout") && !details.includes(".");
}

export class Failure {
  private constructor(
    public status: i32,
    /** The status came from the provider, or may have. */
    public isAnswer: bool,
    public isConnect: bool,
    public isTimeout: bool,
  ) {}

  /** Of the answer that the route brought; `details` is its `response.code_details`. */
  static ofAnswer(status: i32, details: string): Failure {
    return new Failure(
      status,
      details == "via_upstream",
      isConnectFailure(details),
      isTimeout(status, details),
    );
  }

  /**
   * Of a call-out, where Envoy's own 503 and 504 look like a provider's; 0: refused at once, or broken off. A reply
   * with 200 that means an error has a `status` that says so.
   */
  static ofCall(status: i32): Failure {
    return new Failure(status, status > 0, status == 0 || status == 503, status == 504);
  }
}
