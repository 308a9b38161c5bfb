// The revisions of the Model Context Protocol and what each demands: https://modelcontextprotocol.io/specification.
// A class of their features would be code; a comparison of two numbers is all there is to it.

import { Span } from "../bytes";

/** In order of time: newer is greater. */
export enum Revision {
  Unknown = -1,
  R2024_11_05,
  R2025_03_26,
  R2025_06_18,
  R2025_11_25,
  R2026_07_28,
}

const NAMES: string[] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/** Newest revision that a client opens with `initialize`. */
export const NEWEST_WITH_SESSION = Revision.R2025_11_25;
/** What a client speaks that names no revision after `initialize`. */
export const ASSUMED = Revision.R2025_03_26;

export function revisionOf(name: Span): Revision {
  for (let i = 0; i < NAMES.length; i++) if (name.equalsAscii(NAMES[i])) return <Revision>i;
  return Revision.Unknown;
}

/** As the protocol writes it; "" for none. */
export function revisionName(revision: Revision): string {
  return revision >= 0 && revision < NAMES.length ? NAMES[revision] : "";
}

/** No `initialize`, no session: every request says for itself who it is from. */
export function isStateless(revision: Revision): bool {
  return revision >= Revision.R2026_07_28;
}

/** Arrays of messages; taken back one revision later. */
export function acceptsBatches(revision: Revision): bool {
  return revision <= Revision.R2025_03_26;
}

/** What is wrong with the arguments of a call is told to the model, in a result, and no longer to the client. */
export function reportsInputInResult(revision: Revision): bool {
  return revision >= Revision.R2025_11_25;
}

/** JSON list of the names of all revisions. */
export const ALL_REVISIONS: string = '["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]';
/** JSON list of those without a session, the ones that `server/discover` tells of. */
export const STATELESS_REVISIONS: string = '["2026-07-28"]';
