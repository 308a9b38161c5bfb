// Which Redis, as Higress's plugins are told.

import { ConfigReader, Redis, RedisOptions } from "as-proxy-wasm-sdk/sdk";

const STATIC_PORT: i64 = 80;
const REDIS_PORT: i64 = 6379;

/** The member `redis`. Null, with an error in the report, when it names no service. */
export function readRedis(reader: ConfigReader): Redis | null {
  const redis = reader.child("redis");
  const service = redis.text("service_name");
  if (service.length == 0) {
    redis.fail("redis service name must not be empty");
    return null;
  }
  const standard = service.endsWith(".static") ? STATIC_PORT : REDIS_PORT;
  const port = redis.integerBetween("service_port", standard, 1, 65535);
  const options = new RedisOptions();
  options.username = redis.text("username");
  options.password = redis.secret("password");
  options.timeoutMs = <i32>redis.integerBetween("timeout", 1000, 1, i32.MAX_VALUE);
  options.database = <i32>redis.integerBetween("database", 0, 0, i32.MAX_VALUE);
  redis.warnUnread();
  return new Redis(`outbound|${port}||${service}`, options);
}
