// Drives the server as agents of LangChain JS do. LangChain checks arguments by
// the input schema before they are sent, and hands a model all that it gets.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp CLIENT_TRANSPORT=stdio|http|sse node --test
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { MultiServerMCPClient } from "@langchain/mcp-adapters";

import { serve } from "../serve.mjs";

const demoNow = "2026-11-20T12:00:00Z";
const binary = process.env.MAKE_AUDIT_MCP;
const chosen = process.env.CLIENT_TRANSPORT || "stdio";

// connect starts the server, and returns its tools by name, and what ends it.
async function connect(env = {}) {
  const served = chosen === "stdio" ? undefined : await serve(binary, demoNow, { env });
  const client = new MultiServerMCPClient({
    throwOnLoadError: true,
    mcpServers: {
      audit: served
        ? { transport: chosen, url: new URL(chosen === "sse" ? "/sse" : "/mcp/", served.url).href }
        : { transport: "stdio", command: binary, args: ["--demo", "--demo-now", demoNow, "stdio"], env: { ...process.env, ...env } },
    },
  });
  const tools = Object.fromEntries((await client.getTools()).map((tool) => [tool.name, tool]));
  const call = (name, args) => tools[name].invoke({ type: "tool_call", id: "1", name, args });
  return { tools, call, close: async () => { await client.close(); await served?.stop(); } };
}

let both, textAlone;
before(async () => { [both, textAlone] = await Promise.all([connect(), connect({ MCP_STRUCTURED: "off" })]); });
after(async () => { await Promise.all([both?.close(), textAlone?.close()]); });

test("every tool is offered", () => {
  assert.ok(Object.keys(both.tools).includes("count_audit_logs"));
  assert.deepEqual(Object.keys(textAlone.tools), Object.keys(both.tools));
});

test("arguments of the schema come to the server", async () => {
  const { content } = await textAlone.call("count_audit_logs", { from: "7d", event: ["*_deleted"], limit: 1 });
  const counted = JSON.parse(content);
  assert.equal(counted.complete, true);
  assert.ok(counted.total > 0);
  assert.ok(JSON.parse((await textAlone.call("list_organizations", {})).content).organizations.length > 0);
});

test("an unknown argument comes to where the nearest is named", async () => {
  await assert.rejects(both.call("count_audit_logs", { form: "7d" }), /"form": unknown argument; did you mean from\?/);
});

test("without structured content a model reads an answer once", async () => {
  const args = { from: "7d", group_by: ["actor"] };
  const [twice, once] = [(await both.call("count_audit_logs", args)).content, (await textAlone.call("count_audit_logs", args)).content];
  const text = (content) => typeof content === "string" ? content : JSON.stringify(content);
  assert.ok(text(once).length < text(twice).length * 0.6, `${text(once).length} characters instead of ${text(twice).length}`);
});
