// A plugin's image: a manifest and the blobs it names. One image satisfies both forms that Higress's fetcher tries:
// its last layer is a tar.gz that holds plugin.wasm, and it has exactly two layers, one of them the bare module.

import { gunzipSync } from "node:zlib";
import { gzip, moduleFile, tar, type ArchiveFile } from "./archive.ts";
import { digestOf } from "./digest.ts";
import { mediaType } from "./media-types.ts";

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

export interface Manifest {
  schemaVersion: 2;
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

export interface Image {
  tag: string;
  manifest: Descriptor;
  /** Every blob by digest, the manifest itself not among them. */
  blobs: Map<string, Uint8Array>;
  manifestBytes: Uint8Array;
}

export interface PluginContent {
  name: string;
  version: string;
  description: string;
  /** The build for Higress and that for stock Envoy, which may be the same. */
  modules: { higress: Uint8Array; envoy: Uint8Array };
  /** `spec.yaml` and the READMEs. */
  documents: (ArchiveFile & { mediaType: string })[];
}

interface Layer extends ArchiveFile {
  mediaType: string;
}

/**
 * Tag VERSION is what a WasmPlugin of Higress names, VERSION-envoy the same for a stock Envoy (Istio's WasmPlugin),
 * VERSION-hgctl the layout that Higress's command line tool writes and reads: documents as layers of their own.
 */
export async function pluginImages(content: PluginContent): Promise<Image[]> {
  const { version, modules, documents } = content;
  const archive = async (module: Uint8Array): Promise<Layer> => ({
    name: "plugin.tar.gz",
    mediaType: mediaType.tarGzip,
    content: gzip(await tar([{ name: moduleFile, content: module }, ...documents])),
  });
  const bare = (module: Uint8Array): Layer => ({
    name: moduleFile,
    mediaType: mediaType.wasm,
    content: module,
  });
  const higress = await archive(modules.higress);
  return [
    image(content, version, [bare(modules.higress), higress]),
    image(content, `${version}-envoy`, [bare(modules.envoy), await archive(modules.envoy)]),
    image(content, `${version}-hgctl`, [...documents, higress]),
  ];
}

function image({ name, version, description }: PluginContent, tag: string, layers: Layer[]): Image {
  const config = json({
    architecture: "wasm",
    os: "wasip1",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(contentDigest) },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaType.manifest,
    config: describe(config, mediaType.config),
    layers: layers.map((layer) => ({
      ...describe(layer.content, layer.mediaType),
      annotations: { "org.opencontainers.image.title": layer.name },
    })),
    annotations: {
      "org.opencontainers.image.title": name,
      "org.opencontainers.image.description": description,
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.licenses": "Apache-2.0",
    },
  } satisfies Manifest);
  return {
    tag,
    manifest: describe(manifest, mediaType.manifest),
    manifestBytes: manifest,
    blobs: new Map([config, ...layers.map((layer) => layer.content)].map((blob) => [digestOf(blob), blob])),
  };
}

/** Of what a layer holds once it is unpacked. */
function contentDigest({ mediaType: type, content }: Layer): string {
  return digestOf(type === mediaType.tarGzip ? gunzipSync(content) : content);
}

function describe(bytes: Uint8Array, type: string): Descriptor {
  return { mediaType: type, digest: digestOf(bytes), size: bytes.length };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
