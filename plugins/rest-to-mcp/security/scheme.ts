// A way of authenticating, as OpenAPI describes it: where a credential stands, and in what form.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { StrictReader } from "../strict-reader";

export const enum CredentialPlace {
  /** The scheme says nothing that is known. */
  Nowhere,
  Bearer,
  Basic,
  Header,
  Query,
  Cookie,
}

export class SecurityScheme {
  constructor(
    readonly id: string,
    readonly place: CredentialPlace,
    /** Of the header, in lower case, of the parameter or of the cookie. */
    readonly name: string,
    readonly defaultCredential: string,
  ) {}

  /** The schemes of a server by id; of several with one id the last counts. */
  static readAll(server: ConfigReader): Map<string, SecurityScheme> {
    const schemes = new Map<string, SecurityScheme>();
    const readers = server.list("securitySchemes");
    for (let i = 0; i < readers.length; i++) {
      const reader = new StrictReader(readers[i], "failed to parse security scheme config");
      if (!reader.isObject) continue;
      const scheme = SecurityScheme.read(reader);
      schemes.set(scheme.id, scheme);
    }
    return schemes;
  }

  private static read(reader: StrictReader): SecurityScheme {
    const id = reader.text("id");
    const type = reader.text("type");
    const scheme = reader.text("scheme").toLowerCase();
    const where = reader.text("in");
    let name = reader.text("name");
    let place = CredentialPlace.Nowhere;
    if (type == "http") {
      if (scheme == "bearer") place = CredentialPlace.Bearer;
      else if (scheme == "basic") place = CredentialPlace.Basic;
      else reader.warn(`scheme is neither basic nor bearer: no credential is read or set`);
    } else if (type == "apiKey") {
      if (where == "header") place = CredentialPlace.Header;
      else if (where == "query") place = CredentialPlace.Query;
      else if (where == "cookie") place = CredentialPlace.Cookie;
      else reader.warn(`in is none of header, query and cookie: no credential is read or set`);
      if (name.length == 0) {
        reader.warn("name is missing: no credential is read or set");
        place = CredentialPlace.Nowhere;
      }
    } else {
      reader.warn("type is neither http nor apiKey: no credential is read or set");
    }
    if (place == CredentialPlace.Header) name = name.toLowerCase();
    return new SecurityScheme(id, place, name, reader.secret("defaultCredential"));
  }
}

/** Which scheme one side of the gateway asks for, and with what. */
export class SecurityRequirement {
  constructor(
    readonly id: string,
    readonly credential: string,
    readonly passthrough: bool,
  ) {}

  /** Null where nothing is required. */
  static read(reader: StrictReader): SecurityRequirement | null {
    const id = reader.text("id");
    const credential = reader.secret("credential");
    const passthrough = reader.flag("passthrough");
    return id.length == 0 ? null : new SecurityRequirement(id, credential, passthrough);
  }
}
