// A service account's key as Google hands it out, and the signed claim that an access token is asked for with.
// https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests

import { Base64, Buffer, encodeBase64, Span } from "as-proxy-wasm-sdk/bytes";
import { RsaPrivateKey } from "as-proxy-wasm-sdk/crypto";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";

const SCOPE: string = "https://www.googleapis.com/auth/cloud-platform";
/** Google takes no claim that is valid for longer. */
const VALID_SECONDS: i64 = 3600;
/** A claim is sent again within this time: requests that come at once do not sign one each. */
const KEPT_SECONDS: i64 = 60;

export class ServiceAccount {
  /** Why no claim can be signed; "" when it can. */
  error: string = "";
  private email: string = "";
  private keyId: string = "";
  private tokenUri: string = "";
  private key: RsaPrivateKey = new RsaPrivateKey();
  private claim: string = "";
  private claimedAt: i64 = 0;

  /** `text` is the JSON of the key file. */
  static read(text: string): ServiceAccount {
    const account = new ServiceAccount();
    account.error = account.take(text);
    return account;
  }

  /** Returns what is wrong with the key file. */
  private take(text: string): string {
    const file = Json.checked(Span.text(text));
    if (file.kind != JsonKind.Object) {
      return "[vertex]: unable to unmarshal auth key json: no JSON object";
    }
    this.email = file.get("client_email").text();
    this.keyId = file.get("private_key_id").text();
    this.tokenUri = file.get("token_uri").text();
    const pem = file.get("private_key").bytes();
    if (this.email.length == 0 || this.keyId.length == 0 || this.tokenUri.length == 0 || pem.isEmpty) {
      return "[vertex]: missing auth params";
    }
    this.key = RsaPrivateKey.read(pem);
    return this.key.error;
  }

  /** The claim as a JSON web token (RFC 7519) with RS256; "" with `error` when the key signs nothing. */
  signedClaim(now: i64): string {
    const age = now - this.claimedAt;
    if (this.claim.length > 0 && age >= 0 && age < KEPT_SECONDS) return this.claim;
    const token = new Buffer(1024);
    const part = new Buffer(512);
    new JsonWriter(part)
      .object()
      .key("alg")
      .text("RS256")
      .key("kid")
      .text(this.keyId)
      .key("typ")
      .text("JWT")
      .end();
    encodeBase64(token, part.span(), Base64.Url);
    token.push(0x2e);
    part.clear();
    const claims = new JsonWriter(part).object().key("aud").text(this.tokenUri);
    claims
      .key("exp")
      .integer(now + VALID_SECONDS)
      .key("iat")
      .integer(now);
    claims.key("iss").text(this.email).key("scope").text(SCOPE).end();
    encodeBase64(token, part.span(), Base64.Url);
    const signature = this.error.length == 0 ? this.key.sign(token.span()) : null;
    if (signature === null) {
      if (this.error.length == 0) this.error = "invalid RSA key";
      return "";
    }
    token.push(0x2e);
    encodeBase64(token, signature, Base64.Url);
    this.claim = token.span().toString();
    this.claimedAt = now;
    return this.claim;
  }
}
