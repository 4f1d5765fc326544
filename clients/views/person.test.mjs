// The view of get_actor_activity: its numbers are the tools', and what is chosen in it asks about just that.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp VIEWS=/path/to/resources/ui node --test
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { start, tableOf } from "./harness.mjs";

let world;
before(async () => { world = await start(); });
after(() => world.stop());

const tool = "get_actor_activity";
const leaver = { actor: "Marek Havelka", from: "30d" };
const plain = (text) => Number(text.replace(/^at least /, "").replaceAll(",", ""));
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const chartOf = (caption) => `figure:has(caption:text-matches("^${caption}"))`;
const figure = async (view, caption) => (await view.frame.waitForSelector(chartOf(caption))).evaluate((one) => {
  const heads = [...one.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent);
  return [...one.querySelectorAll("tbody tr")].map((row) => ({
    name: row.cells[0].textContent, cells: Object.fromEntries([...row.cells].slice(1).map((cell, i) => [heads[i], cell.textContent])),
  }));
});
const cell = (view, caption, row, column) => view.frame.locator(chartOf(caption)).locator("tbody tr").nth(row).locator("td").nth(column);
const chosen = "section:last-of-type .entries > li";

test("hours are the tool's, and those outside the usual ones are marked", async () => {
  const view = await world.open(tool, leaver);
  const data = await world.call(tool, leaver);
  const rows = await figure(view, "Entries by hour");
  assert.deepEqual(rows.map(({ cells }) => plain(cells.all)), data.by_hour);
  assert.equal(sum(rows.map(({ cells }) => plain(cells["outside usual hours"]))), data.outside_usual_hours.count);
  assert.match(await view.frame.textContent(".facts"), /07-19, Europe\/Prague/);
  const usual = await figure(view, "The baseline by hour");
  const { from, to } = data.baseline;
  const { groups } = await world.call("count_audit_logs", { actor: ["5019"], from, to, timezone: "Europe/Prague", group_by: ["hour_of_day"], limit: 24 });
  const counts = new Map(groups.map(({ key, count }) => [key.hour_of_day, count]));
  assert.deepEqual(usual.map(({ cells }) => plain(cells.all)), rows.map((_, hour) => counts.get(hour) ?? 0));
  assert.equal(sum(usual.map(({ cells }) => plain(cells.all))), data.baseline.entries);
  await view.close();
});

test("hours of somebody with a zone of their own are counted by that clock", async () => {
  const args = { actor: "5011", from: "30d" };
  const view = await world.open(tool, args);
  const data = await world.call(tool, args);
  assert.notEqual(data.usual_hours.timezone, data.query.timezone);
  const rows = await figure(view, `Entries by hour, ${data.usual_hours.timezone}`);
  const { groups } = await world.call("count_audit_logs", { ...args, actor: [args.actor], timezone: data.usual_hours.timezone, group_by: ["hour_of_day"], limit: 24 });
  for (const { key, count } of groups) assert.equal(plain(rows[key.hour_of_day].cells.all), count);
  assert.equal(sum(rows.map(({ cells }) => plain(cells["outside usual hours"]))), data.outside_usual_hours.count);
  await view.close();
});

test("events and teams stand beside the baseline, and what is new is marked", async () => {
  const view = await world.open(tool, leaver);
  const data = await world.call(tool, leaver);
  assert.ok((await figure(view, "Events")).some(({ name }) => name === "new: webhook_deleted"));
  await view.frame.click(`button:has-text("All ${data.by_event.length} events")`);
  const rows = await figure(view, "Events");
  assert.deepEqual(rows.map(({ cells }) => Object.values(cells).map(plain)), data.by_event.map((item) => [item.count, item.baseline_count]));
  assert.deepEqual(rows.filter(({ name }) => name.startsWith("new: ")).map(({ name }) => name.slice(5)), data.new_events.map(({ event }) => event));
  const teams = await figure(view, "Teams");
  assert.deepEqual(teams.map(({ name, cells }) => [name, ...Object.values(cells).map(plain)]), data.by_team.map((item) => [item.team.name, item.count, item.baseline_count]));
  assert.match(await view.frame.textContent(".facts"), /webhook_deleted, 16, first 26 Oct 2026, 14:03/);
  await view.close();
});

test("choosing an hour, an event or the baseline lists just those entries", async () => {
  const view = await world.open(tool, leaver);
  await view.frame.waitForSelector(chartOf("The baseline"));
  await cell(view, "Entries by hour", 23, 1).click();
  await view.frame.waitForSelector(chosen);
  await view.settled();
  assert.equal(await view.frame.locator(chosen).count(), 16);
  for (const time of await view.frame.locator(`${chosen} summary > :first-child`).allTextContents()) assert.match(time, / 23:\d\d$/);
  assert.equal(await view.frame.evaluate(() => document.activeElement.textContent), "Entries: Entries by hour: 23:00");
  const rows = await figure(view, "Events");
  const row = rows.findIndex(({ name }) => name === "connection_deleted");
  for (const [column, want] of [[0, 20], [1, 4]]) {
    await cell(view, "Events", row, column).click();
    await view.settled();
    assert.equal(await view.frame.locator(chosen).count(), want);
    const { arguments: asked } = view.calls.findLast(({ name }) => name === "list_audit_logs");
    assert.deepEqual([asked.actor, asked.event], [["5019"], ["connection_deleted"]]);
  }
  await cell(view, "Teams", 1, 0).click();
  await view.settled();
  const { arguments: asked } = view.calls.findLast(({ name }) => name === "list_audit_logs");
  assert.equal((await world.call("list_audit_logs", { ...asked, limit: 200 })).returned, 30);
  assert.deepEqual(await view.violations(), []);
  await view.close();
});

test("notable entries lie on the line of time where they were, and open to their details", async () => {
  const view = await world.open(tool, leaver);
  const { notable, query } = await world.call(tool, leaver);
  const points = await view.frame.$$eval(".axis button", (all) => all.map((one) => [one.textContent, Number(one.style.getPropertyValue("--at"))]));
  assert.equal(points.length, notable.length);
  const [from, to] = [Date.parse(query.from), Date.parse(query.to)];
  const places = notable.map(({ triggered_at: at }) => Math.round(1000 * (Date.parse(at) - from) / (to - from)));
  assert.deepEqual(points.map(([, at]) => at).sort(), places.sort());
  const point = view.frame.locator(".axis button", { hasText: "webhook_deleted" }).last();
  await point.focus();
  assert.match(await view.frame.textContent(".axis + .readout"), /^11 Nov 2026, 23:48: webhook_deleted, a deletion$/);
  await view.page.keyboard.press("Enter");
  await view.frame.waitForSelector("details[open] pre");
  const { arguments: asked } = view.calls.findLast(({ name }) => name === "get_audit_log");
  assert.deepEqual(asked, { uuid: ["609b5ee0-d2cf-458c-a302-ecd31ac394f8"], organization_id: 4721 });
  assert.deepEqual(await view.violations(), []);
  await view.close();
});

test("findings have their severity, their reason and their evidence", async () => {
  const view = await world.open(tool, leaver);
  const { findings } = await world.call(tool, leaver);
  const items = view.frame.locator(".person-findings > li");
  assert.equal(await items.count(), findings.length);
  for (const [i, finding] of findings.entries()) {
    const text = await items.nth(i).textContent();
    for (const words of [finding.severity, finding.title, finding.reason, finding.next_step]) assert.ok(text.includes(words), words);
  }
  await items.nth(0).locator("summary").click();
  await items.nth(0).locator(".entries > li").first().waitFor();
  assert.deepEqual(view.calls.at(-1), { name: "get_audit_log", arguments: { uuid: findings[0].evidence, organization_id: 4721 } });
  assert.equal(await items.nth(0).locator(".entries > li").count(), findings[0].evidence.length);
  assert.deepEqual(await view.violations(), []);
  await view.close();
});

test("by keyboard alone: an hour is chosen, and its entries opened", async () => {
  const view = await world.open(tool, leaver);
  await view.frame.waitForSelector(chartOf("The baseline"));
  const { keyboard } = view.page;
  const inHours = () => view.frame.evaluate(() => document.activeElement.matches(".timeline [role=gridcell]"));
  for (let i = 0; i < 40 && !await inHours(); i++) await keyboard.press("Tab");
  await keyboard.press("End");
  await keyboard.press("ArrowUp");
  await keyboard.press("Enter");
  await view.frame.waitForSelector(chosen);
  await view.settled();
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await view.frame.waitForSelector("section:last-of-type details[open] pre");
  await view.close();
});

test("a person without a baseline, one without entries, and a window that is not covered are said", async () => {
  const without = await world.open(tool, { actor: "5040", from: "30d" });
  assert.match(await without.frame.textContent(".facts"), /no baseline: no entry of this actor.*not known: too little was seen/s);
  assert.match(await without.frame.textContent("main"), /as far as the baseline tells/);
  assert.equal(await without.frame.locator(chartOf("The baseline")).count(), 0);
  await without.close();
  const idle = await world.open(tool, { actor: "5042", from: "30d" });
  assert.match(await idle.frame.textContent("h1"), /^0 entries of Henrik Solberg/);
  await idle.close();
  const none = await world.open(tool, { actor: "5001", from: "2020-01-01", to: "2020-02-01" });
  assert.match(await none.frame.textContent("h1"), /^Not known: nothing of this window is covered of /);
  assert.deepEqual(await none.violations(), []);
  await none.close();
});

test("incomplete numbers say at least, and what is not covered of the baseline is no zero", async () => {
  const args = { actor: "5001", from: "2025-06-01" };
  const view = await world.open(tool, args);
  assert.match(await view.frame.textContent("h1"), /^At least /);
  assert.match((await figure(view, "Events"))[0].cells["this window"], /^at least /);
  assert.equal((await figure(view, "Events"))[0].cells["the baseline (at least)"], "not covered");
  assert.match((await figure(view, "Entries by hour"))[9].cells.all, /^at least /);
  assert.ok(await view.frame.locator(".axis .gap").count() > 0);
  await view.close();
});

test("a host that passes no calls on shows what the answer holds, and says so", async () => {
  for (const actor of ["Marek Havelka", "5011"]) {
    const view = await world.open(tool, { actor, from: "30d" }, { capabilities: {}, context: null });
    assert.deepEqual(view.calls, []);
    assert.match(await view.frame.textContent("main"), /passes no calls on/);
    assert.equal((await figure(view, "Entries by hour, Europe/Prague")).length, 24);
    await view.frame.click(".person-findings summary");
    assert.match(await view.frame.textContent(".person-findings .evidence .quiet"), /Ask in the chat for: [0-9a-f-]{36}/);
    assert.deepEqual(await view.violations(), []);
    await view.close();
  }
});

test("a call that fails is said in its place, and the rest is drawn", async () => {
  const refused = { isError: true, content: [{ type: "text", text: "Make refused: 429, ask again in a minute" }] };
  const view = await world.open(tool, leaver, { answer: () => refused });
  assert.equal(await view.frame.textContent("[role=alert]"), refused.content[0].text);
  assert.equal((await figure(view, "Entries by hour")).length, 24);
  await view.close();
});

const evil = [
  "<img src=x onerror=\"document.title='owned'\">", "<script>document.title='owned'</script>", "</style><style>body{display:none}", "\u202egnp.exe\u202c",
  "\u2067evil", "javascript:alert(1)", "![x](https://evil.example/x.png)", "a".repeat(10_000), "\u{1F600}".repeat(2_000), "",
];

test("hostile names are text: no markup, no turned line, no wide page", async () => {
  const data = await world.call(tool, leaver);
  const finding = (text) => ({ ...data.findings[0], title: text, reason: text, next_step: text, severity: text });
  const hostile = {
    ...data, warnings: evil, actor: { ...data.actor, name: evil[0], email: evil[1], kind_reason: evil[3] },
    by_event: evil.map((event, i) => ({ event, count: i + 1, baseline_count: i })),
    by_team: evil.map((name, i) => ({ team: { id: i, name }, count: i + 1, baseline_count: i })),
    new_events: evil.map((event) => ({ event, count: 1, first_at: data.first_at })),
    notable: evil.map((name, i) => ({ ...data.notable[0], uuid: `${i}`, event: name, target_name: name, why: name })),
    findings: evil.map(finding), usual_hours: { ...data.usual_hours, hours: [], reason: evil[7] }, baseline: { ...data.baseline, note: evil[8] },
  };
  for (const width of [320, 1280]) {
    const view = await world.open(tool, leaver, { result: { content: [], structuredContent: hostile }, width });
    assert.ok((await view.frame.textContent("h1")).includes(evil[0]));
    assert.notEqual(await view.frame.title(), "owned");
    assert.equal(await view.frame.locator("main img, main script, main style").count(), 0);
    assert.ok(await view.frame.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    assert.deepEqual(await view.violations(), []);
    await view.close();
  }
});

test("the zone is the answer's and the language the host's", async () => {
  const args = { ...leaver, timezone: "America/New_York" };
  const view = await world.open(tool, args, { context: { theme: "light", locale: "de-DE" } });
  const data = await world.call(tool, args);
  assert.match(await view.frame.textContent(".about"), /21\. Okt\. 2026, 07:00/);
  const rows = await tableOf(view.frame, ".timeline");
  assert.deepEqual(rows.map(({ cells }) => plain(cells.all)), data.by_hour);
  await view.frame.click(".person-findings summary");
  await view.frame.waitForSelector(".person-findings .entries");
  const shown = await view.frame.locator(".person-findings .entries summary > :first-child").allTextContents();
  assert.ok(shown.some((time) => /11\. Nov\. 2026, 17:48/.test(time)), shown.join());
  await view.close();
});
