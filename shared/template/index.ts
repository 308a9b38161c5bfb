export { Guard } from "./guard";
export { Value } from "./value";
export { Template } from "./template";
export { TemplateContext } from "./context";
