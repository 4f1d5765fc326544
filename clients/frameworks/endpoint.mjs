// A model behind an address that speaks OpenAI's API, as far as the examples need it. It asks one tool, count_audit_logs, and answers with
// the numbers that it gets.
//
//   node endpoint.mjs    prints the address, for OPENAI_BASE_URL; any OPENAI_API_KEY will do
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

// What it asks, and how it says what was answered.
export const asks = { event: ["webhook_deleted"], period: "last week", group_by: ["actor"] };

export function says({ total, groups, query }) {
  const who = groups.map(({ key: { actor }, count }) => `${actor.name} (${count})`);
  return `${total} webhooks were deleted from ${query.from} to ${query.to}: ${who.join(", ")}`;
}

// said returns what the model says to messages, of which tools are offered: { call } or { text }.
function said(tools, heard) {
  const tool = tools.find((name) => name.endsWith("count_audit_logs"));
  if (!tool) return { text: `no count_audit_logs among ${tools.join(", ")}` };
  return heard === undefined ? { call: { name: tool, arguments: JSON.stringify(asks) } } : { text: says(resultIn(heard)) };
}

// resultIn finds the result in what a framework makes of it: the object itself, or texts that hold it.
function resultIn(value) {
  if (typeof value === "string") {
    try { return resultIn(JSON.parse(value)); } catch { return undefined; }
  }
  if (value === null || typeof value !== "object" || Array.isArray(value.groups)) return value ?? undefined;
  return Object.values(value).map(resultIn).find((found) => Array.isArray(found?.groups));
}

const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2, prompt_tokens: 1, completion_tokens: 1 };
const common = () => ({ id: `resp_${randomUUID()}`, created: 1, created_at: 1, usage });

const answers = {
  "/chat/completions": ({ model, messages, tools }) => {
    const { call, text } = said(tools.map((tool) => tool.function.name), messages.findLast(({ role }) => role === "tool")?.content);
    const message = call ? { content: null, tool_calls: [{ id: "1", type: "function", function: call }] } : { content: text };
    return { ...common(), object: "chat.completion", model,
      choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: call ? "tool_calls" : "stop" }] };
  },
  "/responses": ({ model, input, tools }) => {
    const { call, text } = said(tools.map(({ name }) => name), input.findLast(({ type }) => type === "function_call_output")?.output);
    return { ...common(), object: "response", model, status: "completed", output: [call
      ? { type: "function_call", id: `fc_${randomUUID()}`, call_id: "1", status: "completed", ...call }
      : { type: "message", id: `msg_${randomUUID()}`, role: "assistant", status: "completed", content: [{ type: "output_text", text, annotations: [] }] }] };
  },
};

// listen returns the address of a model, and what ends it.
export async function listen() {
  const server = createServer(async (request, response) => {
    const answer = answers[request.url];
    response.writeHead(answer ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer?.(JSON.parse((await request.toArray()).join(""))) ?? { error: { message: `no ${request.url} here` } }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) console.log((await listen()).url);
