// What holds of every view and of all charts, whatever they show.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp VIEWS=/path/to/resources/ui node --test
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { start } from "./harness.mjs";

const { VIEWS: folder } = process.env;
assert.ok(folder, "set VIEWS to resources/ui");

let world;
before(async () => { world = await start(); });
after(() => world.stop());

// Each view, with a question that the demo answers.
const examples = {
  count_audit_logs: { from: "30d", group_by: ["actor"] },
  list_audit_logs: { from: "7d", event: ["*_deleted"] },
  find_suspicious_activity: { from: "30d" },
  get_actor_activity: { actor: "Marek Havelka", from: "30d" },
  list_people: { from: "60d", limit: 10 },
};

const shows = () => world.tools.filter(({ _meta: meta }) => meta?.ui?.resourceUri).map(({ name }) => name);

test("every tool with a view has an example here", () => {
  assert.deepEqual(shows().sort(), Object.keys(examples).sort());
});

test("charts have the markup that the report has", async () => {
  const page = await world.browser.newPage();
  const charts = JSON.parse(readFileSync(join(folder, "testdata/charts.json"), "utf8"));
  const drawn = await page.evaluate(async ([source, all]) => {
    const { drawChart } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    return all.map((chart) => `${drawChart(chart).outerHTML}\n`);
  }, [readFileSync(join(folder, "chart.js"), "utf8"), charts]);
  assert.deepEqual(drawn, readFileSync(join(folder, "testdata/charts.html"), "utf8").match(/[^\n]*\n/g));
  await page.close();
});

const backgrounds = { light: "rgb(255, 255, 255)", dark: "rgb(31, 31, 30)" };

// What hangs on colours and room, of axe's rules: asked in every theme and width. All others are asked in one theme, at the widths farthest apart.
const looks = { runOnly: ["color-contrast", "link-in-text-block", "scrollable-region-focusable"] };

for (const [tool, args] of Object.entries(examples)) {
  for (const theme of ["light", "dark"]) {
    test(`${tool}, ${theme}: accessible, and nothing wider than the page, at any width, as pictures and as tables`, async () => {
      const view = await world.open(tool, args, { context: { theme, locale: "en-GB" }, colorScheme: theme === "dark" ? "light" : "dark" });
      assert.equal(await view.frame.evaluate(() => getComputedStyle(document.querySelector("main")).backgroundColor), backgrounds[theme]);
      for (const form of ["pictures", "tables"]) {
        if (form === "tables") for (const box of await view.frame.$$(".switch input")) await box.check();
        for (const width of [1280, 768, 320]) {
          await view.page.setViewportSize({ width, height: 900 });
          await view.frame.waitForFunction((wide) => document.documentElement.clientWidth === wide, width);
          const rules = theme === "light" && width !== 768 ? {} : looks;
          assert.deepEqual(await view.violations(rules), [], `${form}, ${width} px`);
          assert.ok(await view.frame.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${form}, ${width} px`);
        }
      }
      await view.close();
    });
  }

  test(`${tool}: colours and fonts are the host's where it has any`, async () => {
    const of = (view) => view.frame.evaluate(() => {
      const { backgroundColor, color, fontFamily } = getComputedStyle(document.querySelector("main"));
      return { backgroundColor, color, fontFamily };
    });
    const view = await world.open(tool, args, { context: {
      theme: "dark", styles: { variables: { "--color-background-primary": "#010203", "--color-text-primary": "#fafbfc", "--font-sans": "Courier" } },
    } });
    assert.deepEqual(await of(view), { backgroundColor: "rgb(1, 2, 3)", color: "rgb(250, 251, 252)", fontFamily: "Courier" });
    await view.page.evaluate(() => window.bridge.sendHostContextChange({ theme: "light", styles: { variables: { "--color-text-primary": "#111111" } } }));
    await view.frame.waitForFunction(() => getComputedStyle(document.querySelector("main")).color === "rgb(17, 17, 17)");
    await view.close();
    for (const [colorScheme, background] of Object.entries(backgrounds)) {
      const bare = await world.open(tool, args, { context: null, colorScheme });
      assert.equal((await of(bare)).backgroundColor, background, "the system's theme where the host names none");
      await bare.close();
    }
  });

  test(`${tool}: a host that hands on text alone, or nothing, loses no picture`, async () => {
    const result = await world.callTool({ name: tool, arguments: args });
    const whole = await world.open(tool, args, { result });
    const heading = await whole.frame.textContent("h1");
    const asked = whole.calls.length;
    await whole.close();
    const text = await world.open(tool, args, { result: { content: result.content } });
    assert.equal(await text.frame.textContent("h1"), heading);
    assert.equal(text.calls.length, asked);
    await text.close();
    const nothing = await world.open(tool, args, { result: { content: [] } });
    assert.equal(await nothing.frame.textContent("h1"), heading);
    assert.deepEqual(nothing.calls[0], { name: tool, arguments: args }, "the call is made again");
    await nothing.close();
  });

  test(`${tool}: what cannot be drawn is said`, async () => {
    const alert = (view) => view.frame.textContent("[role=alert]");
    const failed = await world.open(tool, args, { result: { isError: true, content: [{ type: "text", text: "no actor <b>Bob</b>" }] } });
    assert.equal(await alert(failed), "no actor <b>Bob</b>");
    assert.deepEqual(await failed.violations(), []);
    await failed.close();
    const nothing = await world.open(tool, args, { result: { content: [] }, capabilities: {} });
    assert.match(await alert(nothing), /without its data/);
    await nothing.close();
    for (const content of ["not JSON", "[]", "{}", "null"]) {
      const odd = await world.open(tool, args, { result: { content: [{ type: "text", text: content }] }, capabilities: {} });
      assert.ok((await alert(odd)).length > 10, content);
      await odd.close();
    }
  });

  test(`${tool}: progress is told, a cancelled call is said, and a result after it is shown`, async () => {
    const view = await world.open(tool, args, { send: false });
    assert.match(await view.frame.textContent("[role=status]"), /Waiting/);
    await view.page.evaluate(() => window.bridge.sendToolInputPartial({ arguments: { from: "3" } }));
    await view.input();
    await view.frame.waitForFunction(() => /Reading/.test(document.querySelector("[role=status]").textContent));
    await view.page.evaluate(() => window.bridge.sendToolCancelled({ reason: "the person stopped it" }));
    await view.frame.waitForSelector("[role=alert]");
    assert.match(await view.frame.textContent("[role=alert]"), /cancelled: the person stopped it/);
    await view.result(await world.callTool({ name: tool, arguments: args }));
    await view.frame.waitForSelector("h1");
    await view.settled();
    assert.equal(await view.frame.$("[role=alert]"), null);
    await view.close();
  });

  test(`${tool}: the host's requests are answered, and a closed view is silent`, async () => {
    const view = await world.open(tool, args);
    await view.page.evaluate(() => window.bridge.ping?.());
    const answers = await view.page.evaluate(async () => {
      const { contentWindow } = document.querySelector("iframe");
      const ask = (message) => new Promise((resolve) => {
        window.addEventListener("message", function take({ data }) {
          if (data.id !== message.id || data.method) return;
          window.removeEventListener("message", take);
          resolve(data);
        });
        contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
      });
      return [await ask({ id: "a1", method: "ping" }), await ask({ id: "a2", method: "ui/guess" })];
    });
    assert.deepEqual(answers[0].result, {});
    assert.equal(answers[1].error.code, -32601);
    assert.deepEqual(await view.page.evaluate(() => window.bridge.teardownResource({})), {});
    const { sizes } = await view.told();
    await view.page.setViewportSize({ width: 400, height: 600 });
    await view.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
    assert.deepEqual((await view.told()).sizes, sizes);
    await view.close();
  });

  test(`${tool}: the height that it asks for is its own, whatever the host does with it`, async () => {
    for (const isDeaf of [false, true]) {
      const view = await world.open(tool, args, { isDeaf });
      const height = await view.frame.evaluate(() => Math.ceil(document.body.getBoundingClientRect().height));
      await view.page.waitForFunction((last) => window.told.sizes.at(-1) === last, height);
      assert.ok((await view.told()).sizes.length < 12, "it does not loop");
      await view.close();
    }
  });
}
