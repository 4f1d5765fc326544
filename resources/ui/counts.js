/**
 * Answers of count_audit_logs as charts. Nothing here asks anybody or touches the page.
 */
import { bucket, day, daysBetween, endOf, hourOf, hoursBetween, moment, wallOf, weekdayOf } from "./clock.js";
import { idOf } from "./question.js";

/** @typedef {import("./host.js").Json} Json */
/** @typedef {import("./chart.js").Chart} Chart */
/** @typedef {import("./chart.js").Row} Row */
/** @typedef {import("./clock.js").Unit} Unit */

/** @type {Unit[]} */
const units = ["hour", "day", "week", "month"];
export const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const maxSeries = 6;
const hoursOfDay = [...Array(24).keys()];

/**
 * unitFor is what a window is cut into so that a timeline has some dozens of columns.
 * @param {string} from
 * @param {string} to
 * @returns {Unit}
 */
export function unitFor(from, to) {
  const days = daysBetween(from, to);
  if (days <= 2.5) return "hour";
  if (days <= 95) return "day";
  return days <= 700 ? "week" : "month";
}

/**
 * dimensionsOf is what an answer is grouped by.
 * @param {Json} answer
 * @returns {string[]}
 */
export function dimensionsOf({ groups }) { return Object.keys(groups[0]?.key ?? {}); }

/**
 * unitOf is the unit of time among an answer's dimensions.
 * @param {Json} answer
 * @returns {Unit | undefined}
 */
export function unitOf(answer) { return units.find((unit) => dimensionsOf(answer).includes(unit)); }

/**
 * nameOf is what one part of a group's key is called.
 * @param {Json} group
 * @param {string} dimension
 * @param {string | undefined} locale
 * @returns {string}
 */
export function nameOf(group, dimension, locale) {
  const value = group.key[dimension];
  switch (dimension) {
    case "actor":
    case "team": return value.name || idOf(value);
    case "target": return group.target_name || [group.kind, value].filter(Boolean).join(" ") || "none";
    case "hour_of_day": return `${twoDigits(value)}:00`;
    case "hour":
    case "day":
    case "week":
    case "month": return bucket(value, dimension, locale);
    default: return value || "none";
  }
}

/**
 * isLower tells whether an answer's numbers are lower bounds throughout, and not only where there is a gap.
 * @param {Json} answer
 */
function isLower({ complete, unreadable, coverage }) { return !complete && (unreadable > 0 || coverage.gaps.length === 0); }

/**
 * timeline draws counts over time. What no bucket covers is a gap of its own; a bucket that a gap reaches into is a lower bound.
 * @param {object} from
 * @param {Json} from.answer  whose window and coverage they are
 * @param {Unit} from.unit
 * @param {Json[]} from.totals  groups by unit alone; empty: the parts are all there is
 * @param {Json[]} from.parts   groups by unit and dimension; empty: nothing is stacked
 * @param {string} [from.dimension]
 * @param {boolean} [from.cut]  groups are missing
 * @param {string | undefined} locale
 * @returns {{chart: Chart, rows: (Json | undefined)[], series: (Json | undefined)[]}} the group of each row and of each column, where it has one
 */
export function timeline({ answer, unit, totals, parts, dimension = "", cut = false }, locale) {
  const { series, others } = seriesOf(parts, dimension);
  /** @type {Map<string, {group: Json, values: Map<string, number>, sum: number}>} */
  const buckets = new Map();
  const bucketOf = (/** @type {Json} */ group) => {
    const key = group.key[unit];
    const known = buckets.get(key) ?? { group, values: new Map(), sum: 0 };
    buckets.set(key, known);
    return known;
  };
  for (const group of totals) bucketOf(group).sum = group.count;
  for (const group of parts) {
    const known = bucketOf(group);
    known.values.set(idIn(group, dimension), group.count);
    if (totals.length === 0) known.sum += group.count;
  }
  const lower = cut || isLower(answer);
  const { gaps } = answer.coverage;
  /** @type {{at: string, row: Row, group?: Json}[]} */
  const placed = [...buckets].map(([key, { group, values, sum }]) => {
    const [begin, end] = [wallOf(key), endOf(key, unit)];
    const named = series.map((part) => values.get(idIn(part, dimension)) ?? 0);
    const rest = Math.max(0, sum - named.reduce((a, b) => a + b, 0));
    const least = lower || gaps.some((/** @type {Json} */ gap) => wallOf(gap.from) < end && wallOf(gap.to) > begin);
    return { at: begin, group, row: { name: bucket(key, unit, locale), values: others ? [...named, rest] : named, sum, least } };
  });
  const edge = (/** @type {string} */ time) => (unit === "hour" ? moment(time, locale) : day(time, locale));
  const ends = placed.map(({ group, at }) => [at, endOf(group?.key[unit], unit)]).sort();
  for (const gap of gaps) {
    const to = wallOf(gap.to);
    let reached = wallOf(gap.from);
    for (const [begin, end] of ends) if (begin <= reached && end > reached) reached = end;
    if (reached < to) {
      placed.push({ at: reached, row: { name: `${edge(gap.from)} – ${edge(gap.to)}`, gap: gap.reason } });
    }
  }
  placed.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  const columns = series.map((group) => nameOf(group, dimension, locale));
  if (others) columns.push(series.length ? "others" : "Entries");
  return {
    chart: {
      kind: "timeline", caption: `Entries by ${unit}${series.length ? `, stacked by ${dimension.replaceAll("_", " ")}` : ""}`,
      corner: unit, columns, sum: "all", others: series.length ? series.length : undefined, rows: placed.map(({ row }) => row),
    },
    rows: placed.map(({ group }) => group),
    series,
  };
}

/**
 * seriesOf are the largest of what is stacked, each as one of its groups, and whether there is more.
 * @param {Json[]} parts
 * @param {string} dimension
 */
function seriesOf(parts, dimension) {
  /** @type {Map<string, {group: Json, sum: number}>} */
  const all = new Map();
  for (const group of parts) {
    const known = all.get(idIn(group, dimension)) ?? { group, sum: 0 };
    known.sum += group.count;
    all.set(idIn(group, dimension), known);
  }
  const largest = [...all.values()].sort((a, b) => b.sum - a.sum);
  const series = largest.slice(0, maxSeries).map(({ group }) => group);
  return { series, others: series.length === 0 || largest.length > maxSeries };
}

/**
 * idIn tells the groups of a dimension apart.
 * @param {Json} group
 * @param {string} dimension
 */
function idIn(group, dimension) {
  const value = group.key[dimension];
  return dimension === "target" ? `${group.kind ?? ""} ${value}` : typeof value === "number" ? String(value) : idOf(value ?? "");
}

/**
 * heatMap draws counts by weekday and hour. An hour that the covered part of the window never has is not covered.
 * @param {Json} answer  by weekday and hour_of_day
 * @returns {Chart}
 */
export function heatMap(answer) {
  const counts = new Map(answer.groups.map((/** @type {Json} */ { key, count }) => [`${key.weekday} ${key.hour_of_day}`, count]));
  const seen = coveredHours(answer);
  const { query, complete } = answer;
  return {
    kind: "heatmap", caption: `Entries by weekday and hour, ${query.timezone}${complete ? "" : "; at least so many"}`, corner: "Weekday",
    columns: hoursOfDay.map(twoDigits),
    rows: weekdays.map((name) => ({
      name: name.slice(0, 3), least: !complete,
      values: hoursOfDay.map((hour) => counts.get(`${name} ${hour}`) ?? (seen.has(`${name} ${hour}`) ? 0 : null)),
    })),
  };
}

/** @param {Json} answer */
function coveredHours({ query, coverage }) {
  /** @type {Set<string>} */
  const seen = new Set();
  if (!coverage.from || !coverage.to) return seen;
  const gaps = coverage.gaps.map((/** @type {Json} */ gap) => [wallOf(gap.from), wallOf(gap.to)]);
  const days = query.weekdays ?? weekdays;
  const [first, last] = String(query.hours ?? "00:00-24:00").split("-");
  const isCounted = (/** @type {string} */ hour, /** @type {string} */ end) =>
    first < last ? end > first && hour < last : hour < last || end > first;
  const weekAndAnHour = 169;
  const most = gaps.length ? 24 * 400 : weekAndAnHour;
  for (const hour of hoursBetween(wallOf(coverage.from), wallOf(coverage.to), most)) {
    const weekday = weekdays[weekdayOf(hour)];
    const of = hourOf(hour);
    if (gaps.some((/** @type {string[]} */ [from, to]) => from <= hour && endOf(hour, "hour") <= to) || !days.includes(weekday)) continue;
    if (isCounted(`${twoDigits(of)}:00`, `${twoDigits(of + 1)}:00`)) seen.add(`${weekday} ${of}`);
  }
  return seen;
}

/**
 * bars draws the groups that an answer lists one below the other, against the period before where the answer has it.
 * @param {Json} answer
 * @param {string[]} dimensions
 * @param {string | undefined} locale
 * @returns {Chart}
 */
export function bars(answer, dimensions, locale) {
  const { groups, complete, previous } = answer;
  const title = dimensions.map((dimension) => dimension.replaceAll("_", " ")).join(" and ");
  const compared = previous && groups.some((/** @type {Json} */ group) => group.previous_count !== undefined);
  /** @type {Row[]} */
  const rows = groups.map((/** @type {Json} */ group) => ({
    name: dimensions.map((dimension) => nameOf(group, dimension, locale)).join(" · "),
    values: compared ? [group.count, previous.total === null ? null : group.previous_count ?? 0] : [group.count], least: !complete,
  }));
  return compared
    ? { kind: "compare", caption: `Entries by ${title}, against the period before`, corner: title,
      columns: ["this window", "the period before"], rows }
    : { kind: "bars", caption: `Entries by ${title}`, corner: title, columns: ["Entries"], sum: "all", rows };
}

/**
 * counted counts listed entries as count_audit_logs would.
 * @param {Json[]} entries
 * @param {(entry: Json) => Json} keyOf
 * @returns {Json[]} groups
 */
export function counted(entries, keyOf) {
  /** @type {Map<string, Json>} */
  const groups = new Map();
  for (const entry of entries) {
    const key = keyOf(entry);
    const id = JSON.stringify(key);
    const group = groups.get(id) ?? { key, count: 0 };
    group.count++;
    groups.set(id, group);
  }
  return [...groups.values()];
}

/**
 * keyOfTime is when an entry was, as a group's key.
 * @param {Json} entry
 * @param {"hour" | "day"} unit
 */
export function keyOfTime({ triggered_at: at }, unit) {
  return unit === "day" ? { day: at.slice(0, 10) } : { hour: `${at.slice(0, 13)}:00:00${at.slice(at.search(/(Z|[+-]\d\d:\d\d)$/))}` };
}

/** @param {Json} entry */
export function keyOfWeek({ triggered_at: at }) {
  const wall = wallOf(at);
  return { weekday: weekdays[weekdayOf(wall)], hour_of_day: hourOf(wall) };
}

/** @param {number} n */
function twoDigits(n) { return String(n).padStart(2, "0"); }
