// Runs the programs of examples/ as they are, on a model that is a script: MODEL is its name there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { asks, listen, says } from "./endpoint.mjs";

const demoNow = "2026-11-20T12:00:00Z";
const examples = fileURLToPath(new URL("./examples/", import.meta.url)); // a copy, beside what they import
const folders = existsSync(examples) ? readdirSync(examples, { withFileTypes: true }).filter((each) => each.isDirectory()) : [];
const run = promisify(execFile);

// The examples give no clock; the demo's is pinned behind their back.
const place = mkdtempSync(join(tmpdir(), "examples-"));
const pinned = join(place, "make-audit-mcp");
writeFileSync(pinned, `#!/bin/sh\nexec "${process.env.MAKE_AUDIT_MCP}" --demo-now ${demoNow} "$@"\n`, { mode: 0o755 });

const model = await listen();
after(() => {
  model.close();
  rmSync(place, { recursive: true });
});
const env = { ...process.env, MAKE_AUDIT_MCP: pinned, MODEL: "script", OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "none", OPENAI_AGENTS_DISABLE_TRACING: "1" };

test("there are examples", { skip: process.env.CI !== "true" && folders.length === 0 && "no copy of them here" }, () => {
  assert.deepEqual(folders.map(({ name }) => name).sort(), ["ai-sdk", "go-sdk", "langchain", "mastra", "openai-agents"]);
});

for (const { name } of folders) {
  const folder = join(examples, name);
  test(`examples/${name}: the answer is the demo's, and nothing is warned of`, async () => {
    const call = await run(pinned, ["--demo", "call", "count_audit_logs", JSON.stringify(asks)]);
    const counted = JSON.parse(call.stdout);
    assert.ok(counted.total > 0 && counted.complete);
    const [command, ...args] = name === "go-sdk" ? [join(folder, "agent")] : [process.execPath, join(folder, "agent.mjs")];
    const { stdout, stderr } = await run(command, [...args, "Who deleted webhooks last week?"], { env, cwd: folder, timeout: 60_000 });
    assert.equal(stdout, `${says(counted)}\n`);
    assert.equal(stderr, "");
  });

  if (name !== "go-sdk") {
    test(`examples/${name}: what it needs is what is tested here`, () => {
      const dependenciesOf = (at) => JSON.parse(readFileSync(at)).dependencies;
      const tested = dependenciesOf(new URL("./package.json", import.meta.url));
      for (const [dependency, version] of Object.entries(dependenciesOf(join(folder, "package.json")))) {
        assert.equal(version, tested[dependency], dependency);
      }
      assert.doesNotMatch(readFileSync(join(folder, "package-lock.json"), "utf8"), /"resolved"/);
    });
  }
}
