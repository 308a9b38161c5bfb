// The gateway's own counters under Envoy's names.

export class ClusterCounters {
  requests = 0;
  retries = 0;
  timeouts = 0;
  connectFailures = 0;
  /** By hundred: index 2 for 2xx. */
  readonly classes = [0, 0, 0, 0, 0, 0];

  status(code: number): void {
    const index = Math.floor(code / 100);
    if (index >= 1 && index <= 5) this.classes[index]!++;
  }
}

export class Statistics {
  requests = 0;
  active = 0;
  readonly classes = [0, 0, 0, 0, 0, 0];
  #clusters = new Map<string, ClusterCounters>();

  cluster(name: string): ClusterCounters {
    let counters = this.#clusters.get(name);
    if (!counters) this.#clusters.set(name, (counters = new ClusterCounters()));
    return counters;
  }

  answered(status: number): void {
    const index = Math.floor(status / 100);
    if (index >= 1 && index <= 5) this.classes[index]!++;
  }

  /** Prometheus text. */
  prometheus(): string {
    const lines: string[] = [];
    const metric = (
      name: string,
      type: "counter" | "gauge",
      samples: [labels: string, value: number][],
    ): void => {
      lines.push(
        `# TYPE ${name} ${type}`,
        ...samples.map(([labels, value]) => `${name}{${labels}} ${value}`),
      );
    };
    const manager = 'envoy_http_conn_manager_prefix="main"';
    metric("envoy_http_downstream_rq_total", "counter", [[manager, this.requests]]);
    metric("envoy_http_downstream_rq_active", "gauge", [[manager, this.active]]);
    metric(
      "envoy_http_downstream_rq_xx",
      "counter",
      [1, 2, 3, 4, 5].map((index) => [
        `envoy_response_code_class="${index}",${manager}`,
        this.classes[index]!,
      ]),
    );
    const clusters = [...this.#clusters].map(([name, counters]) => ({
      label: `envoy_cluster_name="${name}"`,
      counters,
    }));
    const perCluster = (name: string, read: (counters: ClusterCounters) => number): void =>
      metric(
        `envoy_cluster_${name}`,
        "counter",
        clusters.map(({ label, counters }) => [label, read(counters)]),
      );
    if (clusters.length === 0) return `${lines.join("\n")}\n`;
    perCluster("upstream_rq_total", ({ requests }) => requests);
    perCluster("upstream_rq_retry", ({ retries }) => retries);
    perCluster("upstream_rq_timeout", ({ timeouts }) => timeouts);
    perCluster("upstream_cx_connect_fail", ({ connectFailures }) => connectFailures);
    metric(
      "envoy_cluster_upstream_rq_xx",
      "counter",
      clusters.flatMap(({ label, counters }) =>
        [1, 2, 3, 4, 5]
          .filter((index) => counters.classes[index]! > 0)
          .map((index): [string, number] => [
            `envoy_response_code_class="${index}",${label}`,
            counters.classes[index]!,
          ]),
      ),
    );
    return `${lines.join("\n")}\n`;
  }
}
