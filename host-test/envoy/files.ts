// The configuration files a running Envoy watches.

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GatewayModel } from "../gateway/model.ts";
import { renderClusters, renderListener, renderProcess, type RenderOptions } from "./render.ts";

/** Each is replaced by a rename, which is what Envoy's watch sees. */
export class ConfigurationFiles {
  clusters: object[] = [];
  #folder: string;
  #options: RenderOptions;
  #version = 0;

  constructor(folder: string, options: RenderOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  renderClusters(model: GatewayModel): object[] {
    return renderClusters(model, this.#options);
  }

  async writeBootstrap(): Promise<void> {
    const watched = (path: string): object => ({ resource_api_version: "V3", path_config_source: { path } });
    await this.#write("bootstrap.json", {
      ...renderProcess(this.#options),
      dynamic_resources: {
        cds_config: watched(join(this.#folder, "clusters.json")),
        lds_config: watched(join(this.#folder, "listener.json")),
      },
    });
  }

  async writeClusters(clusters: object[]): Promise<void> {
    this.clusters = clusters;
    await this.#writeResources("clusters.json", "cluster.v3.Cluster", clusters);
  }

  /** `plugins` replaces the overrides of the start from now on. */
  async writeListener(model: GatewayModel, plugins = this.#options.plugins): Promise<void> {
    this.#options = { ...this.#options, ...(plugins && { plugins }) };
    const listener = renderListener(await this.#withOwnModules(model), this.#options);
    await this.#writeResources("listener.json", "listener.v3.Listener", [listener]);
  }

  /** Modules are copied under their digest: a rebuilt one changes the configuration, and half-written ones are never read. */
  async #withOwnModules(model: GatewayModel): Promise<GatewayModel> {
    const plugins = await Promise.all(
      model.plugins.map(async (plugin) => {
        const bytes = await readFile(plugin.modules.envoy);
        const name = `${createHash("sha256").update(bytes).digest("hex")}.wasm`;
        await mkdir(join(this.#folder, "modules"), { recursive: true });
        const path = join(this.#folder, "modules", name);
        await writeFile(path, bytes);
        return { ...plugin, modules: { ...plugin.modules, envoy: path } };
      }),
    );
    return { ...model, plugins };
  }

  async #writeResources(file: string, type: string, resources: object[]): Promise<void> {
    const typed = resources.map((resource) => ({
      "@type": `type.googleapis.com/envoy.config.${type}`,
      ...resource,
    }));
    this.#version++;
    await this.#write(file, { version_info: String(this.#version), resources: typed });
  }

  async #write(file: string, content: object): Promise<void> {
    const path = join(this.#folder, file);
    await writeFile(`${path}.new`, JSON.stringify(content));
    await rename(`${path}.new`, path);
  }
}
