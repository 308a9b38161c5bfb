// Names in `_meta` that the protocol keeps for itself. Requests of the stateless revisions say there who they are from.

export namespace Meta {
  export const Revision: string = "io.modelcontextprotocol/protocolVersion";
  export const ClientInfo: string = "io.modelcontextprotocol/clientInfo";
  export const ClientCapabilities: string = "io.modelcontextprotocol/clientCapabilities";
  export const LogLevel: string = "io.modelcontextprotocol/logLevel";
  export const ServerInfo: string = "io.modelcontextprotocol/serverInfo";
}
