// Drives the server with the official TypeScript SDK. The SDK checks structured
// content against the tool's output schema by itself; a mismatch makes callTool
// throw.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp CLIENT_TRANSPORT=stdio|http|sse node --test
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { serve } from "../serve.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const demoNow = "2026-11-20T12:00:00Z";

function binary() {
  if (process.env.MAKE_AUDIT_MCP) return process.env.MAKE_AUDIT_MCP;
  const path = join(mkdtempSync(join(tmpdir(), "make-audit-mcp-")), "make-audit-mcp");
  execFileSync("go", ["build", "-buildvcs=false", "-o", path, "."], { cwd: root, stdio: "inherit" });
  return path;
}

const token = "a-token-of-sufficient-length";

// Each transport, connected anew: options are the SDK's, from is where the server is.
const transports = {
  stdio: () => new StdioClientTransport({ command: server, args: ["--demo", "--demo-now", demoNow, "stdio"], stderr: "inherit" }),
  http: (options, from = served) => new StreamableHTTPClientTransport(new URL("/mcp", from.url), options),
  sse: (options, from = served) => new SSEClientTransport(new URL("/sse", from.url), options),
};
const chosen = process.env.CLIENT_TRANSPORT || "stdio";
const authorized = { requestInit: { headers: { Authorization: `Bearer ${token}` } } };

const start = async () => chosen === "stdio" ? undefined : serve(server, demoNow, { env: { MCP_AUTH_TOKEN: token } });

let server, served, client, transport;

before(async () => {
  server = binary();
  served = await start();
  client = new Client({ name: "tssdk-test", version: "1" });
  transport = transports[chosen](authorized);
  await client.connect(transport);
  await client.listTools(); // the SDK remembers output schemas from here
});

after(async () => {
  await client.close();
  if (served) assert.equal(await served.stop(), 0);
});

const call = async (name, args = {}, options = {}) => {
  const result = await client.callTool({ name, arguments: args }, undefined, options);
  assert.ok(!result.isError, result.content[0]?.text);
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
};

const fails = async (name, args) => {
  const result = await client.callTool({ name, arguments: args });
  assert.equal(result.isError, true);
  return result.content[0].text;
};

test("the server introduces itself", () => {
  assert.equal(client.getServerVersion().name, "make-audit-mcp");
  assert.ok(client.getInstructions().length > 0);
  const { tools, resources, prompts, completions } = client.getServerCapabilities();
  assert.ok(tools && resources && prompts && completions);
});

test("every tool is read-only and described", async () => {
  const { tools } = await client.listTools();
  assert.ok(tools.length >= 4);
  for (const tool of tools) {
    assert.ok(tool.title && tool.description && tool.outputSchema, tool.name);
    assert.equal(tool.annotations.readOnlyHint, true, tool.name);
    assert.equal(tool.annotations.destructiveHint, false, tool.name);
  }
});

test("list_organizations", async () => {
  const { organizations } = await call("list_organizations");
  assert.deepEqual(organizations.map((o) => [o.id, o.can_read_audit_logs]), [[4721, true], [9034, false]]);
});

test("list_audit_log_filters", async () => {
  const { events, events_total: total } = await call("list_audit_log_filters", { kind: "events", search: "connection" });
  assert.equal(events.length, total);
  assert.ok(events.some((e) => e.value === "connection_deleted"));
});

test("list_audit_logs and get_audit_log", async () => {
  const page = await call("list_audit_logs", { event: ["connection_deleted"], from: "30d", limit: 5 });
  assert.equal(page.complete, true);
  assert.equal(page.returned, 5);
  for (const entry of page.entries) assert.equal(entry.event, "connection_deleted");
  const { entries } = await call("get_audit_log", { uuid: page.entries.map((e) => e.uuid) });
  assert.deepEqual(entries.map((e) => e.uuid), page.entries.map((e) => e.uuid));
  for (const entry of entries) assert.ok(entry.details);

  const next = await call("list_audit_logs", { cursor: page.next_cursor, limit: 5 });
  const seen = new Set(page.entries.map((e) => e.uuid));
  for (const entry of next.entries) assert.ok(!seen.has(entry.uuid));
});

test("progress comes while a long call runs", async () => {
  const told = [];
  await call("list_audit_logs", { from: "2026-01-01", to: "now", sort_by: "targetId", limit: 1 }, { onprogress: (p) => told.push(p) });
  assert.ok(told.length > 0);
  for (let i = 1; i < told.length; i++) assert.ok(told[i].progress > told[i - 1].progress);
});

test("count_audit_logs, with progress", async () => {
  const told = [];
  // Older than what the other tests read, so that it has to be read now.
  const counted = await call("count_audit_logs", { from: "2025-11-25", to: "2025-12-31", group_by: ["actor", "event"], limit: 5 }, { onprogress: (p) => told.push(p) });
  assert.equal(counted.complete, true);
  assert.equal(counted.groups.length, 5);
  assert.equal(counted.groups.reduce((sum, group) => sum + group.count, counted.other_count), counted.total);
  assert.ok(told.length > 0);
  for (let i = 1; i < told.length; i++) assert.ok(told[i].progress > told[i - 1].progress);

  const followUp = await call("count_audit_logs", { from: "2025-11-25", to: "2025-12-31", group_by: "weekday", order_by: "key" });
  assert.equal(followUp.total, counted.total);
  assert.deepEqual(followUp.groups.map((group) => group.key.weekday), ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]);
});

test("get_actor_activity", async () => {
  const activity = await call("get_actor_activity", { actor: "Marek Havelka", from: "30d" });
  assert.equal(activity.total, 98);
  assert.equal(activity.by_hour.reduce((sum, count) => sum + count), 98);
});

test("get_target_history", async () => {
  const { entries: [deleted] } = await call("list_audit_logs", { event: "webhook_deleted", from: "30d", limit: 1 });
  const history = await call("get_target_history", { target_id: deleted.target_id, kind: "Webhooks" });
  assert.equal(history.entries.at(-1).uuid, deleted.uuid);
  assert.equal(history.deleted_at, deleted.triggered_at);
  assert.ok(history.entries[0].details);
});

test("prompts are listed, got and completed", async () => {
  const { prompts } = await client.listPrompts();
  assert.deepEqual(prompts.map((p) => p.name).sort(), ["access_review", "incident_timeline", "offboarding_review", "report", "security_review"]);
  for (const prompt of prompts) assert.ok(prompt.title && prompt.description && prompt.arguments.length > 0, prompt.name);
  const { messages } = await client.getPrompt({ name: "offboarding_review", arguments: { actor: "Marek Havelka", from: "30d", to: "" } });
  assert.ok(messages.length > 2);
  for (const { role, content } of messages) assert.deepEqual([role, content.type], ["user", "text"]);
  const [head, answer] = messages[1].content.text.split("\n");
  assert.match(head, /^get_actor_activity \{/);
  assert.equal(JSON.parse(answer).total, 98);

  const refused = { code: -32602 };
  await assert.rejects(client.getPrompt({ name: "offboarding_review", arguments: {} }), { ...refused, message: /actor/ });
  await assert.rejects(client.getPrompt({ name: "security_review", arguments: { form: "7d" } }), { ...refused, message: /did you mean from/ });
  await assert.rejects(client.getPrompt({ name: "review_everything" }), { ...refused, message: /review_everything/ });

  const complete = async (name, value) => (await client.complete({
    ref: { type: "ref/prompt", name: "incident_timeline" }, argument: { name, value },
  })).completion.values;
  assert.deepEqual(await complete("actor", "maresova"), ["lucie.maresova@northwind.example"]);
  assert.deepEqual(await complete("team", "market"), ["Marketing"]);
  assert.deepEqual(await complete("target_id", "1"), []);
});

test("calls side by side are all answered", async () => {
  const events = ["webhook_*", "scenario_*", "connection_*", "key_*", "team_*"];
  const pages = await Promise.all(events.map((event) => call("list_audit_logs", { event, from: "7d", limit: 3 })));
  assert.equal(pages.length, events.length);
});

test("mistakes are explained", async () => {
  assert.match(await fails("list_audit_logs", { form: "7d" }), /did you mean from/);
  assert.match(await fails("list_audit_logs", { from: "eventually" }), /eventually/);
  assert.match(await fails("get_audit_log", { uuid: ["00000000-0000-4000-8000-000000000000"] }), /list_audit_logs/);
  await assert.rejects(client.callTool({ name: "delete_everything", arguments: {} }), /delete_everything/);
});

test("resources are listed, read and completed", async () => {
  const { resources } = await client.listResources();
  assert.deepEqual(resources.map((r) => r.uri), [
    "make://archive/status", "make://detection-rules", "make://organizations", "ui://make-audit-mcp/activity",
    "ui://make-audit-mcp/findings", "ui://make-audit-mcp/people", "ui://make-audit-mcp/person"]);
  const { resourceTemplates } = await client.listResourceTemplates();
  assert.equal(resourceTemplates.length, 3);
  const { contents } = await client.readResource({ uri: "make://organizations/4721/audit-log-filters" });
  assert.ok(JSON.parse(contents[0].text).events_total > 0);
  await assert.rejects(client.readResource({ uri: "make://organizations/1/audit-log-filters" }));
  const { completion } = await client.complete({
    ref: { type: "ref/resource", uri: "make://teams/{team_id}/audit-log-filters" },
    argument: { name: "team_id", value: "market" },
  });
  assert.deepEqual(completion.values, ["8105"]);
});

// A server of its own, which has read nothing yet: the call that is cancelled is
// known to run, for it has told of progress.
test("a call that is cancelled leaves the session usable", async () => {
  const from = await start();
  const other = new Client({ name: "other", version: "1" });
  await other.connect(transports[chosen](authorized, from));
  const cancel = new AbortController();
  await assert.rejects(other.callTool({ name: "count_audit_logs", arguments: { from: "all", group_by: "day" } }, undefined, {
    signal: cancel.signal, onprogress: () => cancel.abort(),
  }), /abort/i);
  const { structuredContent } = await other.callTool({ name: "list_organizations", arguments: {} });
  assert.ok(structuredContent.organizations.length > 0);
  await other.close();
  if (from) assert.equal(await from.stop(), 0);
});

const network = { skip: chosen === "stdio" && "over the network only" };

test("nobody is let in without the token", network, async () => {
  const stranger = new Client({ name: "stranger", version: "1" });
  await assert.rejects(stranger.connect(transports[chosen]()), /401|unauthorized|wants a token/i);
});

test("a session that was ended is gone", { skip: chosen !== "http" && "over streamable HTTP only" }, async () => {
  const other = new Client({ name: "other", version: "1" });
  const opened = transports.http(authorized);
  await other.connect(opened);
  const headers = { ...authorized.requestInit.headers, "Content-Type": "application/json", "Mcp-Session-Id": opened.sessionId };
  const ping = () => fetch(new URL("/mcp", served.url), { method: "POST", headers, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
  assert.equal((await ping()).status, 200);
  await opened.terminateSession();
  assert.equal((await ping()).status, 404);
  await other.close();
});

test("it is answered as over stdio", network, async () => {
  const other = new Client({ name: "other", version: "1" });
  await other.connect(transports.stdio());
  const names = async (asked) => (await asked.listTools()).tools.map((tool) => tool.name).sort();
  assert.deepEqual(await names(client), await names(other));
  const question = { actor: "Marek Havelka", from: "30d", group_by: "category" };
  const { structuredContent } = await other.callTool({ name: "count_audit_logs", arguments: question });
  assert.equal(structuredContent.total, 98);
  assert.deepEqual(await call("count_audit_logs", question), structuredContent);
  await other.close();
});
