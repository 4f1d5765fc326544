/**
 * The view of find_suspicious_activity: findings by severity, by time and by rule. Choosing a part of a picture narrows the list, where each
 * finding opens to its reason, its evidence, and ways to hand it on.
 */
import { element, named } from "./chart.js";
import { bucket, moment, endOf, wallOf } from "./clock.js";
import { unitFor } from "./counts.js";
import { entryList } from "./entries.js";
import { csvOf, questionAbout, ticketOf } from "./handout.js";
import { pickable } from "./pick.js";
import { about, filterOf } from "./question.js";
import { ask } from "./result.js";
import { problem, start } from "./view.js";

/** @typedef {import("./host.js").Json} Json */
/** @typedef {import("./view.js").Stage} Stage */
/** @typedef {import("./chart.js").Row} Row */

/**
 * What the list is narrowed to, by one picture.
 * @typedef {object} Part
 * @property {string} label
 * @property {HTMLElement | undefined} cell  that was chosen
 * @property {(finding: Json) => boolean} has
 */

const tool = "find_suspicious_activity";
const severities = ["critical", "high", "medium", "low"];
const mostReads = 10; // for findings that the answer had no room for

start("findings", { tool, draw });

/**
 * @param {Stage} stage
 * @param {Json} data
 * @returns {HTMLElement[]}
 */
function draw(stage, data) {
  const page = new Page(stage, data);
  page.show();
  return [page.body];
}

class Page {
  body = element("div");
  /** @type {Map<string, Part>} one for each picture */
  #parts = new Map();
  /** @type {Set<string>} rules whose findings were asked for alone */
  #askedFor = new Set();
  #trail = element("nav", { "aria-label": "Narrowed to; choosing one takes it away" });
  #list = element("section");

  /**
   * @param {Stage} stage
   * @param {Json} data
   */
  constructor(stage, data) {
    this.stage = stage;
    this.data = data;
    /** @type {Json[]} */
    this.findings = [...data.findings];
    this.again = againOf(data.query, stage.args);
  }

  get isCut() { return this.findings.length < this.data.findings_total; }

  /** show draws all of it. */
  show() {
    const { data, stage } = this;
    this.#parts.clear();
    const parts = [element("h1", { tabindex: "-1" }, ...this.#headline()), ...about(this.#told(), stage.locale)];
    if (data.findings_total > 0) {
      parts.push(
        element("section", { class: "severities" }, ...this.#overTime()),
        element("div", { class: "pair" },
          element("section", { class: "severities each" }, ...this.#bySeverity()), element("section", {}, ...this.#byRule())),
        this.#trail, this.#list);
    } else {
      if (data.coverage.from) parts.push(element("p", {}, "By what was looked for, nothing in this window stands out; that proves nothing."));
      if (data.coverage.gaps.length > 0) parts.push(element("section", { class: "severities" }, ...this.#overTime()));
    }
    parts.push(this.#lookedFor());
    this.body.replaceChildren(...parts);
    if (data.findings_total > 0) this.#showList();
  }

  /** told is the answer without its word that findings are missing, where they were read since. */
  #told() {
    const { data, isCut } = this;
    return isCut ? data : { ...data, warnings: data.warnings.filter((/** @type {string} */ one) => !one.startsWith("findings lists the first")) };
  }

  #headline() {
    const { complete, coverage, findings_total: total, query, rules_evaluated: rules } = this.data;
    const of = [" of ", named(query.organization.name)];
    if (!coverage.from) return ["Not known: nothing of this window is covered", ...of];
    if (total === 0) return [`Nothing found by ${this.stage.number(rules.length)} rules in `, named(query.organization.name)];
    return [`${complete ? "" : "At least "}${this.stage.number(total)} ${total === 1 ? "finding" : "findings"}`, ...of];
  }

  #overTime() {
    const { data, findings, stage } = this;
    const { chart, buckets } = overTime(data, findings, this.isCut, stage.locale);
    return this.#picked("time", stage.chart(chart), (row, column) => {
      const span = buckets[row];
      if (!span) return undefined;
      const severity = severities[column];
      return { label: `${chart.rows[row].name}${severity ? ` · ${severity}` : ""}`,
        has: (finding) => span.holds(finding) && (!severity || finding.severity === severity) };
    });
  }

  #bySeverity() {
    const { by_severity: counts, complete } = this.data;
    const rows = severities.map((name) => ({ name, values: [counts[name] ?? 0], least: !complete }));
    const figure = this.stage.chart({ kind: "bars", caption: "Findings by severity", corner: "severity", columns: ["Findings"], sum: "all", rows });
    return this.#picked("severity", figure, (row) => ({ label: severities[row], has: (finding) => finding.severity === severities[row] }));
  }

  #byRule() {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const name of this.findings.flatMap(rulesOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
    const rules = [...counts].sort((a, b) => b[1] - a[1]);
    if (rules.length === 0) return [];
    const least = this.isCut || !this.data.complete;
    const figure = this.stage.chart({ kind: "bars", caption: "Findings by rule; several rules may see one", corner: "rule", columns: ["Findings"],
      sum: "all", rows: rules.map(([name, count]) => ({ name, values: [count], least })) });
    return this.#picked("rule", figure, (row) => ({ label: rules[row][0], has: (finding) => rulesOf(finding).includes(rules[row][0]) }));
  }

  /**
   * picked makes a picture narrow the list; a cell that is chosen again no longer does.
   * @param {string} picture
   * @param {HTMLElement} figure
   * @param {(row: number, column: number) => {label: string, has: (finding: Json) => boolean} | undefined} partOf
   */
  #picked(picture, figure, partOf) {
    return pickable(figure, (row, column) => {
      const chosen = partOf(row, column);
      if (!chosen) return;
      const cell = /** @type {HTMLElement | undefined} */ (figure.querySelectorAll("tbody tr")[row]?.querySelectorAll("td")[column]);
      if (this.#parts.get(picture)?.cell === cell) this.#parts.delete(picture);
      else this.#parts.set(picture, { ...chosen, cell });
      this.#showList();
      this.#list.querySelector("h2")?.focus();
    });
  }

  #showList() {
    const { data, stage } = this;
    const marked = "picked";
    for (const cell of this.body.querySelectorAll(`.${marked}`)) {
      cell.classList.remove(marked);
      cell.removeAttribute("aria-selected");
    }
    const items = [...this.#parts].map(([picture, { label, cell }]) => {
      cell?.classList.add(marked);
      cell?.setAttribute("aria-selected", "true");
      return this.#trailItem(named(label), () => this.#parts.delete(picture));
    });
    this.#trail.hidden = items.length === 0;
    this.#trail.replaceChildren(element("ol", {}, this.#trailItem("All findings", () => this.#parts.clear()), ...items));

    const shown = this.findings.filter((finding) => [...this.#parts.values()].every(({ has }) => has(finding)));
    const words = `${stage.number(shown.length)} of ${data.complete ? "" : "at least "}${stage.number(data.findings_total)} findings`;
    const list = element("ol", { class: "findings" }, ...shown.map((finding) => this.#finding(finding)));
    this.#list.replaceChildren(element("h2", { tabindex: "-1" }, words), ...this.#download(shown), list, ...this.#others());
    const first = list.querySelector("details");
    if (first) first.open = true;
  }

  /**
   * @param {Node | string} label
   * @param {() => void} takeAway
   */
  #trailItem(label, takeAway) {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", () => {
      takeAway();
      this.#showList();
      this.#list.querySelector("h2")?.focus();
    });
    return element("li", {}, button);
  }

  /** others tells of the findings that are not listed, and reads them where the tool can be asked for them. */
  #others() {
    const { stage, data, findings } = this;
    const missing = data.findings_total - findings.length;
    if (missing <= 0) return [];
    const words = element("p", { class: "quiet" },
      `${stage.number(missing)} more ${missing === 1 ? "is" : "are"} not listed: the answer had no room. `);
    if (!stage.host.canCall || this.#unread().length === 0) {
      words.append("In the chat they can be asked for by rule, team or a shorter window.");
      return [words];
    }
    const button = element("button", { type: "button" }, "Read more findings");
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await stage.busy("Looking for more findings…", this.#read());
        this.show();
        this.#list.querySelector("h2")?.focus();
      } catch (error) {
        button.disabled = false;
        button.before(problem(error));
      }
    });
    return [words, button];
  }

  /** @returns {string[]} rules that saw more than is listed, the rarest first: an answer holds those whole */
  #unread() {
    const wanted = [this.stage.args.rule ?? []].flat();
    if (wanted.length === 1) return [];
    return this.data.rules_evaluated
      .filter((/** @type {Json} */ { rule, findings }) => !this.#askedFor.has(rule) && (wanted.length === 0 || wanted.includes(rule)) &&
        findings > this.findings.filter((finding) => rulesOf(finding).includes(rule)).length)
      .sort((/** @type {Json} */ a, /** @type {Json} */ b) => a.findings - b.findings).map((/** @type {Json} */ { rule }) => rule);
  }

  /** read asks for the findings of one rule after the other, which are the same as of all rules. */
  async #read() {
    const known = new Set(this.findings.map(({ id }) => id));
    for (let reads = 0; reads < mostReads && this.isCut; reads++) {
      const [rule] = this.#unread();
      if (!rule) break;
      this.#askedFor.add(rule);
      const answer = await ask(this.stage.host, tool, { ...this.again, rule: [rule] });
      for (const finding of answer.findings) {
        const left = (this.data.by_severity[finding.severity] ?? 0) - this.findings.filter(({ severity }) => severity === finding.severity).length;
        if (known.has(finding.id) || left <= 0) continue; // by severity, all that was asked for is there
        known.add(finding.id);
        this.findings.push(finding);
      }
    }
    const weight = (/** @type {Json} */ { severity }) => severities.indexOf(severity);
    this.findings.sort((a, b) => weight(a) - weight(b) || Date.parse(b.from) - Date.parse(a.from));
  }

  /** @param {Json[]} shown */
  #download(shown) {
    const { host } = this.stage;
    if (!host.capabilities.downloadFile || shown.length === 0) return [];
    const button = element("button", { type: "button" }, "Download as CSV");
    const said = element("span", { class: "quiet", role: "status" });
    const resource = () => ({ uri: "file:///findings.csv", mimeType: "text/csv", text: csvOf(shown, this.data) });
    button.addEventListener("click", () => handOver(said, "Handed to the host.",
      host.request("ui/download-file", { contents: [{ type: "resource", resource: resource() }] })));
    return [element("p", { class: "actions" }, button, " ", said)];
  }

  /** @param {Json} finding */
  #finding(finding) {
    const { locale } = this.stage;
    const body = element("div");
    const opened = element("details", {}, element("summary", {},
      element("span", { class: `severity ${severities.includes(finding.severity) ? finding.severity : ""}` }, finding.severity),
      element("span", { class: "what" }, element("strong", {}, named(finding.title)),
        element("span", { class: "clip quiet" }, named(finding.reason))),
      element("span", { class: "clip" }, ...whoOf(finding)),
      element("span", { class: "clip" }, moment(finding.from, locale))), body);
    opened.addEventListener("toggle", () => {
      if (opened.open && !body.hasChildNodes()) body.append(...this.#whole(finding));
    });
    return element("li", {}, opened);
  }

  /**
   * whole is all that a finding says, and what can be done with it.
   * @param {Json} finding
   */
  #whole(finding) {
    const { locale, number } = this.stage;
    const { id, rule, also = [], reason, team, from, to, state, next_step: next } = finding;
    /** @type {[string, (Node | string)[]][]} */
    const fields = [
      ["who", finding.actor ? [...whoOf(finding), ...(finding.actor.email ? [" · ", named(finding.actor.email)] : [])] : whoOf(finding)],
      ["team", team ? [named(team.name || String(team.id))] : ["none, or several"]],
      ["when", [from === to ? moment(from, locale) : `${moment(from, locale)} – ${moment(to, locale)}`]],
      ["rule", [rule, ...also].flatMap((name, i) => [["", "; seen by ", ", "][Math.min(i, 2)], named(name)])],
      ["observed", [against(finding, number)]],
      ...(state === undefined ? [] : [/** @type {[string, Node[]]} */ (["state", [named(String(state))]])]),
      ["next step", [named(next)]],
      ["finding", [named(id)]],
    ];
    return [
      element("p", {}, named(reason)),
      element("dl", {}, ...fields.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, ...value)])),
      this.#evidence(finding), ...this.#actions(finding),
    ];
  }

  /** @param {Json} finding */
  #evidence({ evidence, evidence_count: count }) {
    const { stage } = this;
    const organization = this.data.query.organization.id;
    const more = count - evidence.length;
    const words = `Evidence: ${stage.number(count)} ${count === 1 ? "entry" : "entries"}`;
    const body = element("div", {}, element("ul", {}, ...evidence.map((/** @type {string} */ uuid) => element("li", {}, named(uuid)))));
    const opened = element("details", { class: "evidence" },
      element("summary", {}, more > 0 ? `${words}, ${stage.number(evidence.length)} of them listed` : words), body,
      ...(more > 0 ? [element("p", { class: "quiet" }, `${stage.number(more)} more entries of the same time are not listed.`)] : []));
    let isRead = false;
    opened.addEventListener("toggle", async () => {
      if (!opened.open || isRead || evidence.length === 0) return;
      isRead = true;
      if (!stage.host.canCall) {
        body.append(element("p", { class: "quiet" }, "This host passes no calls on: ask in the chat for these entries."));
        return;
      }
      try {
        const answer = await stage.busy("Reading the evidence…",
          ask(stage.host, "get_audit_log", { uuid: evidence, organization_id: organization }));
        const lost = (answer.not_found ?? []).map((/** @type {unknown} */ uuid) =>
          element("p", { class: "quiet" }, "Not found any more: ", named(String(uuid))));
        body.replaceChildren(entryList(stage, answer.entries, organization), ...lost);
      } catch (error) {
        isRead = false;
        body.querySelector(".error")?.remove();
        body.append(problem(error));
      }
    });
    return opened;
  }

  /** @param {Json} finding */
  #actions(finding) {
    const { host } = this.stage;
    const said = element("span", { class: "quiet", role: "status" });
    const row = element("p", { class: "actions" });
    const ticket = element("div");
    /** @type {(words: string, work: () => void) => void} */
    const add = (words, work) => {
      const button = element("button", { type: "button" }, words);
      button.addEventListener("click", work);
      row.append(button, " ");
    };
    if (host.capabilities.message) {
      add("Ask about this", () => handOver(said, "Asked in the chat.",
        host.request("ui/message", { role: "user", content: [{ type: "text", text: questionAbout(finding, this.again) }] })));
    }
    add("Copy as ticket", async () => {
      const text = ticketOf(finding, this.data, this.again);
      try {
        await navigator.clipboard.writeText(text);
        said.textContent = "Copied.";
      } catch { // a host's frame seldom may
        const area = element("textarea", { readonly: "", rows: "12", "aria-label": "The finding as a ticket" });
        area.value = text;
        ticket.replaceChildren(area);
        area.focus();
        area.select();
        said.textContent = "The host lets nothing be copied from here: the text is selected below.";
      }
    });
    row.append(said);
    return [row, ticket];
  }

  /** lookedFor says what the window was held against, and what could not be. */
  #lookedFor() {
    const { baseline, rules_evaluated: rules, suppressed = [], limits = {} } = this.data;
    const { locale, number, args } = this.stage;
    /** @type {(Node | string)[][]} */
    const notes = rules.filter((/** @type {Json} */ one) => one.why_not)
      .map((/** @type {Json} */ { rule, why_not: why }) => [named(rule), " could not find anything, or not all: ", named(why)]);
    if (args.min_severity) notes.push(["Not asked for: findings below severity ", named(String(args.min_severity))]);
    const only = [args.rule ?? []].flat();
    if (only.length) notes.push(["Not asked for: what other rules found than ", named(only.join(", "))]);
    for (const { signals, why, by, until } of suppressed) {
      notes.push([`Kept back: ${number(signals)} hits, until ${moment(until, locale)}, by `, named(by), ": ", named(why)]);
    }
    for (const [name, value] of Object.entries(limits)) notes.push(["Limit ", named(name), ` is set to ${value}`]);
    const usual = baseline.entries ? `${baseline.complete ? "" : "at least "}${number(baseline.entries)} entries` : "no entries";
    const heads = ["rule", "findings, before they were chosen from"].map((head) => element("th", { scope: "col" }, head));
    const table = element("table", { class: "rules" },
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rules.map((/** @type {Json} */ { rule, findings }) => element("tr", {},
        element("th", { scope: "row" }, named(rule)), element("td", {}, number(findings))))));
    return element("section", {},
      element("h2", {}, "What was looked for"),
      element("p", {}, `Measured by the time before: ${moment(baseline.from, locale)} – ${moment(baseline.to, locale)}, ${usual}` +
        `${baseline.complete ? "." : "; part of it is not covered, so what seems new may only be unseen."}`),
      ...(notes.length ? [element("ul", { class: "warnings" }, ...notes.map((note) => element("li", {}, ...note)))] : []),
      element("details", {}, element("summary", {}, `${number(rules.length)} rules and comparisons with that time`), table));
  }
}

/**
 * overTime draws findings by when they began. A stretch that is not covered is a row of its own, as in other timelines.
 * @param {Json} answer
 * @param {Json[]} findings
 * @param {boolean} isCut  there are more
 * @param {string | undefined} locale
 */
function overTime({ query, coverage, complete }, findings, isCut, locale) {
  const unit = unitFor(query.from, query.to);
  const [from, to] = [wallOf(query.from), wallOf(query.to)];
  const gaps = coverage.gaps.map((/** @type {Json} */ gap) => ({ from: wallOf(gap.from), to: wallOf(gap.to), reason: gap.reason }));
  const lower = isCut || (!complete && gaps.length === 0);
  /** @type {Row[]} */
  const rows = [];
  /** @type {({holds: (finding: Json) => boolean} | undefined)[]} */
  const buckets = [];
  let left = findings;
  for (let at = beginOf(from, unit); at < to; at = endOf(at, unit)) {
    const end = endOf(at, unit);
    const isLast = end >= to;
    const here = left.filter((finding) => isLast || wallOf(finding.from) < end);
    left = left.filter((finding) => !here.includes(finding));
    const [begin, stop] = [at > from ? at : from, isLast ? to : end];
    let reached = begin;
    for (const gap of gaps) if (gap.from <= reached && gap.to > reached) reached = gap.to;
    if (reached >= stop && here.length === 0) {
      const { reason } = gaps.find((/** @type {Json} */ gap) => gap.from <= begin && gap.to > begin);
      if (rows.at(-1)?.gap === reason) continue;
      rows.push({ name: bucket(at, unit, locale), gap: reason });
      buckets.push(undefined);
      continue;
    }
    const least = lower || gaps.some((/** @type {Json} */ gap) => gap.from < stop && gap.to > begin);
    rows.push({ name: bucket(at, unit, locale), values: severities.map((name) => here.filter(({ severity }) => severity === name).length), least });
    buckets.push({ holds: (finding) => here.includes(finding) });
  }
  /** @type {import("./chart.js").Chart} */
  const chart = {
    kind: "timeline", caption: `Findings by ${unit} in which they begin, by severity`, corner: unit, columns: severities, sum: "all", rows,
  };
  return { chart, buckets };
}

/**
 * beginOf is the wall clock at which the bucket of a time begins.
 * @param {string} wall
 * @param {import("./clock.js").Unit} unit
 */
function beginOf(wall, unit) {
  if (unit === "hour") return `${wall.slice(0, 13)}:00:00`;
  return unit === "month" ? wallOf(wall.slice(0, 7)) : wallOf(wall.slice(0, 10)); // weeks begin where the window does
}

/**
 * againOf are arguments that ask the same once more: the caller's own where a query does not repeat all.
 * @param {Json} query
 * @param {Json} args
 * @returns {Json}
 */
function againOf(query, args) {
  /** @type {Json} */
  let again = args;
  try {
    again = filterOf(query, args);
  } catch { /* the caller's own */ }
  for (const name of ["min_severity", "baseline_days"]) if (args[name] !== undefined) again = { ...again, [name]: args[name] };
  return again;
}

/** @param {Json} finding */
function rulesOf({ rule, also = [] }) { return [...new Set([rule, ...also])]; }

/** @param {Json} finding */
function whoOf({ actor }) { return actor ? [named(actor.name || String(actor.id))] : ["the system, or several"]; }

/**
 * against draws what was observed above the threshold that it is measured by.
 * @param {Json} finding
 * @param {(n: number) => string} number
 */
function against({ observed, threshold }, number) {
  const most = Math.max(observed, threshold) || 1;
  const line = (/** @type {string} */ name, /** @type {number} */ value, /** @type {string} */ words) =>
    element("span", { class: name, style: `--share:${Math.round((value / most) * 1000)}` }, element("span", {}, `${number(value)} ${words}`));
  return element("span", { class: "against" }, line("observed", observed, "observed"), line("threshold", threshold, "is the threshold"));
}

/**
 * handOver waits for what the host makes of it, and says that.
 * @param {HTMLElement} said
 * @param {string} done
 * @param {Promise<Json>} asked
 */
async function handOver(said, done, asked) {
  try {
    const { isError } = await asked;
    said.textContent = isError ? "The host refused." : done;
  } catch (error) {
    said.textContent = `The host refused: ${error instanceof Error ? error.message : error}`;
  }
}
