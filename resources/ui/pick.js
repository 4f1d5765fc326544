/**
 * Charts whose cells can be chosen: by pointer, or by the arrow keys and Enter. One cell of a chart is in the order of the Tab key.
 */
import { element, named } from "./chart.js";

/**
 * pickable makes a chart's cells ones to choose from, and tells below it what the cell that is looked at means.
 * @param {HTMLElement} figure  as chart.js draws it
 * @param {(row: number, column: number) => void} onPick  the column of a sum is the number of columns
 * @returns {HTMLElement[]} the figure, and the line below it
 */
export function pickable(figure, onPick) {
  const table = /** @type {HTMLTableElement} */ (figure.querySelector("table"));
  const readout = element("p", { class: "readout", "aria-hidden": "true" });
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].slice(1));
  const heads = [...(table.tHead?.rows[0].cells ?? [])].slice(1).map((cell) => cell.textContent);
  if (!rows.some((cells) => cells.some(canPick))) return [figure];
  figure.querySelector(".scroll")?.removeAttribute("tabindex"); // the cells take the focus there
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", `${table.caption?.textContent}. Arrow keys move, Enter narrows.`);

  /** @type {HTMLTableCellElement | undefined} */
  let current;
  for (const cell of rows.flat()) {
    cell.setAttribute("role", "gridcell");
    if (!canPick(cell)) continue;
    cell.tabIndex = current ? -1 : 0;
    current ??= cell;
  }
  /** @param {EventTarget | null} target */
  const placeOf = (target) => {
    const cell = target instanceof Element ? target.closest("td") : null;
    const row = cell ? rows.findIndex((cells) => cells.includes(cell)) : -1;
    return row < 0 || !cell ? undefined : { cell, row, column: rows[row].indexOf(cell) };
  };
  /** @param {{cell: HTMLTableCellElement, row: number, column: number} | undefined} place */
  const read = (place) => {
    if (!place) return;
    const name = place.cell.parentElement?.querySelector("th")?.textContent ?? "";
    const head = place.cell.colSpan > 1 || heads.length === 1 ? [] : [named(heads[place.column] ?? ""), ": "];
    readout.replaceChildren(named(name), ", ", ...head, place.cell.textContent ?? "");
  };
  table.addEventListener("pointerover", (event) => read(placeOf(event.target)));
  table.addEventListener("focusin", (event) => {
    const place = placeOf(event.target);
    read(place);
    if (!place || place.cell === current) return;
    if (current) current.tabIndex = -1;
    current = place.cell;
    current.tabIndex = 0;
  });
  table.addEventListener("click", (event) => {
    const place = placeOf(event.target);
    if (place && canPick(place.cell)) onPick(place.row, place.column);
  });
  table.addEventListener("keydown", (event) => {
    const place = placeOf(event.target);
    if (!place) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onPick(place.row, place.column);
      return;
    }
    // In a timeline rows stand side by side.
    const turned = figure.classList.contains("timeline") && !figure.querySelector(".switch :checked");
    const moves = turned
      ? { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }
      : { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const ends = { Home: 0, End: rows.length - 1 };
    let [row, column] = [place.row, place.column];
    let step = [0, 0];
    if (event.key in moves) step = moves[/** @type {keyof typeof moves} */ (event.key)];
    else if (event.key in ends) [row, step] = [ends[/** @type {keyof typeof ends} */ (event.key)], [event.key === "Home" ? 1 : -1, 0]];
    else return;
    event.preventDefault();
    if (event.key in moves) [row, column] = [row + step[0], column + step[1]];
    for (; row >= 0 && row < rows.length && column >= 0 && column < heads.length; [row, column] = [row + step[0], column + step[1]]) {
      const cell = rows[row][column];
      if (cell && canPick(cell)) return cell.focus();
    }
  });
  return [figure, readout];
}

/** @param {Element} cell */
function canPick(cell) { return !cell.classList.contains("none"); }
