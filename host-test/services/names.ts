// Host names to addresses with the system's resolver.

import { lookup } from "node:dns";

/** Addresses as `ip` or `[ipv6]`; none when the name cannot be resolved. */
export function resolveName(name: string, done: (addresses: string[]) => void): void {
  lookup(name, { all: true }, (error, found) => {
    if (error) done([]);
    else done(found.map(({ address, family }) => (family === 6 ? `[${address}]` : address)));
  });
}
