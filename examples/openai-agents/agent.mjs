// An agent of OpenAI's Agents SDK that answers a question about the audit log.
//
//   npm ci && OPENAI_API_KEY=… node agent.mjs "Who deleted webhooks last week?"
import { Agent, MCPServerStdio, run } from "@openai/agents";

const question = process.argv[2] ?? "Who deleted webhooks last week?";

const audit = new MCPServerStdio({
  name: "make-audit-mcp",
  command: process.env.MAKE_AUDIT_MCP ?? "make-audit-mcp",
  args: ["--demo", "stdio"], // your own log: ["stdio"], and env: { MAKE_API_KEY, MAKE_ZONE }
  cacheToolsList: true, // it never changes while the server runs
});

await audit.connect();
try {
  const agent = new Agent({
    name: "Auditor",
    model: process.env.MODEL ?? "gpt-5-mini",
    instructions: "Answer from the audit log alone, and say which time your answer covers.",
    mcpServers: [audit],
  });
  const { finalOutput } = await run(agent, question);
  console.log(finalOutput);
} finally {
  await audit.close();
}
