// The APIs that clients call, by their names in Higress's configuration, and how a path tells which one it is.

/** One API; `ApiTable` has its name and its path. The order is the order in which paths are tried. */
export const enum Api {
  ChatCompletions,
  Completions,
  Embeddings,
  AudioSpeech,
  AudioTranscription,
  AudioTranslation,
  Realtime,
  ImageGeneration,
  ImageVariation,
  ImageEdit,
  Batches,
  Files,
  Models,
  FineTuningJobs,
  Responses,
  Videos,
  AnthropicMessages,
  AnthropicComplete,
  CohereRerank,
  QwenRerank,
  QwenConversations,
  RetrieveBatch,
  CancelBatch,
  RetrieveFile,
  RetrieveFileContent,
  RetrieveVideo,
  RetrieveVideoContent,
  VideoRemix,
  RetrieveFineTuningJob,
  FineTuningJobEvents,
  FineTuningJobCheckpoints,
  CancelFineTuningJob,
  ResumeFineTuningJob,
  PauseFineTuningJob,
  CheckpointPermissions,
  DeleteCheckpointPermission,
  GeminiGenerateContent,
  GeminiStreamGenerateContent,
  // Those that only `protocol: original` meets have no path of their own.
  QwenAigc,
  QwenTasks,
  VertexRaw,
  Count,
  /** The path names no API that is known. */
  None,
}

/** Everything before these has a path without placeholders and is found by its suffix. */
const FIRST_WITH_PLACEHOLDER: i32 = <i32>Api.RetrieveBatch;
const FIRST_GEMINI: i32 = <i32>Api.GeminiGenerateContent;

const NAMES: StaticArray<string> = [
  "openai/v1/chatcompletions",
  "openai/v1/completions",
  "openai/v1/embeddings",
  "openai/v1/audiospeech",
  "openai/v1/audiotranscription",
  "openai/v1/audiotranslation",
  "openai/v1/realtime",
  "openai/v1/imagegeneration",
  "openai/v1/imagevariation",
  "openai/v1/imageedit",
  "openai/v1/batches",
  "openai/v1/files",
  "openai/v1/models",
  "openai/v1/fine-tuningjobs",
  "openai/v1/responses",
  "openai/v1/videos",
  "anthropic/v1/messages",
  "anthropic/v1/complete",
  "cohere/v1/rerank",
  "qwen/v1/rerank",
  "qwen/v1/conversations",
  "openai/v1/retrievebatch",
  "openai/v1/cancelbatch",
  "openai/v1/retrievefile",
  "openai/v1/retrievefilecontent",
  "openai/v1/retrievevideo",
  "openai/v1/retrievevideocontent",
  "openai/v1/videoremix",
  "openai/v1/retrievefine-tuningjob",
  "openai/v1/fine-tuningjobsevents",
  "openai/v1/fine-tuningjobcheckpoints",
  "openai/v1/cancelfine-tuningjob",
  "openai/v1/resumefine-tuningjob",
  "openai/v1/pausefine-tuningjob",
  "openai/v1/fine-tuningjobcheckpointpermissions",
  "openai/v1/deletefine-tuningjobcheckpointpermission",
  "gemini/v1beta/generatecontent",
  "gemini/v1beta/streamgeneratecontent",
  "qwen/v1/services/aigc",
  "qwen/v1/tasks",
  "vertex/raw",
];

const PATHS: StaticArray<string> = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/audio/speech",
  "/v1/audio/transcriptions",
  "/v1/audio/translations",
  "/v1/realtime",
  "/v1/images/generations",
  "/v1/images/variations",
  "/v1/images/edits",
  "/v1/batches",
  "/v1/files",
  "/v1/models",
  "/v1/fine_tuning/jobs",
  "/v1/responses",
  "/v1/videos",
  "/v1/messages",
  "/v1/complete",
  "/v1/rerank",
  "/v1/reranks",
  "/v1/conversations",
  "/v1/batches/{batch_id}",
  "/v1/batches/{batch_id}/cancel",
  "/v1/files/{file_id}",
  "/v1/files/{file_id}/content",
  "/v1/videos/{video_id}",
  "/v1/videos/{video_id}/content",
  "/v1/videos/{video_id}/remix",
  "/v1/fine_tuning/jobs/{fine_tuning_job_id}",
  "/v1/fine_tuning/jobs/{fine_tuning_job_id}/events",
  "/v1/fine_tuning/jobs/{fine_tuning_job_id}/checkpoints",
  "/v1/fine_tuning/jobs/{fine_tuning_job_id}/cancel",
  "/v1/fine_tuning/jobs/{fine_tuning_job_id}/resume",
  "/v1/fine_tuning/jobs/{fine_tuning_job_id}/pause",
  "/v1/fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions",
  "/v1/fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions/{permission_id}",
];

/** APIs that `capabilities` of a provider entry may add (compat ai-proxy §3.3). */
const CONFIGURABLE: StaticArray<i32> = [
  Api.ChatCompletions,
  Api.Embeddings,
  Api.ImageGeneration,
  Api.ImageVariation,
  Api.ImageEdit,
  Api.AudioSpeech,
  Api.AudioTranscription,
  Api.AudioTranslation,
  Api.Realtime,
  Api.Responses,
  Api.Videos,
  Api.RetrieveVideo,
  Api.RetrieveVideoContent,
  Api.VideoRemix,
  Api.CohereRerank,
];

/** The name in configuration and logs; "" for `None`. */
export function apiName(api: Api): string {
  const index = <i32>api;
  return index < NAMES.length ? NAMES[index] : "";
}

/** The API's own path with its placeholders; "" for gemini's APIs and for `None`. */
export function apiPath(api: Api): string {
  const index = <i32>api;
  return index < PATHS.length ? PATHS[index] : "";
}

/** The API that a configuration may add under this name, or `None`. */
export function configurableApi(name: string): Api {
  for (let i = 0; i < CONFIGURABLE.length; i++) {
    if (NAMES[CONFIGURABLE[i]] == name) return <Api>CONFIGURABLE[i];
  }
  return Api.None;
}

/** The API of a decoded path without query; `None` when it names none. */
export function detectApi(path: string): Api {
  for (let i = 0; i < FIRST_WITH_PLACEHOLDER; i++) if (path.endsWith(PATHS[i])) return <Api>i;
  for (let i = FIRST_WITH_PLACEHOLDER; i < FIRST_GEMINI; i++) {
    if (PathMatch.of(PATHS[i], path).matches) return <Api>i;
  }
  return GeminiPath.of(path).api;
}

/** `/{version}/models/{model}:generateContent` or `…:streamGenerateContent`, anywhere in a decoded path. */
export class GeminiPath {
  api: Api = Api.None;
  model: string = "";
  /** Where the version begins, its slash included. */
  start: i32 = 0;

  static of(path: string): GeminiPath {
    const found = new GeminiPath();
    const models = path.indexOf("/models/");
    if (models < 2) return found;
    found.start = path.lastIndexOf("/", models - 1);
    if (found.start < 0) return found;
    const model = models + 8;
    const colon = path.indexOf(":", model);
    if (colon <= model) return found;
    found.model = path.substring(model, colon);
    if (found.model.includes("/")) return found;
    if (path.startsWith("generateContent", colon + 1)) found.api = Api.GeminiGenerateContent;
    else if (path.startsWith("streamGenerateContent", colon + 1)) {
      found.api = Api.GeminiStreamGenerateContent;
    }
    return found;
  }
}

/** A path held against a template such as `/v1/files/{file_id}/content`, from the end; any prefix may stand before. */
export class PathMatch {
  matches: bool = false;
  /** Placeholder names with their braces, and the segments that stand for them. */
  names: string[] = [];
  values: string[] = [];

  static of(template: string, path: string): PathMatch {
    const match = new PathMatch();
    const wanted = template.split("/");
    const found = path.split("/");
    // `wanted[0]` is the emptiness before the leading slash: anything may stand there.
    if (found.length < wanted.length) return match;
    const offset = found.length - wanted.length;
    for (let i = 1; i < wanted.length; i++) {
      const segment = found[offset + i];
      if (wanted[i].startsWith("{")) {
        if (segment.length == 0) return match;
        match.names.push(wanted[i]);
        match.values.push(segment);
      } else if (wanted[i] != segment) {
        return match;
      }
    }
    match.matches = true;
    return match;
  }
}

/** APIs whose answers may be streams because the request's `stream` says so; gemini's stream API always is. */
export function maySayStream(api: Api): bool {
  return (
    api == Api.ChatCompletions ||
    api == Api.Completions ||
    api == Api.ImageGeneration ||
    api == Api.ImageEdit ||
    api == Api.Responses ||
    api == Api.QwenAigc ||
    api == Api.AnthropicMessages ||
    api == Api.AnthropicComplete
  );
}

/** APIs whose requests openai and azure edit; other bodies pass untouched there. */
export function isEditedByOpenAi(api: Api): bool {
  return (
    api == Api.ChatCompletions ||
    api == Api.Completions ||
    api == Api.Embeddings ||
    api == Api.AudioSpeech ||
    (api >= Api.ImageGeneration && api <= Api.ImageEdit) ||
    api == Api.FineTuningJobs ||
    api == Api.Responses ||
    api == Api.Videos ||
    api == Api.VideoRemix ||
    api == Api.AnthropicMessages ||
    api == Api.GeminiGenerateContent ||
    api == Api.GeminiStreamGenerateContent
  );
}

/** APIs that find again what an earlier request of the same consumer made: they must go out with the same token. */
export function isStateful(api: Api): bool {
  return (
    api == Api.Responses ||
    api == Api.Files ||
    api == Api.RetrieveFile ||
    api == Api.RetrieveFileContent ||
    api == Api.Batches ||
    api == Api.RetrieveBatch ||
    api == Api.CancelBatch ||
    api == Api.FineTuningJobs ||
    (api >= Api.RetrieveFineTuningJob && api <= Api.ResumeFineTuningJob)
  );
}
