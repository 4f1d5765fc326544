/**
 * The view of list_people: how many are of each status, and who they are. A status or a search asks for just those; a person opens to their
 * activity.
 */
import { element, named } from "./chart.js";
import { format, wallOf } from "./clock.js";
import { moreButton } from "./listing.js";
import { pickable } from "./pick.js";
import { profile } from "./profile.js";
import { about, filterOf, idOf } from "./question.js";
import { ask } from "./result.js";
import { cannotCall, problem, start } from "./view.js";

/** @typedef {import("./host.js").Json} Json */
/** @typedef {import("./view.js").Stage} Stage */

const most = 200; // people of one answer
const shortText = 16; // needs no lines of its own
const statuses = ["gone", "dormant", "new", "active"];
const severities = ["low", "medium", "high", "critical"];
const meanings = "gone: has entries, but is not listed any more; dormant: listed, idle in the window; new: first seen in it.";

/**
 * A column of the table: what is written, and what it is sorted by; undefined is not known, and comes last.
 * @typedef {object} Column
 * @property {string} name
 * @property {number} width
 * @property {(person: Json) => string | number | undefined} by
 * @property {(person: Json) => string} [words]  where they are not what it is sorted by
 */

start("people", { tool: "list_people", draw });

/**
 * @param {Stage} stage
 * @param {Json} data
 * @returns {HTMLElement[]}
 */
function draw(stage, data) {
  const page = new Page(stage, data);
  return [page.trail, page.overview, page.person];
}

class Page {
  #round = 0; // what is read for an earlier one is dropped
  /** @type {Json} what the page was called with, and so are its further ones */
  #args;
  /** @type {Json} */
  #answer;
  /** @type {Json[]} */
  #people = [];
  /** @type {{column: Column, isDescending: boolean} | undefined} */
  #sorted;
  /** @type {Map<Json, HTMLElement>} */
  #rows = new Map();
  /** @type {Column[]} */
  #columns;
  #body = element("tbody");
  #errors = element("div");

  trail = element("nav", { "aria-label": "Narrowed to" });
  overview = element("div");
  person = element("div");

  /**
   * @param {Stage} stage
   * @param {Json} data
   */
  constructor(stage, data) {
    this.stage = stage;
    this.#args = stage.args;
    this.#answer = data;
    this.#columns = columnsFor(stage, !data.complete);
    this.#show(stage.args, data);
  }

  /**
   * show draws an answer of list_people.
   * @param {Json} args
   * @param {Json} answer
   */
  #show(args, answer) {
    [this.#args, this.#answer, this.#people, this.#sorted] = [args, answer, [], undefined];
    this.#columns = columnsFor(this.stage, !answer.complete);
    this.#rows.clear();
    const { total, complete, roster, query } = answer;
    const least = complete && roster.complete ? "" : "At least ";
    const head = element("h1", { tabindex: "-1" }, `${least}${this.stage.number(total)} ${total === 1 ? "person" : "people"} of `,
      named(query.organization.name));
    this.#showTrail();
    this.#errors.replaceChildren();
    this.overview.replaceChildren(head, ...about(answer, this.stage.locale),
      ...(roster.reason ? [element("p", { class: "quiet" }, "Of whom Make lists: ", named(roster.reason))] : []),
      ...this.#totals(), ...this.#search(), this.#errors, ...this.#table());
    if (!this.stage.host.canCall) this.overview.append(element("p", { class: "quiet" }, cannotCall));
    return head;
  }

  #totals() {
    const { totals } = this.#answer;
    const figure = this.stage.chart({
      kind: "bars", caption: "People by status", corner: "Status", columns: ["People"], sum: "all",
      rows: statuses.map((status) => ({ name: status, values: [totals[status]] })),
    });
    const words = element("p", { class: "quiet" }, meanings);
    if (!this.stage.host.canCall) return [figure, words];
    return [...pickable(figure, (row) => this.#narrow({ status: [statuses[row]] })), words];
  }

  #search() {
    if (!this.stage.host.canCall) return [];
    const input = element("input", { type: "search" });
    input.value = this.#args.search ?? "";
    const button = element("button", { type: "button" }, "Search");
    const go = () => this.#narrow({ search: input.value.trim() || undefined });
    button.addEventListener("click", go);
    // A frame of a host may have no forms.
    input.addEventListener("keydown", ({ key }) => { if (key === "Enter") go(); });
    return [element("p", { role: "search" }, element("label", {}, "Name, address or id ", input), " ", button)];
  }

  #table() {
    const { people, warnings } = this.#answer;
    if (people.length === 0) return [element("p", {}, warnings.at(-1) ?? "Nobody.")];
    this.#body = element("tbody");
    const shown = element("p", { class: "quiet" });
    const tell = () => {
      const { total } = this.#answer;
      shown.textContent = this.#people.length < total
        ? `${this.stage.number(this.#people.length)} of ${this.stage.number(total)} are shown, and sorted among themselves.` : "";
    };
    const heads = this.#columns.map((column) => {
      const button = element("button", { type: "button" }, column.name);
      const head = element("th", { scope: "col" }, button);
      button.addEventListener("click", () => {
        this.#sorted = { column, isDescending: this.#sorted?.column === column && !this.#sorted.isDescending };
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", this.#sorted.isDescending ? "descending" : "ascending");
        this.#place();
      });
      return head;
    });
    this.#append(people);
    tell();
    /** @type {HTMLElement[]} */
    const drawn = [element("div", { class: "people", role: "group", tabindex: "0", "aria-label": "People" },
      element("table", {}, element("caption", {}, "People"),
        element("colgroup", {}, ...this.#columns.map(({ width }) => element("col", { style: `inline-size:${width}rem` }))), element("thead", {}, element("tr", {}, ...heads)), this.#body)), shown];
    let cursor = this.#answer.next_cursor;
    if (cursor && this.stage.host.canCall) {
      drawn.push(moreButton(this.stage, this.#body, "More people", async () => {
        const round = this.#round;
        const page = await ask(this.stage.host, "list_people", { ...this.#args, limit: most, cursor });
        if (round !== this.#round) return true;
        cursor = page.next_cursor;
        this.#append(page.people);
        tell();
        return Boolean(cursor);
      }));
    }
    return drawn;
  }

  /** @param {Json[]} people */
  #append(people) {
    for (const person of people) {
      this.#people.push(person);
      this.#rows.set(person, this.#row(person));
    }
    this.#place();
  }

  /** place puts the rows in their order; without one they stay as answered. */
  #place() {
    const { column, isDescending } = this.#sorted ?? {};
    const order = [...this.#people];
    if (column) {
      const { compare } = new Intl.Collator(this.stage.locale, { numeric: true });
      const keys = new Map(order.map((person) => [person, column.by(person)]));
      order.sort((one, other) => {
        const [a, b] = [keys.get(one), keys.get(other)];
        if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
        const difference = typeof a === "number" && typeof b === "number" ? a - b : compare(String(a), String(b));
        return isDescending ? -difference : difference;
      });
    }
    this.#body.replaceChildren(...order.map((person) => /** @type {HTMLElement} */ (this.#rows.get(person))));
  }

  /** @param {Json} person */
  #row(person) {
    const [first, ...others] = this.#columns;
    const name = named(String(first.by(person)));
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => this.#open(person));
    return element("tr", { class: statuses.includes(person.status) ? person.status : undefined },
      element("th", { scope: "row" }, element("div", { class: "lines" }, this.stage.host.canCall ? button : name)),
      ...others.map(({ by, words }) => {
        const text = words ? words(person) : String(by(person) ?? "");
        if (text.length <= shortText) return element("td", {}, ...(text ? [named(text)] : []));
        return element("td", {}, element("div", { class: "lines" }, named(text)));
      }));
  }

  #showTrail(/** @type {string | undefined} */ name = undefined) {
    /** @type {[string, () => void][]} */
    const parts = [["All people", () => this.#narrow({ status: undefined, search: undefined })]];
    const narrowed = [...(this.#args.status ?? []), ...(this.#args.search ? [`“${this.#args.search}”`] : [])].join(", ");
    if (narrowed) parts.push([narrowed, () => this.#close()]);
    if (name !== undefined) {
      if (!narrowed) parts[0][1] = () => this.#close();
      parts.push([name, () => {}]);
    }
    this.trail.hidden = parts.length === 1 || !this.stage.host.canCall;
    this.trail.replaceChildren(element("ol", {}, ...parts.map(([label, go], i) => {
      const isLast = i === parts.length - 1;
      const part = isLast ? element("span", { "aria-current": "true" }, named(label)) : element("button", { type: "button" }, named(label));
      if (!isLast) part.addEventListener("click", go);
      return element("li", {}, ...(i ? ["›"] : []), part);
    })));
  }

  /**
   * narrow asks for people of a status, or whom a search finds, with the rest of the filter as it was.
   * @param {Json} changes
   */
  async #narrow(changes) {
    const { status, search } = this.#args;
    await this.#read("Listing people…", async () => {
      const args = { status, search, ...changes, ...filterOf(this.#answer.query, this.#args), limit: most };
      const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
      const answer = await ask(this.stage.host, "list_people", given);
      return () => {
        this.person.replaceChildren();
        this.overview.hidden = false;
        this.#show(given, answer).focus();
      };
    });
  }

  /**
   * open shows what one person did in the same window.
   * @param {Json} person
   */
  async #open(person) {
    const { query } = this.#answer;
    const { organization_id, from, to, timezone } = filterOf(query, this.#args);
    const args = { actor: idOf(person), organization_id, from, to, timezone };
    await this.#read("Reading what the person did…", async () => {
      const activity = await ask(this.stage.host, "get_actor_activity", args);
      const [head, ...rest] = profile({ ...this.stage, tool: "get_actor_activity", args }, activity);
      return () => {
        this.#showTrail(person.name || idOf(person));
        this.#opened = person;
        this.overview.hidden = true;
        const all = query.team ? [element("p", { class: "quiet" }, "In all teams: one person's activity is not narrowed to some.")] : [];
        this.person.replaceChildren(head, ...all, ...rest);
        head.focus();
      };
    });
  }

  /** @type {Json | undefined} whose activity is shown */
  #opened;

  /** close goes back to the people, to the one who was looked at. */
  #close() {
    this.#round++;
    this.person.replaceChildren();
    this.overview.hidden = false;
    this.#showTrail();
    const row = this.#opened && this.#rows.get(this.#opened);
    row?.querySelector("button")?.focus();
  }

  /**
   * read reads, and then does what comes of it, unless something else was asked for meanwhile.
   * @param {string} words
   * @param {() => Promise<() => void>} work
   */
  async #read(words, work) {
    const round = ++this.#round;
    try {
      const go = await this.stage.busy(words, work());
      if (round === this.#round) go();
    } catch (error) {
      if (round === this.#round) (this.overview.hidden ? this.person : this.#errors).replaceChildren(problem(error));
    }
  }
}

/**
 * @param {Stage} stage
 * @param {boolean} least  numbers of entries are lower bounds
 * @returns {Column[]}
 */
function columnsFor({ locale, number }, least) {
  const day = (/** @type {string | undefined} */ time) =>
    time ? format(wallOf(time), locale, { day: "numeric", month: "short", year: "numeric" }) : "";
  /** @type {(name: string, field: string) => Column} */
  const times = (name, field) => ({ name, width: 6, by: (person) => person[field] && Date.parse(person[field]), words: (person) => day(person[field]) });
  const usesOf = (/** @type {Json} */ person) => (person.powers ?? []).map((/** @type {Json} */ { object, made = 0, changed = 0 }) => ({ object, made, changed }));
  return [
    { name: "Name", width: 10, by: (person) => person.name || idOf(person) },
    { name: "Address", width: 11, by: (person) => person.email || undefined },
    { name: "Status", width: 5, by: ({ status }) => statuses.indexOf(status), words: ({ status }) => status },
    { name: "Entries", width: 5, by: ({ entries }) => entries, words: ({ entries }) => (least ? "at least " : "") + number(entries) },
    times("First", "first_at"),
    times("Last", "last_at"),
    { name: "Roles", width: 13, by: (person) => rolesOf(person) || undefined },
    times("Last login", "last_login_at"),
    { name: "2FA", width: 4, by: (person) => person.two_factor },
    {
      name: "Powers used", width: 13,
      by: (person) => usesOf(person).reduce((/** @type {number} */ sum, /** @type {Json} */ { made, changed }) => sum + made + changed, 0),
      words: (person) => listed(usesOf(person).map((/** @type {Json} */ { object, made, changed }) =>
        `${object}: ${[made && `${number(made)} made`, changed && `${number(changed)} changed`].filter(Boolean).join(", ")}`), person.powers_total),
    },
    {
      name: "Findings", width: 11,
      by: ({ findings }) => findings ? severities.indexOf(findings.severest) * 10_000 + findings.total : undefined,
      words: ({ findings }) => findings ? `${findings.severest}: ${listed(findings.rules, findings.total)}` : "",
    },
  ];
}

/** @param {Json} person */
function rolesOf({ organization_role: role, team_roles: roles = [], team_roles_total: total }) {
  return listed([...(role ? [role] : []), ...roles.map((/** @type {Json} */ { name, id, role: one }) => `${name || id}: ${one}`)],
    total === undefined ? undefined : total + (role ? 1 : 0));
}

/**
 * listed joins what there is, and says how much more there would be.
 * @param {string[]} words
 * @param {number | undefined} total
 */
function listed(words, total) {
  const more = (total ?? words.length) - words.length;
  return words.join("; ") + (more > 0 ? ` and ${more} more` : "");
}
