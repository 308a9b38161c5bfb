// The models that a configuration names: what GET /v1/models has beside the provider's own.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonEdit, JsonError, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Api } from "./apis";
import { Upstream } from "./config";
import { decodedPath } from "./path";
import { Dialect, Request } from "./request";

const GEMINI_PREFIX: string = "models/";

/** A client's request for a list of models; null when it is none, or nothing is to be added. */
export class ModelsRequest {
  private constructor(
    private models: OfferedModels,
    private dialect: Dialect,
    /** True when the provider is asked, and its list gets what it lacks; else the plugin answers. */
    public hasUpstream: bool,
  ) {}

  static of(head: Head, request: Request, upstream: Upstream, models: OfferedModels): ModelsRequest | null {
    if (models.isEmpty || upstream.settings.isOriginal || head.method != "GET") return null;
    const provider = upstream.provider;
    if (request.api == Api.Models) {
      const isAnthropic = head.has("anthropic-version");
      const hasUpstream = provider.supports(Api.Models) || !provider.editsBody;
      return new ModelsRequest(models, isAnthropic ? Dialect.Anthropic : Dialect.OpenAi, hasUpstream);
    }
    if (!decodedPath(request.receivedPath).endsWith("/v1beta/models")) return null;
    return new ModelsRequest(models, Dialect.Gemini, provider.type == "gemini" || !provider.editsBody);
  }

  /** The list without a provider's. */
  list(): Span {
    const out = new Buffer(1024);
    const json = new JsonWriter(out).object();
    if (this.dialect == Dialect.OpenAi) json.key("object").text("list");
    json.key(this.listName).array();
    for (let i = 0; i < this.models.size; i++) this.write(json, i);
    json.end();
    if (this.dialect == Dialect.Anthropic) {
      json.key("has_more").bool(false).key("first_id").text(this.models.idAt(0));
      json.key("last_id").text(this.models.idAt(this.models.size - 1));
    }
    json.end();
    return out.span();
  }

  /** The provider's answer with what it lacks; the same bytes when it is no list. */
  merged(answer: Span): Span {
    const list = Json.checked(answer).get(this.listName);
    if (list.kind != JsonKind.Array) return answer;
    const listed: string[] = [];
    const items = list.items();
    while (items.next()) listed.push(items.value.get(this.idName).text());
    const raw = list.raw();
    const out = new Buffer(raw.size + 1024);
    out.append(raw.slice(0, raw.size - 1));
    let count = listed.length;
    for (let i = 0; i < this.models.size; i++) {
      if (listed.includes(this.prefix + this.models.idAt(i))) continue;
      if (count++ > 0) out.push(0x2c);
      this.write(new JsonWriter(out), i);
    }
    if (count == listed.length) return answer;
    out.push(0x5d);
    const edit = new JsonEdit(answer);
    edit.set(this.listName, out.span());
    const edited = edit.apply();
    return edit.error == JsonError.None ? edited : answer;
  }

  private get listName(): string {
    return this.dialect == Dialect.Gemini ? "models" : "data";
  }

  private get idName(): string {
    return this.dialect == Dialect.Gemini ? "name" : "id";
  }

  private get prefix(): string {
    return this.dialect == Dialect.Gemini ? GEMINI_PREFIX : "";
  }

  private write(json: JsonWriter, index: i32): void {
    const id = this.models.idAt(index);
    json.object();
    if (this.dialect == Dialect.Gemini) {
      json
        .key("name")
        .text(GEMINI_PREFIX + id)
        .key("displayName")
        .text(id);
      json
        .key("supportedGenerationMethods")
        .array()
        .text("generateContent")
        .text("streamGenerateContent")
        .end();
    } else if (this.dialect == Dialect.Anthropic) {
      json.key("type").text("model").key("id").text(id).key("display_name").text(id);
      json.key("created_at").text("1970-01-01T00:00:00Z");
    } else {
      json.key("id").text(id).key("object").text("model").key("created").integer(0);
      json.key("owned_by").text(this.models.ownerAt(index));
    }
    json.end();
  }
}

export class OfferedModels {
  private ids: string[] = [];
  private owners: string[] = [];

  /** The exact names of every entry's `modelMapping`; of several entries with the same name the first owns it. */
  static read(entries: ConfigReader[]): OfferedModels {
    const models = new OfferedModels();
    for (let i = 0; i < entries.length; i++) {
      const owner = entries[i].text("type");
      const names = entries[i].entries("modelMapping");
      for (let j = 0; j < names.length; j++) models.add(names[j].name, owner);
    }
    return models;
  }

  private add(name: string, owner: string): void {
    if (name.length == 0 || name.startsWith("~") || name.endsWith("*") || this.ids.includes(name)) return;
    this.ids.push(name);
    this.owners.push(owner);
  }

  get isEmpty(): bool {
    return this.ids.length == 0;
  }

  get size(): i32 {
    return this.ids.length;
  }

  idAt(index: i32): string {
    return index < this.ids.length ? this.ids[index] : "";
  }

  ownerAt(index: i32): string {
    return index < this.owners.length ? this.owners[index] : "";
  }
}
