export { Budget } from "./budget";
export { GjsonPath } from "./path";
