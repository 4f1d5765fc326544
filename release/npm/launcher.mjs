#!/usr/bin/env node
// Starts the binary that npm installed for this platform. It never writes to standard output, which belongs to MCP.
import { spawn } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const { name, version, optionalDependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const override = process.env.MAKE_AUDIT_MCP_BINARY;

function fail(problem, next) {
  writeSync(2, `make-audit-mcp: ${problem}. Next: ${next}\n`);
  process.exit(1);
}

// installed returns the path of the binary in the package of this platform.
function installed() {
  const platform = `${process.platform}-${process.arch}`;
  const wanted = `${name}-${platform}`;
  if (!(wanted in optionalDependencies)) {
    const all = Object.keys(optionalDependencies).map((other) => other.slice(name.length + 1)).join(", ");
    fail(`there is no binary for ${platform}, only for ${all}`,
      "build it with Go from the source, and set MAKE_AUDIT_MCP_BINARY to its path, e.g. MAKE_AUDIT_MCP_BINARY=/usr/local/bin/make-audit-mcp");
  }
  try {
    return require.resolve(`${wanted}/bin/make-audit-mcp${process.platform === "win32" ? ".exe" : ""}`);
  } catch {
    return fail(`the package ${wanted} with the binary for this platform is missing: npm was told to leave optional packages out ` +
      "(--omit=optional, --no-optional), or node_modules comes from another platform",
    `install again without that, or install the package itself: npm install ${wanted}@${version}`);
  }
}

const binary = override || installed();
// How it was started: setup writes it into a client's configuration, and tells no client of a folder that npx, pnpm dlx, yarn dlx or bunx
// empties.
const isBrief = /[\\/](_npx|dlx(-[^\\/]*)?|bunx-[^\\/]*)[\\/]/.test(fileURLToPath(import.meta.url));
const env = { ...process.env, MAKE_AUDIT_LAUNCHER: isBrief ? "npx" : "npm" };
delete env.MAKE_AUDIT_MCP_BINARY; // if it names a launcher, that one must find the binary, not start itself for ever
const child = spawn(binary, process.argv.slice(2), { stdio: "inherit", env });

child.on("error", (error) => {
  fail(`${binary} cannot be started (${error.code})`, override
    ? "set MAKE_AUDIT_MCP_BINARY to the path of a binary for this machine, or leave it out"
    : `make it executable, or install again: npm install ${name}@${version}`);
});

// The binary decides when to end. On Windows a console tells it by itself, and kill would not let it end cleanly.
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of signals) {
  process.on(signal, () => process.platform === "win32" || child.kill(signal));
}

child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  for (const each of signals) process.removeAllListeners(each);
  process.exitCode = 128 + constants.signals[signal]; // where no signal ends a process
  process.kill(process.pid, signal);
});
