export { abort } from "./abort";
import { proxy_log } from "./env";
export function proxy_abi_version_0_2_1(): void {}
export function proxy_on_vm_start(root: u32, size: i32): i32 { if (isDefined(HIGRESS)) proxy_log(1,0,0); return <i32>Date.now() + [1,2,3][root]; }
