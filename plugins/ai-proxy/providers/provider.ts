// What ai-proxy must know of a kind of model provider. Most are only data: a row in table.ts. A provider with
// a dialect of its own extends this class in a folder of its own.
//
// An object is made for every configuration and is shared by all its requests: nothing of a request is kept here.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { insertSystem } from "as-proxy-wasm-sdk/llm/conversation";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { readOpenaiAnswer } from "as-proxy-wasm-sdk/llm/openai/answer-reader";
import { OpenaiRequestOptions, writeOpenaiRequest } from "as-proxy-wasm-sdk/llm/openai/request-writer";
import { AnswerStage, openaiStage } from "../answer-stage";
import { Api, apiName, apiPath } from "../apis";
import { Capabilities } from "../capabilities";
import { Settings } from "../config/settings";
import { filledPath } from "../path";
import { Preparation } from "../preparation";
import { Request } from "../request";
import { RequestBody } from "../request-body";

/** How the provider wants to see its token. */
export enum Auth {
  /** `authorization: Bearer <token>` */
  Bearer,
  /** `authorization: <token>` */
  Bare,
  /** The provider knows no token. */
  None,
}

/** What happens to a body sent to an API that the provider does not offer. */
export enum Unsupported {
  Refuse,
  Pass,
}

/** `protocol: original`: a provider's own path, told by a part of it. */
class OwnPath {
  constructor(
    public part: string,
    public api: Api,
  ) {}
}

export class Provider {
  capabilities: Capabilities = new Capabilities();
  auth: Auth = Auth.Bearer;
  unsupported: Unsupported = Unsupported.Refuse;
  needsToken: bool = true;
  /** A credential besides `apiTokens` is configured. */
  hasOwnCredential: bool = false;
  /** Its own clients put their credential into the query as `key`, as Gemini's do. */
  takesKeyInQuery: bool = false;
  /** False: the client's path goes on as it is. */
  mapsPath: bool = true;
  /** False: model and messages go on as they are, and no Claude request is converted. */
  editsBody: bool = true;
  /** False for servers that know OpenAI's later role `developer`. */
  renamesDeveloper: bool = true;
  /** True: `writeRequest`, `newStream` and `readAnswer` speak for it; else it speaks OpenAI's dialect. */
  hasDialect: bool = false;
  /** How a converted request is written for it. */
  readonly requestOptions: OpenaiRequestOptions = new OpenaiRequestOptions();
  /** Member of streamed deltas in which clients of this provider look for reasoning. */
  reasoningName: string = "reasoning_content";
  /** Lower-case name of a further header in which the configuration expects the client's credential. */
  credentialHeader: string = "";
  /** The path depends on the model, so it is found again once the body is known. */
  placesByModel: bool = false;
  /** Every request gets the limit of `firstByteTimeout`, whatever it is. */
  limitsEveryFirstByte: bool = false;
  /** `newStage` has something to do. */
  mendsStream: bool = false;
  /** False: a mapping gives no model to a request that names none. */
  addsModel: bool = true;
  /** Top-level members that `editBody` asks for. */
  watched: string[] = [];
  private ownPaths: OwnPath[] = [];
  private onlyPath: string = "";
  private hostKey: string = "";
  private takesResponseSchema: bool = false;
  /** `responseJsonSchema` of the configuration. */
  protected responseSchema: Span | null = null;
  private placeholder: string = "";
  private placeholderKey: string = "";

  constructor(
    public type: string,
    public host: string,
  ) {}

  // --- what a row says

  /** The API under the provider's own path. */
  offers(api: Api, path: string): Provider {
    this.capabilities.set(api, path);
    return this;
  }

  /** The API under OpenAI's path. */
  offersAsOpenAi(api: Api): Provider {
    return this.offers(api, apiPath(api));
  }
  chat(): Provider {
    return this.offersAsOpenAi(Api.ChatCompletions);
  }
  completions(): Provider {
    return this.offersAsOpenAi(Api.Completions);
  }
  embeddings(): Provider {
    return this.offersAsOpenAi(Api.Embeddings);
  }
  models(): Provider {
    return this.offersAsOpenAi(Api.Models);
  }

  /** Every request goes to this path, whatever the API. */
  always(path: string): Provider {
    this.onlyPath = path;
    return this;
  }

  /** The configuration may name another host under `key`. */
  hostFrom(key: string): Provider {
    this.hostKey = key;
    return this;
  }

  /** `placeholder` in the provider's paths stands for the configuration's `key`. */
  fills(placeholder: string, key: string): Provider {
    this.placeholder = placeholder;
    this.placeholderKey = key;
    return this;
  }

  authenticates(auth: Auth): Provider {
    this.auth = auth;
    return this;
  }

  withoutToken(): Provider {
    this.needsToken = false;
    return this;
  }

  passesUnsupported(): Provider {
    this.unsupported = Unsupported.Pass;
    return this;
  }

  /** Paths and bodies are the client's business. */
  leavesPathAndBody(): Provider {
    this.editsBody = false;
    return this.passesUnsupported().keepsPath();
  }

  /** `firstByteTimeout` is for every request: no body is looked at for streams. */
  limitsFirstBytes(): Provider {
    this.limitsEveryFirstByte = true;
    return this;
  }

  /** Claude clients' `top_k` is sent on; OpenAI itself refuses it. */
  takesTopK(): Provider {
    this.requestOptions.topK = true;
    return this;
  }

  /** Claude clients' earlier thinking is sent back as `reasoning_content`: the model reasons on from it. */
  takesReasoning(): Provider {
    this.requestOptions.reasoningContent = true;
    return this;
  }

  /** The server refuses words that it does not know, such as `cache_control`: they are left out. */
  refusesUnknown(): Provider {
    this.requestOptions.openaiSettings = false;
    this.requestOptions.cacheControl = false;
    return this;
  }

  /** Ids of calls are nine letters and digits. */
  takesShortCallIds(): Provider {
    this.requestOptions.shortCallIds = true;
    return this;
  }

  /** `responseJsonSchema` of the configuration becomes the chat's `response_format`. */
  withResponseSchema(): Provider {
    this.takesResponseSchema = true;
    return this;
  }

  keepsPath(): Provider {
    this.mapsPath = false;
    return this;
  }

  /** With `protocol: original` a path that contains `part` is this API; no match means none. */
  recognises(part: string, api: Api): Provider {
    this.ownPaths.push(new OwnPath(part, api));
    return this;
  }

  /** As `recognises`, for every API added so far and its path. */
  recognisesOwnPaths(): Provider {
    for (let i = 0; i < this.capabilities.size; i++) {
      this.recognises(this.capabilities.pathAt(i), this.capabilities.apiAt(i));
    }
    return this;
  }

  // --- what ai-proxy asks

  /** The host that the request goes to; "" for the client's. */
  hostFor(request: Request): string {
    return this.host;
  }

  /** Reads the keys that only this type has, checks what must be there. */
  configure(reader: ConfigReader, settings: Settings): void {
    if (this.needsToken && settings.tokens.length == 0) reader.fail("no apiToken found in provider config");
    const host = this.hostKey.length > 0 ? reader.text(this.hostKey) : "";
    if (host.length > 0) this.host = host;
    if (this.takesResponseSchema && reader.entries("responseJsonSchema").length > 0) {
      this.responseSchema = reader.raw("responseJsonSchema");
    }
    if (this.placeholder.length > 0) {
      this.onlyPath = this.onlyPath.replace(this.placeholder, reader.text(this.placeholderKey));
    }
  }

  /** The provider's own way of telling APIs apart, or null for the common one. */
  get hasOwnPaths(): bool {
    return this.ownPaths.length > 0;
  }

  ownApi(path: string): Api {
    for (let i = 0; i < this.ownPaths.length; i++) {
      if (path.includes(this.ownPaths[i].part)) return this.ownPaths[i].api;
    }
    return Api.None;
  }

  supports(api: Api): bool {
    return this.capabilities.has(api);
  }

  /** True when bodies sent to this API are edited: model, messages, stream options. */
  edits(api: Api): bool {
    return this.editsBody && this.capabilities.has(api);
  }

  /** Path under which the provider takes the request, client's query included. */
  pathFor(request: Request): string {
    if (this.onlyPath.length > 0) return this.onlyPath;
    if (!this.mapsPath) return request.path;
    const path = this.capabilities.path(request.api);
    return path.length > 0 ? filledPath(path, request.api, request.clientPath) : request.path;
  }

  /** The path as it goes out, with all that the configuration says of it: for what has to stand in the query. */
  finishPath(path: string, request: Request): string {
    return path;
  }

  /** Writes the credential. The client's own has been taken out already where a token is configured. */
  authenticate(request: Request, head: Head): void {
    if (request.token.length == 0) return;
    if (this.auth == Auth.Bearer) head.set("authorization", "Bearer " + request.token);
    else if (this.auth == Auth.Bare) head.set("authorization", request.token);
  }

  /** Plans edits of a JSON body in OpenAI's dialect, before the model is mapped. */
  editBody(body: RequestBody, request: Request): void {
    const schema = this.responseSchema;
    if (schema !== null && request.api == Api.ChatCompletions) body.set("response_format", schema);
  }

  // --- providers with a dialect of their own

  /**
   * Appends a chat request in the provider's dialect; `chat.model` is the mapped one. What has no place goes into
   * `chat.dropped`. Returns what is wrong with the request, or "".
   */
  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    writeOpenaiRequest(chat, out, this.requestOptions);
    return "";
  }

  /** True when the final model takes the client's own dialect: then `editBody` is all that is done to the request. */
  takesAsItIs(request: Request): bool {
    return false;
  }

  /** Puts the text of `context` into the conversation: behind the leading system messages. */
  insertContext(chat: ChatRequest, text: Span): void {
    insertSystem(chat, text);
  }

  /** True when `newStream` and `readAnswer` speak for the answers to this request, whatever it was written in. */
  hasOwnAnswers(request: Request): bool {
    return this.hasDialect;
  }

  /** True when the client gets the provider's own answers to chat, although its request was put into other words. */
  keepsAnswer(request: Request): bool {
    return false;
  }

  /** True for the content type of a streamed answer. */
  isStream(contentType: string): bool {
    return contentType.startsWith("text/event-stream");
  }

  /** True: a stream for OpenAI's clients has one chunk for each event, and no `[DONE]`. */
  sendsChunks: bool = false;

  /** True when the provider has whole answers only: clients that want a stream get one made of that. */
  answersWhole: bool = false;

  /** A stream begins with an object, as a whole answer does. */
  streamsObjects: bool = false;

  /** A stage that tells a streamed answer to `events`, which append to `out`. */
  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    return openaiStage(out, events);
  }

  /** Tells a whole answer, or the error that stands in its place. False when the body is neither. */
  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    return readOpenaiAnswer(body, events);
  }

  // --- APIs other than chat that the provider has in words of its own

  /** True when `convertRequest` and `convertAnswer` stand between this API of OpenAI's and the provider. */
  converts(api: Api): bool {
    return false;
  }

  /**
   * Appends the request in the provider's words; the model is `request.finalModel`. A form (`request.isForm`, its
   * boundary in `request.contentType`) becomes JSON. Returns what is wrong with the request, or "".
   */
  convertRequest(body: Span, request: Request, out: Buffer): string {
    return "";
  }

  /** Appends the answer in OpenAI's words, or returns false when the body is no answer: then it passes as it is. */
  convertAnswer(body: Span, request: Request, out: Buffer): bool {
    return false;
  }

  // --- what needs more than the body

  /** True when `preparation` has to be asked also for a body of this API that stays as it is. */
  preparesRequest(api: Api): bool {
    return false;
  }

  /** What has to be fetched before the request can go on, or null. `chat` is null when nothing is translated. */
  preparation(request: Request, chat: ChatRequest | null): Preparation | null {
    return null;
  }

  /** Headers that depend on an edited body: is it a stream, which model is asked. */
  editHead(head: Head, request: Request): void {}

  /** True when `seal` has something to do. */
  sealsRequest: bool = false;

  /** The last step before a request leaves, path, host and body final: signatures, headers that name the body. */
  seal(head: Head, request: Request, body: Span): void {}

  /** The head of a successful answer that is going to be translated: keep what the body lacks, mend headers. */
  editAnswerHead(head: Head, request: Request): void {}

  /** True when `tellInHead` has something to do: the head then waits for the first of a stream. */
  tellsInHead: bool = false;

  /** Headers of what an answer's body said, told before the head goes to the client. */
  tellInHead(head: Head, request: Request): void {}

  // --- providers that almost speak OpenAI's

  /** A stage that mends a streamed answer, or null when there is nothing to mend. */
  newStage(out: Buffer): AnswerStage | null {
    return null;
  }

  /** `newStage` mends whole answers too. */
  mendsAnswer: bool = false;

  unsupportedMessage(api: Api): string {
    return `unsupported API name: ${this.type} has no ${apiName(api)}`;
  }
}
