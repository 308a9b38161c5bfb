/** A registry refused, or could not be reached. The message is for people and names the registry. */
export class RegistryError extends Error {
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.name = "RegistryError";
    this.status = status;
  }
}
