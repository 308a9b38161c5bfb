// The inspector page: plain files that a browser takes as they are.

import { readFile } from "node:fs/promises";

const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

export const pageFiles = ["index.html", "style.css", "inspector.js", "list.js", "detail.js", "difference.js"];

/** Nothing from elsewhere, no inline code: what a trace holds is never run. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `path` of the admin port; undefined: no file of the page. */
export async function pageFile(path: string): Promise<{ type: string; text: string } | undefined> {
  const name = path === "/" ? "index.html" : path.replace(/^\/inspector\//, "");
  if (!pageFiles.includes(name) || (path !== "/" && !path.startsWith("/inspector/"))) return undefined;
  const text = await readFile(new URL(`./page/${name}`, import.meta.url), "utf8");
  return { type: types[name.split(".").pop()!]!, text };
}
