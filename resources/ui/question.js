/**
 * What an answer says of itself, in words: how the question was understood, what is covered, what to know before relying on it. And the
 * question once more, as arguments of the next call.
 */
import { element, named } from "./chart.js";
import { moment } from "./clock.js";

/** @typedef {import("./host.js").Json} Json */

/** Arguments that narrow a question, and the fields of an answer's query that hold what they became. */
const lists = ["team", "actor", "exclude_actor", "event", "exclude_event"];

/**
 * filterOf are the arguments that ask about the same entries again. A query repeats long lists only in part: those are the caller's own.
 * @param {Json} query
 * @param {Json} args  of the call that was answered
 * @returns {Json}
 */
export function filterOf(query, args) {
  /** @type {Json} */
  const filter = { organization_id: query.organization.id, from: query.from, to: query.to, timezone: query.timezone };
  for (const name of lists) {
    const shown = query[name] ?? [];
    if (shown.length === 0) continue;
    const isWhole = (query[`${name}_total`] ?? 0) <= shown.length;
    if (!isWhole && args[name] === undefined) throw new Error(`the question names more in ${name} than a view can repeat`);
    filter[name] = isWhole ? shown.map(idOf) : args[name];
  }
  for (const name of ["target_id", "hours", "weekdays"]) if (query[name]) filter[name] = query[name];
  return filter;
}

/**
 * idOf is how an argument names a person, a team or an event.
 * @param {Json | string} item
 * @returns {string}
 */
export function idOf(item) { return typeof item === "string" ? item : String(item.id ?? "none"); }

/**
 * about is what an answer says of its question and of what it covers.
 * @param {Json} answer
 * @param {string | undefined} locale
 * @returns {HTMLElement[]}
 */
export function about({ query, source, complete, unreadable, coverage, warnings }, locale) {
  const line = element("p", { class: "about quiet" }, named(query.organization.name),
    `, ${moment(query.from, locale)} – ${moment(query.to, locale)}, ${query.timezone}, ${source}`);
  for (const name of lists) {
    const shown = query[name] ?? [];
    if (shown.length === 0) continue;
    line.append(`; ${name.replace("_", " ")}: `);
    const few = shown.slice(0, 5);
    for (const [i, item] of few.entries()) line.append(i ? ", " : "", named(typeof item === "string" ? item : item.name || idOf(item)));
    const more = (query[`${name}_total`] ?? shown.length) - few.length;
    if (more > 0) line.append(` and ${more} more`);
  }
  if (query.target_id) line.append("; target ", named(query.target_id));
  if (query.hours) line.append(`; hours ${query.hours}`);
  if (query.weekdays) line.append(`; ${query.weekdays.join(", ")}`);
  const notes = [];
  if (!complete) notes.push("The answer is incomplete: its numbers are lower bounds.");
  if (unreadable) notes.push(`${unreadable} records could not be read.`);
  for (const gap of coverage.gaps) notes.push(`Not covered: ${moment(gap.from, locale)} – ${moment(gap.to, locale)}: ${gap.reason}`);
  notes.push(...warnings);
  if (notes.length === 0) return [line];
  return [line, element("ul", { class: "warnings" }, ...notes.map((note) => element("li", {}, note)))];
}
