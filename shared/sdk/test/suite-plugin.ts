// A module that holds two plugins, chosen by root id. One of them isolates its rules.

export * from "as-proxy-wasm-sdk/sdk/exports";
import { LastGoodRules, plugin } from "as-proxy-wasm-sdk/sdk";
import { ProbeConfig } from "./probe/config";
import { Probe } from "./probe/stream";

plugin<ProbeConfig>("plain", ProbeConfig.parse, () => new Probe());
plugin<ProbeConfig>("isolating", ProbeConfig.parse, () => new Probe()).ruleMemory = new LastGoodRules();
