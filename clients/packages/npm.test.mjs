// Installs the packages for npm from their files, without a network, and starts what was installed.
//
//   MAKE_AUDIT_RELEASE=/path/of/a/release node --test
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { text } from "node:stream/consumers";

import { ask, folder, server, version } from "./release.mjs";

const patience = 10_000; // milliseconds from npx to the first answer
const work = mkdtempSync(join(tmpdir(), "packages-"));
const name = server.packages.find((one) => one.registryType === "npm").identifier;
const platform = `${name}-${process.platform}-${process.arch}`;
const file = (of) => join(folder, "npm", `${of.replace(/^@/, "").replace("/", "-")}-${version}.tgz`);
// npm's cache is empty: what npx finds, it found in the files.
const env = {
  PATH: process.env.PATH, HOME: work, npm_config_cache: join(work, "cache"), npm_config_offline: "true", npm_config_audit: "false",
  npm_config_update_notifier: "false",
};

// project returns a folder that packages were installed into.
function project(where, ...args) {
  const path = join(work, where);
  mkdirSync(path);
  writeFileSync(join(path, "package.json"), "{}"); // or npm looks for one in the folders above
  execFileSync("npm", ["install", ...args], { cwd: path, env });
  return path;
}

let installed, launcher;

before(() => {
  installed = project("installed", file(name), file(platform));
  launcher = join(installed, "node_modules", ".bin", "make-audit-mcp");
});

after(() => rmSync(work, { recursive: true }));

test("npx answers within ten seconds, from nothing but the files", () => {
  const args = ["-y", "--package", file(name), "--package", file(platform), "make-audit-mcp", "--demo", "check"];
  let took = Infinity;
  for (let attempt = 1; attempt <= 3 && took >= patience; attempt++) { // others may keep the machine busy
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync("npx", args, {
      cwd: work, env: { ...env, npm_config_cache: join(work, `cache-${attempt}`) }, encoding: "utf8",
    });
    took = performance.now() - began;
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^ok +key: accepted/m);
  }
  assert.ok(took < patience, `${Math.round(took)} ms`);
});

test("what is installed has the release's version", () => {
  assert.ok(execFileSync("npx", ["make-audit-mcp", "--version"], { cwd: installed, env, encoding: "utf8" }).startsWith(`${version}\n`));
});

test("a client gets answers through the launcher and through npx", async () => {
  const { total } = await ask({ command: launcher, args: ["--demo", "stdio"], env });
  assert.ok(total > 0);
  assert.ok((await ask({ command: "npx", args: ["-y", name, "--demo"], env, cwd: installed })).total > 0);
});

test("without optional packages it is told what is missing", () => {
  const without = project("without", "--omit=optional", file(name));
  const { status, stdout, stderr } = spawnSync("npx", ["make-audit-mcp", "--version"], { cwd: without, env, encoding: "utf8" });
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /the package .* is missing: .*--omit=optional.* Next: .*npm install /);
});

// end starts a server, waits for its first answer, has it ended, and returns the exit code once nobody holds its output any more.
async function end(command, how, detached = false) {
  const child = spawn(command, ["--demo", "stdio"], { env, detached });
  const closed = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  const errors = text(child.stderr);
  child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })}\n`);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  how(child);
  return { ...await closed, errors: await errors };
}

test("it ends as the binary does, whoever ends it", async () => {
  const binary = join(installed, "node_modules", platform, "bin", "make-audit-mcp");
  for (const how of [
    (child) => child.stdin.end(),
    (child) => child.kill("SIGINT"),
    (child) => child.kill("SIGTERM"),
  ]) {
    const alone = await end(binary, how);
    assert.deepEqual(await end(launcher, how), alone, String(how));
    assert.equal(alone.signal, null);
  }
  // A terminal signals both.
  const interrupt = (child) => process.kill(-child.pid, "SIGINT");
  assert.deepEqual(await end(launcher, interrupt, true), await end(binary, interrupt, true));
});
