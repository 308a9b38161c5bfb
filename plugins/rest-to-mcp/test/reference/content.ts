// What the reference servers of both generations answer: the names and texts that the conformance suite asks for.

/** One red pixel. */
export const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/** No sample. */
export const wav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

const text = (value: string) => ({ type: "text" as const, text: value });
const image = { type: "image" as const, data: png, mimeType: "image/png" };
const resource = (uri: string, mimeType: string, value: string) => ({
  type: "resource" as const,
  resource: { uri, mimeType, text: value },
});

/** Tools that always answer the same. */
export const fixedTools = {
  test_simple_text: [text("This is a simple text response for testing.")],
  test_image_content: [image],
  test_audio_content: [{ type: "audio" as const, data: wav, mimeType: "audio/wav" }],
  test_embedded_resource: [
    resource("test://embedded-resource", "text/plain", "This is an embedded resource content."),
  ],
  test_multiple_content_types: [
    text("Multiple content types test:"),
    image,
    resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
  ],
};

export const failure = "This tool intentionally returns an error for testing";

export const resources = {
  "test://static-text": { mimeType: "text/plain", text: "This is the content of the static text resource." },
  "test://static-binary": { mimeType: "image/png", blob: png },
  "test://watched-resource": { mimeType: "text/plain", text: "Watched." },
};

export const templated = (id: string) =>
  JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });

const user = <Content>(content: Content) => ({ role: "user" as const, content });

export const prompts = {
  test_simple_prompt: () => [user(text("This is a simple prompt for testing."))],
  test_prompt_with_arguments: (given: Record<string, string>) => [
    user(text(`Prompt with arguments: arg1='${given.arg1}', arg2='${given.arg2}'`)),
  ],
  test_prompt_with_embedded_resource: (given: Record<string, string>) => [
    user(resource(given.resourceUri ?? "", "text/plain", "Embedded resource content for testing.")),
    user(text("Please process the embedded resource above.")),
  ],
  test_prompt_with_image: () => [user(image), user(text("Please analyze the image above."))],
};

export const promptArguments: Record<keyof typeof prompts, string[]> = {
  test_simple_prompt: [],
  test_prompt_with_arguments: ["arg1", "arg2"],
  test_prompt_with_embedded_resource: ["resourceUri"],
  test_prompt_with_image: [],
};

/** Forms of elicitation/create. */
export const forms = {
  person: {
    type: "object" as const,
    properties: {
      username: { type: "string" as const, description: "User's response" },
      email: { type: "string" as const, description: "User's email address" },
    },
    required: ["username", "email"],
  },
  defaults: {
    type: "object" as const,
    properties: {
      name: { type: "string" as const, default: "John Doe" },
      age: { type: "integer" as const, default: 30 },
      score: { type: "number" as const, default: 95.5 },
      status: { type: "string" as const, enum: ["active", "inactive", "pending"], default: "active" },
      verified: { type: "boolean" as const, default: true },
    },
    required: [],
  },
  enums: {
    type: "object" as const,
    properties: {
      untitledSingle: { type: "string" as const, enum: ["option1", "option2", "option3"] },
      titledSingle: {
        type: "string" as const,
        oneOf: [
          { const: "value1", title: "First Option" },
          { const: "value2", title: "Second Option" },
          { const: "value3", title: "Third Option" },
        ],
      },
      legacyEnum: {
        type: "string" as const,
        enum: ["opt1", "opt2", "opt3"],
        enumNames: ["Option One", "Option Two", "Option Three"],
      },
      untitledMulti: {
        type: "array" as const,
        items: { type: "string" as const, enum: ["option1", "option2", "option3"] },
      },
      titledMulti: {
        type: "array" as const,
        items: {
          anyOf: [
            { const: "value1", title: "First Choice" },
            { const: "value2", title: "Second Choice" },
            { const: "value3", title: "Third Choice" },
          ],
        },
      },
    },
    required: [],
  },
};
