/**
 * The view of count_audit_logs and list_audit_logs: entries over time, by weekday and hour, and by what they are grouped by. What the answer
 * holds is drawn at once; the rest is asked for, about the same entries. Choosing a part narrows all of it, and lists the entries.
 */
import { element, named } from "./chart.js";
import { bars, counted, dimensionsOf, heatMap, keyOfTime, keyOfWeek, nameOf, timeline, unitFor, unitOf, weekdays } from "./counts.js";
import { entriesOf, listed, windowOf } from "./listing.js";
import { pickable } from "./pick.js";
import { about, filterOf, idOf } from "./question.js";
import { ask } from "./result.js";
import { cannotCall, fill, problem, start } from "./view.js";

/** @typedef {import("./host.js").Json} Json */
/** @typedef {import("./view.js").Stage} Stage */
/** @typedef {import("./clock.js").Unit} Unit */

/**
 * What is looked at: a filter, and in which words it was narrowed.
 * @typedef {object} Step
 * @property {string} label
 * @property {Json} filter
 */

const most = 200; // groups of one answer
const mostReads = 6; // of a timeline's parts
const topGroups = 20;
const dimensions = ["actor", "event", "category", "team", "target"];

start("activity", { tool: "count_audit_logs", draw });

/**
 * @param {Stage} stage
 * @param {Json} data
 * @returns {HTMLElement[]}
 */
function draw(stage, data) {
  const page = new Page(stage, data);
  page.show();
  return [page.head, page.words, page.trail, page.body];
}

class Page {
  /** @type {Step[]} */
  #steps = [];
  #round = 0; // what is read for an earlier one is dropped

  head = element("h1", { tabindex: "-1" });
  words = element("div");
  trail = element("nav", { "aria-label": "Narrowed to" });
  body = element("div");

  /**
   * @param {Stage} stage
   * @param {Json} data
   */
  constructor(stage, data) {
    this.stage = stage;
    this.data = data;
    /** @type {string} */
    this.canAsk = stage.host.canCall ? "" : cannotCall;
    try {
      this.#steps.push({ label: "All", filter: filterOf(data.query, stage.args) });
    } catch (error) {
      this.canAsk = `Nothing more can be asked: ${error instanceof Error ? error.message : error}.`;
      this.#steps.push({ label: "All", filter: {} });
    }
  }

  get step() { return /** @type {Step} */ (this.#steps.at(-1)); }

  /** show draws what is looked at from the start. */
  show() {
    const round = ++this.#round;
    const isCurrent = () => round === this.#round;
    this.#showTrail();
    const [time, week, groups, list] = [1, 2, 3, 4].map(() => element("section"));
    this.body.replaceChildren(time, element("div", { class: "pair" }, week, groups), list);
    const isRoot = this.#steps.length === 1;
    if (isRoot) this.words.replaceChildren(...about(this.data, this.stage.locale));
    if (isRoot) this.#drawGiven(time, week, groups, list);
    else this.head.textContent = "…";
    if (this.canAsk) {
      this.body.append(element("p", { class: "quiet" }, this.canAsk));
      return;
    }
    /** @type {(section: HTMLElement, words: string, work: () => Promise<Node[] | undefined>) => Promise<void>} */
    const into = (section, words, work) => fill(this.stage, section, words, work, isCurrent);
    into(time, "Counting over time…", () => this.#time(isCurrent));
    into(week, "Counting by weekday and hour…", () => this.#week());
    const isCounted = Array.isArray(this.data.groups); // what a page of entries tells of groups is a part
    if (!isRoot || !isCounted || !groups.hasChildNodes()) into(groups, "Counting groups…", () => this.#groups(dimensions[0]));
    if (!isRoot) into(list, "Reading entries…", () => entriesOf(this.stage, this.step.filter));
    else if (!list.hasChildNodes()) {
      const button = element("button", { type: "button" }, "List the entries");
      button.addEventListener("click", () => into(list, "Reading entries…", () => entriesOf(this.stage, this.step.filter)));
      list.append(button);
    }
  }

  /** @param {Json} answer */
  #showTotal({ total, complete, query }) {
    const words = total === null ? "Not known: nothing of this window is covered"
      : `${complete ? "" : "At least "}${this.stage.number(total)} ${total === 1 ? "entry" : "entries"}`;
    this.head.replaceChildren(words, " of ", named(query.organization.name));
  }

  #showTrail() {
    const items = this.#steps.map(({ label }, i) => {
      const isLast = i === this.#steps.length - 1;
      const part = isLast ? element("span", { "aria-current": "true" }, named(label)) : element("button", { type: "button" }, named(label));
      if (!isLast) {
        part.addEventListener("click", () => {
          this.#steps.length = i + 1;
          this.#go();
        });
      }
      return element("li", {}, ...(i ? ["›"] : []), part);
    });
    this.trail.hidden = items.length === 1;
    this.trail.replaceChildren(element("ol", {}, ...items));
  }

  #go() {
    this.show();
    this.head.focus();
  }

  /**
   * narrow looks at a part of what is looked at.
   * @param {string} label
   * @param {Json} filter  what changes
   */
  #narrow(label, filter) {
    this.#steps.push({ label, filter: { ...this.step.filter, ...filter } });
    this.#go();
  }

  /**
   * drawGiven draws what the answer holds, before anything is asked.
   * @param {HTMLElement} time
   * @param {HTMLElement} week
   * @param {HTMLElement} groups
   * @param {HTMLElement} list
   */
  #drawGiven(time, week, groups, list) {
    const { data, stage } = this;
    if (Array.isArray(data.entries)) {
      const isPart = Boolean(data.next_cursor) || Boolean(stage.args.cursor);
      if (data.total !== null || !isPart) this.#showTotal({ ...data, total: data.total ?? data.entries.length });
      else this.head.replaceChildren(`${stage.number(data.entries.length)} entries and more of `, named(data.query.organization.name));
      list.append(...listed(stage, data, stage.args));
      if (data.entries.length === 0) return;
      const asCounted = { ...data, complete: data.complete && !isPart };
      const unit = unitFor(data.query.from, data.query.to) === "hour" ? "hour" : "day";
      const parts = counted(data.entries, (entry) => ({ ...keyOfTime(entry, unit), event: entry.event }));
      time.append(...this.#drawTime({ answer: asCounted, unit, totals: [], parts, dimension: "event", cut: isPart }));
      week.append(...this.#drawWeek({ ...asCounted, groups: counted(data.entries, keyOfWeek) }));
      const byActor = counted(data.entries, ({ actor }) => ({ actor: actor ?? { id: null, name: "the system" } }));
      byActor.sort((a, b) => b.count - a.count);
      groups.append(...this.#drawGroups({ ...asCounted, groups: byActor.slice(0, topGroups), group_count: byActor.length,
        other_count: byActor.slice(topGroups).reduce((sum, { count }) => sum + count, 0) }, ["actor"]));
      return;
    }
    this.#showTotal(data);
    const given = dimensionsOf(data);
    if (given.length === 0) return;
    const unit = unitOf(data);
    const isCut = data.other_count > 0;
    if (unit) {
      const dimension = given.find((name) => name !== unit);
      time.append(...this.#drawTime({ answer: data, unit, totals: dimension ? [] : data.groups, parts: dimension ? data.groups : [], dimension,
        cut: isCut || stage.args.min_count > 1 }));
    }
    if (given.includes("weekday") && given.includes("hour_of_day")) week.append(...this.#drawWeek(data));
    else if (!unit) groups.append(...this.#drawGroups(data, given));
  }

  /**
   * count asks for groups of what is looked at.
   * @param {string[]} keys
   * @param {Json} [more]
   */
  #count(keys, more = {}) {
    return ask(this.stage.host, "count_audit_logs", { ...this.step.filter, group_by: keys, limit: most, ...more });
  }

  /**
   * time asks what the timeline is drawn from: the numbers of each bucket, then of its parts, as far as so many reads hold them.
   * @param {() => boolean} isCurrent
   */
  async #time(isCurrent) {
    const { from, to } = this.step.filter;
    const covered = this.#steps.length === 1 ? this.data.coverage : {};
    const fitting = unitFor(covered.from ?? from, covered.to ?? to);
    const dimension = this.#givenDimension() ?? "category";
    let unit = this.#givenUnit() ?? fitting;
    let answer = await this.#count([unit]);
    if (answer.other_count > 0 && unit !== fitting) { // more of them than one answer holds
      unit = fitting;
      answer = await this.#count([unit]);
    }
    if (!isCurrent()) return undefined;
    this.#showTotal(answer);
    if (this.#steps.length > 1) this.words.replaceChildren(...about(answer, this.stage.locale));
    if (answer.groups.length === 0) {
      return [element("p", {}, answer.warnings.at(-1) ?? "No entries.")];
    }
    /** @type {Json[]} */
    let parts = [];
    let begin = from;
    for (let reads = 0; ; reads++) {
      const page = reads < mostReads ? await this.#count([unit, dimension], { from: begin }) : undefined;
      if (!page || !isCurrent()) {
        parts = [];
        break;
      }
      const last = page.other_count > 0 ? page.groups.at(-1)?.key[unit] : undefined;
      parts.push(...page.groups.filter((/** @type {Json} */ { key }) => key[unit] !== last));
      if (last === undefined) break;
      if (last === page.groups[0].key[unit]) { // one bucket alone has more groups than an answer
        parts = [];
        break;
      }
      begin = last;
    }
    return this.#drawTime({ answer, unit, totals: answer.groups, parts, dimension });
  }

  #givenUnit() { return this.#steps.length === 1 && Array.isArray(this.data.groups) ? unitOf(this.data) : undefined; }

  /** @returns {string | undefined} what the answer itself stacks a timeline by */
  #givenDimension() {
    const unit = this.#givenUnit();
    return unit && dimensionsOf(this.data).find((name) => dimensions.includes(name));
  }

  /** @param {Parameters<typeof timeline>[0]} from */
  #drawTime(from) {
    const { locale } = this.stage;
    const { chart, rows, series } = timeline(from, locale);
    return this.#picked(this.stage.chart(chart), (row, column) => {
      const group = rows[row];
      if (!group) return;
      const part = series[column];
      const label = nameOf(group, from.unit, locale) + (part ? ` · ${nameOf(part, from.dimension ?? "", locale)}` : "");
      this.#narrowTo(label, [[group, from.unit], ...(part ? [/** @type {[Json, string]} */ ([part, from.dimension])] : [])]);
    });
  }

  async #week() { return this.#drawWeek(await this.#count(["weekday", "hour_of_day"])); }

  /** @param {Json} answer */
  #drawWeek(answer) {
    return this.#picked(this.stage.chart(heatMap(answer)), (row, hour) => {
      const group = { key: { weekday: weekdays[row], hour_of_day: hour } };
      this.#narrowTo(`${weekdays[row]} ${nameOf(group, "hour_of_day", undefined)}`, [[group, "weekday"], [group, "hour_of_day"]]);
    });
  }

  /** @param {string} dimension */
  async #groups(dimension) { return this.#drawGroups(await this.#count([dimension], { limit: topGroups }), [dimension]); }

  /**
   * @param {Json} answer
   * @param {string[]} keys
   */
  #drawGroups(answer, keys) {
    const { locale } = this.stage;
    const drawn = answer.groups.length === 0 ? [] : this.#picked(this.stage.chart(bars(answer, keys, locale)), (row) => {
      const group = answer.groups[row];
      if (group) this.#narrowTo(keys.map((key) => nameOf(group, key, locale)).join(" · "), keys.map((key) => [group, key]));
    });
    if (answer.other_count > 0) {
      const others = this.stage.number(Math.max(1, answer.group_count - answer.groups.length));
      drawn.push(element("p", { class: "quiet" },
        `${others} others: ${answer.complete ? "" : "at least "}${this.stage.number(answer.other_count)} entries`));
    }
    if (this.canAsk) return drawn;
    const select = element("select", {}, ...dimensions.map((name) => element("option", { value: name }, name)));
    if (keys.length > 1 || !dimensions.includes(keys[0])) select.prepend(element("option", { value: "" }, "as asked"));
    select.value = keys.length === 1 && dimensions.includes(keys[0]) ? keys[0] : "";
    const round = this.#round;
    select.addEventListener("change", async () => {
      const section = select.closest("section");
      if (!section || !select.value) return;
      try {
        const asked = await this.stage.busy("Counting groups…", this.#groups(select.value));
        if (round !== this.#round) return;
        section.replaceChildren(...asked);
        section.querySelector("select")?.focus();
      } catch (error) {
        section.append(problem(error));
      }
    });
    return [element("p", {}, element("label", {}, "Top groups by ", select)), ...drawn];
  }

  /**
   * @param {HTMLElement} figure
   * @param {(row: number, column: number) => void} onPick
   */
  #picked(figure, onPick) { return this.canAsk ? [figure] : pickable(figure, onPick); }

  /**
   * narrowTo narrows to the entries of a group.
   * @param {string} label
   * @param {[Json, string][]} by  groups, each with the key that counts
   */
  async #narrowTo(label, by) {
    const round = this.#round;
    try {
      /** @type {Json} */
      const changes = {};
      for (const [group, dimension] of by) Object.assign(changes, await this.#changeFor(group, dimension));
      if (round === this.#round) this.#narrow(label, changes);
    } catch (error) {
      this.body.append(problem(error));
    }
  }

  /**
   * changeFor is what a filter becomes for the entries of one group.
   * @param {Json} group
   * @param {string} dimension
   * @returns {Promise<Json>}
   */
  async #changeFor(group, dimension) {
    const { from, to, hours } = this.step.filter;
    const value = group.key[dimension];
    switch (dimension) {
      case "actor":
      case "team":
      case "event": return { [dimension]: [idOf(value)] };
      case "target":
        if (!value) throw new Error("Entries without an object cannot be asked for alone.");
        // An id is unique within a kind of object alone; its events tell the kind, where the answer has them all.
        return { target_id: value, ...(group.events && !group.events_total ? { event: group.events } : {}) };
      case "weekday": return { weekdays: [value] };
      case "hour_of_day": return { hours: hoursWithin(value, hours) };
      case "category": return { event: await this.#eventsOf(value) };
      default: return windowOf(value, /** @type {Unit} */ (dimension), from, to);
    }
  }

  /**
   * eventsOf are the events of a category that are among those looked at.
   * @param {string} category
   */
  async #eventsOf(category) {
    const answer = await this.stage.busy("Reading the category's events…", this.#count(["category", "event"]));
    const events = answer.groups.filter((/** @type {Json} */ { key }) => key.category === category).map((/** @type {Json} */ { key }) => key.event);
    if (answer.other_count > 0 && !this.step.filter.event) return [category];
    if (events.length === 0) throw new Error("The events of this category are not known.");
    return events;
  }
}

/**
 * hoursWithin is an hour of the day, as far as hours that are counted already hold it.
 * @param {number} hour
 * @param {string | undefined} hours
 */
function hoursWithin(hour, hours) {
  const name = (/** @type {number} */ n) => `${String(n).padStart(2, "0")}:00`;
  const [first, last] = hours ? hours.split("-") : [];
  const begin = first && first.slice(0, 2) === name(hour).slice(0, 2) && first > name(hour) ? first : name(hour);
  const end = last && last.slice(0, 2) === name(hour).slice(0, 2) && last > name(hour) ? last : name(hour + 1);
  return `${begin}-${end}`;
}
