// Makes the pictures of docs/.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp node screenshots.mjs FOLDER
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { start } from "./harness.mjs";

const [folder] = process.argv.slice(2);
const pictures = {
  "views-activity.png": { tool: "count_audit_logs", args: { from: "30d", group_by: ["actor"], limit: 8 }, width: 1000 },
  "views-findings.webp": { tool: "find_suspicious_activity", args: { from: "30d", min_severity: "high" }, width: 1000 },
  "views-person.webp": { tool: "get_actor_activity", args: { actor: "Marek Havelka", from: "30d" }, width: 1000, most: 1130 },
};

const world = await start();
for (const [name, { tool, args, width, most = Infinity, theme = "light" }] of Object.entries(pictures)) {
  const view = await world.open(tool, args, { context: { theme, locale: "en-GB" }, width });
  const { height } = await view.frame.evaluate(() => document.body.getBoundingClientRect());
  await view.page.setViewportSize({ width, height: Math.min(most, Math.ceil(height)) });
  await view.page.waitForFunction((least) => document.querySelector("iframe").clientHeight >= least, Math.floor(height));
  const picture = await view.page.screenshot();
  writeFileSync(join(folder, name), name.endsWith(".webp") ? await webp(view.page, picture) : picture);
  await view.close();
}
await world.stop();

/** webp is a picture in a third of its size. */
async function webp(page, png) {
  const url = await page.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.3);
  }, `data:image/png;base64,${png.toString("base64")}`);
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}
