// Mastra checks arguments by the input schema before they are sent, but takes null
// for left out. It rewrites schemas for whose model is in use.
import { Agent } from "@mastra/core/agent";
import { MCPClient } from "@mastra/mcp";
import { MockLanguageModelV4 } from "ai/test";

import { script } from "./model.mjs";
import { drive } from "./suite.mjs";

const prefix = "audit_"; // names of tools begin with their server's
let connected = 0;

drive("Mastra", {
  async connect({ transport, url, ...server }) {
    const client = new MCPClient({ id: `${connected++}`, servers: { audit: transport === "stdio" ? server : { url: new URL(url) } } });
    const tools = await client.listTools();
    const agent = (provider) => {
      const run = async (tool, args) => {
        const model = new MockLanguageModelV4({ provider, doGenerate: script(tool && prefix + tool, args) });
        await new Agent({ id: "agent", name: "agent", instructions: "?", model, tools }).generate("?", { maxSteps: 2 });
        return model.doGenerateCalls;
      };
      return {
        offered: async () => (await run())[0].tools.map(({ name, inputSchema: schema }) => ({ name: name.slice(prefix.length), schema })),
        ask: async (...call) => (await run(...call))[1].prompt.at(-1).content.map(({ output }) => output),
      };
    };
    return { agent, close: () => client.disconnect() };
  },
  transports: ["stdio", "http"],
  dialects: ["openai.responses", "google.generative-ai", "anthropic.messages"],
  copies: 1,
  warns: /Error calling tool: count_audit_logs/, // it logs a tool's error, here that of an unknown argument
  refuses: {
    "a number as text": /limit: must be integer/,
    "a bare value for a list": /event: must be array/,
    "a list as text": /event: must be array/,
    "a choice in capitals": /group_by\.0: must be equal to one of the allowed values/,
    "an object as text": /root: must be object/,
    "an empty text": /root: must be object/,
    "no value": /could not be parsed/,
  },
});
