// The release whose packages are tested, and a client that asks what they start.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

export const folder = process.env.MAKE_AUDIT_RELEASE;
assert.ok(folder, "set MAKE_AUDIT_RELEASE to the folder that scripts/release wrote");

export const server = JSON.parse(readFileSync(join(folder, "server.json"), "utf8"));
export const { version } = server;

// ask starts a server as a host does, and returns its tools and how many entries were deletions; the demo's clock is not pinned.
export async function ask({ command, args, env = {}, cwd }) {
  const client = new Client({ name: "packages-test", version: "1" });
  await client.connect(new StdioClientTransport({ command, args, cwd, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } }));
  try {
    const { tools } = await client.listTools();
    const asked = { event: ["*_deleted"], from: "30d" };
    const { structuredContent, isError, content } = await client.callTool({ name: "count_audit_logs", arguments: asked });
    assert.ok(!isError, content[0]?.text);
    assert.equal(client.getServerVersion().version, version);
    return { tools, total: structuredContent.total };
  } finally {
    await client.close();
  }
}
