// Vercel's AI SDK says of every object that it is closed, and yet hands on all that
// a model sends. Of an answer a model reads the text alone.
import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as StdioTransport } from "@ai-sdk/mcp/mcp-stdio";
import { generateText, isStepCount } from "ai";
import { MockLanguageModelV4 } from "ai/test";

import { script } from "./model.mjs";
import { drive } from "./suite.mjs";

drive("Vercel's AI SDK", {
  async connect({ transport, url, ...server }) {
    const client = await createMCPClient({ transport: transport === "stdio" ? new StdioTransport(server) : { type: transport, url } });
    const tools = await client.tools();
    const run = async (...call) => {
      const model = new MockLanguageModelV4({ doGenerate: script(...call) });
      await generateText({ model, tools, prompt: "?", stopWhen: isStepCount(2) });
      return model.doGenerateCalls;
    };
    const agent = {
      offered: async () => (await run())[0].tools.map(({ name, inputSchema: schema }) => ({ name, schema })),
      ask: async (...call) => (await run(...call))[1].prompt.at(-1).content,
    };
    return { agent: () => agent, close: () => client.close() };
  },
  copies: 1,
});
