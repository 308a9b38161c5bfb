// `${NAME}` in any string of a resource: environment variables, and values of Secrets and ConfigMaps.

export interface Values {
  environment: Record<string, string | undefined>;
  /** By `secret.NAME.KEY` and `configmap.NAME.KEY`. */
  references: Map<string, string>;
}

export interface Missing {
  name: string;
  message: string;
}

// `$${NAME}` stays as `${NAME}`. What is no variable name, such as `${geo-country}`, belongs to the plugin.
const pattern = /\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*|(?:secret|configmap)\.[^{}\s]+?)(?::-([^}]*))?\}/g;

/** `missing` lists what has neither a value nor a default. */
export function substitute(text: string, values: Values): { text: string; missing: Missing[] } {
  const missing: Missing[] = [];
  const replaced = text.replaceAll(
    pattern,
    (whole: string, escaped: string, name: string, fallback?: string) => {
      if (escaped) return whole.slice(1);
      const isReference = name.includes(".");
      const value = isReference ? values.references.get(name) : values.environment[name];
      if (value !== undefined && (value !== "" || fallback === undefined)) return value;
      if (fallback !== undefined) return fallback;
      missing.push({
        name,
        message: isReference
          ? `no ${name.split(".")[0]} has this value: ${name}`
          : `environment variable ${name} is not set`,
      });
      return whole;
    },
  );
  return { text: replaced, missing };
}
