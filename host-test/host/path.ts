// One direction of an exchange through the filters: Envoy's filter manager (source/common/http/
// filter_manager.cc), written once for both directions. A filter that stops keeps what comes after; when it
// continues, iteration goes on from there with all that was kept.

import { BodyBuffer } from "./buffers.ts";
import { DataStatus, HeadersStatus, TrailersStatus } from "./codes.ts";
import type { HeaderMap } from "./maps.ts";

/** A filter as one direction sees it. */
export interface PathFilter {
  onHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus;
  onData(data: BodyBuffer, endStream: boolean): DataStatus;
  onTrailers(trailers: HeaderMap): TrailersStatus;
}

/** What lies behind the last filter, and what the direction needs of its stream. */
export interface PathEnd {
  headers(endStream: boolean): void;
  data(data: BodyBuffer, endStream: boolean): void;
  trailers(): void;
  /** More than the limit is kept and nobody asked for flow control: 413 or 500. */
  tooLarge(): void;
  pause(): void;
  resume(): void;
  /** Called between a filter's callback and what follows from it; true: a local reply took over. */
  tookOver(): boolean;
}

const Iteration = { Continue: 0, StopSingle: 1, StopAllBuffer: 2, StopAllWatermark: 3 } as const;

/** Where one filter stands in one direction. */
export class Place {
  readonly filter: PathFilter;
  readonly index: number;
  iteration: (typeof Iteration)[keyof typeof Iteration] = Iteration.Continue;
  headersContinued = false;
  endStream = false;
  fromCurrent = false;

  constructor(filter: PathFilter, index: number) {
    this.filter = filter;
    this.index = index;
  }

  get stopped(): boolean {
    return this.iteration !== Iteration.Continue;
  }

  get stoppedAll(): boolean {
    return this.iteration >= Iteration.StopAllBuffer;
  }
}

export class Path {
  headers: HeaderMap | undefined;
  trailers: HeaderMap | undefined;
  /** What a stopped filter keeps; the same object from then on. */
  buffered: BodyBuffer | undefined;
  /** The sender has ended its side. */
  ended = false;
  /** Nothing moves any more: a local reply took over or the stream is gone. */
  aborted = false;
  limit: number;
  readonly places: Place[];
  readonly #end: PathEnd;
  /** Place whose callback runs. */
  #calling: Place | undefined;
  /** Flow control instead of an error when the limit is passed. */
  #streaming = false;
  #paused = false;
  #overLimit = false;

  constructor(filters: PathFilter[], end: PathEnd, limit: number) {
    this.places = filters.map((filter, index) => new Place(filter, index));
    this.#end = end;
    this.limit = limit;
  }

  get inCallback(): boolean {
    return this.#calling !== undefined;
  }

  startHeaders(headers: HeaderMap, endStream: boolean): void {
    this.headers = headers;
    if (endStream) this.ended = true;
    this.#headers(undefined, endStream);
  }

  startData(data: Uint8Array, endStream: boolean): void {
    if (endStream) this.ended = true;
    this.#data(undefined, new BodyBuffer(data), endStream);
  }

  startTrailers(trailers: HeaderMap): void {
    this.trailers = trailers;
    this.ended = true;
    this.#trailers(undefined);
  }

  /**
   * The filter's own `continue_stream`. Inside the filter's callback it takes effect at once, and a callback
   * that then stops is stopped again: what came before has gone on, what follows waits (measured, Envoy 1.40).
   */
  continueFrom(place: Place): void {
    if (this.#calling === place || place.stopped) this.#continue(place);
  }

  /** Adds to what is kept at `place`, before its callback sees the data (Envoy's addDecodedData). */
  keep(data: BodyBuffer): void {
    this.#streaming = false;
    this.#buffer(data);
  }

  /** Data that a filter sends past itself, with no filter state changed. */
  injectAfter(place: Place, data: BodyBuffer, endStream: boolean): void {
    if (!place.headersContinued) {
      place.headersContinued = true;
      this.#headers(place, false);
    }
    this.#data(place, data, endStream, true);
  }

  /** Returns the place whose callback was running, to be set back afterwards: injected data nests callbacks. */
  #enter(place: Place): Place | undefined {
    const outer = this.#calling;
    this.#calling = place;
    return outer;
  }

  #headers(from: Place | undefined, endStream: boolean): void {
    for (let i = from === undefined ? 0 : from.index + 1; i < this.places.length; i++) {
      const place = this.places[i]!;
      place.endStream = endStream;
      const outer = this.#enter(place);
      const status = place.filter.onHeaders(this.headers!, endStream);
      this.#calling = outer;
      if (this.#end.tookOver()) return;
      if (status === HeadersStatus.StopIteration) place.iteration = Iteration.StopSingle;
      else if (status === HeadersStatus.StopAllIterationAndBuffer) place.iteration = Iteration.StopAllBuffer;
      else if (status === HeadersStatus.StopAllIterationAndWatermark)
        place.iteration = Iteration.StopAllWatermark;
      else {
        // Already continued inside the callback: the headers have gone on.
        if (place.headersContinued) return;
        place.headersContinued = true;
        continue;
      }
      return;
    }
    this.#end.headers(endStream);
  }

  #data(from: Place | undefined, data: BodyBuffer, endStream: boolean, injected = false): void {
    if (this.aborted) return;
    const hadTrailers = this.trailers !== undefined;
    let trailersAddedBy: Place | undefined;
    let i = from === undefined ? 0 : from.index + (from.fromCurrent && !injected ? 0 : 1);
    for (; i < this.places.length; i++) {
      const place = this.places[i]!;
      if (place.stoppedAll) {
        this.#streaming = place.iteration === Iteration.StopAllWatermark;
        this.#buffer(data);
        return;
      }
      if (place.endStream) return;
      const last = endStream && this.trailers === undefined;
      place.endStream = last;
      const outer = this.#enter(place);
      const status = place.filter.onData(data, last);
      this.#calling = outer;
      if (this.#end.tookOver()) return;
      if (!hadTrailers && this.trailers !== undefined && trailersAddedBy === undefined) {
        endStream = false;
        trailersAddedBy = place;
      }
      if (!this.#afterData(place, status, data)) break;
    }
    if (i === this.places.length) this.#end.data(data, endStream && this.trailers === undefined);
    if (trailersAddedBy !== undefined && !this.aborted) this.#trailers(trailersAddedBy);
  }

  /** Whether iteration goes on with the next filter. */
  #afterData(place: Place, status: DataStatus, data: BodyBuffer): boolean {
    if (status === DataStatus.Continue) {
      if (place.iteration !== Iteration.StopSingle) return true;
      this.#buffer(data);
      if (!this.aborted) this.#continue(place);
      return false;
    }
    place.iteration = Iteration.StopSingle;
    if (status === DataStatus.StopIterationAndBuffer || status === DataStatus.StopIterationAndWatermark) {
      this.#streaming = status === DataStatus.StopIterationAndWatermark;
      this.#buffer(data);
    } else {
      if (data !== this.buffered) data.clear();
      // So that a later continue resumes with an empty last piece.
      if (place.endStream && this.trailers === undefined) this.buffered ??= new BodyBuffer();
    }
    return false;
  }

  #trailers(from: Place | undefined): void {
    if (this.aborted) return;
    let i = from === undefined ? 0 : from.index + (from.fromCurrent ? 0 : 1);
    for (; i < this.places.length; i++) {
      const place = this.places[i]!;
      if (place.stoppedAll) return;
      const outer = this.#enter(place);
      const status = place.filter.onTrailers(this.trailers!);
      this.#calling = outer;
      if (this.#end.tookOver()) return;
      place.endStream = true;
      if (status === TrailersStatus.Continue) {
        if (place.iteration !== Iteration.StopSingle) continue;
        this.#continue(place);
        return;
      }
      if (!place.stopped) place.iteration = Iteration.StopSingle;
      return;
    }
    this.#end.trailers();
  }

  #continue(place: Place): void {
    if (this.aborted) return;
    if (place.stoppedAll) place.fromCurrent = true;
    place.iteration = Iteration.Continue;
    if (!place.headersContinued) {
      place.headersContinued = true;
      this.#headers(place, this.ended && this.buffered === undefined && this.trailers === undefined);
    }
    const hadTrailers = this.trailers !== undefined;
    if (this.buffered !== undefined) {
      this.#data(place, this.buffered, this.ended && !hadTrailers);
      this.#relieved();
    }
    if (hadTrailers) this.#trailers(place);
    place.fromCurrent = false;
  }

  #buffer(data: BodyBuffer): void {
    if (data !== this.buffered) {
      this.buffered ??= new BodyBuffer();
      this.buffered.move(data);
    }
    if (this.limit === 0 || this.buffered.length <= this.limit || this.#overLimit) return;
    this.#overLimit = true;
    if (!this.#streaming) this.#end.tooLarge();
    else if (!this.#paused) {
      this.#paused = true;
      this.#end.pause();
    }
  }

  /** What was kept has moved on: flow control ends at half of the limit, as in Envoy. */
  #relieved(): void {
    if (!this.#overLimit || this.buffered!.length > this.limit / 2) return;
    this.#overLimit = false;
    if (!this.#paused) return;
    this.#paused = false;
    this.#end.resume();
  }
}
