// WASI as Envoy offers it: log, time, random numbers, environment; everything else refuses
// (compat/abi.md §15).

import { randomFillSync } from "node:crypto";
import { RestrictedCallback } from "../vm/instance.ts";
import type { Calls } from "./imports.ts";
import type { Header } from "./types.ts";
import type { Vm } from "./vm.ts";

const Errno = {
  Success: 0,
  BadFileDescriptor: 8,
  Fault: 21,
  Invalid: 28,
  NoEntry: 44,
  NotSupported: 58,
  NotImplemented: 52,
  NotDirectory: 20,
} as const;

const maxRandomBytes = 64 * 1024;

/** Functions Envoy links but does not offer, by what they answer. */
const refusals: Record<string, number> = {
  fd_read: Errno.NotImplemented,
  fd_close: Errno.Success,
  fd_fdstat_set_flags: Errno.NotImplemented,
  fd_fdstat_set_rights: Errno.NotImplemented,
  fd_advise: Errno.Success,
  fd_allocate: Errno.NotImplemented,
  fd_datasync: Errno.NotImplemented,
  fd_filestat_get: Errno.BadFileDescriptor,
  fd_filestat_set_size: Errno.NotImplemented,
  fd_filestat_set_times: Errno.NotImplemented,
  fd_pread: Errno.NotImplemented,
  fd_pwrite: Errno.NotImplemented,
  fd_readdir: Errno.NotDirectory,
  fd_renumber: Errno.NotSupported,
  fd_sync: Errno.NotImplemented,
  fd_tell: Errno.NotImplemented,
  fd_prestat_get: Errno.BadFileDescriptor,
  fd_prestat_dir_name: Errno.NotImplemented,
  path_open: Errno.NoEntry,
  path_filestat_get: Errno.NotSupported,
  path_create_directory: Errno.NotImplemented,
  path_filestat_set_times: Errno.NotImplemented,
  path_link: Errno.NotImplemented,
  path_readlink: Errno.NotImplemented,
  path_remove_directory: Errno.NotImplemented,
  path_rename: Errno.NotImplemented,
  path_symlink: Errno.NotImplemented,
  path_unlink_file: Errno.NotSupported,
  sock_accept: Errno.NotSupported,
  sock_recv: Errno.NotSupported,
  sock_send: Errno.NotSupported,
  sock_shutdown: Errno.NotSupported,
};

export function wasiCalls(vm: Vm): Calls {
  const calls: Calls = {};
  for (const [name, errno] of Object.entries(refusals)) {
    calls[name] = () => {
      forbidInAllocator(vm);
      return errno;
    };
  }
  return {
    ...calls,
    fd_write(fd: number, vectors: number, count: number, writtenOut: number): number {
      if (fd !== 1 && fd !== 2) return Errno.BadFileDescriptor;
      let message = "";
      const { memory } = vm;
      for (let i = 0; i < count >>> 0; i++) {
        const at = (vectors >>> 0) + i * 8;
        if (!memory.has(at, 8)) return Errno.Fault;
        const part = memory.text(memory.view.getUint32(at, true), memory.view.getUint32(at + 4, true));
        if (part === undefined) return Errno.Fault;
        message += part;
      }
      if (message !== "") {
        const line = Buffer.from(message.endsWith("\n") ? message.slice(0, -1) : message, "latin1").toString(
          "utf8",
        );
        vm.log(vm.effectiveAlways(), fd === 1 ? 2 : 4, line);
      }
      return memory.setU32(writtenOut, message.length) ? Errno.Success : Errno.Fault;
    },
    fd_seek(fd: number): number {
      forbidInAllocator(vm);
      vm.log(vm.effectiveAlways(), 4, `fd_seek is not offered to modules (fd ${fd})`);
      return Errno.Success;
    },
    fd_fdstat_get(fd: number, statOut: number): number {
      forbidInAllocator(vm);
      if (fd !== 1 && fd !== 2) return Errno.BadFileDescriptor;
      // A character device (2) that may be written (rights bit 6).
      const written =
        vm.memory.setU64(statOut, 2n) &&
        vm.memory.setU64((statOut >>> 0) + 8, 64n) &&
        vm.memory.setU64((statOut >>> 0) + 16, 0n);
      return written ? Errno.Success : Errno.Fault;
    },
    random_get(buffer: number, size: number): number {
      forbidInAllocator(vm);
      if (size >>> 0 > maxRandomBytes) return Errno.Invalid;
      const bytes = vm.memory.span(buffer, size);
      if (bytes === undefined) return Errno.Fault;
      randomFillSync(bytes);
      return Errno.Success;
    },
    clock_time_get(clock: number, _precision: bigint, timeOut: number): number {
      if (clock !== 0 && clock !== 1) return Errno.NotSupported;
      const time = clock === 0 ? vm.host.clock.now() : vm.host.clock.monotonic();
      // Go's runtime takes a zero for a broken clock; a virtual clock may stand there.
      return vm.memory.setU64(timeOut, time === 0n ? 1n : time) ? Errno.Success : Errno.Fault;
    },
    clock_res_get(clock: number, resolutionOut: number): number {
      forbidInAllocator(vm);
      if (clock !== 0 && clock !== 1) return Errno.NotSupported;
      return vm.memory.setU64(resolutionOut, 1n) ? Errno.Success : Errno.Fault;
    },
    environ_sizes_get(countOut: number, sizeOut: number): number {
      forbidInAllocator(vm);
      let size = 0;
      for (const [name, value] of vm.environment) size += name.length + value.length + 2;
      const written = vm.memory.setU32(countOut, vm.environment.length) && vm.memory.setU32(sizeOut, size);
      return written ? Errno.Success : Errno.Fault;
    },
    environ_get(pointersOut: number, textOut: number): number {
      forbidInAllocator(vm);
      return writeEnvironment(vm, vm.environment, pointersOut >>> 0, textOut >>> 0)
        ? Errno.Success
        : Errno.Fault;
    },
    args_sizes_get(countOut: number, sizeOut: number): number {
      forbidInAllocator(vm);
      return vm.memory.setU32(countOut, 0) && vm.memory.setU32(sizeOut, 0) ? Errno.Success : Errno.Fault;
    },
    args_get(): number {
      forbidInAllocator(vm);
      return Errno.Success;
    },
    proc_exit(code: number): void {
      forbidInAllocator(vm);
      vm.log(vm.effectiveAlways(), 4, `wasi proc_exit called with ${code}; the module goes on`);
    },
    sched_yield(): number {
      forbidInAllocator(vm);
      return Errno.Success;
    },
    poll_oneoff(_in: number, _out: number, _count: number, eventsOut: number): number {
      return vm.memory.setU32(eventsOut, 0) ? Errno.Success : Errno.Fault;
    },
  };
}

/** Only fd_write, clock_time_get and poll_oneoff may be called while the module allocates. */
function forbidInAllocator(vm: Vm): void {
  if (vm.instance.phase === "allocating") throw new RestrictedCallback();
}

function writeEnvironment(vm: Vm, environment: Header[], pointers: number, text: number): boolean {
  const { memory } = vm;
  for (const [name, value] of environment) {
    const line = `${name}=${value}\0`;
    if (!memory.setU32(pointers, text) || !memory.has(text, line.length)) return false;
    memory.bytes.write(line, text, "latin1");
    pointers += 4;
    text += line.length;
  }
  return true;
}
