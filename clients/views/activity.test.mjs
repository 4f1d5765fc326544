// The view of count_audit_logs and list_audit_logs: its numbers are the tools', and choosing a part of a picture asks about just that part.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp VIEWS=/path/to/resources/ui node --test
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { start, tableOf, timely } from "./harness.mjs";

let world;
before(async () => { world = await start(); });
after(() => world.stop());

const window30 = { from: "30d" };
const plain = (text) => Number(text.replace(/^at least /, "").replaceAll(",", ""));
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const total = async (view) => plain((await view.frame.textContent("h1")).replace(/^At least /, "").split(" ")[0]);
const cell = (view, kind, row, column) => view.frame.locator(`.${kind} tbody tr`).nth(row).locator("td").nth(column);
const entriesShown = (view) => view.frame.locator(".entries > li").count();

/** narrowed waits until a part is shown, with its entries. */
async function narrowed(view) {
  await view.frame.waitForSelector("nav:not([hidden]) [aria-current]");
  await view.settled();
}

test("entries over time are those of the tool, stacked by category", async () => {
  const view = await world.open("count_audit_logs", { ...window30, group_by: ["actor"] });
  const { groups, total: all } = await world.call("count_audit_logs", { ...window30, group_by: ["day"], limit: 200 });
  const byCategory = await world.call("count_audit_logs", { ...window30, group_by: ["category"], limit: 200 });
  const rows = await tableOf(view.frame, ".timeline");
  assert.deepEqual(rows.map(({ cells }) => plain(cells.all)), groups.map(({ count }) => count));
  assert.equal(rows[0].name, "21 Oct");
  assert.equal(rows.at(-1).name, "20 Nov");
  for (const { key, count } of byCategory.groups.slice(0, 6)) {
    assert.equal(sum(rows.map(({ cells }) => plain(cells[key.category]))), count, key.category);
  }
  for (const { name, cells: { all: whole, ...parts } } of rows) assert.equal(sum(Object.values(parts).map(plain)), plain(whole), name);
  assert.equal(await total(view), all);
  await view.close();
});

test("the map of weekdays and hours is the tool's, by the answer's clock", async () => {
  const view = await world.open("count_audit_logs", { ...window30, timezone: "America/New_York", group_by: ["actor"] });
  const { groups } = await world.call("count_audit_logs", { ...window30, timezone: "America/New_York", group_by: ["weekday", "hour_of_day"], limit: 200 });
  const counts = new Map(groups.map(({ key, count }) => [`${key.weekday.slice(0, 3)} ${key.hour_of_day}`, count]));
  const rows = await tableOf(view.frame, ".heatmap");
  assert.equal(rows.length, 7);
  for (const { name, cells } of rows) {
    assert.equal(Object.keys(cells).length, 24);
    for (const [hour, number] of Object.entries(cells)) assert.equal(plain(number), counts.get(`${name} ${Number(hour)}`) ?? 0, `${name} ${hour}`);
  }
  await view.close();
});

test("groups are the answer's own, and others on request", async () => {
  const view = await world.open("count_audit_logs", { ...window30, group_by: ["actor", "event"], limit: 10 });
  const { groups, group_count: all } = await world.call("count_audit_logs", { ...window30, group_by: ["actor", "event"], limit: 10 });
  const rows = await tableOf(view.frame, ".bars");
  assert.deepEqual(rows.map(({ name, cells }) => [name, plain(cells.all)]), groups.map(({ key, count }) => [`${key.actor.name} · ${key.event}`, count]));
  assert.match(await view.frame.textContent("body"), new RegExp(`${all - 10} others`));
  await view.frame.selectOption("select", "team");
  await view.frame.waitForFunction(() => document.querySelector(".bars caption").textContent === "Entries by team");
  await view.settled();
  const teams = await world.call("count_audit_logs", { ...window30, group_by: ["team"] });
  assert.deepEqual((await tableOf(view.frame, ".bars")).map(({ cells }) => plain(cells.all)), teams.groups.map(({ count }) => count));
  assert.equal(await view.frame.evaluate(() => document.activeElement.tagName), "SELECT");
  await view.close();
});

test("the period before stands beside this one", async () => {
  const args = { from: "14d", group_by: ["actor"], compare_to_previous: true, limit: 8 };
  const view = await world.open("count_audit_logs", args);
  const { groups } = await world.call("count_audit_logs", args);
  const rows = await tableOf(view.frame, ".compare");
  assert.deepEqual(rows.map(({ cells }) => Object.values(cells).map(plain)), groups.map((group) => [group.count, group.previous_count]));
  await view.close();
});

test("an answer by day and team is stacked by team", async () => {
  const args = { from: "14d", group_by: ["day", "team"], limit: 200 };
  const view = await world.open("count_audit_logs", args);
  const { groups } = await world.call("count_audit_logs", args);
  const rows = await tableOf(view.frame, ".timeline");
  const marketing = groups.filter(({ key }) => key.team.name === "Marketing");
  assert.ok(marketing.length > 0);
  assert.equal(sum(rows.map(({ cells }) => plain(cells.Marketing))), sum(marketing.map(({ count }) => count)));
  await view.close();
});

test("more hours than an answer holds are drawn as days, with nothing lost", async () => {
  const view = await world.open("count_audit_logs", { ...window30, group_by: ["hour"] });
  const rows = await tableOf(view.frame, ".timeline");
  assert.equal(rows.length, 31);
  assert.equal(sum(rows.map(({ cells }) => plain(cells.all))), await total(view));
  await view.close();
});

test("choosing an hour of the week narrows to its entries, and the way back is kept", async () => {
  const view = await world.open("count_audit_logs", { ...window30, group_by: ["actor"] });
  const all = await total(view);
  const number = plain(await cell(view, "heatmap", 1, 3).textContent());
  const asked = { hours: "03-04", weekdays: ["tue"] };
  const { total: want } = await world.call("count_audit_logs", { ...window30, ...asked });
  assert.equal(number, want);
  await cell(view, "heatmap", 1, 3).click();
  await narrowed(view);
  assert.equal(await total(view), want);
  assert.equal(await view.frame.textContent("nav [aria-current]"), "Tuesday 03:00");
  assert.match(await view.frame.textContent(".about"), /hours 03:00-04:00; Tuesday/);
  const counted = view.calls.filter(({ name, arguments: args }) => name === "count_audit_logs" && args.hours);
  assert.ok(counted.length >= 3);
  for (const { arguments: args } of counted) assert.deepEqual([args.hours, args.weekdays], ["03:00-04:00", ["Tuesday"]]);
  while (await view.frame.locator("button", { hasText: "More entries" }).count()) {
    await view.frame.click("button:has-text('More entries')");
    await view.settled();
  }
  assert.equal(await entriesShown(view), want);
  for (const time of await view.frame.locator(".entries summary > :first-child").allTextContents()) assert.match(time, / 03:\d\d$/);
  await view.frame.click("nav button:has-text('All')");
  await view.settled();
  assert.equal(await total(view), all);
  await view.close();
});

test("choosing a category of a day lists just those entries", async () => {
  const view = await world.open("count_audit_logs", { ...window30, group_by: ["actor"], exclude_event: ["scenario_updated"] });
  const rows = await tableOf(view.frame, ".timeline");
  const row = rows.findIndex(({ cells }) => plain(cells.Webhooks) > 3);
  const column = Object.keys(rows[row].cells).indexOf("Webhooks");
  const number = plain(rows[row].cells.Webhooks);
  await cell(view, "timeline", row, column).click();
  await narrowed(view);
  assert.equal(await view.frame.textContent("nav [aria-current]"), `${rows[row].name} · Webhooks`);
  assert.equal(await total(view), number);
  const { arguments: asked } = view.calls.findLast(({ name }) => name === "list_audit_logs");
  assert.ok(asked.event.every((event) => event.startsWith("webhook_")));
  assert.equal((await world.call("list_audit_logs", { ...asked, limit: 500 })).returned, number);
  assert.equal(await entriesShown(view), Math.min(25, number));
  await view.close();
});

test("choosing a day at either edge of the window stays within it", async () => {
  const view = await world.open("count_audit_logs", { ...window30, group_by: ["day"], limit: 200 });
  const rows = await tableOf(view.frame, ".timeline");
  for (const row of [0, rows.length - 1]) {
    await cell(view, "timeline", row, Object.keys(rows[row].cells).length - 1).click({ position: { x: 5, y: 1 } });
    await narrowed(view);
    assert.equal(await total(view), plain(rows[row].cells.all), rows[row].name);
    await view.frame.click("nav button:has-text('All')");
    await view.settled();
  }
  await view.close();
});

test("choosing a group keeps the filter that was asked with", async () => {
  const args = { from: "60d", group_by: ["actor"], event: ["*_deleted", "Connections"], team: ["Marketing", "none"], hours: "08-18" };
  const view = await world.open("count_audit_logs", args);
  const [first] = await tableOf(view.frame, ".bars");
  await cell(view, "bars", 0, 0).click();
  await narrowed(view);
  assert.equal(await total(view), plain(first.cells.all));
  const { arguments: asked } = view.calls.at(-1);
  assert.ok(asked.event.length > 5 && asked.team.includes("none") && asked.actor.length === 1);
  await view.close();
});

test("choosing an object lists what was done to it, and no other of the same id", async () => {
  const args = { from: "60d", group_by: ["target"] };
  const view = await world.open("count_audit_logs", args);
  const { groups } = await world.call("count_audit_logs", args);
  const rows = await tableOf(view.frame, ".bars");
  const row = groups.findIndex(({ key, events_total: more }) => key.target && !more);
  await cell(view, "bars", row, 0).click();
  await narrowed(view);
  assert.equal(await total(view), plain(rows[row].cells.all));
  await view.close();
});

test("an entry opens to its details", async () => {
  const view = await world.open("list_audit_logs", { event: ["webhook_deleted"], from: "30d", limit: 3 });
  const { entries } = await world.call("list_audit_logs", { event: ["webhook_deleted"], from: "30d", limit: 3 });
  await view.frame.click(".entries summary >> nth=1");
  await view.frame.waitForSelector(".entries pre");
  const { arguments: asked } = view.calls.findLast(({ name }) => name === "get_audit_log");
  assert.deepEqual(asked, { uuid: [entries[1].uuid], organization_id: 4721 });
  const { entries: [whole] } = await world.call("get_audit_log", asked);
  const shown = await view.frame.locator(".entries dd").allTextContents();
  assert.ok(shown.includes(whole.uuid));
  assert.ok(shown.includes(JSON.stringify(whole.details, null, 2)));
  assert.deepEqual(await view.violations(), []);
  await view.close();
});

test("a listing is drawn at once, goes on, and is counted as a whole", async () => {
  const args = { event: ["*_deleted"], from: "30d", limit: 10 };
  const view = await world.open("list_audit_logs", args);
  const { total: all } = await world.call("count_audit_logs", { event: ["*_deleted"], from: "30d" });
  assert.equal(await total(view), all);
  assert.equal(await entriesShown(view), 10);
  const { groups } = await world.call("count_audit_logs", { event: ["*_deleted"], from: "30d", group_by: ["actor"] });
  assert.deepEqual((await tableOf(view.frame, ".bars")).map(({ cells }) => plain(cells.all)), groups.map(({ count }) => count));
  await view.frame.click("button:has-text('More entries')");
  await view.settled();
  assert.equal(await entriesShown(view), 20);
  assert.equal(await view.frame.evaluate(() => [...document.querySelectorAll(".entries summary")].indexOf(document.activeElement)), 10);
  await view.close();
});

test("by keyboard alone: a cell is chosen, an entry opened, and the way back found", async () => {
  const view = await world.open("count_audit_logs", { ...window30, group_by: ["actor"] });
  const { keyboard } = view.page;
  const focused = () => view.frame.evaluate(() => {
    const { tagName, role, textContent } = document.activeElement;
    const figure = document.activeElement.closest("figure");
    return { tagName, role: document.activeElement.getAttribute("role") ?? role, text: textContent, chart: figure?.classList[1] };
  });
  const tabTo = async (isThere) => {
    for (let i = 0; i < 40; i++) {
      await keyboard.press("Tab");
      const at = await focused();
      if (isThere(at)) return at;
    }
    assert.fail("not reached by the Tab key");
  };
  await tabTo(({ chart, role }) => chart === "timeline" && role === "gridcell");
  await keyboard.press("ArrowRight");
  assert.match(await view.frame.textContent(".timeline + .readout"), /^22 Oct, Scenarios: \d+$/);
  const outline = await view.frame.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid", "the focus is seen");
  await tabTo(({ chart, role }) => chart === "heatmap" && role === "gridcell");
  for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"]) await keyboard.press(key);
  assert.match(await view.frame.textContent(".heatmap + .readout"), /^Tue, 03: \d+$/);
  const { text } = await focused();
  await keyboard.press("Enter");
  await narrowed(view);
  assert.equal(await total(view), plain(text));
  assert.equal((await focused()).tagName, "H1", "what is shown is read from its head");
  await tabTo(({ tagName }) => tagName === "SUMMARY");
  await keyboard.press("Enter");
  await view.frame.waitForSelector(".entries pre");
  for (let i = 0; i < 40 && (await focused()).tagName !== "BUTTON"; i++) await keyboard.press("Shift+Tab");
  for (let i = 0; i < 40 && (await focused()).text !== "All"; i++) await keyboard.press("Shift+Tab");
  await keyboard.press("Enter");
  await view.settled();
  assert.equal(await view.frame.isHidden("nav"), true);
  await view.close();
});

test("what the window does not cover is hatched, and numbers beside it are lower bounds", async () => {
  const args = { from: "2025-06-01", group_by: ["month"] };
  const view = await world.open("count_audit_logs", args);
  const { coverage, groups } = await world.call("count_audit_logs", args);
  assert.ok(coverage.gaps.length > 0);
  assert.match(await view.frame.textContent("h1"), /^At least /);
  const rows = await tableOf(view.frame, ".timeline");
  assert.match(rows[0].cells.gap, /^not covered: Make keeps 365 days/);
  const covered = rows.filter(({ cells }) => !cells.gap);
  assert.deepEqual(covered.map(({ cells }) => plain(cells.all)), groups.map(({ count }) => count));
  assert.match(covered[0].cells.all, /^at least /);
  assert.doesNotMatch(covered[3].cells.all, /at least/, "a month that is covered is exact");
  assert.match(await view.frame.evaluate(() => getComputedStyle(document.querySelector(".timeline .none")).backgroundImage), /repeating-linear-gradient/);
  assert.match((await tableOf(view.frame, ".heatmap"))[0].cells["09"], /^at least /);
  assert.deepEqual(await view.violations(), []);
  await view.close();
});

test("hours that a short window never has are not covered", async () => {
  const view = await world.open("count_audit_logs", { from: "2026-11-19T08:00", to: "2026-11-19T20:00", group_by: ["actor"] });
  const rows = await tableOf(view.frame, ".heatmap");
  assert.equal(rows[0].cells["09"], "not covered");
  assert.match(rows[3].cells["09"], /^\d+$/);
  assert.equal(rows[3].cells["20"], "not covered");
  assert.equal((await tableOf(view.frame, ".timeline"))[0].name, "19 Nov, 08:00");
  await view.close();
});

test("nothing covered, and nothing found, is said", async () => {
  const none = await world.open("count_audit_logs", { from: "2020-01-01", to: "2020-02-01", group_by: ["actor"] });
  assert.match(await none.frame.textContent("h1"), /^Not known: nothing of this window is covered/);
  await none.close();
  const empty = await world.open("list_audit_logs", { event: ["team_deleted"], from: "1h" });
  assert.match(await empty.frame.textContent("h1"), /^0 entries/);
  assert.equal(await empty.frame.locator(".bars").count(), 0);
  assert.match(await empty.frame.textContent("main"), /nothing in it matches/);
  await empty.close();
});

test("a host that passes no calls on shows what the answer holds, and says so", async () => {
  for (const [tool, args] of [["count_audit_logs", { ...window30, group_by: ["actor"] }], ["list_audit_logs", { from: "30d" }]]) {
    const view = await world.open(tool, args, { capabilities: {}, context: null });
    assert.deepEqual(view.calls, []);
    assert.match(await view.frame.textContent("body"), /passes no calls on/);
    assert.ok(await view.frame.locator(".bars tbody tr").count() > 1);
    if (tool === "list_audit_logs") {
      assert.match((await tableOf(view.frame, ".timeline"))[0].cells.all, /^at least \d+$/, "a page is part of it");
      await view.frame.click(".entries summary >> nth=0");
      await view.frame.waitForSelector(".entries dl");
    }
    assert.deepEqual(await view.violations(), []);
    await view.close();
  }
});

test("a call that fails is said in its place, and the rest is drawn", async () => {
  const refused = { isError: true, content: [{ type: "text", text: "Make refused: 429, ask again in a minute" }] };
  const view = await world.open("count_audit_logs", { ...window30, group_by: ["actor"] },
    { answer: ({ arguments: args }) => (args.group_by.includes("weekday") ? refused : undefined) });
  assert.equal(await view.frame.textContent("[role=alert]"), refused.content[0].text);
  assert.ok(await view.frame.locator(".timeline tbody tr").count() > 20);
  await view.close();
});

const evil = [
  "<img src=x onerror=\"document.title='owned'\">", "<script>document.title='owned'</script>", "</style><style>body{display:none}", "\u202egnp.exe\u202c",
  "\u2067evil", "javascript:alert(1)", "![x](https://evil.example/x.png)", "a".repeat(10_000), "\u{1F600}".repeat(2_000), "",
];

test("hostile names are text: no markup, no turned line, no wide page", async () => {
  const query = { organization: { id: 1, name: evil[0] }, endpoint: "organization", from: "2026-11-01T00:00:00+01:00", to: "2026-11-03T00:00:00+01:00",
    timezone: "Europe/Prague", event: evil.slice(0, 3), event_total: 3, target_id: evil[3] };
  const common = { query, source: "live", coverage: { from: query.from, to: query.to, gaps: [] }, complete: true, unreadable: 0, warnings: [evil[1]] };
  const actor = (name, id) => ({ id, name, email: name });
  const answers = {
    count_audit_logs: { ...common, total: 55, groups: evil.map((name, i) => ({ key: { actor: actor(name, i) }, count: i + 1 })), other_count: 0, group_count: evil.length },
    list_audit_logs: { ...common, returned: evil.length, total: null, entries: evil.map((name, i) => ({ uuid: `${i}`, triggered_at: "2026-11-02T10:00:00+01:00",
      event: name, actor: actor(name, i), target_id: name, target_name: name })) },
    get_audit_log: { entries: [{ uuid: "0", event: evil[0], actor: actor(evil[1], 1), details: Object.fromEntries(evil.map((name) => [name, name])) }], not_found: [] },
  };
  const byDay = { ...answers.count_audit_logs, groups: evil.map((name, i) => ({ key: { day: "2026-11-02", category: name }, count: i + 1 })) };
  const answer = ({ name, arguments: args }) => ({ content: [], structuredContent: name === "count_audit_logs" && args.group_by.includes("category") ? byDay
    : name === "count_audit_logs" && args.group_by[0] === "day" ? { ...byDay, groups: [{ key: { day: "2026-11-02" }, count: 55 }] } : answers[name] });
  for (const tool of ["count_audit_logs", "list_audit_logs"]) {
    const view = await world.open(tool, { event: evil }, { result: { content: [], structuredContent: answers[tool] }, answer, width: 320 });
    if (tool === "list_audit_logs") {
      await view.frame.click(".entries summary >> nth=0");
      await view.frame.waitForSelector(".entries pre");
    }
    assert.equal(await view.frame.title(), "Activity");
    assert.equal(await view.frame.locator("img, script:not([type=module]), style ~ style, main script, main a").count(), 0);
    assert.ok(await view.frame.isVisible("h1"));
    assert.ok(await view.frame.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    await view.frame.hover(".bars tbody tr:nth-child(4) td");
    assert.match(await view.frame.textContent(".bars + .readout"), /gnp\.exe/);
    const loose = await view.frame.evaluate((text) => {
      const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) if (walker.currentNode.data.includes(text) && !walker.currentNode.parentElement.closest("bdi, pre")) found.push(walker.currentNode.data);
      return found;
    }, "gnp.exe");
    assert.deepEqual(loose, [], "a name that stands in no bdi");
    await view.close();
  }
});

test("200 groups and 500 entries are drawn soon", async (t) => {
  const entry = (await world.call("list_audit_logs", { from: "7d", limit: 1 })).entries[0];
  const list = await world.call("list_audit_logs", { from: "30d", limit: 2 });
  const count = await world.call("count_audit_logs", { from: "30d", group_by: ["actor"] });
  const many = {
    list_audit_logs: { ...list, entries: Array.from({ length: 500 }, (_, i) => ({ ...entry, uuid: `${i}`, target_id: `${i}` })), returned: 500 },
    count_audit_logs: { ...count, groups: Array.from({ length: 200 }, (_, i) => ({ key: { actor: { id: i, name: `Person ${i}` } }, count: 200 - i })), group_count: 200 },
  };
  for (const [tool, data] of Object.entries(many)) {
    const view = await world.open(tool, {}, { result: { content: [], structuredContent: data }, capabilities: {} });
    const drawn = await view.drawn({ content: [], structuredContent: data });
    timely(t, drawn, tool);
    await view.close();
  }
});

test("dates are the host's language's, and the answer's clock's", async () => {
  const view = await world.open("list_audit_logs", { from: "7d", limit: 1 }, { context: { locale: "de", timeZone: "Asia/Tokyo" } });
  const [entry] = (await world.call("list_audit_logs", { from: "7d", limit: 1 })).entries;
  const shown = await view.frame.textContent(".entries summary > :first-child");
  assert.match(shown, /Nov/);
  assert.ok(shown.includes(entry.triggered_at.slice(11, 16)), shown);
  await view.page.evaluate(() => window.bridge.sendHostContextChange({ locale: "fr" }));
  await view.frame.waitForFunction(() => /nov\./.test(document.querySelector(".entries summary > :first-child")?.textContent));
  await view.settled();
  await view.close();
});
