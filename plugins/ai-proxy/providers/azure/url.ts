// `azureServiceUrl`: a resource (`https://host`), a deployment (`…/openai/deployments/<name>`) or one endpoint.

import { queryOf, withoutQuery } from "../../path";

const DEPLOYMENTS = "/openai/deployments/";

export class AzureUrl {
  /** With port; "" when the text is no URL. */
  host: string = "";
  path: string = "";
  query: string = "";
  /** Name of the deployment; "" when the URL names none. */
  deployment: string = "";
  /** Every request goes to exactly this URL. */
  isFull: bool = false;

  static parse(text: string): AzureUrl {
    const url = new AzureUrl();
    const scheme = text.indexOf("://");
    const rest = scheme <= 0 ? "" : text.substring(scheme + 3);
    const slash = rest.indexOf("/");
    const authority = withoutQuery(slash < 0 ? rest : rest.substring(0, slash));
    if (authority.length == 0 || authority.includes(" ")) return url;
    url.host = authority;
    url.query = queryOf(rest);
    url.path = slash < 0 ? "/" : withoutQuery(rest.substring(slash));
    if (!url.path.startsWith(DEPLOYMENTS)) {
      url.isFull = url.path.length > 1;
      return url;
    }
    const name = url.path.substring(DEPLOYMENTS.length);
    const end = name.indexOf("/");
    url.deployment = end < 0 ? name : name.substring(0, end);
    url.isFull = end >= 0 && end + 1 < name.length;
    return url;
  }

  get hasVersion(): bool {
    const parameters = this.query.split("&");
    for (let i = 0; i < parameters.length; i++) {
      if (parameters[i].startsWith("api-version=") && parameters[i].length > 12) return true;
    }
    return false;
  }
}
