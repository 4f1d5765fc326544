// LangChain JS checks arguments by the input schema before they are sent, and hands
// a model all that it gets.
import { AIMessage } from "@langchain/core/messages";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { MultiServerMCPClient } from "@langchain/mcp-adapters";

import { drive } from "./suite.mjs";

const mismatch = /Received tool input did not match expected schema/;

drive("LangChain JS", {
  async connect(server) {
    const client = new MultiServerMCPClient({ throwOnLoadError: true, mcpServers: { audit: server } });
    const tools = await client.getTools();
    const node = new ToolNode(tools);
    const agent = {
      offered: async () => tools.map((tool) => {
        const { name, parameters: schema } = convertToOpenAITool(tool).function;
        return { name, schema };
      }),
      ask: async (name, args) => {
        const { messages: [{ content }] } = await node.invoke({ messages: [new AIMessage({ tool_calls: [{ id: "1", name, args }] })] });
        return content.startsWith('{"type":"text"') ? JSON.parse(content) : content; // as it comes with structured content
      },
    };
    return { agent: () => agent, close: () => client.close() };
  },
  copies: 2,
  refuses: {
    "a number as text": mismatch,
    "a bare value for a list": mismatch,
    "a list as text": mismatch,
    "a choice in capitals": mismatch,
    "null": mismatch,
    "an object as text": mismatch,
    "an empty list": mismatch,
    "an empty text": mismatch,
    "no value": mismatch,
  },
});
