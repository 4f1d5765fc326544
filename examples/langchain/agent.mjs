// An agent of LangChain JS that answers a question about the audit log.
//
//   npm ci && OPENAI_API_KEY=… node agent.mjs "Who deleted webhooks last week?"
import { MultiServerMCPClient } from "@langchain/mcp-adapters";
import { ChatOpenAI } from "@langchain/openai";
import { createAgent } from "langchain";

const question = process.argv[2] ?? "Who deleted webhooks last week?";

const client = new MultiServerMCPClient({
  throwOnLoadError: true,
  mcpServers: {
    audit: {
      transport: "stdio",
      command: process.env.MAKE_AUDIT_MCP ?? "make-audit-mcp",
      args: ["--demo", "stdio"], // your own log: ["stdio"], and env: { MAKE_API_KEY, MAKE_ZONE }
      env: { MCP_STRUCTURED: "off" }, // else the model reads each answer twice
    },
  },
});

try {
  const agent = createAgent({
    model: new ChatOpenAI({ model: process.env.MODEL ?? "gpt-5-mini" }),
    tools: await client.getTools(),
    systemPrompt: "Answer from the audit log alone, and say which time your answer covers.",
  });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: question }] });
  console.log(messages.at(-1).text);
} finally {
  await client.close();
}
