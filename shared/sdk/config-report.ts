// What reading a configuration brought to light.

export class ConfigReport {
  /** Each rejects the configuration. */
  errors: string[] = [];
  /** Errors of a global configuration that rules stand in for: logged as errors, but the configuration is taken. */
  ignoredErrors: string[] = [];
  /** The configuration is taken, but not all of it works as written. */
  warnings: string[] = [];

  get failed(): bool {
    return this.errors.length > 0;
  }

  addErrors(other: ConfigReport): void {
    append(this.errors, other.errors);
  }

  addWarnings(other: ConfigReport): void {
    append(this.warnings, other.warnings);
  }

  ignore(other: ConfigReport): void {
    append(this.ignoredErrors, other.errors);
  }

  /** There are no rules and the global configuration is broken, or absent. `isBare`: it is all there is. */
  failGlobal(global: ConfigReport, isBare: bool): void {
    const prefix = isBare ? "" : "parse config failed, no valid rules; global config parse error:";
    if (!global.failed) this.errors.push(prefix + "<nil>");
    for (let i = 0; i < global.errors.length; i++) this.errors.push(prefix + global.errors[i]);
  }
}

function append(target: string[], more: string[]): void {
  for (let i = 0; i < more.length; i++) target.push(more[i]);
}
