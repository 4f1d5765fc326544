/**
 * Charts are tables: what is drawn and what is read is one thing, and chart.css alone says what it looks like. The views make the
 * markup with this module, the report makes the same in Go; testdata/charts.json and testdata/charts.html hold both to one form.
 *
 * The markup of a chart, without white space between elements (…* repeats, …? is there where the data has it):
 *
 *   <figure class="chart KIND">                                 KIND: timeline, heatmap, bars or compare
 *     <label class="switch"><input type="checkbox"> as a table</label>
 *     <div class="scroll" role="group" tabindex="0" aria-label="CAPTION">
 *       <table role="table">
 *         <caption>CAPTION</caption>
 *         <thead role="rowgroup"><tr role="row">
 *           <th role="columnheader" scope="col">CORNER</th>
 *           <th role="columnheader" scope="col" class="sN"><bdi>COLUMN</bdi></th>*
 *           <th role="columnheader" scope="col" class="sum">SUM</th>?
 *         </tr></thead>
 *         <tbody role="rowgroup">
 *           <tr role="row" class="tick least">                  class only where one of them holds
 *             <th role="rowheader" scope="row"><bdi>NAME</bdi></th>
 *             <td role="cell" class="sN" style="--share:SHARE">NUMBER</td>*
 *             <td role="cell" class="none">not covered</td>*    in place of a cell whose value is null
 *             <td role="cell" class="sum">NUMBER</td>?          "at least NUMBER" where the row is a lower bound
 *           </tr>*
 *           <tr role="row" class="gap tick">                    a row that is not covered at all
 *             <th role="rowheader" scope="row"><bdi>NAME</bdi></th>
 *             <td role="cell" class="none" colspan="COLUMNS, and one for the sum">not covered: REASON</td>
 *           </tr>*
 *         </tbody>
 *       </table>
 *     </div>
 *   </figure>
 *
 * - sN: columns 1 to 6 are s1 to s6, all further ones s7, as the column "others" is wherever it stands (`others` is its index). A heat
 *   map's columns have no class, nor its cells but none.
 * - SHARE: a whole number of thousandths, of the largest value of the chart (heatmap, compare), of the largest value of its own column
 *   (compare with each), or of the largest sum of a row (timeline, bars). Rounded half up; at least 1 for what is not zero.
 * - tick: rows whose name is shown below a timeline: every ceil(rows / 6)-th from the first on. No other kind has it.
 * - SUM: only where the data names it. A sum is the row's `sum`, else that of its values, null counting as 0.
 * - A row with `least` says "at least " in front of its sum, or, where there is no sum, of each of its numbers.
 * - NUMBER: with commas between thousands, or as the host's locale has it.
 * - Texts stand in elements alone, never in attributes, but for CAPTION, which no stranger writes.
 *
 * @typedef {object} Chart
 * @property {"timeline" | "heatmap" | "bars" | "compare"} kind  timeline: rows are columns that stand side by side, stacked. heatmap: a
 *   cell's colour is its value. bars: rows lie below each other, stacked. compare: the same, but each value has a line of its own.
 * @property {string} caption  what is seen, in words
 * @property {string} corner   what the rows are
 * @property {string[]} columns  what is stacked, or the columns of the map; one at least
 * @property {string} [sum]    the header of a column of sums
 * @property {number} [others] the index of the column that holds what has no column
 * @property {boolean} [each]  compare: each column is measured by itself
 * @property {Row[]} rows
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {(number | null)[]} [values]  one for each column, whole and not negative; null: not covered
 * @property {number} [sum]     where it is more than the values tell
 * @property {boolean} [least]  the numbers are lower bounds
 * @property {string} [gap]     in place of values: why nothing of this row is covered
 */

const seriesWithColour = 6;
const ticks = 6;

/**
 * element makes an element with attributes, and with children that are elements or text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | undefined>} [attributes]  undefined: left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * named is a name that somebody else chose: it cannot turn the direction of what stands around it.
 * @param {string} name
 */
export const named = (name) => element("bdi", {}, name);

/**
 * drawChart makes a chart's figure.
 * @param {Chart} chart
 * @param {(n: number) => string} [number]  writes a number
 * @returns {HTMLElement}
 */
export function drawChart(chart, number = new Intl.NumberFormat("en").format) {
  const series = chart.columns.map((_, i) => chart.kind === "heatmap" ? undefined : seriesClass(chart, i));
  const head = element("tr", { role: "row" }, element("th", { role: "columnheader", scope: "col" }, chart.corner),
    ...chart.columns.map((name, i) => element("th", { role: "columnheader", scope: "col", class: series[i] }, named(name))));
  if (chart.sum) head.append(element("th", { role: "columnheader", scope: "col", class: "sum" }, chart.sum));
  const measures = measuresOf(chart);
  const step = Math.max(1, Math.ceil(chart.rows.length / ticks));
  const rows = chart.rows.map((row, at) => {
    const classes = [row.gap === undefined ? "" : "gap", chart.kind === "timeline" && at % step === 0 ? "tick" : "", row.least ? "least" : ""];
    const drawn = element("tr", { role: "row", class: classes.filter(Boolean).join(" ") || undefined },
      element("th", { role: "rowheader", scope: "row" }, named(row.name)));
    if (row.gap !== undefined) {
      const span = chart.columns.length + (chart.sum ? 1 : 0);
      drawn.append(element("td", { role: "cell", class: "none", colspan: String(span) }, `not covered: ${row.gap}`));
      return drawn;
    }
    const values = row.values ?? [];
    for (const [i, value] of values.entries()) {
      drawn.append(value === null
        ? element("td", { role: "cell", class: "none" }, "not covered")
        : element("td", { role: "cell", class: series[i], style: `--share:${share(value, measures[i])}` },
          (row.least && !chart.sum ? "at least " : "") + number(value)));
    }
    if (chart.sum) {
      drawn.append(element("td", { role: "cell", class: "sum" }, (row.least ? "at least " : "") + number(sumOf(row))));
    }
    return drawn;
  });
  return element("figure", { class: `chart ${chart.kind}` },
    element("label", { class: "switch" }, element("input", { type: "checkbox" }), " as a table"),
    element("div", { class: "scroll", role: "group", tabindex: "0", "aria-label": chart.caption },
      element("table", { role: "table" },
        element("caption", {}, chart.caption),
        element("thead", { role: "rowgroup" }, head),
        element("tbody", { role: "rowgroup" }, ...rows))));
}

/**
 * @param {Chart} chart
 * @param {number} index
 */
function seriesClass(chart, index) {
  return index >= seriesWithColour || index === chart.others ? `s${seriesWithColour + 1}` : `s${index + 1}`;
}

/** @param {Row} row */
function sumOf(row) {
  return row.sum ?? (row.values ?? []).reduce((/** @type {number} */ sum, value) => sum + (value ?? 0), 0);
}

/**
 * measuresOf is, for each column, the value that would fill it.
 * @param {Chart} chart
 */
function measuresOf(chart) {
  const stacked = chart.kind === "timeline" || chart.kind === "bars";
  const largest = (/** @type {number[]} */ values) => values.reduce((most, value) => Math.max(most, value), 0);
  const valuesIn = (/** @type {number} */ i) => chart.rows.map((row) => row.values?.[i] ?? 0);
  if (chart.each) return chart.columns.map((_, i) => largest(valuesIn(i)));
  const all = largest(stacked ? chart.rows.filter((row) => row.gap === undefined).map(sumOf) : chart.columns.flatMap((_, i) => valuesIn(i)));
  return chart.columns.map(() => all);
}

/**
 * share is a value in thousandths of what would be full. Whole numbers throughout, so that every language rounds alike.
 * @param {number} value
 * @param {number} full
 */
function share(value, full) {
  if (value === 0) return 0;
  return Math.max(1, Math.floor((2 * value * 1000 + full) / (2 * full)));
}
