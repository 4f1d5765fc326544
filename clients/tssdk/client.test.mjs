// Drives the server with the official TypeScript SDK, over standard input and
// output. The SDK checks structured content against the tool's output schema by
// itself; a mismatch makes callTool throw.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp node --test
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const demoNow = "2026-11-20T12:00:00Z";

function binary() {
  if (process.env.MAKE_AUDIT_MCP) return process.env.MAKE_AUDIT_MCP;
  const path = join(mkdtempSync(join(tmpdir(), "make-audit-mcp-")), "make-audit-mcp");
  execFileSync("go", ["build", "-buildvcs=false", "-o", path, "."], { cwd: root, stdio: "inherit" });
  return path;
}

let client;

before(async () => {
  client = new Client({ name: "tssdk-test", version: "1" });
  await client.connect(new StdioClientTransport({
    command: binary(), args: ["--demo", "--demo-now", demoNow, "stdio"], stderr: "inherit",
  }));
  await client.listTools(); // the SDK remembers output schemas from here
});

after(() => client.close());

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
  const { tools, resources, completions } = client.getServerCapabilities();
  assert.ok(tools && resources && completions);
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
  await call("list_audit_logs", { from: "2026-01-01", sort_by: "targetId", limit: 1 }, { onprogress: (p) => told.push(p) });
  assert.ok(told.length > 0);
  for (let i = 1; i < told.length; i++) assert.ok(told[i].progress > told[i - 1].progress);
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
  assert.deepEqual(resources.map((r) => r.uri), ["make://organizations"]);
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
