/**
 * Entries that a filter matches, page by page.
 */
import { element } from "./chart.js";
import { endOf, wallOf } from "./clock.js";
import { append, entryList } from "./entries.js";
import { ask } from "./result.js";
import { problem } from "./view.js";

/** @typedef {import("./host.js").Json} Json */
/** @typedef {import("./view.js").Stage} Stage */
/** @typedef {import("./clock.js").Unit} Unit */

const most = 200; // hours and entries of one answer
const pageOfEntries = 25;

/**
 * entriesOf reads the first entries of a filter.
 * @param {Stage} stage
 * @param {Json} filter
 * @returns {Promise<HTMLElement[]>}
 */
export async function entriesOf(stage, filter) {
  if (filter.hours || filter.weekdays) return entriesOfHours(stage, filter);
  const args = { ...filter, limit: pageOfEntries };
  return listed(stage, await ask(stage.host, "list_audit_logs", args), args);
}

/**
 * listed is a page of entries, and what reads the next.
 * @param {Stage} stage
 * @param {Json} answer
 * @param {Json} args
 * @returns {HTMLElement[]}
 */
export function listed(stage, answer, args) {
  const organization = answer.query.organization.id;
  const heading = element("h2", {}, "Entries");
  if (answer.entries.length === 0) return [heading, element("p", {}, answer.warnings.at(-1) ?? "No entries.")];
  const list = entryList(stage, answer.entries, organization);
  if (!answer.next_cursor || !stage.host.canCall) return [heading, list];
  let cursor = answer.next_cursor;
  const more = async () => {
    const page = await ask(stage.host, "list_audit_logs", { cursor, limit: args.limit ?? pageOfEntries });
    append(stage, list, page.entries, organization);
    cursor = page.next_cursor;
    return Boolean(cursor);
  };
  return [heading, list, moreButton(stage, list, "More entries", more)];
}

/**
 * moreButton reads on, as long as there is more, and goes to the first that is new.
 * @param {Stage} stage
 * @param {HTMLElement} list
 * @param {string} words
 * @param {() => Promise<boolean>} more  reads on, and tells whether there is more
 */
export function moreButton(stage, list, words, more) {
  const button = element("button", { type: "button" }, words);
  button.addEventListener("click", async () => {
    const had = list.children.length;
    button.disabled = true;
    try {
      const isMore = await stage.busy("Reading on…", more());
      /** @type {HTMLElement | null} */ (list.children[had]?.querySelector("summary, button"))?.focus();
      if (!isMore) button.remove();
    } catch (error) {
      button.before(problem(error));
    }
    button.disabled = false;
  });
  return button;
}

/**
 * entriesOfHours lists entries of hours of the day or of weekdays, which list_audit_logs cannot: the hours that have any, one by one.
 * @param {Stage} stage
 * @param {Json} asked
 * @returns {Promise<HTMLElement[]>}
 */
async function entriesOfHours(stage, asked) {
  const { hours } = asked;
  /** @type {Json} */
  const filter = { ...asked };
  for (const name of ["hours", "weekdays"]) delete filter[name];
  const answer = await ask(stage.host, "count_audit_logs", { ...asked, group_by: ["hour"], min_count: 1, order_dir: "desc", limit: most });
  const waiting = answer.groups.map((/** @type {Json} */ { key }) => key.hour);
  const organization = answer.query.organization.id;
  const list = entryList(stage, [], organization);
  const more = async () => {
    for (let read = 0; read < pageOfEntries && waiting.length > 0;) {
      const window = windowOf(waiting[0], "hour", filter.from, filter.to);
      let page = await ask(stage.host, "list_audit_logs", { ...filter, ...window, limit: most });
      waiting.shift();
      for (;;) {
        const within = page.entries.filter((/** @type {Json} */ entry) => isWithin(entry.triggered_at, hours));
        append(stage, list, within, organization);
        read += within.length;
        if (!page.next_cursor) break;
        page = await ask(stage.host, "list_audit_logs", { cursor: page.next_cursor, limit: most });
      }
    }
    return waiting.length > 0;
  };
  const isMore = await more();
  const heading = element("h2", {}, "Entries");
  if (list.children.length === 0) return [heading, element("p", {}, answer.warnings.at(-1) ?? "No entries.")];
  const cut = answer.other_count > 0 ? [element("p", { class: "quiet" }, `Of the newest ${most} hours that have entries.`)] : [];
  return [heading, ...cut, list, ...(isMore ? [moreButton(stage, list, "More entries", more)] : [])];
}

/**
 * windowOf is a bucket's part of a window, as arguments.
 * @param {string} key
 * @param {Unit} unit
 * @param {string} from
 * @param {string} to
 */
export function windowOf(key, unit, from, to) {
  const end = endOf(key, unit);
  const hourLater = () => new Date(Date.parse(key) + 3_600_000).toISOString();
  const begin = unit === "hour" ? key : wallOf(key);
  const startsLater = unit === "hour" ? Date.parse(key) > Date.parse(from) : wallOf(key) > wallOf(from);
  const endsSooner = unit === "hour" ? Date.parse(hourLater()) < Date.parse(to) : end < wallOf(to);
  return { from: startsLater ? begin : from, to: endsSooner ? (unit === "hour" ? hourLater() : end) : to };
}

/**
 * isWithin tells whether a time's clock is within hours of the day.
 * @param {string} time
 * @param {string | undefined} hours
 */
function isWithin(time, hours) {
  if (!hours) return true;
  const [first, last] = hours.split("-");
  const clock = wallOf(time).slice(11, 16);
  return first < last ? clock >= first && clock < last : clock >= first || clock < last;
}
