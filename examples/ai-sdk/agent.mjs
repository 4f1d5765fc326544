// An agent of Vercel's AI SDK that answers a question about the audit log.
//
//   npm ci && OPENAI_API_KEY=… node agent.mjs "Who deleted webhooks last week?"
import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as StdioTransport } from "@ai-sdk/mcp/mcp-stdio";
import { openai } from "@ai-sdk/openai";
import { generateText, isStepCount } from "ai";

const question = process.argv[2] ?? "Who deleted webhooks last week?";

const client = await createMCPClient({
  transport: new StdioTransport({
    command: process.env.MAKE_AUDIT_MCP ?? "make-audit-mcp",
    args: ["--demo", "stdio"], // your own log: ["stdio"], and env: { MAKE_API_KEY, MAKE_ZONE }
  }),
});

try {
  const { text } = await generateText({
    model: openai(process.env.MODEL ?? "gpt-5-mini"),
    tools: await client.tools(),
    stopWhen: isStepCount(10), // else it ends with the first call of a tool
    system: "Answer from the audit log alone, and say which time your answer covers.",
    prompt: question,
  });
  console.log(text);
} finally {
  await client.close();
}
