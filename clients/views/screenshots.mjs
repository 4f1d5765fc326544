// Makes the pictures of docs/.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp node screenshots.mjs FOLDER
import { join } from "node:path";

import { start } from "./harness.mjs";

const [folder] = process.argv.slice(2);
const pictures = {
  "views-activity.png": { tool: "count_audit_logs", args: { from: "30d", group_by: ["actor"], limit: 8 }, width: 1000 },
  "views-findings.png": { tool: "find_suspicious_activity", args: { from: "30d", min_severity: "high" }, width: 1000 },
};

const world = await start();
for (const [name, { tool, args, width, theme = "light" }] of Object.entries(pictures)) {
  const view = await world.open(tool, args, { context: { theme, locale: "en-GB" }, width });
  const { height } = await view.frame.evaluate(() => document.body.getBoundingClientRect());
  await view.page.setViewportSize({ width, height: Math.ceil(height) });
  await view.page.screenshot({ path: join(folder, name) });
  await view.close();
}
await world.stop();
