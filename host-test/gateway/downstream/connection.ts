import type { Socket } from "node:net";

/** `ip:port` of both ends, as plugins read them. */
export function addressOf(socket: Socket): { source: string; destination: string } {
  return {
    source: format(socket.remoteAddress, socket.remotePort),
    destination: format(socket.localAddress, socket.localPort),
  };
}

/** The IP alone, without the prefix of an IPv4 address on an IPv6 socket. */
export function peerOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function format(address: string | undefined, port: number | undefined): string {
  const plain = (address ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}
