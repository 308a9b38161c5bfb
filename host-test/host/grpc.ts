// gRPC call-outs: unary calls and streams (compat/abi.md §10).

import { Result } from "./codes.ts";
import type { Calls } from "./imports.ts";
import { lowerCase } from "./maps.ts";
import { decodePairs } from "./pairs.ts";
import type { RootContext } from "./root-context.ts";
import type { GrpcEvents, GrpcStream, Headers } from "./types.ts";
import type { Vm } from "./vm.ts";

const unary = 1;
const streaming = 2;

/** An open call: its token, its transport, and what the module is told. */
export class GrpcCall implements GrpcEvents {
  readonly token: number;
  transport: GrpcStream | undefined;
  readonly #root: RootContext;
  readonly #isUnary: boolean;
  #localClosed = false;
  #remoteClosed = false;

  constructor(root: RootContext, token: number) {
    this.#root = root;
    this.token = token;
    this.#isUnary = (token & 3) === unary;
  }

  /** Runs `action` now, or after the VM call in progress; never for a call that was cancelled. */
  #deliver(action: () => void): void {
    const { vm, grpcCalls } = this.#root;
    if (vm.depth > 0) vm.afterCall(() => this.#deliver(action));
    else if (grpcCalls.get(this.token) === this) action();
  }

  initialMetadata(metadata: Headers): void {
    // Envoy hides the metadata of a unary call.
    if (this.#isUnary) return;
    this.#deliver(() => {
      const root = this.#root;
      root.grpcInitialMetadata = metadata;
      root.vm.enter(root, "proxy_on_grpc_receive_initial_metadata", root.id, this.token, metadata.length);
      root.grpcInitialMetadata = undefined;
      root.vm.leave();
    });
  }

  message(message: Uint8Array): void {
    this.#deliver(() => {
      const root = this.#root;
      if (this.#isUnary) root.grpcCalls.delete(this.token);
      root.grpcMessage = message;
      root.vm.enter(root, "proxy_on_grpc_receive", root.id, this.token, message.length);
      root.grpcMessage = undefined;
      root.vm.leave();
    });
  }

  trailingMetadata(metadata: Headers): void {
    if (this.#isUnary) return;
    this.#deliver(() => {
      const root = this.#root;
      root.grpcTrailingMetadata = metadata;
      root.vm.enter(root, "proxy_on_grpc_receive_trailing_metadata", root.id, this.token, metadata.length);
      root.grpcTrailingMetadata = undefined;
      root.vm.leave();
    });
  }

  close(status: number, message: string): void {
    this.#deliver(() => {
      const root = this.#root;
      this.#remoteClosed = true;
      if (this.#isUnary || this.#localClosed) root.grpcCalls.delete(this.token);
      root.statusCode = status;
      root.statusMessage = message;
      root.observeAnswer("grpc", this.token, status, 0);
      root.vm.enter(root, "proxy_on_grpc_close", root.id, this.token, status);
      root.statusMessage = "";
      root.vm.leave();
    });
  }

  send(message: Uint8Array, endStream: boolean): void {
    if (!this.#remoteClosed) this.transport?.send(message, endStream);
  }

  /** The module's own close: a unary call is cancelled, a stream half-closed. */
  closeLocal(): void {
    if (this.#isUnary) return this.cancelLocal();
    this.#localClosed = true;
    if (this.#remoteClosed) this.#root.grpcCalls.delete(this.token);
    else this.transport?.close();
  }

  cancelLocal(): void {
    this.#root.grpcCalls.delete(this.token);
    this.cancel();
  }

  cancel(): void {
    if (!this.#remoteClosed) this.transport?.reset();
  }
}

export function grpcCalls(vm: Vm): Calls {
  /** Opens a call of class `kind`; returns it, or the code that refuses it. */
  const open = (
    kind: typeof unary | typeof streaming,
    target: number,
    targetSize: number,
    service: number,
    serviceSize: number,
    method: number,
    methodSize: number,
    metadata: number,
    metadataSize: number,
    timeoutMs: number,
    tokenOut: number,
  ): GrpcCall | number => {
    const { root, stream } = vm.effective();
    const { memory } = vm;
    const targetBytes = memory.copy(target, targetSize);
    const serviceName = memory.text(service, serviceSize);
    const methodName = memory.text(method, methodSize);
    const pairs = memory.span(metadata, metadataSize);
    if (
      targetBytes === undefined ||
      serviceName === undefined ||
      methodName === undefined ||
      pairs === undefined ||
      !memory.setU32(tokenOut, 0)
    ) {
      return Result.InvalidMemoryAccess;
    }
    if (vm.host.grpc === undefined) return Result.ParseFailure;
    const call = new GrpcCall(root, vm.newToken(kind));
    const transport = vm.host.grpc.open(
      {
        target: targetBytes,
        service: serviceName,
        method: methodName,
        metadata: decodePairs(pairs).map(([name, value]) => [lowerCase(name), value]),
        timeoutMs,
      },
      call,
    );
    if (transport === "unknown") return Result.ParseFailure;
    if (transport === "failed") return Result.InternalFailure;
    call.transport = transport;
    root.grpcCalls.set(call.token, call);
    memory.setU32(tokenOut, call.token);
    vm.host.observer?.call?.({
      stream: stream?.http.id ?? 0,
      plugin: root.plugin.name,
      kind: "grpc",
      cluster: Buffer.from(targetBytes).toString("utf8"),
      token: call.token,
    });
    return call;
  };
  /** The call behind a token, or the code that says why there is none. */
  const find = (token: number): GrpcCall | number => {
    const { root } = vm.effective();
    const kind = token & 3;
    if (kind !== unary && kind !== streaming) return Result.BadArgument;
    return root.grpcCalls.get(token >>> 0) ?? Result.NotFound;
  };
  return {
    proxy_grpc_call(
      target: number,
      targetSize: number,
      service: number,
      serviceSize: number,
      method: number,
      methodSize: number,
      metadata: number,
      metadataSize: number,
      request: number,
      requestSize: number,
      timeoutMs: number,
      tokenOut: number,
    ): number {
      const message = vm.memory.copy(request, requestSize);
      if (message === undefined) return Result.InvalidMemoryAccess;
      const call = open(
        unary,
        target,
        targetSize,
        service,
        serviceSize,
        method,
        methodSize,
        metadata,
        metadataSize,
        timeoutMs,
        tokenOut,
      );
      if (typeof call === "number") return call;
      call.send(message, true);
      return Result.Ok;
    },
    proxy_grpc_stream(
      target: number,
      targetSize: number,
      service: number,
      serviceSize: number,
      method: number,
      methodSize: number,
      metadata: number,
      metadataSize: number,
      tokenOut: number,
    ): number {
      const call = open(
        streaming,
        target,
        targetSize,
        service,
        serviceSize,
        method,
        methodSize,
        metadata,
        metadataSize,
        0,
        tokenOut,
      );
      return typeof call === "number" ? call : Result.Ok;
    },
    proxy_grpc_send(token: number, message: number, size: number, endStream: number): number {
      vm.effective();
      const bytes = vm.memory.copy(message, size);
      if (bytes === undefined) return Result.InvalidMemoryAccess;
      if ((token & 3) === unary) return Result.BadArgument;
      const call = find(token);
      if (typeof call === "number") return call;
      call.send(bytes, endStream !== 0);
      return Result.Ok;
    },
    proxy_grpc_close(token: number): number {
      const call = find(token);
      if (typeof call === "number") return call;
      call.closeLocal();
      return Result.Ok;
    },
    proxy_grpc_cancel(token: number): number {
      const call = find(token);
      if (typeof call === "number") return call;
      call.cancelLocal();
      return Result.Ok;
    },
  };
}
