/**
 * What every view does: opens the way to the host, says what goes on, and hands the data of each result to what draws it.
 */
import { drawChart, element } from "./chart.js";
import { Host } from "./host.js";
import { answerOf } from "./result.js";

/** @typedef {import("./host.js").Json} Json */
/** @typedef {import("./chart.js").Chart} Chart */

/**
 * What a view draws with.
 * @typedef {object} Stage
 * @property {Host} host
 * @property {string} tool   what the result is of
 * @property {Json} args     and what it was called with; empty if the host does not say
 * @property {string | undefined} locale  the host's; the zone is always the answer's
 * @property {(n: number) => string} number
 * @property {(chart: Chart) => HTMLElement} chart
 * @property {<T>(words: string, work: Promise<T>) => Promise<T>} busy  says that something is read, until it is
 */

/**
 * start runs a view.
 * @param {string} name
 * @param {object} view
 * @param {string} view.tool  whose result is meant where the host does not say
 * @param {(stage: Stage, data: Json) => HTMLElement[]} view.draw
 */
export function start(name, { tool, draw }) {
  const main = /** @type {HTMLElement} */ (document.querySelector("main"));
  const status = element("p", { class: "status", role: "status" });
  /** @type {Json | undefined} */
  let args;
  /** @type {Json | undefined} */
  let data;
  let round = 0; // of what is shown: what an earlier one still reads is dropped
  /** @type {string[]} */
  const doing = [];

  const say = () => {
    status.textContent = doing.at(-1) ?? "";
    status.classList.toggle("busy", doing.length > 0);
    main.setAttribute("aria-busy", String(doing.length > 0));
  };
  /** @type {Stage["busy"]} */
  const busy = async (words, work) => {
    doing.push(words);
    say();
    try {
      return await work;
    } finally {
      const at = doing.indexOf(words);
      if (at >= 0) doing.splice(at, 1); // else all that was read is for nobody any more
      say();
    }
  };
  /** @param {...Node} content */
  const show = (...content) => main.replaceChildren(...content, status);
  /** @param {...Node} content */
  const showWords = (...content) => show(element("h1", {}, document.title), ...content);

  const redraw = () => {
    if (!data) return;
    const locale = document.documentElement.lang || undefined;
    const number = new Intl.NumberFormat(locale).format;
    const chart = (/** @type {Chart} */ one) => drawChart(one, number);
    try {
      show(...draw({ host, tool: toolOf(host) ?? tool, args: args ?? {}, locale, number, chart, busy }, data));
    } catch (error) {
      showWords(problem(new Error(`This answer cannot be drawn (${error instanceof Error ? error.message : error}); in the chat it is whole.`)));
    }
  };

  const host = new Host({
    input(given, partial) {
      if (!partial) args = given;
      if (data) return;
      doing.length = 0;
      doing.push("Reading the audit log…");
      say();
    },
    async result(result) {
      const mine = ++round;
      doing.length = 0;
      await opened; // what the host lets a view do is known from then on
      try {
        const answer = await busy("Reading the audit log…", answerOf(host, result, { name: toolOf(host) ?? tool, args }));
        if (mine !== round) return;
        data = answer;
        redraw();
      } catch (error) {
        if (mine === round) showWords(problem(error));
      }
    },
    cancelled(reason) {
      round++;
      doing.length = 0;
      say();
      showWords(problem(new Error(reason ? `The call was cancelled: ${reason}` : "The call was cancelled.")));
    },
    context() {
      const { lang } = document.documentElement;
      if (drawnIn !== lang) redraw();
      drawnIn = lang;
    },
    teardown() {
      round++;
      doing.length = 0;
      say();
    },
  });
  let drawnIn = document.documentElement.lang;

  showWords();
  doing.push("Waiting for the answer…");
  say();
  const opened = host.open(`make-audit-mcp ${name}`).catch((error) => showWords(problem(error)));
}

/** @param {Host} host */
function toolOf(host) {
  const name = host.context.toolInfo?.tool?.name;
  return typeof name === "string" ? name : undefined;
}

/**
 * problem is an error in words.
 * @param {unknown} error
 */
export function problem(error) {
  return element("p", { class: "error", role: "alert" }, error instanceof Error ? error.message : String(error));
}

/** What a view says where the host passes no calls on. */
export const cannotCall = "This host passes no calls on, so only what the answer itself holds is shown.";

/**
 * fill reads what a part of the page shows, tells of it meanwhile, and says there what failed.
 * @param {Stage} stage
 * @param {HTMLElement} section
 * @param {string} words
 * @param {() => Promise<Node[] | undefined>} work  undefined: all stays as it is
 * @param {() => boolean} [isCurrent]  whether anybody still looks at that part
 */
export async function fill(stage, section, words, work, isCurrent = () => true) {
  section.setAttribute("aria-busy", "true");
  try {
    const drawn = await stage.busy(words, work());
    if (drawn && isCurrent()) section.replaceChildren(...drawn);
  } catch (error) {
    if (isCurrent()) section.append(problem(error));
  }
  section.removeAttribute("aria-busy");
}
