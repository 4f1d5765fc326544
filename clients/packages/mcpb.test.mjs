// Checks the bundle with the tools of its makers, and starts it as a host does.
//
//   MAKE_AUDIT_RELEASE=/path/of/a/release node --test
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { getMcpConfigForManifest } from "@anthropic-ai/mcpb";

import { ask, folder, version } from "./release.mjs";

const bundle = join(folder, `make-audit-mcp-${version}.mcpb`);
const unpacked = mkdtempSync(join(tmpdir(), "bundle-"));
const cli = join(dirname(fileURLToPath(import.meta.resolve("@anthropic-ai/mcpb"))), "cli", "cli.js");
const mcpb = (...args) => execFileSync(process.execPath, [cli, ...args], { encoding: "utf8", env: { PATH: process.env.PATH } });

let manifest;

before(() => {
  mcpb("unpack", bundle, unpacked);
  manifest = JSON.parse(readFileSync(join(unpacked, "manifest.json"), "utf8"));
});

after(() => rmSync(unpacked, { recursive: true }));

// config is what a host starts for what its user has set.
const config = async (userConfig) => {
  const warned = [];
  const started = await getMcpConfigForManifest({
    manifest, extensionPath: unpacked, systemDirs: {}, userConfig, pathSeparator: "/", logger: { warn: (text) => warned.push(text) },
  });
  assert.deepEqual(warned, []);
  return started;
};

test("the tools of its makers take it", () => {
  assert.match(mcpb("validate", join(unpacked, "manifest.json")), /Manifest schema validation passes!/);
  assert.match(mcpb("info", bundle), /make-audit-mcp/);
});

test("the demo answers, with the tools that the manifest names", async () => {
  const { tools, total } = await ask(await config({ demo: true }));
  assert.ok(total > 0);
  assert.deepEqual(manifest.tools.map((tool) => tool.name), tools.map((tool) => tool.name));
});

test("a host that keeps no modes starts it too", async () => {
  const binaries = join(unpacked, "server", "linux");
  for (const file of readdirSync(binaries)) chmodSync(join(binaries, file), 0o644);
  assert.ok((await ask(await config({ demo: true }))).total > 0);
});

test("what nobody set is told, and nothing else is in the way", async () => {
  for (const userConfig of [{}, { zone: "", demo: false }]) {
    await assert.rejects(ask(await config(userConfig)), /MAKE_ZONE is not set/);
  }
});

test("a reference that a host leaves is not taken for a setting", async () => {
  const { command, args, env } = manifest.server.mcp_config.platform_overrides[process.platform];
  assert.equal(env, undefined);
  const left = { ...manifest.server.mcp_config.env, MAKE_AUDIT_DEMO: "true" };
  const started = args.map((arg) => arg.replace("${__dirname}", unpacked));
  assert.ok((await ask({ command, args: started, env: left })).total > 0);
});
