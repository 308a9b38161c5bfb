// Azure OpenAI: the model is part of the path. https://learn.microsoft.com/azure/ai-services/openai/reference

import { ConfigReader, Head, log } from "as-proxy-wasm-sdk/sdk";
import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { Api, apiName, apiPath, isEditedByOpenAi } from "../../apis";
import { Settings } from "../../config/settings";
import { encodedSegment, filledPath, withQuery } from "../../path";
import { Request } from "../../request";
import { escapedText } from "../../request-body";
import { ResponsesProvider } from "../responses-provider";
import { AzureUrl } from "./url";

/** Stands for the model where no deployment is configured and the request names none. */
const NO_MODEL = "placeholder";

export class Azure extends ResponsesProvider {
  private url: AzureUrl = new AzureUrl();
  private isOriginal: bool = false;

  constructor() {
    super("azure", "");
    for (let i = 0; i < <i32>Api.Count; i++) {
      const api = <Api>i;
      if (!apiName(api).startsWith("openai/")) continue;
      const prefix = isWithoutModel(api) ? "/openai" : "/openai/deployments/{model}";
      this.offers(api, prefix + apiPath(api).substring(3));
    }
    this.passesUnsupported();
    this.renamesDeveloper = false;
    this.placesByModel = true;
    this.requestOptions.customTools = true;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    const text = reader.text("azureServiceUrl");
    this.url = AzureUrl.parse(text);
    this.host = this.url.host;
    this.isOriginal = settings.isOriginal;
    if (text.length == 0) reader.fail("missing azureServiceUrl in provider config");
    else if (this.host.length == 0)
      reader.fail("invalid azureServiceUrl: expected https://host/path?api-version=…");
    else if (!this.url.hasVersion) {
      reader.fail("missing api-version query parameter in azureServiceUrl: " + text);
    }
    super.configure(reader, settings);
    if (this.url.isFull) this.checkEndpoint(reader, "azureServiceUrl", this.url.path);
  }

  /** The Responses API finds the deployment in the body, not in the path. */
  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    const deployment = this.url.deployment;
    if (this.hasDialect && deployment.length > 0) chat.model = escapedText(deployment);
    return super.writeRequest(chat, request, out);
  }

  edits(api: Api): bool {
    return super.edits(api) && isEditedByOpenAi(api);
  }

  pathFor(request: Request): string {
    if (this.isOriginal) return request.path;
    if (this.url.isFull) return withQuery(this.url.path, this.url.query);
    const template = this.capabilities.path(request.api);
    if (template.length == 0) return withQuery(request.path, this.url.query);
    let model = this.url.deployment;
    if (model.length == 0) model = request.finalModel;
    if (model.length == 0) model = NO_MODEL;
    const path = template.replace("{model}", encodedSegment(model));
    return withQuery(filledPath(path, request.api, request.clientPath), this.url.query);
  }

  authenticate(request: Request, head: Head): void {
    if (log.debugOn()) log.debug(`[azureProvider] host=${this.host} deployment=${this.url.deployment}`);
    head.set("api-key", request.token);
  }
}

/** APIs that belong to the resource, not to a deployment. */
function isWithoutModel(api: Api): bool {
  return (
    api == Api.Models ||
    api == Api.Batches ||
    api == Api.RetrieveBatch ||
    api == Api.CancelBatch ||
    api == Api.Files ||
    api == Api.RetrieveFile ||
    api == Api.RetrieveFileContent ||
    api == Api.Responses
  );
}
