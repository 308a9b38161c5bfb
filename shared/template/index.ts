export { Template } from "./template";
export { TemplateContext } from "./context";
