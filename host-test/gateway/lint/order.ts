// Plugins that work only, or better, on one side of another.

import type { LoadedGateway } from "../load.ts";

/** `first` has to see requests before `second`, and therefore answers after it. */
const pairs: { first: string; second: string; why: string }[] = [
  {
    first: "ai-statistics",
    second: "ai-proxy",
    why: "it reads answers in the client's dialect, after ai-proxy has translated them",
  },
  {
    first: "ai-cache",
    second: "ai-proxy",
    why: "its key is made of the client's request, not of a provider's",
  },
  { first: "ai-cache", second: "inference-router", why: "a hit must not take a turn of a replica" },
  { first: "ai-security", second: "ai-proxy", why: "it checks prompts and answers in the client's dialect" },
  { first: "ai-security", second: "ai-cache", why: "an answer from the cache would pass unchecked" },
  { first: "model-ratelimit", second: "ai-proxy", why: "a refused request must not be translated and sent" },
  { first: "inference-router", second: "ai-proxy", why: "it chooses the model that ai-proxy maps" },
  { first: "mcp-router", second: "rest-to-mcp", why: "it names the server that rest-to-mcp serves" },
];

export function checkOrder({ plugins, problems }: LoadedGateway): void {
  const position = (name: string): number => plugins.findIndex(({ resource }) => resource.plugin === name);
  for (const { first, second, why } of pairs) {
    const [firstAt, secondAt] = [position(first), position(second)];
    if (firstAt < 0 || secondAt < 0 || firstAt < secondAt) continue;
    const { spec, resource } = plugins[firstAt]!;
    const at = spec.get("priority").isMissing ? resource.position : spec.get("priority").position;
    problems.warning(at, `${first} comes after ${second}: ${why}`);
  }
  for (const { spec, resource, schema } of plugins) {
    const { "x-phase": phase, "x-priority": priority } = schema?.schema ?? {};
    const isSilent = spec.get("phase").isEmpty && spec.get("priority").isEmpty;
    if (!isSilent || typeof priority !== "number") continue;
    const recommended = [
      phase === "UNSPECIFIED_PHASE" ? undefined : `phase ${String(phase)}`,
      `priority ${priority}`,
    ];
    problems.warning(
      resource.position,
      `neither phase nor priority is set, so ${resource.name} runs last: its documentation says ${recommended.filter(Boolean).join(", ")}`,
    );
  }
  plugins.forEach((plugin, index) => {
    const next = plugins[index + 1];
    if (!next || plugin.phase !== next.phase || plugin.priority !== next.priority) return;
    const names = `${plugin.resource.name} and ${next.resource.name}`;
    problems.warning(
      next.resource.position,
      `${names} have the same phase and priority: only their names order them`,
    );
  });
}
