import { describe, expect, test } from "vitest";
import { TestChain } from "../../testing/chain.ts";
import { wasiSignatures } from "../../vm/signatures.ts";
import { guest } from "./guest.ts";
import { chainOf, code, number, said, show } from "./snippets.ts";

/** A call with zeros for every parameter. */
const zeros = (name: string) =>
  `(call $${name} ${[...wasiSignatures[name]!.split(">")[0]!].map((letter) => (letter === "I" ? "(i64.const 0)" : "(i32.const 0)")).join(" ")})`;

describe.each(["wasi_snapshot_preview1", "wasi_unstable"])("%s (abi.md §15)", (wasi) => {
  const lines = (body: string) => said(chainOf({ proxy_on_configure: body }, { wasi }));

  test("every function links and answers as Envoy's", () => {
    const answers: Record<string, number> = {
      fd_write: 8,
      fd_read: 52,
      fd_seek: 0,
      fd_close: 0,
      fd_fdstat_get: 8,
      fd_fdstat_set_flags: 52,
      fd_advise: 0,
      fd_filestat_get: 8,
      fd_pread: 52,
      fd_readdir: 20,
      fd_renumber: 58,
      fd_prestat_get: 8,
      fd_prestat_dir_name: 52,
      path_open: 44,
      path_filestat_get: 58,
      path_unlink_file: 58,
      sock_accept: 58,
      sock_recv: 58,
      sock_send: 58,
      sock_shutdown: 58,
      random_get: 0,
      clock_time_get: 0,
      clock_res_get: 0,
      environ_sizes_get: 0,
      environ_get: 0,
      args_sizes_get: 0,
      args_get: 0,
      sched_yield: 0,
      poll_oneoff: 0,
    };
    const body = Object.keys(answers)
      .map((name) => code(name, zeros(name)))
      .join(" ");
    expect(lines(body).filter((line) => line.includes("="))).toEqual(
      Object.entries(answers).map(([name, answer]) => `${name}=${answer}`),
    );
    const others = Object.keys(wasiSignatures).filter((name) => !(name in answers) && name !== "proc_exit");
    for (const line of lines(others.map((name) => code(name, zeros(name))).join(" ")))
      expect(line).toMatch(/=52$/);
  });

  test("fd_write joins its parts into one line: fd 1 at info, fd 2 at error, without the last line break", () => {
    const write = (
      fd: number,
    ) => `(i32.store (i32.const 1040) (i32.const 1100)) (i32.store (i32.const 1044) (i32.const 2))
      (i32.store (i32.const 1048) (i32.const 1104)) (i32.store (i32.const 1052) (i32.const 3))
      ${code("write", `(call $fd_write (i32.const ${fd}) (i32.const 1040) (i32.const 2) ${number})`)} (call $code @"size" (i32.load ${number}))`;
    const also = `(data (i32.const 1100) "ab\\00\\00cd\\0a")`;
    const chain = chainOf({ proxy_on_configure: `${write(1)} ${write(2)} ${write(3)}` }, { wasi, also });
    expect(chain.logs.map(({ level, message }) => `${level} ${message}`)).toEqual([
      ...[
        "info abcd",
        "info write=0",
        "info size=5",
        "error abcd",
        "info write=0",
        "info size=5",
        "info write=8",
        "info size=5",
      ],
    ]);
  });

  test("clocks 0 and 1 are the host's, others 58; the resolution is 1 ns", () => {
    const clock = (id: number) =>
      `${code(`clock ${id}`, `(call $clock_time_get (i32.const ${id}) (i64.const 0) ${number})`)} (call $number @"time" (i64.load ${number}))`;
    const chain = chainOf(
      {
        proxy_on_request_headers: `${clock(0)} ${clock(1)} ${code("other", `(call $clock_time_get (i32.const 2) (i64.const 0) ${number})`)}
      ${code("resolution", `(call $clock_res_get (i32.const 0) ${number})`)} (call $number @"is" (i64.load ${number}))`,
      },
      { wasi },
    );
    chain.advance(5);
    chain.exchange();
    expect(said(chain)).toEqual([
      "clock 0=0",
      `time=${chain.clock.now()}`,
      "clock 1=0",
      `time=${chain.clock.monotonic()}`,
      "other=58",
      "resolution=0",
      "is=1",
    ]);
  });

  test("random_get fills what it is given, up to 64 KiB", () => {
    const fill = (label: string, at: number, size: number) =>
      code(label, `(call $random_get (i32.const ${at}) (i32.const ${size}))`);
    const body = `${fill("filled", 66000, 1000)}
      (call $code @"not zero" (i64.ne (i64.load (i32.const 66900)) (i64.const 0)))
      ${fill("most", 65536, 65536)} ${fill("too much", 0, 65537)} ${fill("outside", -8, 9)}`;
    expect(lines(body)).toEqual(["filled=0", "not zero=1", "most=0", "too much=28", "outside=21"]);
  });

  test("the environment of the VM configuration", () => {
    const module = guest({
      wasi,
      on: {
        proxy_on_configure: `(drop (call $environ_sizes_get ${number} (i32.const 28))) (call $code @"count" (i32.load ${number})) (call $code @"bytes" (i32.load (i32.const 28)))
          (drop (call $environ_get (i32.const 1040) (i32.const 1100)))
          (i32.store (i32.const 16) (i32.load (i32.const 1044))) (i32.store (i32.const 20) (i32.const 5)) ${show("second", "(i32.const 0)")}`,
      },
    });
    const chain = new TestChain({ plugins: [{ module, environment: { FIRST: "1", B: "é2" } }] });
    expect(said(chain)).toEqual(["count=2", "bytes=14", "second=B=é2"]);
  });

  test("proc_exit logs an error and the module goes on", () => {
    const chain = chainOf(
      { proxy_on_configure: `(call $proc_exit (i32.const 3)) ${code("still", "(i32.const 1)")}` },
      { wasi },
    );
    expect(chain.logs.map(({ level }) => level)).toEqual(["error", "info"]);
    expect(said(chain)[1]).toBe("still=1");
  });
});
