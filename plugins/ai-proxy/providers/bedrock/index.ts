// Models on Amazon Bedrock: conversations through Converse, pictures through InvokeModel.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html

import { ConfigReader, Head, nowMs } from "as-proxy-wasm-sdk/sdk";
import { AwsRequest } from "as-proxy-wasm-sdk/aws/canonical";
import { AwsSigner, hexDigest } from "as-proxy-wasm-sdk/aws/sigv4";
import { Buffer, percentDecode, percentEncode, Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { OpenaiStreamWriter } from "as-proxy-wasm-sdk/llm/openai/stream-writer";
import { AnswerStage } from "../../answer-stage";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { queryOf, withoutQuery } from "../../path";
import { Dialect, Request } from "../../request";
import { escapedText } from "../../request-body";
import { Provider } from "../provider";
import { readConverseAnswer } from "./answer";
import { CacheSettings } from "./cache-points";
import { ContentReader } from "./content-reader";
import { writeImageAnswer, writeImageRequest } from "./images";
import { RequestWriter } from "./request";
import { ConverseStage } from "./stream";

const NO_CREDENTIALS: string =
  "missing bedrock access authentication parameters: either apiTokens or (awsAccessKey + awsSecretKey) is required";

/** What a client that signs for AWS itself sends beside its signature. */
const SIGNING_HEADERS: StaticArray<string> = ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];

export class Bedrock extends Provider {
  private isOriginal: bool = false;
  private signer: AwsSigner | null = null;
  private cache: CacheSettings = new CacheSettings();
  /** JSON object. */
  private additional: Span = Span.empty();

  constructor() {
    super("bedrock", "");
    // The paths depend on the model; these only say what there is.
    this.offers(Api.ChatCompletions, "/model").offers(Api.ImageGeneration, "/model");
    this.hasDialect = true;
    this.placesByModel = true;
    this.needsToken = false;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    this.isOriginal = settings.isOriginal;
    this.cache = CacheSettings.read(reader);
    if (reader.isObjectAt("bedrockAdditionalFields")) this.additional = reader.raw("bedrockAdditionalFields");
    const accessKey = reader.secret("awsAccessKey").trim();
    const secretKey = reader.secret("awsSecretKey").trim();
    const region = reader.text("awsRegion").trim();
    if (settings.tokens.length == 0 && (accessKey.length == 0 || secretKey.length == 0)) {
      reader.fail(NO_CREDENTIALS);
    } else if (region.length == 0) {
      reader.fail("missing bedrock region parameters");
    } else if (settings.tokens.length == 0) {
      this.signer = new AwsSigner(accessKey, secretKey, region, "bedrock");
      this.sealsRequest = true;
      this.hasOwnCredential = true;
    }
    this.host = "bedrock-runtime." + region + ".amazonaws.com";
  }

  get hasOwnPaths(): bool {
    return true;
  }

  ownApi(path: string): Api {
    if (!path.includes("/model/")) return Api.None;
    if (path.endsWith("/converse") || path.endsWith("/converse-stream")) return Api.ChatCompletions;
    if (path.endsWith("/invoke") || path.endsWith("/invoke-with-response-stream")) return Api.ImageGeneration;
    return Api.None;
  }

  pathFor(request: Request): string {
    const isChat = request.api == Api.ChatCompletions;
    if (!this.isOriginal && !isChat && request.api != Api.ImageGeneration) return super.pathFor(request);
    // A body may still come that tells the model.
    if (this.isOriginal || request.finalModel.length == 0) return request.path;
    const operation = !isChat ? "/invoke" : request.isStream ? "/converse-stream" : "/converse";
    const path = new Buffer();
    path.text("/model/");
    // Names from AWS's console and ARNs may be encoded already.
    percentEncode(path, percentDecode(Span.text(request.finalModel)));
    path.text(operation);
    return path.span().toString();
  }

  authenticate(request: Request, head: Head): void {
    for (let i = 0; i < SIGNING_HEADERS.length; i++) head.remove(SIGNING_HEADERS[i]);
    super.authenticate(request, head);
  }

  editHead(head: Head, request: Request): void {
    head.set("accept", "*/*");
  }

  seal(head: Head, request: Request, body: Span): void {
    const signer = this.signer;
    if (signer === null) return;
    const path = head.get(":path");
    const signed = new AwsRequest(
      head.get(":method"),
      Span.text(withoutQuery(path)),
      Span.text(queryOf(path)),
    );
    signed.sign(Span.text("host"), Span.text(head.authority));
    const signature = signer.sign(signed, hexDigest(body), nowMs());
    head.set("x-amz-date", signature.date);
    head.set("authorization", signature.authorization);
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    const writer = new RequestWriter(chat, out, request.finalModel, this.cache, Json.read(this.additional));
    writer.dropsTextOfCalls = request.dialect == Dialect.OpenAi;
    writer.write();
    return "";
  }

  converts(api: Api): bool {
    return api == Api.ImageGeneration;
  }

  convertRequest(body: Span, request: Request, out: Buffer): string {
    if (request.finalModel.length == 0) return "missing model in request";
    writeImageRequest(body, out);
    return "";
  }

  convertAnswer(body: Span, request: Request, out: Buffer): bool {
    return writeImageAnswer(body, out);
  }

  isStream(contentType: string): bool {
    return contentType.startsWith("application/vnd.amazon.eventstream");
  }

  editAnswerHead(head: Head, request: Request): void {
    request.note = head.get("x-amzn-requestid");
    if (request.note.length > 0 && !head.has("request-id")) head.set("request-id", request.note);
    // Answers name the model as AWS does.
    request.finalModel = percentDecode(Span.text(request.finalModel)).toString();
  }

  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    if (events instanceof OpenaiStreamWriter) (events as OpenaiStreamWriter).sendsUsageAtOnce = true;
    return new ConverseStage(out, this.reader(events, request), request.dialect == Dialect.OpenAi);
  }

  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    return readConverseAnswer(body, this.reader(events, request));
  }

  private reader(events: ChatEvents, request: Request): ContentReader {
    return new ContentReader(events, escapedText(request.note), request.dialect == Dialect.OpenAi);
  }
}
