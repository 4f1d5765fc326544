// Checks the views' modules: types, by what their comments say, and rules of eslint.
//
//   node check.mjs FOLDER   the folder is resources/ui
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { ESLint } from "eslint";

const [folder] = process.argv.slice(2);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const types = spawnSync(process.execPath, [here("node_modules/typescript/bin/tsc"), "-p", folder], { stdio: "inherit" });
const eslint = new ESLint({ cwd: folder, overrideConfigFile: here("eslint.config.mjs") });
const results = await eslint.lintFiles(["*.js"]);
const problems = results.reduce((sum, { errorCount, warningCount }) => sum + errorCount + warningCount, 0);
console.log((await eslint.loadFormatter("stylish")).format(results) || `${results.length} modules`);
process.exit(types.status || (problems > 0 ? 1 : 0));
