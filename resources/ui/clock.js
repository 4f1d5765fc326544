/**
 * Times as the answer's zone has them. They come as RFC 3339 with that zone's offset: what their clock shows is printed, and neither the
 * browser's zone nor its locale has a part in it. A wall clock is text, "2026-11-20T13:00:00", and sorts as it runs.
 */

/**
 * wallOf is the clock of an RFC 3339 time, a date or a month, to the second.
 * @param {string} time
 */
export function wallOf(time) { return (time.slice(0, 19) + "0000-01-01T00:00:00".slice(Math.min(time.length, 19))).slice(0, 19); }

/** @typedef {"hour" | "day" | "week" | "month"} Unit */

/** @type {Map<string, Intl.DateTimeFormat>} each takes longer to make than to use a hundred times */
const formats = new Map();

/**
 * format writes a wall clock in a locale.
 * @param {string} wall
 * @param {string | undefined} locale
 * @param {Intl.DateTimeFormatOptions} options
 */
export function format(wall, locale, options) {
  const at = asUTC(wall);
  if (Number.isNaN(at.getTime())) return wall;
  const key = JSON.stringify([locale, options]);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
  formats.set(key, known);
  return known.format(at);
}

/**
 * moment writes a time to the minute.
 * @param {string} time
 * @param {string | undefined} locale
 */
export function moment(time, locale) {
  return format(wallOf(time), locale, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/**
 * day writes the date of a time.
 * @param {string} time
 * @param {string | undefined} locale
 */
export function day(time, locale) { return format(wallOf(time), locale, { day: "numeric", month: "short", year: "numeric" }); }

/**
 * bucket writes what a group of entries has as its hour, day, week or month.
 * @param {string} key
 * @param {Unit} unit
 * @param {string | undefined} locale
 */
export function bucket(key, unit, locale) {
  /** @type {Record<Unit, Intl.DateTimeFormatOptions>} */
  const options = {
    hour: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    day: { day: "numeric", month: "short" },
    week: { day: "numeric", month: "short", year: "numeric" },
    month: { month: "short", year: "numeric" },
  };
  return format(wallOf(key), locale, options[unit]);
}

/**
 * endOf is the wall clock at which a bucket ends.
 * @param {string} key
 * @param {Unit} unit
 */
export function endOf(key, unit) {
  const at = asUTC(wallOf(key));
  if (unit === "hour") at.setUTCHours(at.getUTCHours() + 1);
  if (unit === "day") at.setUTCDate(at.getUTCDate() + 1);
  if (unit === "week") at.setUTCDate(at.getUTCDate() + 7);
  if (unit === "month") at.setUTCMonth(at.getUTCMonth() + 1);
  return at.toISOString().slice(0, 19);
}

/**
 * weekdayOf is 0 for Monday to 6 for Sunday.
 * @param {string} wall
 */
export function weekdayOf(wall) { return (asUTC(wall).getUTCDay() + 6) % 7; }

/** @param {string} wall */
export function hourOf(wall) { return Number(wall.slice(11, 13)); }

/**
 * hoursBetween are the hours of a stretch of time, as wall clocks, at most so many.
 * @param {string} from
 * @param {string} to
 * @param {number} most
 */
export function hoursBetween(from, to, most) {
  const hours = [];
  const at = asUTC(`${from.slice(0, 13)}:00:00`);
  for (; hours.length < most && at.toISOString().slice(0, 19) < to; at.setUTCHours(at.getUTCHours() + 1)) {
    hours.push(at.toISOString().slice(0, 19));
  }
  return hours;
}

/**
 * daysBetween is how many days lie between two times.
 * @param {string} from
 * @param {string} to
 */
export function daysBetween(from, to) { return (Date.parse(to) - Date.parse(from)) / 86_400_000; }

/**
 * wallIn is the wall clock of a time in a zone: for times of answers that keep to another.
 * @param {string} time
 * @param {string} zone
 */
export function wallIn(time, zone) {
  /** @type {Record<string, string>} */
  const parts = {};
  try {
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit",
      minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    for (const { type, value } of clock.formatToParts(new Date(time))) parts[type] = value;
  } catch {
    return time; // a zone that the browser does not know
  }
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
}

/** @param {string} wall */
function asUTC(wall) { return new Date(`${wall}Z`); }
