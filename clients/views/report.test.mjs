// What holds of the evidence pack as a page: it is read without scripts, by everybody, on screens and on paper, and its numbers are the tools'.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp node --test report.test.mjs
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import axe from "axe-core";

import { demoNow, start } from "./harness.mjs";

let world;
let folder;
before(async () => {
  world = await start();
  folder = mkdtempSync(join(tmpdir(), "report-"));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world.stop();
});

/** written is the address of a report of the demo, which is written once. */
const written = (...flags) => {
  const path = join(folder, `${flags.join("_").replaceAll(/\W/g, "_")}.html`);
  if (existsSync(path)) return pathToFileURL(path).href;
  const { status, stderr } = spawnSync(process.env.MAKE_AUDIT_MCP,
    ["--demo", "--demo-now", demoNow, "report", ...flags, "-o", path, "--force"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return pathToFileURL(path).href;
};

/** open opens a report in a context of its own; close holds it to what holds of all of them. */
const open = async (address, options) => {
  const context = await world.browser.newContext(options);
  const page = await context.newPage();
  const seen = [];
  page.on("request", (request) => seen.push(request.url()));
  page.on("console", (message) => seen.push(message.text()));
  await page.goto(address);
  const close = async () => {
    assert.deepEqual(seen, [address], "it asks for nothing else, and nothing in it is refused");
    await context.close();
  };
  return { page, close };
};

test("without scripts, every number of the page is the tools' answer to the question below it", async () => {
  const { page, close } = await open(written("--period", "2026-W45"), { javaScriptEnabled: false });
  const questions = await page.$$eval("article", (articles) => articles.map((article) => ({
    ask: article.querySelector(".ask code").textContent, text: article.textContent,
    said: article.querySelector(".total strong")?.textContent,
    rows: [...article.querySelectorAll("table.list.said:not(.cross, .people) tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
  })));
  assert.ok(questions.length > 20);
  const shown = (n) => n.toLocaleString("en-US");
  const compared = {};
  for (const { ask, text, said, rows } of questions) {
    const [, tool, args] = ask.match(/^(\w+) (.*)$/s);
    if (tool === "list_organizations") continue;
    const answer = await world.call(tool, JSON.parse(args));
    compared[tool] = (compared[tool] ?? 0) + 1;
    switch (tool) {
      case "count_audit_logs":
        assert.equal(said, shown(answer.total), ask);
        if (rows.length > 0) {
          const counts = rows.map((cells) => cells[1]);
          assert.deepEqual(counts.slice(0, answer.groups.length), answer.groups.map(({ count }) => shown(count)), ask);
        }
        break;
      case "list_audit_logs":
        assert.equal(said, shown(answer.total), ask);
        assert.deepEqual(rows.slice(0, answer.entries.length).map((cells) => cells.at(-1)), answer.entries.map(({ uuid }) => uuid), ask);
        break;
      case "find_suspicious_activity":
        assert.equal(said, shown(answer.findings_total), ask);
        break;
      case "list_people":
        assert.ok(text.includes(`${answer.totals.active} active, ${answer.totals.new} new, ${answer.totals.dormant} dormant, ` +
          `${answer.totals.gone} gone.`), ask);
        break;
      case "get_actor_activity":
        assert.ok(text.includes(`Entries${shown(answer.total)}, on ${answer.active_days} days`), ask);
        break;
      default:
        assert.fail(ask);
    }
  }
  assert.deepEqual(Object.keys(compared).sort(),
    ["count_audit_logs", "find_suspicious_activity", "get_actor_activity", "list_audit_logs", "list_people"]);
  await close();
});

for (const options of [
  { colorScheme: "light" }, { colorScheme: "dark" }, { colorScheme: "dark", forcedColors: "active" }, { colorScheme: "light", width: 320 },
]) {
  test(`accessible, and no wider than the screen: ${JSON.stringify(options)}`, async () => {
    const { width = 1280, ...media } = options;
    const { page, close } = await open(written("--period", "2026-11-11"), { ...media, viewport: { width, height: 900 } });
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(" | ")}`), []);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    const widest = await page.evaluate(() => [...document.querySelectorAll("body *")].filter((element) => !element.closest(".scroll, .scrolls")
      && element.getBoundingClientRect().right > document.documentElement.clientWidth).map((element) => element.outerHTML.slice(0, 150)).slice(0, 5));
    assert.ok(wider <= 0, `${wider} px are wider than the screen: ${widest.join("\n")}`);
    await close();
  });
}

// Widths between the margins, in CSS pixels, and the papers' sizes in points.
for (const [format, width, size] of [["A4", 680, [595, 842]], ["Letter", 702, [612, 792]]]) {
  for (const flags of [["--period", "2026-Q3"], ["--from", "2026-01-01"], ["--from", "2026-10-19", "--to", "2026-10-25", "--kind", "changes"]]) {
    test(`on ${format}, nothing of ${flags.join(" ")} is cut`, async () => {
      const { page, close } = await open(written(...flags), { viewport: { width, height: 1000 } });
      await page.emulateMedia({ media: "print" });
      const cut = await page.evaluate((paper) => [...document.querySelectorAll("table, tbody, tr, td, pre, p, dl, figure")]
        .filter((element) => element.getBoundingClientRect().right > paper + 1)
        .map((element) => `${element.closest("article")?.id} ${element.localName}.${element.className}`).slice(0, 5), width);
      assert.deepEqual(cut, []);
      const pdf = (await page.pdf({ format })).toString("latin1");
      const boxes = [...pdf.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)];
      assert.ok(boxes.length > 3);
      for (const [, across, down] of boxes) assert.ok(Math.abs(across - size[0]) <= 1 && Math.abs(down - size[1]) <= 1, `${across} x ${down}`);
      await close();
    });
  }
}
