// Entries of both versions of Cohere's API, and requests with a tool.

import { chat, provider } from "./proxy.ts";

const apiTokens = ["sk-provider"];
export const v1 = { type: "cohere", apiTokens, modelMapping: { "*": "command-a" } };
export const v2 = { ...v1, cohereApiVersion: "v2" };

export const user = (content: unknown) => ({ role: "user", content });
export const sent = (body: object, entry: object) =>
  JSON.parse(provider(entry).exchange(chat(body)).upstream!.text);

export const schema = {
  type: "object",
  properties: {
    city: { type: "string", description: "Which one" },
    days: { type: "integer" },
    where: { type: ["object", "null"] },
  },
  required: ["city"],
};
export const weather = {
  type: "function",
  function: { name: "weather", description: "Sky", parameters: schema },
};
export const call = {
  id: "c1",
  type: "function",
  function: { name: "weather", arguments: '{"city":"Ulm"}' },
};
