// Counts what the suite has checked, and says what is wrong and not expected.
//
//   node summary.mjs NAME RESULTS EXPECTED
import { globSync, readFileSync } from "node:fs";

const [name, results, expected] = process.argv.slice(2);
const known = new Set(readFileSync(expected, "utf8").split("\n").map((line) => line.replace(/^ *- /, "")));

const files = globSync(`${results}/*/checks.json`).sort();
const count = { SUCCESS: 0, FAILURE: 0, WARNING: 0, SKIPPED: 0 };
const unexpected = [];
for (const file of files) {
  // server-NAME-TIME/checks.json
  const scenario = file.split("/").at(-2).replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT[\dZ-]+$/, "");
  for (const check of JSON.parse(readFileSync(file, "utf8"))) {
    if (check.status in count) count[check.status]++;
    const wrong = check.status === "FAILURE" || check.status === "WARNING";
    if (wrong && !known.has(scenario) && !known.has(`${scenario}:${check.id}`)) {
      unexpected.push(`  ${scenario}:${check.id}: ${(check.errorMessage ?? check.description).replace(/\s+/g, " ").slice(0, 300)}`);
    }
  }
}
console.log(`${name}: ${files.length} scenarios; checks: ${count.SUCCESS} passed, ${count.FAILURE} failed, ` +
  `${count.WARNING} warnings, ${count.SKIPPED} skipped`);
for (const line of unexpected) console.log(line);
if (files.length === 0) process.exitCode = 1;
