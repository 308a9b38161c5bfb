// The foreign functions sign and verify_signature (compat/abi.md §13); keys are DER, texts of errors are
// Envoy 1.40's.

import { createPrivateKey, createPublicKey, sign as signBytes, verify } from "node:crypto";
import { Result } from "./codes.ts";
import type { ForeignFunction } from "./foreign-calls.ts";
import { bytesField, readMessage, textField } from "./protobuf.ts";

const hashes = new Set(["sha1", "sha224", "sha256", "sha384", "sha512"]);
const succeeded = Buffer.from([0x08, 0x01]);

/** `{hash_function=1, public_key=2, signature=3, text=4}` → `{result=1, error=2}`. */
export const verifySignature: ForeignFunction = (_context, argument) => {
  const fields = readMessage(argument);
  if (fields === undefined) return Result.BadArgument;
  const name = textField(fields, 1);
  const hash = name.toLowerCase();
  if (!hashes.has(hash)) return bytesField(2, `${name} is not supported.`);
  let key;
  try {
    key = createPublicKey({ key: latin1Bytes(textField(fields, 2)), format: "der", type: "spki" });
  } catch {
    return bytesField(2, "Failed to initialize digest verify.");
  }
  const good = verify(hash, latin1Bytes(textField(fields, 4)), key, latin1Bytes(textField(fields, 3)));
  return good ? succeeded : bytesField(2, "Failed to verify digest. Error code: 0");
};

/** `{hash_function=1, private_key=2, text=3}` → `{result=1, signature=2, error=3}`. */
export const sign: ForeignFunction = (_context, argument) => {
  const fields = readMessage(argument);
  if (fields === undefined || textField(fields, 3) === "") return Result.BadArgument;
  const name = textField(fields, 1);
  const hash = name.toLowerCase();
  if (!hashes.has(hash)) return bytesField(3, `${name} is not supported.`);
  let key;
  try {
    key = createPrivateKey({ key: latin1Bytes(textField(fields, 2)), format: "der", type: "pkcs8" });
  } catch {
    return bytesField(3, "Invalid key type: private key required for signing operation.");
  }
  const signature = signBytes(hash, latin1Bytes(textField(fields, 3)), key);
  return Buffer.concat([succeeded, bytesField(2, signature)]);
};

function latin1Bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
