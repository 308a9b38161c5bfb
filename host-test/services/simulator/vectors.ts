// Embeddings without a model: words and their trigrams hashed into dimensions. Texts that share words come out close,
// so that semantic caches and routers have something to work on; nothing of meaning is in them.
import { createHash } from "node:crypto";

/** A vector of length 1, the same for the same text. */
export function vectorOf(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const [feature, weight] of featuresOf(text)) {
    const hash = createHash("sha256").update(feature).digest();
    const place = hash.readUInt32BE(0) % dimensions;
    const sign = hash.readUInt8(4) % 2 === 0 ? 1 : -1;
    vector[place] = (vector[place] ?? 0) + sign * weight;
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector.fill(1 / Math.sqrt(dimensions)) : vector.map((value) => value / length);
}

/** Little-endian 32-bit floats in base64, as OpenAI encodes `encoding_format: base64`. */
export function base64Of(vector: number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}

function featuresOf(text: string): Map<string, number> {
  const features = new Map<string, number>();
  const add = (feature: string, weight: number): void => {
    features.set(feature, (features.get(feature) ?? 0) + weight);
  };
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    add(word, 1);
    const characters = [...`^${word}$`];
    for (let start = 0; start + 3 <= characters.length; start++) {
      add(`#${characters.slice(start, start + 3).join("")}`, 0.3);
    }
  }
  return features;
}
