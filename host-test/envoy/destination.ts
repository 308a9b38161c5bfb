// How a plugin picks one member of a cluster on stock Envoy, where it cannot call the host for it: by a request
// header, which goes to no upstream and which no client may set.

/** Value: `ip:port`, or several with commas, of which the first member is taken. */
const header = "x-gateway-destination-endpoint";

const namespace = "envoy.lb";
const key = "destination";
const extension = "type.googleapis.com/envoy.extensions";

/** Before the plugins: what a client sent does not count. */
export const forgetDestination = {
  name: "forget-destination",
  typed_config: {
    "@type": `${extension}.filters.http.header_mutation.v3.HeaderMutation`,
    mutations: { request_mutations: [{ remove: header }] },
  },
};

/** After the plugins: the header becomes metadata, where the load balancer reads it. */
export const destinationToMetadata = {
  name: "destination-to-metadata",
  typed_config: {
    "@type": `${extension}.filters.http.header_to_metadata.v3.Config`,
    request_rules: [
      { header, remove: true, on_header_present: { metadata_namespace: namespace, key, type: "STRING" } },
    ],
  },
};

/** Load balancing of a cluster with several members: the chosen one, else one after the other. */
export const chosenDestination = {
  policies: [
    {
      typed_extension_config: {
        name: "chosen-destination",
        typed_config: {
          "@type": `${extension}.load_balancing_policies.override_host.v3.OverrideHost`,
          override_host_sources: [{ metadata: { key: namespace, path: [{ key }] } }],
          fallback_policy: {
            policies: [
              {
                typed_extension_config: {
                  name: "round-robin",
                  typed_config: { "@type": `${extension}.load_balancing_policies.round_robin.v3.RoundRobin` },
                },
              },
            ],
          },
        },
      },
    },
  ],
};
