// OpenAI's Agents SDK hands on all that a model sends. Converted to strict schemas,
// a model must name every argument, with null for what it leaves out.
import assert from "node:assert/strict";

import { Agent, MCPServerSSE, MCPServerStdio, MCPServerStreamableHttp, Runner } from "@openai/agents-core";
import { assistantMessage, functionCall, ScriptedModel } from "@openai/agents-core/testing";

import { drive } from "./suite.mjs";

const clients = { stdio: MCPServerStdio, http: MCPServerStreamableHttp, sse: MCPServerSSE };
const runner = new Runner({ tracingDisabled: true });

// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
const known = ["type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "description",
  "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength"];

function assertStrict(schema, at) {
  for (const keyword of Object.keys(schema)) assert.ok(known.includes(keyword), `${at}: ${keyword}`);
  if (schema.type === "object") {
    assert.equal(schema.additionalProperties, false, at);
    assert.deepEqual([...schema.required].sort(), Object.keys(schema.properties).sort(), at);
  }
  const parts = [...Object.values(schema.properties ?? {}), ...schema.anyOf ?? [], ...schema.items ? [schema.items] : []];
  parts.forEach((part, i) => assertStrict(part, `${at} ${i}`));
}

drive("OpenAI's Agents SDK", {
  async connect({ transport, ...server }) {
    const client = new clients[transport](server);
    await client.connect();
    const agent = (dialect) => {
      const run = async (tool, args) => {
        const done = [assistantMessage("done")];
        const model = new ScriptedModel(tool ? [[functionCall(tool, JSON.stringify(args), { callId: "1" })], done] : [done]);
        const mcpConfig = { convertSchemasToStrict: dialect === "strict" };
        await runner.run(new Agent({ name: "agent", instructions: "?", model, mcpServers: [client], mcpConfig }), "?");
        return model.calls.map(({ request }) => request);
      };
      return {
        offered: async () => (await run())[0].tools.map(({ parameters: schema, ...tool }) => ({ ...tool, schema })),
        ask: async (...call) => (await run(...call))[1].input.at(-1).output,
      };
    };
    return { agent, close: () => client.close() };
  },
  dialects: ["strict", "as they are"],
  copies: 1,
  // Only a closed object without properties would do, which others refuse; the tool works all the same.
  warns: /Error converting MCP schema to strict mode/,
  rules({ name, description, strict, schema }, dialect) {
    assert.ok(description.length <= 1024, name);
    // An open object without properties stays as it is: it has nothing that a strict one would add.
    const takesNone = Object.keys(schema.properties).length === 0;
    assert.equal(strict, dialect === "strict" && !takesNone, name);
    if (strict) assertStrict(schema, name);
  },
});
