// Which era a server is of, told from its answer to the first request: one that wants `initialize`, or one of the
// stateless revisions.

import { Json } from "../../json";
import { ErrorCode } from "../error-code";
import { isStateless, revisionOf } from "../revision";
import { Reply, ReplyKind } from "./reply";

/** Whether this answer to `server/discover` offers a stateless revision. */
export function offersStateless(status: i32, reply: Reply): bool {
  if (status != 200 || reply.kind != ReplyKind.Result) return false;
  return namesStateless(Json.read(reply.result).get("supportedVersions"));
}

/**
 * Whether `initialize` may succeed where `server/discover` did not. Older servers refuse what they do not know in
 * many ways; a server that is not there, is busy or refuses the caller says nothing about its era.
 */
export function mayBeOlder(status: i32): bool {
  if (status == 200) return true;
  return status >= 400 && status < 500 && status != 401 && status != 403 && status != 429;
}

/** Whether this answer to `initialize` says that the server has only stateless revisions. */
export function refusesInitialize(reply: Reply): bool {
  if (reply.kind != ReplyKind.Error) return false;
  if (reply.errorCode == ErrorCode.MethodNotFound) return true;
  return (
    reply.errorCode == ErrorCode.UnsupportedRevision &&
    namesStateless(Json.read(reply.errorData).get("supported"))
  );
}

function namesStateless(names: Json): bool {
  const items = names.items();
  while (items.next()) if (isStateless(revisionOf(items.value.bytes()))) return true;
  return false;
}
