// An agent of Mastra that answers a question about the audit log.
//
//   npm ci && OPENAI_API_KEY=… node agent.mjs "Who deleted webhooks last week?"
import { openai } from "@ai-sdk/openai";
import { Agent } from "@mastra/core/agent";
import { MCPClient } from "@mastra/mcp";

const question = process.argv[2] ?? "Who deleted webhooks last week?";

const client = new MCPClient({
  servers: {
    audit: {
      command: process.env.MAKE_AUDIT_MCP ?? "make-audit-mcp",
      args: ["--demo", "stdio"], // your own log: ["stdio"], and env: { MAKE_API_KEY, MAKE_ZONE }
    },
  },
});

try {
  const agent = new Agent({
    id: "auditor",
    name: "Auditor",
    instructions: "Answer from the audit log alone, and say which time your answer covers.",
    model: openai(process.env.MODEL ?? "gpt-5-mini"),
    tools: await client.listTools(),
  });
  const { text } = await agent.generate(question, { maxSteps: 10 });
  console.log(text);
} finally {
  await client.disconnect();
}
