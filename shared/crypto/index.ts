export { RsaPrivateKey } from "./rsa-key";
export { sha1 } from "./sha1";
export { sha512 } from "./sha512";
