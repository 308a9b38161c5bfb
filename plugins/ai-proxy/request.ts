// What is known of one request while it is worked on. It lives and dies with the stream; nothing of it is ever
// kept by a provider or a configuration, which all requests share.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Dropped } from "as-proxy-wasm-sdk/llm/dropped";
import { RenamedTools } from "as-proxy-wasm-sdk/llm/renamed-tools";
import { Api } from "./apis";
import { pathText, withoutKey } from "./path";

/** The dialect of the client, in which it must also be told of errors. */
export enum Dialect {
  OpenAi,
  Anthropic,
  /** OpenAI's Responses, stateless. */
  Responses,
  Gemini,
}

const noTools = new RenamedTools();
const noSettings = Span.empty();

export class Request {
  api: Api = Api.None;
  dialect: Dialect = Dialect.OpenAi;
  token: string = "";
  /** As the client sent them, Claude conversion applied to the path. */
  clientPath: string = "";
  /** As they go upstream. */
  path: string = "";
  host: string = "";
  /** False: the body passes unread. */
  readsBody: bool = false;
  /** The body is a multipart form. */
  isForm: bool = false;
  /** As the client sent it. */
  contentType: string = "";
  /** Bytes of the body as announced by the client, -1 when it did not. */
  announcedLength: i64 = -1;
  isStream: bool = false;
  /** The model the client asked for. */
  clientModel: string = "";
  /** The model the provider is asked for. */
  finalModel: string = "";
  /** The client is to get usage at the end of a stream in any case. */
  asksUsage: bool = false;
  /** Bytes of what the model is given to read. */
  promptBytes: i64 = 0;
  /** What a provider's own steps keep between request and answer: an id, an access token. */
  note: string = "";
  /** A streamed answer is written as OpenAI's chunks by its reader (`Provider.sendsChunks`). */
  getsChunks: bool = false;
  /** A client of OpenAI's dialect gets usage at the end of a stream. */
  wantsUsage: bool = true;
  /** What a Claude client said of thinking. */
  thinks: bool = false;
  thinkingBudget: i64 = 0;

  constructor(
    /** As received, for `x-envoy-original-path` and `-host`. */
    public receivedPath: string,
    public receivedHost: string,
  ) {
    this.clientPath = receivedPath;
    this.path = receivedPath;
    this.host = receivedHost;
  }

  /** True when request and answer are a conversation that changes from one dialect to another. */
  translates: bool = false;
  /** The client speaks the dialect of the model it asks for: its request is edited, the answer passes. */
  staysAsItIs: bool = false;
  /** True when request and answer of another API than chat are put into the provider's words. */
  isConverted: bool = false;
  /** What the provider's dialect had no place for. */
  dropped: Dropped = new Dropped();
  /** The client knows functions only, not tools. */
  usesFunctions: bool = false;
  /** Tools whose names the provider does not take, as the client knows them. */
  renamedTools: RenamedTools = noTools;
  /** What an answer in the Responses dialect repeats of the request. */
  settings: Span = noSettings;
  /** A Gemini client gets a stream as one JSON array. */
  wantsArray: bool = false;

  /** The client's path had a credential in its query. */
  hidesKey: bool = false;

  /** Forgets a credential in the path's query. */
  hideKey(): void {
    const path = withoutKey(this.receivedPath);
    this.hidesKey = path.length < this.receivedPath.length;
    this.receivedPath = path;
    this.clientPath = path;
    this.path = path;
  }

  static of(head: Head): Request {
    const path = head.bytes(":path");
    return new Request(path === null ? "" : pathText(path), head.authority);
  }
}
