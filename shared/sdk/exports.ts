// What a plugin's index.ts re-exports: the functions the host looks up.
export * from "../abi/exports";
