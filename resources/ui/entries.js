/**
 * Entries of the audit log as a list; each opens to all that it holds.
 */
import { element, named } from "./chart.js";
import { moment } from "./clock.js";
import { isObject } from "./host.js";
import { ask } from "./result.js";
import { problem } from "./view.js";

/** @typedef {import("./host.js").Json} Json */
/** @typedef {import("./view.js").Stage} Stage */

const nameParts = ["name", "email", "id"]; // of people, teams and organizations
const longText = 300;
const maxDetails = 20_000; // characters of details that are shown

/**
 * entryList is entries in the order in which they came.
 * @param {Stage} stage
 * @param {Json[]} entries
 * @param {number | string} organization  whose they are
 */
export function entryList(stage, entries, organization) {
  const list = element("ol", { class: "entries" });
  append(stage, list, entries, organization);
  return list;
}

/**
 * append adds a further page to a list.
 * @param {Stage} stage
 * @param {HTMLElement} list
 * @param {Json[]} entries
 * @param {number | string} organization
 */
export function append(stage, list, entries, organization) {
  list.append(...entries.map((entry) => {
    const body = element("div");
    const opened = element("details", {}, element("summary", {},
      element("span", {}, moment(entry.triggered_at, stage.locale)),
      element("span", {}, named(entry.event)),
      element("span", {}, entry.why ?? (entry.actor ? named(entry.actor.name || String(entry.actor.id)) : "the system")),
      element("span", {}, named(entry.target_name || [entry.target_kind, entry.target_id].filter(Boolean).join(" "))),
    ), body);
    opened.addEventListener("toggle", () => {
      if (opened.open && !body.hasChildNodes()) fill(stage, body, entry, organization);
    });
    return element("li", {}, opened);
  }));
}

/**
 * @param {Stage} stage
 * @param {HTMLElement} body
 * @param {Json} entry
 * @param {number | string} organization
 */
async function fill(stage, body, entry, organization) {
  body.replaceChildren(fieldsOf(entry));
  if (entry.details !== undefined) return; // it is whole
  if (!stage.host.canCall) {
    body.append(element("p", { class: "quiet" }, "This host passes no calls on: ask in the chat for the details of ", named(entry.uuid), "."));
    return;
  }
  try {
    const answer = await stage.busy("Reading the entry…",
      ask(stage.host, "get_audit_log", { uuid: [entry.uuid], organization_id: organization }));
    const whole = answer.entries?.[0];
    body.replaceChildren(whole ? fieldsOf(whole) : problem(new Error("Make no longer has this entry.")));
  } catch (error) {
    body.append(problem(error));
  }
}

/**
 * fieldsOf is all that an entry holds. Names are as others wrote them, whole.
 * @param {Json} entry
 */
export function fieldsOf(entry) {
  const list = element("dl");
  for (const [name, value] of Object.entries(entry)) {
    list.append(element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, valueOf(value)));
  }
  // What is long scrolls, and so can be reached by the keyboard.
  for (const part of list.querySelectorAll("dd, pre")) if ((part.textContent ?? "").length > longText) part.setAttribute("tabindex", "0");
  return list;
}

/** @param {unknown} value */
function valueOf(value) {
  if (typeof value !== "object") return named(String(value));
  if (isObject(value) && Object.keys(value).every((key) => nameParts.includes(key))) {
    const parts = nameParts.filter((key) => value[key] !== undefined).map((key) => named(String(value[key])));
    return element("span", {}, ...parts.flatMap((part, i) => (i ? [" · ", part] : [part])));
  }
  const text = JSON.stringify(value, null, 2);
  const rest = text.length - maxDetails;
  return element("pre", { dir: "auto" }, rest > 0 ? `${text.slice(0, maxDetails)}\n… ${rest} more characters` : text);
}
