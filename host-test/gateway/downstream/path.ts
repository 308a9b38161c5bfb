// `normalize_path` of Envoy (measured on 1.40): dot segments and escapes, before plugins see a path.

/** `undefined`: not a path that Envoy accepts. The query stays as it is. */
export function normalizePath(path: string): string | undefined {
  if (/[^\x21-\x7e]|#/.test(path)) return undefined;
  if (path === "*") return path;
  const question = path.indexOf("?");
  const [bare, query] = question < 0 ? [path, ""] : [path.slice(0, question), path.slice(question)];
  if (!bare.startsWith("/")) return undefined;
  return removeDotSegments(canonicalEscapes(bare)) + query;
}

/** `%41` and `A` are the same path; a rule for one must not be passed by the other. */
function canonicalEscapes(path: string): string {
  return path
    .replaceAll(/%([0-9a-fA-F]{2})/g, (escape: string, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9._~-]/.test(character) ? character : escape;
    })
    .replaceAll(/["<>^`{|}]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.replaceAll("\\", "/").split("/").slice(1);
  segments.forEach((segment, index) => {
    const isLast = index === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (isLast) kept.push("");
  });
  return `/${kept.join("/")}`;
}
