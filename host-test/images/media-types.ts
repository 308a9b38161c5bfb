// The words by which image manifests tell what a blob is.

export const mediaType = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  tarGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerTarGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  /** A bare module, as Istio's and Higress's fetchers know it. */
  wasm: "application/vnd.module.wasm.content.layer.v1+wasm",
  // Those of Higress's command line tool.
  spec: "application/vnd.module.wasm.spec.v1+yaml",
  readme: "application/vnd.module.wasm.doc.v1+markdown",
  readmeChinese: "application/vnd.module.wasm.doc.v1.zh+markdown",
  readmeEnglish: "application/vnd.module.wasm.doc.v1.en+markdown",
} as const;
