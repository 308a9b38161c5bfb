// Headers in memory, with all that `Head` can do: of a request that a call-out will send, or of a reply that is kept.

import { MapKind } from "../abi/codes";
import { headerName } from "../abi/names";
import { Span } from "../bytes/span";
import { Head, HeaderList, HeaderPairs } from "./head";

export class DraftHead extends Head {
  private names: string[] = [];
  private values: Span[] = [];

  constructor() {
    super(MapKind.RequestHeaders);
  }

  /** A copy of `head` as it is now. */
  static of(head: Head): DraftHead {
    const draft = new DraftHead();
    const pairs = head.pairs();
    while (pairs.next()) {
      draft.names.push(pairs.name.toString());
      draft.values.push(pairs.value);
    }
    return draft;
  }

  get isReadable(): bool {
    return true;
  }

  bytes(name: string): Span | null {
    const index = this.names.indexOf(name);
    return index < 0 ? null : this.values[index];
  }

  set(name: string, value: string): bool {
    return this.setBytes(name, Span.text(value));
  }

  /** The value stands where the first one of its name stood. */
  setBytes(name: string, value: Span): bool {
    if (!this.admits(headerName(name), value.start, value.size)) return false;
    const index = this.names.indexOf(name);
    if (index < 0) return this.push(name, value);
    this.values[index] = value;
    this.removeFrom(index + 1, name);
    return true;
  }

  addBytes(name: string, value: Span): bool {
    return this.admits(headerName(name), value.start, value.size) && this.push(name, value);
  }

  remove(name: string): void {
    this.removeFrom(0, name);
  }

  pairs(): HeaderPairs {
    return new HeaderPairs(this.list(true).serialize());
  }

  /** For a call or a reply, which have pseudo headers of their own. */
  get regular(): HeaderList {
    return this.list(false);
  }

  private push(name: string, value: Span): bool {
    this.names.push(name);
    this.values.push(value);
    return true;
  }

  private removeFrom(first: i32, name: string): void {
    for (let i = this.names.length - 1; i >= first; i--) {
      if (this.names[i] != name) continue;
      this.names.splice(i, 1);
      this.values.splice(i, 1);
    }
  }

  private list(withPseudo: bool): HeaderList {
    const list = new HeaderList();
    for (let i = 0; i < this.names.length; i++) {
      if (withPseudo || !this.names[i].startsWith(":")) list.addBytes(this.names[i], this.values[i]);
    }
    return list;
  }
}
