// Ways of authenticating, as a server's configuration names them.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";

export const enum SchemeKind {
  /** Not one of the others: nothing is read and nothing is written. */
  Unsupported,
  Basic,
  Bearer,
  Header,
  Query,
  Cookie,
}

export class SecurityScheme {
  constructor(
    readonly id: string,
    readonly kind: SchemeKind,
    /** Of the header, in lower case, the parameter or the cookie. */
    readonly name: string,
    readonly defaultCredential: string,
  ) {}

  static read(reader: ConfigReader): SecurityScheme {
    const place = reader.text("in");
    let name = reader.text("name");
    let kind = SchemeKind.Unsupported;
    if (reader.text("type") == "http") {
      const scheme = reader.text("scheme").toLowerCase();
      name = "authorization";
      if (scheme == "basic") kind = SchemeKind.Basic;
      if (scheme == "bearer") kind = SchemeKind.Bearer;
    } else if (reader.text("type") == "apiKey" && name.length > 0) {
      if (place == "header") {
        kind = SchemeKind.Header;
        name = name.toLowerCase();
      }
      if (place == "query") kind = SchemeKind.Query;
      if (place == "cookie") kind = SchemeKind.Cookie;
    }
    const id = reader.text("id");
    if (kind == SchemeKind.Unsupported) {
      reader.warn(
        `security scheme '${id}' has no effect: expected http with basic or bearer, or apiKey with a name in header, query or cookie`,
      );
    }
    return new SecurityScheme(id, kind, name, reader.secret("defaultCredential"));
  }
}

/** Which scheme is to be used, and with what. */
export class SecurityRequirement {
  constructor(
    /** Empty for none. */
    readonly id: string = "",
    readonly credential: string = "",
    readonly passthrough: bool = false,
  ) {}

  static read(reader: ConfigReader): SecurityRequirement {
    return new SecurityRequirement(
      reader.text("id"),
      reader.secret("credential"),
      reader.flag("passthrough"),
    );
  }
}
