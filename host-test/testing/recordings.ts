// Recorded provider answers as a yardstick: what was on the wire, and what a client should make of it.
export { assembleChatAnswer, assembleChatStream } from "./recordings/assemble-chat.ts";
export { assembleCohereAnswer, assembleCohereStream } from "./recordings/assemble-cohere.ts";
export { assembleConverseAnswer, assembleConverseStream } from "./recordings/assemble-converse.ts";
export { assembleGeminiAnswer, assembleGeminiStream } from "./recordings/assemble-gemini.ts";
export { assembleMessagesAnswer, assembleMessagesStream, messageOf } from "./recordings/assemble-messages.ts";
export { assembleResponsesAnswer, assembleResponsesStream } from "./recordings/assemble-responses.ts";
export { drip, everySingleCut, partitions } from "./recordings/cuts.ts";
export type { Expected, ExpectedToolCall, ExpectedUsage } from "./recordings/expected.ts";
export type { Framing } from "./recordings/framing.ts";
export { eventStreamMessage, frameStream } from "./recordings/framing.ts";
export type { AnswerRecording, Recording, RecordingKind, StreamRecording } from "./recordings/load.ts";
export {
  answerOf,
  isAnswer,
  isStream,
  loadRecordings,
  recordingsFolder,
  streamOf,
} from "./recordings/load.ts";
export type { ReceivedRequest, Replay, ReplayServer } from "./recordings/replay-server.ts";
export { recordingHeader, replayServer } from "./recordings/replay-server.ts";
