// A request that a provider would not serve. Each dialect words and shapes it in its own way.

export interface RefusalDetails {
  /** The request's field at fault, as the dialect writes paths. */
  field?: string;
  code?: string;
  type?: string;
}

export class Refusal extends Error {
  readonly status: number;
  readonly details: RefusalDetails;

  constructor(status: number, message: string, details: RefusalDetails = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}
