export { SseParser } from "./parse";
export { writeComment, writeEvent } from "./write";
