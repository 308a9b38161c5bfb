// Where the Node engine and Envoy are known to differ on the wire. Agreement tests ignore these and nothing
// else: a line here needs a reason. The order of headers with different names is not compared at all: it has no
// meaning (RFC 9110 §5.3).

/** A difference that agreement tests do not come across; scenarios expect each engine's own behaviour. */
export interface KnownBehaviour {
  when: string;
  envoy: string;
  node: string;
  reason: string;
}

export interface KnownDifference {
  where: "answer" | "upstream request";
  header: string;
  /** What is not compared: that the header is there at all, or its value. */
  ignored: "header" | "value";
  reason: string;
}

export const knownDifferences: KnownDifference[] = [
  {
    where: "upstream request",
    header: "x-request-id",
    ignored: "value",
    reason: "a new UUID for every request",
  },
  {
    where: "upstream request",
    header: "cookie",
    ignored: "header",
    reason: "several lines are joined by Node's HTTP/1.1 client, and several of an HTTP/2 client by Envoy",
  },
  { where: "answer", header: "date", ignored: "value", reason: "the clock goes on between the two runs" },
  {
    where: "answer",
    header: "x-envoy-upstream-service-time",
    ignored: "value",
    reason: "measured milliseconds",
  },
];

export const knownBehaviours: KnownBehaviour[] = [
  {
    when: "a plugin puts CR, LF or NUL into a response header",
    envoy: "sends it as it is, over HTTP/1.1 as further headers",
    node: "breaks the exchange off",
    reason: "Node's codec refuses such bytes, and a local gateway is the place to find out",
  },
];
