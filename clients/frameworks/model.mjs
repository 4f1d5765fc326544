// script returns what a model says whose interface is the AI SDK's: that it calls
// a tool, if one is named, and then that it is done.
export function script(tool, args) {
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
  const said = (part, unified) => ({ content: [part], finishReason: { unified, raw: unified }, usage, warnings: [] });
  const done = said({ type: "text", text: "done" }, "stop");
  return tool ? [said({ type: "tool-call", toolCallId: "1", toolName: tool, input: JSON.stringify(args) }, "tool-calls"), done] : [done];
}
