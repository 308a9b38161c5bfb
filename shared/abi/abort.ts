import { proxy_log } from "./env";
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  if (message) { const m = String.UTF8.encode(message); proxy_log(5, changetype<usize>(m), m.byteLength); }
  unreachable();
}
