// Starts the launcher beside packages that are made up, with a script for a binary.
//
//   node --test release/npm/launcher.test.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { text } from "node:stream/consumers";

const folder = mkdtempSync(join(tmpdir(), "launcher-"));
after(() => rmSync(folder, { recursive: true }));

const platform = `${process.platform}-${process.arch}`;

// script is what stands for the binary: it does what its first argument says.
const script = `#!${process.execPath}
const [what, value] = process.argv.slice(2);
const does = {
  environment: () => console.log(process.env.MAKE_AUDIT_LAUNCHER, process.env.KEPT),
  copy: () => process.stdin.pipe(process.stdout),
  exit: () => { console.error("from the binary"); process.exit(Number(value)); },
  "end on": () => { process.on(value, () => process.exit(7)); setInterval(() => {}, 1000); console.log("ready"); },
  die: () => process.kill(process.pid, value),
};
does[what]();
`;

// place lays out node_modules in a folder of the test's, and returns the launcher's path. optional are the packages that the launcher knows.
function place(where, { name = "make-audit-mcp", optional = [platform], missing = false, mode = 0o755 } = {}) {
  const modules = join(mkdtempSync(join(folder, "of-")), where, "node_modules");
  const own = join(modules, name);
  mkdirSync(own, { recursive: true });
  copyFileSync(new URL("launcher.mjs", import.meta.url), join(own, "launcher.mjs"));
  writeFileSync(join(own, "package.json"), JSON.stringify({
    name, version: "1.2.3", optionalDependencies: Object.fromEntries(optional.map((one) => [`${name}-${one}`, "1.2.3"])),
  }));
  if (!missing) {
    const bin = join(modules, `${name}-${platform}`, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "make-audit-mcp"), script, { mode });
  }
  return join(own, "launcher.mjs");
}

function start(launcher, args, env = {}) {
  const child = spawn(process.execPath, [launcher, ...args], { env: { PATH: process.env.PATH, ...env } });
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const out = text(child.stdout), err = text(child.stderr);
  return { child, ended: async () => ({ ...await ended, out: await out, err: await err }) };
}

const run = (launcher, args, env) => start(launcher, args, env).ended();

test("streams, arguments and exit code are the binary's", async () => {
  const launcher = place("project");
  const copying = start(launcher, ["copy"]);
  copying.child.stdin.end("{\"id\":1}\n");
  assert.deepEqual(await copying.ended(), { code: 0, signal: null, out: "{\"id\":1}\n", err: "" });
  for (const code of [0, 1, 3]) {
    assert.deepEqual(await run(launcher, ["exit", String(code)]), { code, signal: null, out: "", err: "from the binary\n" });
  }
});

test("a scoped package has scoped packages for platforms", async () => {
  const launcher = place("project", { name: "@acme/make-audit-mcp" });
  assert.equal((await run(launcher, ["exit", "3"])).code, 3);
});

test("the binary is told how it was started", async () => {
  assert.equal((await run(place("project"), ["environment"], { KEPT: "yes" })).out, "npm yes\n");
  for (const where of ["cache/_npx/0123", "pnpm/dlx/0123/4", "xfs-1/dlx-0123", "bunx-1000-make-audit-mcp@latest"]) {
    assert.equal((await run(place(where), ["environment"], { KEPT: "yes" })).out, "npx yes\n", where);
  }
  assert.equal((await run(place("dlxs/my_npx"), ["environment"], { KEPT: "yes" })).out, "npm yes\n");
});

test("a launcher that is named as the binary does not start itself for ever", async () => {
  const launcher = place("project");
  chmodSync(launcher, 0o755);
  const { code } = await run(launcher, ["exit", "3"], { MAKE_AUDIT_MCP_BINARY: launcher });
  assert.equal(code, 3);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  test(`${signal} is passed on, and the binary says how it ends`, async () => {
    const one = start(place("project"), ["end on", signal]);
    await new Promise((resolve) => one.child.stdout.once("data", resolve));
    one.child.kill(signal);
    const { code, signal: by } = await one.ended();
    assert.deepEqual({ code, by }, { code: 7, by: null });
  });
}

test("a signal that ends the binary ends the launcher", async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"]) {
    assert.equal((await run(place("project"), ["die", signal])).signal, signal);
  }
});

test("a missing package is named, with what to do", async () => {
  const { code, out, err } = await run(place("project", { missing: true }), ["exit", "0"]);
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, new RegExp(`^make-audit-mcp: the package make-audit-mcp-${platform} .* is missing: .*--omit=optional`));
  assert.match(err, new RegExp(`Next: .*npm install make-audit-mcp-${platform}@1\\.2\\.3\n$`));
});

test("a platform without a binary is told which have one", async () => {
  const { code, out, err } = await run(place("project", { optional: ["plan9-mips", "plan9-x64"] }), ["exit", "0"]);
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, new RegExp(`no binary for ${platform}, only for plan9-mips, plan9-x64\\. Next: .*MAKE_AUDIT_MCP_BINARY=/`));
});

test("another binary can be named", async () => {
  const launcher = place("project", { optional: [], missing: true });
  assert.equal((await run(launcher, ["-e", "process.exit(5)"], { MAKE_AUDIT_MCP_BINARY: process.execPath })).code, 5);
  const { code, out, err } = await run(launcher, [], { MAKE_AUDIT_MCP_BINARY: "/no/such/binary" });
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, /^make-audit-mcp: \/no\/such\/binary cannot be started \(ENOENT\)\. Next: set MAKE_AUDIT_MCP_BINARY/);
  assert.equal((await run(place("project"), ["exit", "3"], { MAKE_AUDIT_MCP_BINARY: "" })).code, 3, "empty is not set");
});

test("a binary that lost its mode is named, with what to do", async () => {
  const { code, out, err } = await run(place("project", { mode: 0o644 }), ["exit", "0"]);
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, /bin\/make-audit-mcp cannot be started \(EACCES\)\. Next: make it executable/);
});
