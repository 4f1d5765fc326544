// Drives the server with the MCP Inspector's command line: each call is a session
// of its own, over stdio with a server process of its own.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp INSPECTOR_BIN=/path/to/node_modules/.bin CLIENT_TRANSPORT=stdio|http|sse node --test
//
// INSPECTOR_BIN holds mcp-inspector, and a node that is new enough for it
// (npm i node@22 @modelcontextprotocol/inspector@2.12.0).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";

import { serve } from "../serve.mjs";

const { MAKE_AUDIT_MCP: server, INSPECTOR_BIN: bin } = process.env;
assert.ok(server && bin, "set MAKE_AUDIT_MCP and INSPECTOR_BIN");

// The Inspector's exit codes.
const ok = 0;
const toolError = 5;

// It keeps a catalog in the home directory; not in ours.
const env = {
  ...process.env,
  HOME: mkdtempSync(join(tmpdir(), "inspector-")),
  PATH: bin + delimiter + process.env.PATH,
};

const demoNow = "2026-11-20T12:00:00Z";
const token = "a-token-of-sufficient-length";
const chosen = process.env.CLIENT_TRANSPORT || "stdio";
const served = chosen === "stdio" ? null : await serve(server, demoNow, { env: { MCP_AUTH_TOKEN: token } });
after(async () => served && assert.equal(await served.stop(), 0));

const stdio = [server, "--demo", "--demo-now", demoNow, "stdio"];
const address = served
  ? ["--server-url", new URL(chosen === "http" ? "/mcp" : "/sse", served.url).href, "--transport", chosen]
  : stdio;
const authorization = served ? ["--header", `Authorization: Bearer ${token}`] : [];

function inspect(...options) { return inspectAt([...address, ...authorization], ...options); }

function inspectAt(target, ...options) {
  const run = spawnSync(join(bin, "mcp-inspector"), [
    "--cli", ...target, "--format", "json", ...options,
  ], { env, encoding: "utf8", maxBuffer: 32 << 20 });
  if (run.error) throw run.error;
  return run;
}

function resultOf(run) {
  assert.equal(run.status, ok, run.stderr);
  return JSON.parse(run.stdout).result;
}

const result = (...options) => resultOf(inspect(...options));

const call = (tool, args, ...options) =>
  result("--method", "tools/call", "--tool-name", tool, "--tool-args-json", JSON.stringify(args), ...options).structuredContent;

// An example for each tool, with what its answer must have; for others the tool's own example.
const own = JSON.parse(readFileSync(new URL("../examples.json", import.meta.url)));
const uuid = () => call("list_audit_logs", { limit: 1 }).entries[0].uuid;
const webhook = () => call("list_audit_logs", { event: "webhook_deleted", from: "30d", limit: 1 }).entries[0].target_id;
const examples = {
  list_organizations: [() => ({}), (r) => assert.equal(r.organizations[0].id, 4721)],
  list_audit_log_filters: [() => ({ kind: "events", search: "connection" }), (r) => assert.ok(r.events.some((e) => e.value === "connection_deleted"))],
  list_audit_logs: [() => ({ event: ["connection_deleted"], from: "30d" }), (r) => {
    assert.equal(r.complete, true);
    assert.ok(r.returned > 0);
    for (const entry of r.entries) assert.equal(entry.event, "connection_deleted");
  }],
  get_audit_log: [() => ({ uuid: [uuid()] }), (r) => assert.ok(r.entries[0].details)],
  count_audit_logs: [() => ({ event: "*_deleted", from: "30d", group_by: ["actor", "event"], limit: 5, compare_to_previous: true }), (r) => {
    assert.equal(r.complete, true);
    assert.equal(r.groups.length, 5);
    assert.equal(r.groups.reduce((sum, group) => sum + group.count, r.other_count), r.total);
    assert.ok(r.previous.total > 0);
  }],
  get_actor_activity: [() => ({ actor: "Marek Havelka", from: "30d" }), (r) => {
    assert.equal(r.total, 98);
    assert.equal(r.by_hour.length, 24);
    assert.ok(r.notable.length > 0);
  }],
  get_target_history: [() => ({ target_id: webhook(), kind: "Webhooks" }), (r) => {
    assert.equal(r.entries.at(-1).event, "webhook_deleted");
    assert.ok(r.entries[0].details);
    assert.ok(r.deleted_at);
  }],
};

const { tools } = result("--method", "tools/list", "--strict"); // exit 6 where a schema is not portable

test("tools/list", () => assert.ok(tools.length >= 7));

for (const { name } of tools) {
  test(`tools/call ${name}`, () => {
    assert.ok(examples[name] || own[name], "no example for this tool");
    const [args, check] = examples[name] || [() => own[name], (r) => assert.equal(typeof r, "object")];
    check(call(name, args()));
  });
}

test("tools/call with arguments as key=value pairs", () => {
  const run = result("--method", "tools/call", "--tool-name", "list_audit_logs", "--tool-arg", "from=30d", "event=connection_deleted", "limit=2");
  assert.equal(run.structuredContent.returned, 2);
});

test("tools/call in the stateless era of 2026-07-28", { skip: chosen === "sse" && "which has no SSE" }, () => {
  assert.equal(call("list_audit_logs", { limit: 1 }, "--protocol-era", "modern").returned, 1);
});

test("a mistake exits with 5 and is explained", () => {
  const run = inspect("--method", "tools/call", "--tool-name", "list_audit_logs", "--tool-args-json", '{"form":"7d"}');
  assert.equal(run.status, toolError);
  assert.match(run.stdout, /did you mean from\?/);
});

test("resources/list", () => {
  assert.deepEqual(result("--method", "resources/list").resources.map((r) => r.uri), [
    "make://archive/status", "make://detection-rules", "make://organizations", "ui://make-audit-mcp/activity",
    "ui://make-audit-mcp/findings", "ui://make-audit-mcp/people", "ui://make-audit-mcp/person"]);
});

test("resources/templates/list", () => {
  assert.equal(result("--method", "resources/templates/list").resourceTemplates.length, 3);
});

test("resources/read", () => {
  for (const uri of ["make://organizations", "make://organizations/4721/audit-log-filters", "make://teams/8104/audit-log-filters"]) {
    const { contents } = result("--method", "resources/read", "--uri", uri);
    assert.equal(contents[0].uri, uri);
    assert.ok(JSON.parse(contents[0].text));
  }
  assert.notEqual(inspect("--method", "resources/read", "--uri", "make://organizations/1/audit-log-filters").status, ok);
});

// The server of each call is the same demo, so that a count agrees with a listing.
test("a count agrees with a listing", () => {
  const question = { event: "connection_deleted", from: "30d" };
  assert.equal(call("count_audit_logs", question).total, call("list_audit_logs", { ...question, limit: 500 }).returned);
});

// An example for each prompt; a prompt without one fails.
const asked = {
  access_review: [["from=30d"], ["list_people", "list_audit_logs"]],
  security_review: [["from=7d"], ["find_suspicious_activity", "count_audit_logs", "count_audit_logs", "count_audit_logs", "count_audit_logs", "count_audit_logs", "list_audit_logs"]],
  offboarding_review: [["actor=Marek Havelka", "from=30d"], ["get_actor_activity", "count_audit_logs", "list_audit_logs", "list_audit_logs"]],
  report: [["period=2026-11-11", "kind=incident"], ["count_audit_logs", "count_audit_logs", "count_audit_logs", "count_audit_logs", "count_audit_logs", "find_suspicious_activity", "count_audit_logs", "count_audit_logs", "count_audit_logs", "count_audit_logs"]],
  incident_timeline: [["from=2026-11-11T22:00", "to=2026-11-11T23:59"], ["list_audit_logs", "count_audit_logs", "find_suspicious_activity"]],
};

test("prompts/list and prompts/get", () => {
  const { prompts } = result("--method", "prompts/list");
  assert.deepEqual(prompts.map((prompt) => prompt.name).sort(), Object.keys(asked).sort());
  for (const { name, title, description } of prompts) {
    assert.ok(title && description, name);
    const [args, tools] = asked[name];
    const { messages } = result("--method", "prompts/get", "--prompt-name", name, "--prompt-args", ...args);
    for (const { role, content } of messages) assert.deepEqual([role, content.type], ["user", "text"]);
    const parts = messages.slice(1).map(({ content }) => content.text.split("\n"));
    assert.deepEqual(parts.map(([head]) => head.split(" ")[0]), tools, name);
    for (const [, answer] of parts) assert.equal(JSON.parse(answer).query.organization.id, 4721, name);
  }
});

test("a prompt that cannot be asked so is refused", () => {
  for (const [args, says] of [
    [["--prompt-name", "offboarding_review"], /actor: is missing and required/],
    [["--prompt-name", "security_review", "--prompt-args", "form=7d"], /did you mean from\?/],
    [["--prompt-name", "review_everything"], /review_everything/],
  ]) {
    const run = inspect("--method", "prompts/get", ...args);
    assert.notEqual(run.status, ok);
    assert.match(run.stderr + run.stdout, says);
  }
});

const network = { skip: chosen === "stdio" && "over the network only" };

test("nobody is let in without the token", network, () => {
  const run = inspectAt(address, "--method", "tools/list");
  assert.notEqual(run.status, ok);
  assert.match(run.stderr + run.stdout, /401|[Uu]nauthorized|auth/);
});

test("it is answered as over stdio", network, () => {
  const names = (listed) => listed.tools.map((tool) => tool.name).sort();
  assert.deepEqual(names({ tools }), names(resultOf(inspectAt(stdio, "--method", "tools/list"))));
  const question = ["--method", "tools/call", "--tool-name", "count_audit_logs", "--tool-args-json", '{"actor":"Marek Havelka","from":"30d","group_by":"category"}'];
  const { structuredContent } = resultOf(inspectAt(stdio, ...question));
  assert.equal(structuredContent.total, 98);
  assert.deepEqual(result(...question).structuredContent, structuredContent);
});
