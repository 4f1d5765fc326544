// The view of list_people: its numbers are the tool's, and a status, a search or a person asks for just those.
//
//   MAKE_AUDIT_MCP=/path/to/make-audit-mcp VIEWS=/path/to/resources/ui node --test
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { start, tableOf, timely } from "./harness.mjs";

let world;
before(async () => { world = await start(); });
after(() => world.stop());

const tool = "list_people";
const args = { from: "90d", limit: 50 };
const plain = (text) => Number(text.replace(/^at least /, "").replaceAll(",", ""));

/** rowsOf is the table of people, by the names of its columns. */
const rowsOf = (view) => view.frame.$eval(".people table", (table) => {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  return [...table.tBodies[0].rows].map((row) => Object.fromEntries([...row.cells].map((cell, i) => [heads[i], cell.textContent])));
});
const column = async (view, name) => (await rowsOf(view)).map((row) => row[name]);
const narrowed = async (view) => {
  await view.frame.waitForSelector("nav:not([hidden]) [aria-current]");
  await view.settled();
};
const everybody = async (asked) => {
  const people = [];
  for (let cursor; ;) {
    const page = await world.call(tool, { ...asked, ...(cursor ? { cursor } : {}) });
    people.push(...page.people);
    cursor = page.next_cursor;
    if (!cursor) return people;
  }
};

test("people and their totals are the tool's", async () => {
  const view = await world.open(tool, args);
  const { people, totals, total } = await world.call(tool, args);
  assert.deepEqual((await tableOf(view.frame, ".bars")).map(({ name, cells }) => [name, plain(cells.all)]), Object.entries(totals));
  assert.equal(await view.frame.textContent("h1"), `${total} people of Northwind Automation`);
  const rows = await rowsOf(view);
  assert.equal(rows.length, people.length);
  for (const [i, person] of people.entries()) {
    const { Name: name, Address: address, Status: status, Entries: entries, Findings: findings, "2FA": second } = rows[i];
    assert.deepEqual([name, address, status, plain(entries), second], [person.name, person.email, person.status, person.entries, person.two_factor ?? ""]);
    if (person.findings) assert.ok(findings.startsWith(`${person.findings.severest}: ${person.findings.rules[0]}`));
    for (const { object, made } of person.powers ?? []) if (made) assert.ok(rows[i]["Powers used"].includes(`${object}: ${made} made`));
    for (const { name: team, role } of person.team_roles ?? []) assert.ok(rows[i].Roles.includes(`${team}: ${role}`));
  }
  assert.deepEqual([rows[0].First, rows[0].Last], ["8 Dec 2025", "11 Nov 2026"]);
  assert.deepEqual(view.calls, [], "the answer holds it all");
  await view.close();
});

test("the table goes on, page by page, with the question that was asked", async () => {
  const asked = { from: "90d", limit: 5, status: ["active"] };
  const view = await world.open(tool, asked);
  assert.equal((await rowsOf(view)).length, 5);
  assert.match(await view.frame.textContent("main"), /5 of 36 are shown/);
  for (let i = 0; i < 10 && await view.frame.locator("button:has-text('More people')").count(); i++) {
    await view.frame.click("button:has-text('More people')");
    await view.settled();
  }
  const want = await everybody(asked);
  assert.deepEqual(await column(view, "Address"), want.map(({ email }) => email));
  assert.doesNotMatch(await view.frame.textContent("main"), /are shown/);
  await view.close();
});

test("any column sorts, by keyboard, both ways, and what is not known comes last", async () => {
  const view = await world.open(tool, args);
  const { people } = await world.call(tool, args);
  const press = async (name) => {
    await view.frame.focus(`.people thead button:text-is("${name}")`);
    await view.page.keyboard.press("Enter");
    return view.frame.$eval(`.people thead th:has(button:text-is("${name}"))`, (head) => head.getAttribute("aria-sort"));
  };
  assert.equal(await press("Entries"), "ascending");
  const numbers = people.map(({ entries }) => entries).sort((a, b) => a - b);
  assert.deepEqual((await column(view, "Entries")).map(plain), numbers);
  assert.equal(await press("Entries"), "descending");
  assert.deepEqual((await column(view, "Entries")).map(plain), [...numbers].reverse());
  assert.equal(await view.frame.locator("[aria-sort]").count(), 1);
  await press("Last");
  await press("Last");
  const times = people.filter((person) => person.last_at).sort((a, b) => Date.parse(b.last_at) - Date.parse(a.last_at));
  const [first] = await rowsOf(view);
  assert.equal(first.Name, times[0].name);
  assert.equal((await column(view, "Last")).at(-1), "", "who has no entry is last");
  for (const name of ["Name", "Address", "Status", "First", "Roles", "Last login", "2FA", "Powers used", "Findings"]) {
    assert.equal(await press(name), "ascending", name);
    assert.equal((await rowsOf(view)).length, people.length);
  }
  const severest = (await column(view, "Findings")).filter(Boolean).map((text) => ["low", "medium", "high", "critical"].indexOf(text.split(":")[0]));
  assert.deepEqual(severest, [...severest].sort());
  assert.deepEqual(await view.violations(), []);
  await view.close();
});

test("a status and a search ask for just those, and the way back is kept", async () => {
  const view = await world.open(tool, { ...args, team: ["Marketing"] });
  const all = (await rowsOf(view)).length;
  await view.frame.locator(".bars tbody tr").nth(2).locator("td").first().click();
  await narrowed(view);
  const { arguments: asked } = view.calls.at(-1);
  assert.deepEqual([asked.status, asked.team], [["new"], ["8105"]]);
  const answer = await world.call(tool, asked);
  assert.deepEqual(await column(view, "Name"), answer.people.map(({ name }) => name));
  assert.match(await view.frame.evaluate(() => document.activeElement.tagName), /^H1$/);
  await view.frame.click("nav button");
  await view.settled();
  assert.equal((await rowsOf(view)).length, all);
  await view.frame.fill("input[type=search]", "eva");
  await view.page.keyboard.press("Enter");
  await narrowed(view);
  assert.equal(view.calls.at(-1).arguments.search, "eva");
  assert.equal(view.calls.at(-1).arguments.status, undefined);
  for (const row of await rowsOf(view)) assert.match(row.Name + row.Address, /eva/i);
  await view.frame.fill("input[type=search]", "nobody at all");
  await view.frame.click("button:text-is('Search')");
  await view.settled();
  assert.match(await view.frame.textContent("main"), /nobody matches/);
  assert.deepEqual(await view.violations(), []);
  await view.close();
});

test("a person opens to what the view person shows, and the way back leads to them", async () => {
  const view = await world.open(tool, args);
  const { query } = await world.call(tool, args);
  await view.frame.click(".people button:has-text('Marek Havelka')");
  await narrowed(view);
  const { name, arguments: asked } = view.calls.find(({ name: called }) => called === "get_actor_activity");
  assert.deepEqual([name, asked.actor, asked.from, asked.to, asked.timezone], ["get_actor_activity", "5019", query.from, query.to, "Europe/Prague"]);
  const activity = await world.call("get_actor_activity", asked);
  assert.equal(await view.frame.textContent("h1:visible"), `${activity.total} entries of Marek Havelka`);
  const shown = (opened) => opened.frame.$$eval("figure", (all) => all.filter((one) => one.checkVisibility()).map((one) => one.textContent));
  const alone = await world.open("get_actor_activity", asked);
  assert.deepEqual(await shown(view), await shown(alone));
  await alone.close();
  assert.deepEqual(await view.violations(), []);
  await view.frame.click("nav button:has-text('All people')");
  assert.equal(await view.frame.evaluate(() => document.activeElement.textContent), "Marek Havelka");
  assert.equal(await view.frame.isHidden("nav"), true);
  await view.close();
});

test("incomplete numbers say at least", async () => {
  const asked = { from: "2025-06-01", limit: 5 };
  const view = await world.open(tool, asked);
  assert.equal((await world.call(tool, asked)).complete, false);
  assert.match(await view.frame.textContent("h1"), /^At least \d+ people/);
  assert.match((await column(view, "Entries"))[0], /^at least \d+$/);
  await view.close();
});

test("a host that passes no calls on shows what the answer holds, and says so", async () => {
  const view = await world.open(tool, { from: "90d", limit: 5 }, { capabilities: {}, context: null });
  assert.equal((await rowsOf(view)).length, 5);
  assert.match(await view.frame.textContent("main"), /passes no calls on/);
  assert.equal(await view.frame.locator("input[type=search], .people tbody button, button:has-text('More people')").count(), 0);
  await view.frame.click(".people thead button:text-is('Entries')");
  assert.deepEqual(view.calls, []);
  assert.deepEqual(await view.violations(), []);
  await view.close();
});

test("a call that fails is said, and the people stay", async () => {
  const refused = { isError: true, content: [{ type: "text", text: "Make refused: 429, ask again in a minute" }] };
  const view = await world.open(tool, args, { answer: () => refused });
  await view.frame.click(".people tbody button >> nth=0");
  assert.equal(await view.frame.textContent("[role=alert]"), refused.content[0].text);
  assert.ok((await rowsOf(view)).length > 10);
  await view.close();
});

const evil = [
  "<img src=x onerror=\"document.title='owned'\">", "<script>document.title='owned'</script>", "</style><style>body{display:none}", "\u202egnp.exe\u202c",
  "\u2067evil", "javascript:alert(1)", "![x](https://evil.example/x.png)", "a".repeat(10_000), "\u{1F600}".repeat(2_000), "",
];

test("hostile names are text: no markup, no turned line, no wide page", async () => {
  const data = await world.call(tool, args);
  const people = evil.map((text, i) => ({ ...data.people[0], id: i, name: text, email: text, organization_role: text, two_factor: text,
    team_roles: [{ id: i, name: text, role: text }], powers: [{ object: text, made: 1 }], status: text, findings: { total: 1, severest: text, rules: [text] } }));
  const hostile = { ...data, people, warnings: evil, query: { ...data.query, organization: { id: 1, name: evil[0] } }, roster: { ...data.roster, reason: evil[7] } };
  for (const width of [320, 1280]) {
    const view = await world.open(tool, args, { result: { content: [], structuredContent: hostile }, width });
    await view.frame.click(".people thead button:text-is('Roles')");
    assert.equal((await rowsOf(view)).length, evil.length);
    assert.notEqual(await view.frame.title(), "owned");
    assert.equal(await view.frame.locator("main img, main script, main style").count(), 0);
    assert.ok(await view.frame.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    assert.deepEqual(await view.violations(), []);
    await view.close();
  }
});

test("200 people are drawn soon", async (t) => {
  const data = await world.call(tool, args);
  const people = Array.from({ length: 200 }, (_, i) => ({ ...data.people[i % data.people.length], id: i, name: `Person ${i}` }));
  const many = { ...data, people, total: 200, returned: 200, next_cursor: undefined };
  const view = await world.open(tool, args, { result: { content: [], structuredContent: many } });
  const drawn = await view.drawn({ content: [], structuredContent: many });
  timely(t, drawn, "people");
  assert.equal((await rowsOf(view)).length, 200);
  await view.close();
});
