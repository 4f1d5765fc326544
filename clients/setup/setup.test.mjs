// Reads what setup writes with the clients' own tools, where npm has them: Claude
// Code, Codex and Gemini CLI run here and start the server that they find in their
// configuration; VS Code's schema is VS Code's. For Claude Desktop, Cursor,
// Windsurf, Junie and goose, which npm does not have, there are the schemas that
// another project keeps of what they take.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp node --test
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, test } from "node:test";

import { MCPConfigRegistry, validateGooseConfig, validateMcpServersConfig } from "@gleanwork/mcp-config-schema";
import Ajv from "ajv";
import { load } from "js-yaml";

const binary = process.env.MAKE_AUDIT_MCP;
assert.ok(binary, "MAKE_AUDIT_MCP names the server");
const tools = join(realpathSync("node_modules"), ".bin");
const key = "the-key-itself";

const rooms = [];
after(() => rooms.forEach((room) => rmSync(room, { recursive: true, force: true, maxRetries: 5 })));

// room is a home and a project with nothing in them, and an npx that starts this
// server and notes with what.
function room() {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "make audit ")));
  rooms.push(base);
  const [home, project, bin, started] = ["home", "project", "bin", "started"].map((name) => join(base, name));
  for (const folder of [home, project, bin]) mkdirSync(folder);
  mkdirSync(join(project, ".git"));
  writeFileSync(join(bin, "npx"), `#!/bin/sh
printf '%s\\n' "$*" "$MAKE_API_KEY$MAKE_API_KEY_FILE" "$MAKE_ZONE" >> '${started}'
shift 2
case "$*" in *--demo*) ;; *) set -- --demo "$@" ;; esac
exec '${binary}' "$@"
`);
  chmodSync(join(bin, "npx"), 0o755);
  const env = {
    HOME: home, PATH: [bin, dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter), NO_COLOR: "1",
    MAKE_AUDIT_LAUNCHER: "npx", MAKE_ZONE: "eu1.make.com", GEMINI_CLI_TRUST_WORKSPACE: "true", DISABLE_AUTOUPDATER: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  };
  const run = (command, args, more = {}) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, env: { ...env, ...more }, encoding: "utf8", timeout: 120_000 });
    assert.equal(status, 0, `${command} ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout + stderr;
  };
  const setup = (...args) => run(binary, ["setup", "--no-check", ...args]);
  const client = (name, ...args) => run(join(tools, name), args, { MAKE_API_KEY: key });
  return { home, project, setup, client, run, env, started: () => existsSync(started) ? readFileSync(started, "utf8").split("\n") : [] };
}

// file is the file that setup says it writes.
const file = (said) => said.match(/(?:writing|already has it:?) (.*?)(?:, a new file)?$/m)[1];

test("Claude Code starts the server, and it has the key", () => {
  const { home, setup, client, started } = room();
  const path = file(setup("claude-code", "--write"));
  assert.equal(path, join(home, ".claude.json"));
  assert.match(client("claude", "mcp", "list"), /make-audit: npx -y make-audit-mcp stdio - .*Connected/);
  assert.deepEqual(started().slice(0, 3), ["-y make-audit-mcp stdio", key, "eu1.make.com"]);
  // The client has written the file meanwhile.
  client("claude", "mcp", "add", "--scope", "user", "other", "--", "true");
  assert.doesNotMatch(readFileSync(path, "utf8"), new RegExp(key));
  assert.match(setup("claude-code", "--undo"), /-.*make-audit/);
  assert.doesNotMatch(client("claude", "mcp", "list"), /make-audit/);
  assert.match(readFileSync(path, "utf8"), /"other"/);
});

test("Claude Code reads a project's file, and does not write the key there", () => {
  const { project, setup, client } = room();
  const path = file(setup("claude-code", "--project", "--write"));
  assert.equal(path, join(project, ".mcp.json"));
  assert.match(client("claude", "mcp", "get", "make-audit"), /Scope: Project config[\s\S]*Command: npx[\s\S]*Args: -y make-audit-mcp stdio/);
  client("claude", "mcp", "add", "--scope", "project", "other", "--", "true");
  assert.match(readFileSync(path, "utf8"), /"other"/);
  assert.doesNotMatch(readFileSync(path, "utf8"), new RegExp(key));
});

test("Codex reads the server, and passes the key on by its name", () => {
  const { home, setup, client } = room();
  mkdirSync(join(home, ".codex"));
  writeFileSync(join(home, ".codex", "config.toml"), "# mine\nmodel = \"m\"\n\n[mcp_servers.other]\ncommand = \"true\"\n");
  const path = file(setup("codex", "--write"));
  const listed = () => JSON.parse(client("codex", "mcp", "list", "--json").replace(/^WARNING.*$/gm, ""));
  const [found] = listed().filter(({ name }) => name === "make-audit");
  assert.ok(found.enabled);
  const { type, command, args, env, env_vars } = found.transport;
  assert.deepEqual({ type, command, args, env, env_vars },
    { type: "stdio", command: "npx", args: ["-y", "make-audit-mcp", "stdio"], env: { MAKE_ZONE: "eu1.make.com" }, env_vars: ["MAKE_API_KEY"] });
  client("codex", "mcp", "add", "third", "--", "true");
  setup("codex", "--undo");
  assert.deepEqual(listed().map(({ name }) => name).sort(), ["other", "third"]);
  assert.match(readFileSync(path, "utf8"), /^# mine$/m);
});

for (const scope of ["user", "project"]) {
  test(`Gemini CLI starts the server, and it knows where the key is (${scope})`, () => {
    const { home, setup, client, started } = room();
    const keyFile = join(home, "key");
    const where = scope === "project" ? ["--project"] : [];
    const path = file(setup("gemini", "--api-key-file", keyFile, "--write", ...where));
    assert.match(client("gemini", "mcp", "list"), /make-audit: npx -y make-audit-mcp stdio \(stdio\) - Connected/);
    assert.deepEqual(started().slice(0, 3), ["-y make-audit-mcp stdio", keyFile, "eu1.make.com"]);
    client("gemini", "mcp", "add", "--scope", scope, "other", "true");
    setup("gemini", "--undo", ...where);
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(path, "utf8")).mcpServers), ["other"]);
  });
}

test("VS Code's schema takes the file", async () => {
  const { mcpServerSchema } = await import("@codingame/monaco-vscode-api/vscode/vs/workbench/contrib/mcp/common/mcpConfiguration");
  const { $id, id, ...schema } = mcpServerSchema;
  const ajv = new Ajv({ strict: false, logger: false });
  const takes = ajv.compile(schema);
  assert.ok(!takes({ servers: { a: { comand: "a" } } }), "it refuses what is wrong");
  const { home, setup } = room();
  for (const more of [[], ["--demo", "--name", "demo"], ["--api-key-file", "/key", "--name", "file"], ["--project"]]) {
    const path = file(setup("vscode", "--write", ...more));
    const written = JSON.parse(readFileSync(path, "utf8"));
    assert.ok(takes(written), JSON.stringify(takes.errors?.slice(0, 3)));
    assert.equal(written.inputs.length, 1);
    assert.equal(written.servers["make-audit"].env.MAKE_API_KEY, `\${input:${written.inputs[0].id}}`);
  }
});

// What setup calls them, and what the other project does.
const kept = { "claude-desktop": "claude-desktop", "claude-code": "claude-code", cursor: "cursor", gemini: "gemini", windsurf: "windsurf",
  jetbrains: "junie", codex: "codex", vscode: "vscode", goose: "goose" };

for (const [name, id] of Object.entries(kept)) {
  test(`another project knows the same place for ${name}, and takes what is there`, () => {
    const { home, setup } = room();
    const { configPath, configStructure } = new MCPConfigRegistry().getConfig(id);
    const path = file(setup(name, "--api-key-file", "/key", "--write"));
    assert.equal(path, configPath.linux.replace("$HOME", home));
    const text = readFileSync(path, "utf8");
    if (name === "goose") {
      const { extensions } = load(text);
      const entry = extensions["make-audit"];
      // That project has no description in an entry; goose has.
      assert.equal(typeof entry.description, "string");
      validateGooseConfig({ extensions: { "make-audit": { ...entry, description: null, bundled: null } } });
      assert.deepEqual([entry.cmd, entry.args.at(-1), entry.envs.MAKE_API_KEY_FILE], ["npx", "stdio", "/key"]);
    } else if (name !== "codex") {
      const written = JSON.parse(text);
      const { commandProperty, argsProperty, envProperty } = configStructure.stdioPropertyMapping;
      const entry = written[configStructure.serversPropertyName]["make-audit"];
      assert.deepEqual([entry[commandProperty], entry[argsProperty].at(-1), entry[envProperty].MAKE_API_KEY_FILE], ["npx", "stdio", "/key"]);
      if (name !== "vscode") validateMcpServersConfig(written);
    }
  });
}
