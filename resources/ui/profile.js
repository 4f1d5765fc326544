/**
 * One person's activity, as get_actor_activity answers: what stands out, the hours against usual ones, the window against the baseline, and
 * what is notable. The view person is this alone; the view people shows it of whom is chosen.
 */
import { element, named } from "./chart.js";
import { moment, wallIn } from "./clock.js";
import { entryList } from "./entries.js";
import { entriesOf } from "./listing.js";
import { pickable } from "./pick.js";
import { about, filterOf, idOf } from "./question.js";
import { ask } from "./result.js";
import { cannotCall, fill, problem } from "./view.js";

/** @typedef {import("./host.js").Json} Json */
/** @typedef {import("./view.js").Stage} Stage */
/** @typedef {import("./chart.js").Chart} Chart */

const mostRows = 8; // of events and teams, until all are asked for; what is new is always there
const hoursOfDay = [...Array(24).keys()];
const hourName = (/** @type {number} */ hour) => `${String(hour).padStart(2, "0")}:00`;

/**
 * profile draws the activity of one person. The first element is its heading, which can take the focus.
 * @param {Stage} stage
 * @param {Json} data
 * @returns {HTMLElement[]}
 */
export function profile(stage, data) { return new Profile(stage, data).drawn; }

class Profile {
  #round = 0; // of the entries that are listed: what is read for an earlier one is dropped
  #entries = element("section");
  /** @type {Json | undefined} what asks about the same entries again */
  #filter;

  /**
   * @param {Stage} stage
   * @param {Json} data
   */
  constructor(stage, data) {
    this.stage = stage;
    this.data = data;
    this.least = data.complete ? "" : "at least ";
    if (stage.host.canCall) this.#filter = filterOf(data.query, stage.args);
    const hours = element("section");
    const usual = element("section");
    /** @type {HTMLElement[]} */
    this.drawn = [
      this.#head(), ...about(data, stage.locale), this.#facts(), this.#findings(),
      element("div", { class: "pair" }, hours, usual), this.#notable(),
      element("div", { class: "pair" }, this.#byEvent(), this.#byTeam()), this.#entries,
    ];
    this.#hours(hours, usual);
    if (this.#filter) this.#entries.append(this.#listButton("List all entries", "All", this.#filter));
    else this.#entries.append(element("p", { class: "quiet" }, cannotCall));
  }

  #head() {
    const { total, actor } = this.data;
    const words = total === null ? "Not known: nothing of this window is covered"
      : `${this.data.complete ? "" : "At least "}${this.stage.number(total)} ${total === 1 ? "entry" : "entries"}`;
    return element("h1", { tabindex: "-1" }, words, " of ", named(actor.name || idOf(actor)));
  }

  #facts() {
    const { actor, total, first_at: first, last_at: last, active_days: days, baseline, usual_hours: usual, outside_usual_hours: outside } = this.data;
    const at = (/** @type {string} */ time) => moment(time, this.stage.locale);
    const list = element("dl", { class: "facts" });
    /** @type {(name: string, ...words: (Node | string)[]) => void} */
    const fact = (name, ...words) => list.append(element("dt", {}, name), element("dd", {}, ...words));
    fact("who", actor.kind.replaceAll("_", " "), ...(actor.email ? [", ", named(actor.email)] : []),
      ...(actor.kind_reason ? [": ", actor.kind_reason] : []));
    if (total) fact("active", `on ${this.least}${counted(days, "day")}, ${at(first)} – ${at(last)}`);
    fact("baseline", `${at(baseline.from)} – ${at(baseline.to)}: ${baseline.complete ? "" : "at least "}`,
      `${counted(baseline.entries, "entry", "entries", this.stage.number)} on ${counted(baseline.active_days, "day")}`,
      ...(baseline.note ? [`; ${baseline.note}`] : []));
    fact("usual hours", usual.hours.length > 0 ? `${usual.hours.join(", ")}, ${usual.timezone}${usual.timezone_source === "person" ? " (their own zone)" : ""}`
      : `not known: ${usual.reason}`);
    if (outside.count !== null) {
      fact("outside them", `${this.least}${counted(outside.count, "entry", "entries", this.stage.number)}`,
        ...(outside.uuids.length > 0 ? [this.#evidence(`the newest ${outside.uuids.length} of them`, outside.uuids)] : []));
    }
    const since = [
      ...this.data.new_events.map((/** @type {Json} */ item) => [item, item.event]),
      ...this.data.new_teams.map((/** @type {Json} */ item) => [item, teamName(item.team)]),
    ];
    if (since.length > 0) {
      fact("new", ...since.flatMap(([item, name], i) => [i ? "; " : "", named(name), `, ${this.stage.number(item.count)}, first ${at(item.first_at)}`]));
    }
    return list;
  }

  #findings() {
    const { findings, findings_total: total, baseline, usual_hours: usual } = this.data;
    const section = element("section", {}, element("h2", {}, total > findings.length ? `Findings: ${findings.length} of ${total}` : "Findings"));
    if (findings.length === 0) {
      const isKnown = !baseline.note && !usual.reason;
      section.append(element("p", {}, isKnown ? "Nothing stands out against the baseline." : "Nothing stands out, as far as the baseline tells."));
    }
    const list = element("ul", { class: "person-findings" });
    for (const finding of findings) {
      const { severity, title, from, to, reason, evidence, evidence_count: all, next_step: next } = finding;
      list.append(element("li", { class: /^(low|medium|high|critical)$/.test(severity) ? severity : undefined },
        element("p", {}, element("strong", {}, severity), " ", named(title),
          element("span", { class: "quiet" }, ` ${moment(from, this.stage.locale)} – ${moment(to, this.stage.locale)}`)),
        element("p", {}, named(reason)),
        ...(next ? [element("p", { class: "quiet" }, "Next: ", named(next))] : []),
        this.#evidence(`${evidence.length} of ${counted(all, "entry", "entries", this.stage.number)} as evidence`, evidence)));
    }
    if (findings.length > 0) section.append(list);
    return section;
  }

  /**
   * evidence opens to entries that are known by their ids.
   * @param {string} words
   * @param {string[]} uuids
   */
  #evidence(words, uuids) {
    const body = element("div");
    const details = element("details", { class: "evidence" }, element("summary", {}, words), body);
    const { id } = this.data.query.organization;
    details.addEventListener("toggle", () => {
      if (!details.open || body.hasChildNodes()) return;
      if (!this.#filter) {
        body.append(element("p", { class: "quiet" }, `${cannotCall} Ask in the chat for: `, named(uuids.join(", "))));
        return;
      }
      fill(this.stage, body, "Reading evidence…", async () => {
        const { entries, not_found: lost, not_read: unread } = await ask(this.stage.host, "get_audit_log", { uuid: uuids, organization_id: id });
        const shown = entries.map((/** @type {Json} */ entry) => ({ ...entry, triggered_at: wallIn(entry.triggered_at, this.data.query.timezone) }));
        const missing = lost.length + (unread?.length ?? 0);
        return [entryList(this.stage, shown, id), ...(missing ? [problem(new Error(`${missing} of these entries could not be read.`))] : [])];
      });
    });
    return details;
  }

  /**
   * hours draws the hours of the window and of the baseline, by the clock that the usual hours are meant by.
   * @param {HTMLElement} section
   * @param {HTMLElement} baselineSection
   */
  #hours(section, baselineSection) {
    const { by_hour: given, usual_hours: usual, query, baseline, total, complete } = this.data;
    if (total === null) return;
    const isOneClock = usual.timezone === query.timezone;
    const filter = this.#filter;
    if (isOneClock || !filter) {
      section.append(...this.#drawHours("Entries by hour", given, query.timezone, filter, !complete));
    }
    if (!filter) {
      if (!isOneClock) section.append(element("p", { class: "quiet" }, `The usual hours are those of ${usual.timezone}, and not marked here.`));
      return;
    }
    const count = async (/** @type {string} */ words, /** @type {Json} */ asked) => {
      const answer = await ask(this.stage.host, "count_audit_logs", { ...asked, group_by: ["hour_of_day"], limit: 24 });
      const counts = new Map(answer.groups.map((/** @type {Json} */ group) => [group.key.hour_of_day, group.count]));
      if (answer.total === null) return [element("h2", {}, words), element("p", {}, "Not known: nothing of it is covered.")];
      return this.#drawHours(words, hoursOfDay.map((hour) => counts.get(hour) ?? 0), usual.timezone, asked, !answer.complete);
    };
    const asked = { ...filter, timezone: usual.timezone };
    if (!isOneClock) fill(this.stage, section, "Counting hours…", () => count("Entries by hour", asked));
    if (baseline.entries === 0) return;
    fill(this.stage, baselineSection, "Counting the baseline's hours…",
      () => count("The baseline by hour", { ...asked, from: baseline.from, to: baseline.to }));
  }

  /**
   * @param {string} words
   * @param {number[]} counts
   * @param {string} zone
   * @param {Json | undefined} filter
   * @param {boolean} least
   */
  #drawHours(words, counts, zone, filter, least) {
    const { usual_hours: usual } = this.data;
    const isMarked = usual.hours.length > 0 && zone === usual.timezone;
    /** @type {Chart} */
    const chart = {
      kind: "timeline", caption: `${words}, ${zone}`, corner: "Hour", sum: "all",
      columns: isMarked ? ["in usual hours", "outside usual hours"] : ["Entries"],
      rows: counts.map((count, hour) => {
        const isIn = usual.hours.some((/** @type {string} */ range) => isWithin(hour, range));
        return { name: hourName(hour), values: isMarked ? [isIn ? count : 0, isIn ? 0 : count] : [count], least };
      }),
    };
    return this.#picked(chart, (hour) => {
      if (!filter) return;
      this.#list(`${words}: ${hourName(hour)}`, { ...filter, hours: `${hourName(hour)}-${hourName(hour + 1)}` });
    });
  }

  #byEvent() {
    const rows = this.data.by_event.map((/** @type {Json} */ item) => ({ ...item, name: item.event }));
    return this.#compared("Events", "event", rows, ({ event }) => ({ event: [event] }));
  }

  #byTeam() {
    const rows = this.data.by_team.map((/** @type {Json} */ item) => ({ ...item, name: teamName(item.team) }));
    return this.#compared("Teams", "team", rows, ({ team }) => ({ team: [idOf(team)] }));
  }

  /**
   * compared draws the window beside the baseline, each by a scale of its own: they are not equally long.
   * @param {string} words
   * @param {string} corner
   * @param {Json[]} items
   * @param {(item: Json) => Json} filterFor
   */
  #compared(words, corner, items, filterFor) {
    const { baseline, complete } = this.data;
    const section = element("section");
    const isKnown = baseline.complete || baseline.entries > 0;
    const isNew = (/** @type {Json} */ item) => baseline.entries > 0 && item.baseline_count === 0;
    const draw = (/** @type {Json[]} */ shown) => section.replaceChildren(...this.#picked({
      kind: "compare", caption: `${words}, against the baseline of ${baseline.days} days`, corner, each: true,
      columns: ["this window", `the baseline${baseline.complete ? "" : " (at least)"}`],
      rows: shown.map((item) => ({
        name: `${isNew(item) ? "new: " : ""}${item.name}`, values: [item.count, isKnown ? item.baseline_count : null], least: !complete,
      })),
    }, (row, column) => {
      const item = shown[row];
      const window = column === 1 ? { from: baseline.from, to: baseline.to } : {};
      this.#list(`${item.name}${column === 1 ? ", the baseline" : ""}`, { ...this.#filter, ...window, ...filterFor(item) });
    }));
    const first = items.filter((item, i) => i < mostRows || isNew(item));
    if (items.length > 0) draw(first);
    if (items.length > first.length) {
      const button = element("button", { type: "button" }, `All ${items.length} ${words.toLowerCase()}`);
      button.addEventListener("click", () => {
        draw(items);
        /** @type {HTMLElement | null} */ (section.querySelector("[tabindex='0']"))?.focus();
      });
      section.append(button);
    }
    return section;
  }

  #notable() {
    const { notable, notable_total: total, actor, query } = this.data;
    const section = element("section");
    if (notable.length === 0) return section;
    section.append(element("h2", {}, total > notable.length ? `Notable: the weightiest ${notable.length} of ${total}` : "Notable"));
    const inTime = [...notable].sort((a, b) => Date.parse(a.triggered_at) - Date.parse(b.triggered_at));
    const list = entryList(this.stage, inTime.map((entry) => ({ ...entry, actor })), query.organization.id);
    section.append(...this.#axis(inTime, [...list.querySelectorAll("details")]), list);
    return section;
  }

  /**
   * axis is entries as points on a line of time, a line for each reason; a point opens the entry in the list.
   * @param {Json[]} entries
   * @param {HTMLDetailsElement[]} opened  the list's, in the same order
   */
  #axis(entries, opened) {
    const { from, to } = this.data.query;
    const [begin, end] = [Date.parse(from), Date.parse(to)];
    const place = (/** @type {string} */ time) => Math.max(0, Math.min(1000, Math.round(1000 * (Date.parse(time) - begin) / (end - begin))));
    const gaps = this.data.coverage.gaps.map((/** @type {Json} */ gap) => [place(gap.from), place(gap.to)]);
    const axis = element("div", { class: "axis", role: "group", "aria-label": "Notable entries over time" });
    const readout = element("p", { class: "readout", "aria-hidden": "true" });
    const read = (/** @type {Event} */ { target }) => {
      const point = target instanceof Element ? target.closest("button") : null;
      if (point) readout.textContent = point.textContent;
    };
    axis.addEventListener("pointerover", read);
    axis.addEventListener("focusin", read);
    for (const why of new Set(entries.map((entry) => entry.why))) {
      const line = element("div", { class: "line" }, ...gaps.map((/** @type {number[]} */ [first, last]) =>
        element("span", { class: "gap", style: `--at:${first};--to:${last}` })));
      for (const [i, entry] of entries.entries()) {
        if (entry.why !== why) continue;
        const point = element("button", { type: "button", style: `--at:${place(entry.triggered_at)}` },
          element("span", {}, `${moment(entry.triggered_at, this.stage.locale)}: `, named(entry.event), `, ${why}`));
        point.addEventListener("click", () => {
          opened[i].open = true;
          opened[i].querySelector("summary")?.focus();
        });
        line.append(point);
      }
      axis.append(element("div", { class: "why" }, named(why)), line);
    }
    axis.append(element("div"), element("div", { class: "ends quiet" }, element("span", {}, moment(from, this.stage.locale)),
      element("span", {}, moment(to, this.stage.locale))));
    return [axis, readout];
  }

  /**
   * @param {Chart} chart
   * @param {(row: number, column: number) => void} onPick
   */
  #picked(chart, onPick) {
    const figure = this.stage.chart(chart);
    return this.#filter ? pickable(figure, onPick) : [figure];
  }

  /**
   * list shows the person's entries of what was chosen.
   * @param {string} label
   * @param {Json} filter
   */
  async #list(label, filter) {
    const round = ++this.#round;
    const heading = element("h2", { tabindex: "-1" }, "Entries: ", named(label));
    const body = element("div");
    this.#entries.replaceChildren(heading, body);
    heading.focus();
    await fill(this.stage, body, "Reading entries…", async () => (await entriesOf(this.stage, filter)).slice(1), () => round === this.#round);
  }

  /**
   * @param {string} words
   * @param {string} label
   * @param {Json} filter
   */
  #listButton(words, label, filter) {
    const button = element("button", { type: "button" }, words);
    button.addEventListener("click", () => this.#list(label, filter));
    return button;
  }
}

/**
 * isWithin tells whether an hour of the day lies in a range such as 08-18.
 * @param {number} hour
 * @param {string} range
 */
function isWithin(hour, range) {
  const [first, last] = range.split("-").map(Number);
  return first < last ? hour >= first && hour < last : hour >= first || hour < last;
}

/** @param {Json} team */
function teamName(team) { return team.id === null || team.id === undefined ? "no team" : team.name || String(team.id); }

/**
 * counted is a number with what it counts.
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 * @param {(n: number) => string} [number]
 */
function counted(count, one, many = `${one}s`, number = String) { return `${number(count)} ${count === 1 ? one : many}`; }
