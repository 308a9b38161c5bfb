import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chat, chatPath, provider } from "./proxy.ts";

const openai = { type: "openai", apiTokens: ["sk-provider"] };

function sent(
  entry: object,
  path: string,
  request: object = {},
): { path?: string; host?: string; original?: string } {
  const chain = provider(entry);
  const { upstream } = chain.exchange({ path, authority: "gateway.example.com", ...request });
  chain.close();
  return {
    path: upstream!.header(":path")!,
    host: upstream!.header(":authority")!,
    original: upstream!.header("x-envoy-original-path")!,
  };
}

describe("which API a path names", () => {
  const apis: [string, string][] = [
    ["/v1/chat/completions", "openai/v1/chatcompletions"],
    ["/any/prefix/v1/chat/completions", "openai/v1/chatcompletions"],
    ["/v1/chat/completions?a=/v1/models", "openai/v1/chatcompletions"],
    ["/v1/chat%2Fcompletions", "openai/v1/chatcompletions"],
    ["/v1/completions", "openai/v1/completions"],
    ["/v1/embeddings", "openai/v1/embeddings"],
    ["/v1/audio/speech", "openai/v1/audiospeech"],
    ["/v1/audio/transcriptions", "openai/v1/audiotranscription"],
    ["/v1/audio/translations", "openai/v1/audiotranslation"],
    ["/v1/realtime", "openai/v1/realtime"],
    ["/v1/images/generations", "openai/v1/imagegeneration"],
    ["/v1/images/variations", "openai/v1/imagevariation"],
    ["/v1/images/edits", "openai/v1/imageedit"],
    ["/v1/batches", "openai/v1/batches"],
    ["/v1/batches/b-1", "openai/v1/retrievebatch"],
    ["/v1/batches/b-1/cancel", "openai/v1/cancelbatch"],
    ["/v1/files", "openai/v1/files"],
    ["/v1/files/f-1", "openai/v1/retrievefile"],
    ["/v1/files/f-1/content", "openai/v1/retrievefilecontent"],
    ["/v1/models", "openai/v1/models"],
    ["/v1/fine_tuning/jobs", "openai/v1/fine-tuningjobs"],
    ["/v1/fine_tuning/jobs/j", "openai/v1/retrievefine-tuningjob"],
    ["/v1/fine_tuning/jobs/j/events", "openai/v1/fine-tuningjobsevents"],
    ["/v1/fine_tuning/jobs/j/checkpoints", "openai/v1/fine-tuningjobcheckpoints"],
    ["/v1/fine_tuning/jobs/j/cancel", "openai/v1/cancelfine-tuningjob"],
    ["/v1/fine_tuning/jobs/j/resume", "openai/v1/resumefine-tuningjob"],
    ["/v1/fine_tuning/jobs/j/pause", "openai/v1/pausefine-tuningjob"],
    ["/v1/fine_tuning/checkpoints/c/permissions", "openai/v1/fine-tuningjobcheckpointpermissions"],
    ["/v1/fine_tuning/checkpoints/c/permissions/p", "openai/v1/deletefine-tuningjobcheckpointpermission"],
    ["/v1/responses", "openai/v1/responses"],
    ["/v1/videos", "openai/v1/videos"],
    ["/v1/videos/v", "openai/v1/retrievevideo"],
    ["/v1/videos/v/content", "openai/v1/retrievevideocontent"],
    ["/v1/videos/v/remix", "openai/v1/videoremix"],
    ["/v1/complete", "anthropic/v1/complete"],
    ["/v1/rerank", "cohere/v1/rerank"],
    ["/v1/reranks", "qwen/v1/rerank"],
    ["/v1/conversations", "qwen/v1/conversations"],
    ["/v1beta/models/gemini-2.5-pro:generateContent", "gemini/v1beta/generatecontent"],
    ["/v1beta/models/gemini-2.5-pro:generateContentX", "gemini/v1beta/generatecontent"],
    ["/p/v1/models/g:streamGenerateContent?alt=sse", "gemini/v1beta/streamgeneratecontent"],
    ["/models/g:generateContent", ""],
    ["/v1/models/a/b:generateContent", ""],
    ["/v1/models/:generateContent", ""],
    ["/v1/chat/completions/", ""],
    ["/v1/messages/count_tokens", ""],
    ["/v1/files//content", ""],
    ["/", ""],
  ];
  test.each(apis)("%s is %j", (path, name) => {
    // In the provider's own protocol nothing becomes a request for another API.
    const chain = provider({ ...openai, protocol: "original" });
    chain.exchange({ path });
    expect(chain.logs.map(({ message }) => message).join("\n")).toContain(
      `[onHttpRequestHeader] provider=openai api=${name}`,
    );
    if (name === "") expect(chain.problems("warn").join()).toContain("no known API has the path");
  });
});

describe("paths of OpenAI", () => {
  test.each([
    ["/v1/files/file-123/content?variant=thumbnail", "/v1/files/file-123/content?variant=thumbnail"],
    ["/openai/v1/files/file-123/content?variant=thumbnail", "/v1/files/file-123/content?variant=thumbnail"],
    ["/openai/v1/files/a%20b", "/v1/files/a%20b"],
    ["/openai/v1/batches/b/cancel", "/v1/batches/b/cancel"],
    ["/x/v1/fine_tuning/checkpoints/ft:c/permissions/p", "/v1/fine_tuning/checkpoints/ft:c/permissions/p"],
    ["/x/v1/fine_tuning/jobs/j/events?after=1", "/v1/fine_tuning/jobs/j/events?after=1"],
    ["/x/v1/videos/v/remix", "/v1/videos/v/remix"],
    ["/x/unknown", "/x/unknown"],
  ])("%s goes to %s", (from, to) => {
    expect(sent(openai, from).path).toBe(to);
  });

  test("bytes that are not ASCII are percent-encoded when the path is written", () => {
    expect(sent(openai, "/x/v1/models?q=\u00e9\u00ff").path).toBe("/v1/models?q=%E9%FF");
  });

  test("a path that is not rewritten keeps its bytes", () => {
    expect(sent({ ...openai, openaiCustomUrl: "" }, "/x/\u00e9\u00ff").path).toBe("/x/\u00e9\u00ff");
  });
});

describe("openaiCustomUrl", () => {
  test.each([
    ["https://own.example.com/api", "/v1/audio/transcriptions", "/api/audio/transcriptions"],
    ["https://own.example.com/v1", chatPath, "/v1/chat/completions"],
    ["https://own.example.com/v1/", chatPath, "/v1/chat/completions"],
    ["https://own.example.com/v1/realtime/sessions", "/v1/realtime", "/v1/realtime/sessions/realtime"],
    ["own.example.com", chatPath, "/chat/completions"],
    ["http://own.example.com", chatPath, "/chat/completions"],
    ["https://own.example.com/v1/chat/completions", "/v1/embeddings?a=b", "/v1/chat/completions"],
    ["https://own.example.com/custom/embeddings", chatPath, "/custom/embeddings"],
    ["https://own.example.com/v1/realtime", "/v1/realtime?model=m", "/v1/realtime"],
    ["https://own.example.com/p/v1", "/v1/files/f/content?x=y", "/p/v1/files/f/content?x=y"],
  ])("%s: %s goes to %s", (url, from, to) => {
    const { host, path } = sent({ ...openai, openaiCustomUrl: url }, from);
    expect(host).toBe("own.example.com");
    expect(path).toBe(to);
  });

  test("a port is part of the host", () => {
    expect(sent({ ...openai, openaiCustomUrl: "http://own.example.com:8000/v1" }, chatPath).host).toBe(
      "own.example.com:8000",
    );
  });

  test("vllmCustomUrl works alike", () => {
    expect(
      sent({ type: "vllm", vllmCustomUrl: "http://v.example.com:8000/serve" }, "/v1/rerank"),
    ).toMatchObject({ host: "v.example.com:8000", path: "/serve/rerank" });
    expect(sent({ type: "vllm", vllmCustomUrl: "http://v.example.com/a/rerank" }, chatPath)).toMatchObject({
      path: "/a/rerank",
    });
  });

  test("a websocket keeps its query, and its bytes are not looked at", () => {
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    expect(sent(openai, "/x/v1/realtime?model=gpt-realtime", { headers }).path).toBe(
      "/v1/realtime?model=gpt-realtime",
    );
  });
});

describe("base paths", () => {
  const deepseek = { type: "deepseek", apiTokens: ["sk-provider"] };
  const generic = { type: "generic", apiTokens: ["sk-provider"] };

  test.each([
    ["removed from a path that is kept", { ...generic, basePath: "/gw" }, "/gw/v9/x?a=b", "/v9/x?a=b"],
    ["absent from the path", { ...generic, basePath: "/gw" }, "/v9/x", "/v9/x"],
    ["all of the path", { ...generic, basePath: "/gw" }, "/gw", "/"],
    ["under its old name", { ...generic, subPath: "/gw" }, "/gw/v9/x", "/v9/x"],
    [
      "no matter where the path is mapped",
      { ...deepseek, basePath: "/gw" },
      "/gw/v1/chat/completions",
      chatPath,
    ],
    [
      "original protocol",
      { ...deepseek, protocol: "original", basePath: "/gw" },
      "/gw/v1/chat/completions?a=b",
      "/v1/chat/completions?a=b",
    ],
    [
      "original protocol, absent",
      { ...deepseek, protocol: "original", basePath: "/gw" },
      "/deep/v1/chat/completions",
      "/deep/v1/chat/completions",
    ],
    [
      "prepended",
      { ...generic, basePath: "/custom", basePathHandling: "prepend" },
      "/v1/echo",
      "/custom/v1/echo",
    ],
    [
      "prepended, cleaned",
      { ...generic, basePath: "/custom/", basePathHandling: "prepend" },
      "/v1//a/../echo?u=a//b",
      "/custom/v1/echo?u=a//b",
    ],
    [
      "prepended only once",
      { ...generic, basePath: "/custom", basePathHandling: "prepend" },
      "/custom/v1/echo",
      "/custom/v1/echo",
    ],
    [
      "prepended to a mapped path",
      { ...deepseek, basePath: "/custom", basePathHandling: "prepend" },
      chatPath,
      "/custom/v1/chat/completions",
    ],
    ["the provider's", { ...deepseek, providerBasePath: "/tenant" }, chatPath, "/tenant/v1/chat/completions"],
    ["the provider's, there already", { ...generic, providerBasePath: "/tenant" }, "/tenant/x", "/tenant/x"],
    [
      "the provider's, with its slash",
      { ...generic, providerBasePath: "/tenant/" },
      "/x?a=/",
      "/tenant/x?a=/",
    ],
    [
      "the provider's, with its slash, there already",
      { ...generic, providerBasePath: "/a/" },
      "/a/x",
      "/a/x",
    ],
    ["the provider's, nothing but a slash", { ...generic, providerBasePath: "/" }, "/x", "/x"],
    [
      "both",
      { ...deepseek, basePath: "/gw", providerBasePath: "/tenant" },
      "/gw/v1/models",
      "/tenant/v1/models",
    ],
  ])("%s", (_, entry, from, to) => {
    expect(sent(entry, from).path).toBe(to);
  });

  test("a handling that nobody knows has no effect and is named in a warning", () => {
    const chain = provider({ ...generic, basePath: "/gw", basePathHandling: "swap" });
    expect(chain.exchange({ path: "/gw/x" }).upstream!.header(":path")).toBe("/gw/x");
    expect(chain.problems("warn").join()).toContain("basePathHandling");
  });

  test("providerDomain is the host that is sent", () => {
    expect(sent({ ...deepseek, providerDomain: "proxy.example.com" }, chatPath).host).toBe(
      "proxy.example.com",
    );
  });

  test("what the client wanted is kept for the access log, and cannot be forged", () => {
    const headers = { "x-envoy-original-path": "/forged", "x-envoy-original-host": "forged" };
    const { upstream } = provider(generic).exchange({ path: "/x", headers });
    expect(upstream!.header("x-envoy-original-path")).toBeUndefined();
    expect(upstream!.header("x-envoy-original-host")).toBeUndefined();
    expect(sent({ type: "groq", apiTokens: ["t"] }, chatPath).original).toBe(chatPath);
  });
});

describe("capabilities", () => {
  test("add APIs with their paths, placeholders and queries", () => {
    const entry = {
      type: "grok",
      apiTokens: ["t"],
      capabilities: {
        "openai/v1/embeddings": "/emb",
        "openai/v1/retrievevideocontent": "/videos/{video_id}/raw?download=1",
      },
    };
    expect(sent(entry, "/x/v1/embeddings").path).toBe("/emb");
    expect(sent(entry, "/v1/videos/v-1/content?variant=thumbnail").path).toBe(
      "/videos/v-1/raw?download=1&variant=thumbnail",
    );
  });
  test("cannot move an API that the provider has", () => {
    expect(
      sent(
        { type: "grok", apiTokens: ["t"], capabilities: { "openai/v1/chatcompletions": "/else" } },
        chatPath,
      ).path,
    ).toBe(chatPath);
  });
  test("that are unknown are named in a warning", () => {
    const chain = provider({
      type: "grok",
      apiTokens: ["t"],
      capabilities: { "anthropic/v1/messages": "/m" },
    });
    expect(chain.problems("warn").join()).toContain("capabilities.anthropic/v1/messages");
  });
});

describe("azure", () => {
  const azure = (url: string, more = {}) => ({
    type: "azure",
    apiTokens: ["key"],
    azureServiceUrl: url,
    ...more,
  });
  const domain = azure("https://r.openai.azure.com/?api-version=2024-10-21");
  const deployment = azure("https://r.openai.azure.com/openai/deployments/dep?api-version=2024-10-21");
  const full = azure(
    "https://r.openai.azure.com/openai/deployments/dep/chat/completions?api-version=2024-10-21",
  );
  const other = azure("https://r.openai.azure.com/any/place?api-version=v&x=y");

  const posted = (entry: object, path: string, body: object = {}) => {
    const { upstream } = provider(entry).exchange(
      chat(body, { path, headers: { authorization: "Bearer client" } }),
    );
    return upstream!;
  };

  test.each([
    [
      "resource",
      domain,
      chatPath,
      "/openai/deployments/gpt-3.5-turbo/chat/completions?api-version=2024-10-21",
    ],
    [
      "resource, embeddings",
      domain,
      "/v1/embeddings",
      "/openai/deployments/gpt-3.5-turbo/embeddings?api-version=2024-10-21",
    ],
    ["deployment", deployment, chatPath, "/openai/deployments/dep/chat/completions?api-version=2024-10-21"],
    ["deployment, responses", deployment, "/v1/responses", "/openai/responses?api-version=2024-10-21"],
    ["endpoint", full, chatPath, "/openai/deployments/dep/chat/completions?api-version=2024-10-21"],
    [
      "endpoint, another API",
      full,
      "/v1/embeddings?a=b",
      "/openai/deployments/dep/chat/completions?api-version=2024-10-21",
    ],
    ["any endpoint", other, chatPath, "/any/place?api-version=v&x=y"],
  ])("%s: the path after the body is known", (_, entry, from, to) => {
    const upstream = posted({ ...entry, modelMapping: { "gpt-4o": "gpt-3.5-turbo" } }, from);
    expect(upstream.header(":path")).toBe(to);
    expect(upstream.header(":authority")).toBe("r.openai.azure.com");
    expect(upstream.header("api-key")).toBe("key");
    expect(upstream.header("authorization")).toBeUndefined();
    expect(JSON.parse(upstream.text).model).toBe("gpt-3.5-turbo");
  });

  test.each([
    [
      "/v1/files?limit=10&purpose=assistants",
      "/openai/files?limit=10&purpose=assistants&api-version=2024-10-21",
    ],
    ["/v1/files?", "/openai/files?api-version=2024-10-21"],
    ["/v1/files/f-1/content", "/openai/files/f-1/content?api-version=2024-10-21"],
    ["/v1/batches/b-1/cancel", "/openai/batches/b-1/cancel?api-version=2024-10-21"],
    ["/v1/models", "/openai/models?api-version=2024-10-21"],
    ["/v1/fine_tuning/jobs/j", "/openai/deployments/placeholder/fine_tuning/jobs/j?api-version=2024-10-21"],
    ["/own/path", "/own/path?api-version=2024-10-21"],
    ["/own/path?a=b", "/own/path?a=b&api-version=2024-10-21"],
  ])("without a body %s goes to %s", (from, to) => {
    expect(sent(domain, from).path).toBe(to);
  });

  test("original protocol leaves the path", () => {
    expect(
      sent({ ...domain, protocol: "original" }, "/openai/deployments/x/chat/completions?api-version=1").path,
    ).toBe("/openai/deployments/x/chat/completions?api-version=1");
  });

  test("a model cannot leave its path segment", () => {
    expect(posted(domain, chatPath, { model: "../../x?y#z" }).header(":path")).toBe(
      "/openai/deployments/..%2F..%2Fx%3Fy%23z/chat/completions?api-version=2024-10-21",
    );
  });

  test("base paths are applied last, also after the body", () => {
    expect(
      posted({ ...domain, providerBasePath: "/apim", providerDomain: "apim.example.com" }, chatPath).header(
        ":path",
      ),
    ).toBe("/apim/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
  });

  test("the role developer stays", () => {
    const messages = [{ role: "developer", content: "d" }];
    expect(JSON.parse(posted(domain, chatPath, { messages }).text).messages).toEqual(messages);
  });

  test("a body of an API that azure does not edit passes unread", () => {
    const body = '{"model": "gpt-4o"}';
    const { upstream } = provider({ ...domain, modelMapping: { "*": "x" } }).exchange(
      chat(body, { path: "/v1/batches" }),
    );
    expect(upstream!.text).toBe(body);
  });
});

describe("protocol original", () => {
  test.each([
    ["baidu", "/x/v2/chat/completions", "/v2/chat/completions"],
    ["github", "/any/chat/completions", "/chat/completions"],
    ["groq", "/gw/openai/v1/chat/completions", "/openai/v1/chat/completions"],
    ["openrouter", "/gw/api/v1/completions", "/api/v1/completions"],
    ["doubao", "/gw/api/v3/responses", "/api/v3/responses"],
    ["fireworks", "/gw/v1/completions", "/v1/completions"],
    ["together-ai", "/gw/v1/chat/completions", "/v1/chat/completions"],
    ["zhipuai", "/gw/api/paas/v4/chat/completions", "/api/paas/v4/chat/completions"],
    ["vllm", "/gw/v1/rerank", "/v1/rerank"],
    ["grok", "/gw/v1/unknown", "/gw/v1/unknown"],
    ["yi", "/gw/v1/chat/completions", "/v1/chat/completions"],
  ])("%s: %s goes to %s and the body stays", (type, from, to) => {
    const body = '{"model": "gpt-4o", "stream": true}';
    const chain = provider({
      type,
      apiTokens: ["sk-provider"],
      protocol: "original",
      modelMapping: { "*": "x" },
    });
    const { upstream } = chain.exchange(chat(body, { path: from }));
    expect(upstream!.header(":path")).toBe(to);
    expect(upstream!.text).toBe(body);
  });

  test("custom settings reach the provider", () => {
    const chain = provider({
      type: "groq",
      apiTokens: ["t"],
      protocol: "original",
      customSettings: [{ name: "a.b", mode: "raw", value: [1] }],
    });
    const { upstream } = chain.exchange(chat('{"x": 1}', { path: "/openai/v1/chat/completions" }));
    expect(JSON.parse(upstream!.text)).toEqual({ x: 1, a: { b: [1] } });
  });

  test("a Claude request is not converted", () => {
    const chain = provider({ type: "groq", apiTokens: ["t"], protocol: "original" });
    expect(chain.exchange(chat("{}", { path: "/v1/messages" })).upstream!.header(":path")).toBe(
      "/v1/messages",
    );
  });
});

test("no path and no query makes the plugin fail", () => {
  const chain = provider({ ...openai, basePath: "/a", providerBasePath: "/b" });
  const segment = fc.constantFrom(
    "v1",
    "chat",
    "completions",
    "files",
    "messages",
    "models",
    "",
    ".",
    "..",
    "%2f",
    "%",
    "{file_id}",
    ":generateContent",
    "a?b",
    "\u00e9",
    "#",
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
      const { upstream } = chain.exchange({ path: "/" + segments.join("/") });
      expect(upstream!.header(":path")!.startsWith("/b")).toBe(true);
    }),
    { numRuns: 500 },
  );
});
