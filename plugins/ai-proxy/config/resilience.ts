// `failover` and `retryOnFailure` (compat ai-proxy §12.2 and §12.4).

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { StatusPatterns } from "./status-patterns";

/** Go's configurations may ask for more; every attempt keeps the client waiting. */
const MAX_RETRIES: i32 = 10;

/** Tokens that fail are taken out of use until a health check finds them well again. */
export class Failover {
  isEnabled: bool = false;
  failureThreshold: i32 = 3;
  successThreshold: i32 = 1;
  healthCheckIntervalMs: i32 = 5000;
  healthCheckTimeoutMs: i32 = 5000;
  healthCheckModel: string = "";
  onStatus: StatusPatterns = new StatusPatterns();

  static read(reader: ConfigReader): Failover {
    const own = reader.child("failover");
    const failover = new Failover();
    failover.isEnabled = own.flag("enabled");
    failover.failureThreshold = <i32>own.integerBetween("failureThreshold", 3, 1, i32.MAX_VALUE);
    failover.successThreshold = <i32>own.integerBetween("successThreshold", 1, 1, i32.MAX_VALUE);
    failover.healthCheckIntervalMs = <i32>own.integerBetween("healthCheckInterval", 5000, 1, i32.MAX_VALUE);
    failover.healthCheckTimeoutMs = <i32>own.integerBetween("healthCheckTimeout", 5000, 1, i32.MAX_VALUE);
    failover.healthCheckModel = own.text("healthCheckModel");
    failover.onStatus = StatusPatterns.read(own, "failoverOnStatus");
    if (failover.isEnabled && failover.healthCheckModel.length == 0) {
      reader.fail("missing healthCheckModel in failover config");
    }
    own.warnUnread();
    return failover;
  }
}

/** A request that failed is sent again with another token. */
export class Retry {
  isEnabled: bool = false;
  maxRetries: i32 = 1;
  timeoutMs: i32 = 60000;
  onStatus: StatusPatterns = new StatusPatterns();

  static read(reader: ConfigReader): Retry {
    const own = reader.child("retryOnFailure");
    const retry = new Retry();
    retry.isEnabled = own.flag("enabled");
    const maxRetries = own.integerBetween("maxRetries", 1, 1, i32.MAX_VALUE);
    if (maxRetries > MAX_RETRIES) own.warn(`maxRetries: ${MAX_RETRIES} are made at most`);
    retry.maxRetries = min(<i32>maxRetries, MAX_RETRIES);
    retry.timeoutMs = <i32>own.integerBetween("retryTimeout", 60000, 1, i32.MAX_VALUE);
    retry.onStatus = StatusPatterns.read(own, "retryOnStatus");
    own.warnUnread();
    return retry;
  }
}
