export { RsaPrivateKey } from "./rsa-key";
