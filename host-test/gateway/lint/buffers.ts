// How much of a body a chain holds, and what that costs.

import type { LoadedGateway } from "../load.ts";
import type { Field } from "../resources/field.ts";

const mebibyte = 1024 * 1024;

/** What Envoy and the Node engine use when nothing says otherwise. */
export const defaultBufferLimit = mebibyte;

const bodyKeys = /^max_?(request_?|response_?)?body_?(bytes|size)$/i;

export function checkBuffers({ plugins, model, files, problems }: LoadedGateway): void {
  const { bufferLimit } = model;
  const position = { file: files[0] ?? "", line: 1, path: "" };
  if (bufferLimit !== undefined && bufferLimit < defaultBufferLimit) {
    const kilobytes = Math.ceil(bufferLimit / 1024);
    problems.warning(
      position,
      `connectionBufferLimits of higress-config is ${kilobytes} KiB: where a plugin holds a body and does not raise ` +
        `the limit itself, longer prompts get 413`,
    );
  }
  for (const { field, key, value } of plugins.flatMap(({ parts }) =>
    parts.flatMap((part) => limits(part.field)),
  )) {
    if (value <= 100 * mebibyte) continue;
    const gibibytes = ((value * 100) / (1024 * mebibyte)).toFixed(1);
    problems.warning(field.keyPosition(key), `one hundred bodies of this size at once take ${gibibytes} GiB`);
  }
}

/** The largest body a plugin's configuration says it holds, in bytes, if any says so. */
export function largestBody({ plugins }: LoadedGateway): number | undefined {
  const values = plugins
    .flatMap(({ parts }) => parts.flatMap((part) => limits(part.field)))
    .map(({ value }) => value);
  return values.length > 0 ? Math.max(...values) : undefined;
}

function limits(root: Field): { field: Field; key: string; value: number }[] {
  return root.keys().flatMap((key) => {
    const value = root.get(key).value();
    return bodyKeys.test(key) && typeof value === "number" ? [{ field: root, key, value }] : [];
  });
}
