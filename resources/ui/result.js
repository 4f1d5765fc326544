/**
 * The data of a tool's result. Hosts differ in what they hand on: structured content, the same as text, or neither; then the call, which
 * only reads, is made again.
 */
import { isObject } from "./host.js";

/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./host.js").Json} Json */

/** The words of a result that is an error, or of one that holds nothing. */
export class AnswerError extends Error {}

/**
 * dataOf is a result's data, or undefined where it has none.
 * @param {Json} result
 * @returns {Json | undefined}
 */
export function dataOf(result) {
  if (result.isError) throw new AnswerError(textOf(result) || "The tool failed, and did not say why.");
  if (isObject(result.structuredContent)) return result.structuredContent;
  try {
    const data = JSON.parse(textOf(result));
    return isObject(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * answerOf is the data of a result that the host told of, asked for again where it came without.
 * @param {Host} host
 * @param {Json} result
 * @param {{name: string, args: Json | undefined}} call  what the result is of
 * @returns {Promise<Json>}
 */
export async function answerOf(host, result, { name, args }) {
  const data = dataOf(result);
  if (data) return data;
  if (!args || !host.canCall) throw new AnswerError("The host passed this view a result without its data. The answer in the chat has it all.");
  return ask(host, name, args);
}

/**
 * ask calls a tool that only reads.
 * @param {Host} host
 * @param {string} name
 * @param {Json} args
 * @returns {Promise<Json>}
 */
export async function ask(host, name, args) {
  const data = dataOf(await host.call(name, args));
  if (!data) throw new AnswerError(`The host passed this view an answer of ${name} without its data.`);
  return data;
}

/** @param {Json} result */
function textOf({ content }) {
  if (!Array.isArray(content)) return "";
  return content.filter((block) => block?.type === "text" && typeof block.text === "string").map((block) => block.text).join("\n");
}
