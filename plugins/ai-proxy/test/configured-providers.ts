// Every provider type in every way it is configured, with all options and with its own protocol, and which clients
// it answers in their own dialect.

import type { TestChainOptions } from "../../../host-test/testing/chain.ts";
import type { ClientDialect } from "./client-requests.ts";
import { formatOf, type Format } from "./provider-answers.ts";
import { entryOf, fixtures, takesMessages, type ProviderFixture } from "./provider-fixtures.ts";
import { compatible, standard, tokens } from "./vertex.ts";

export interface ConfiguredProvider {
  title: string;
  type: string;
  /** An entry of the configuration that maps every model. */
  entry: object;
  format: Format;
  /** Dialects whose conversations pass untranslated. */
  speaks: ClientDialect[];
  /** It has OpenAI's requests and errors, and answers of its own. */
  hasOwnAnswers: boolean;
  /** OpenAI's clients get a chunk for each event of a stream, and no `[DONE]`, as from Higress. */
  isEventByEvent: boolean;
}

/** Options that change conversations on their way. */
export const everything = {
  promoteThinkingOnEmpty: true,
  mergeConsecutiveMessages: true,
  contextCleanupCommands: ["clear"],
  customSettings: [{ name: "a.b.0", mode: "raw", value: 1 }],
};

/** What calls of the plugin's own are answered with: vertex asks for tokens. */
export const calls: Partial<TestChainOptions> = tokens();

function configured(fixture: ProviderFixture): ConfiguredProvider {
  const { type, title, model, dialect, paths, entry } = fixture;
  const speaks: ClientDialect[] = [];
  const takes = (path: string) => Object.keys(paths).some((own) => own.includes(path));
  const isAny = dialect === "any";
  const isChat = dialect === "openai" || isAny || (type === "cohere" && !("cohereApiVersion" in entry));
  if (isChat) speaks.push("openai");
  if (takesMessages(fixture)) speaks.push("anthropic");
  if (isAny || type === "openai" || type === "azure" || takes("/v1/responses")) speaks.push("responses");
  if (isAny || type === "vertex" || takes("/v1beta/models")) speaks.push("gemini");
  // deepl's model is the client's, not the mapped one.
  const more =
    model === "gpt-4o"
      ? { modelMapping: { "*": "their-model" } }
      : { customSettings: [{ name: "model", mode: "raw", value: model }] };
  return {
    title,
    type,
    entry: entryOf(fixture, more),
    format: formatOf(fixture),
    speaks,
    hasOwnAnswers: type === "spark",
    isEventByEvent: "minimaxGroupId" in entry || type === "dify",
  };
}

const onVertex = (title: string, entry: object, format: Format, speaks: ClientDialect[]) => ({
  title: `vertex ${title}`,
  type: "vertex",
  entry: { modelMapping: { "*": "gemini-3-pro" }, ...entry },
  format,
  speaks,
  hasOwnAnswers: false,
  isEventByEvent: false,
});
const claude = { ...standard, modelMapping: { "*": "claude-opus-4-8" } };
const vertexModes: ConfiguredProvider[] = [
  onVertex("with an account", standard, "gemini", ["gemini"]),
  onVertex("with OpenAI's dialect", compatible, "openai", ["openai"]),
  onVertex("with a Claude model", claude, "anthropic", ["anthropic"]),
];

export const configuredProviders: ConfiguredProvider[] = [...fixtures.map(configured), ...vertexModes];
