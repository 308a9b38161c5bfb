// The kinds of Dify's applications.

export enum BotType {
  /** An agent is asked, and answers, as a chat. */
  Chat,
  Completion,
  Workflow,
}

export class Bot {
  type: BotType = BotType.Chat;
  /** Names of a workflow's input and output. */
  inputVariable: string = "";
  outputVariable: string = "";

  /** Takes the configuration's word, and returns the path of the kind; "" when the client's path stays. */
  configure(word: string): string {
    if (word == "Completion") {
      this.type = BotType.Completion;
      return "/v1/completion-messages";
    }
    if (word == "Workflow") {
      this.type = BotType.Workflow;
      return "/v1/workflows/run";
    }
    return word == "Chat" || word == "Agent" ? "/v1/chat-messages" : "";
  }
}
