package ui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/resources/ui"
)

func bundle(modules map[string]string, entry string) (string, error) {
	return ui.Bundle(func(name string) (string, error) {
		text, found := modules[name]
		if !found {
			return "", fmt.Errorf("no module %s", name)
		}
		return text, nil
	}, entry)
}

func TestModulesStandBehindThoseThatTheyImport(t *testing.T) {
	t.Parallel()
	script, err := bundle(map[string]string{
		"view.js": "import { two } from \"./two.js\";\nimport { one, three } from \"./one.js\";\none(two);",
		"two.js": "/** import { x } from \"./x.js\"; export default, import(\"./y.js\") */\n" +
			"import { one } from \"./one.js\";\nexport const two = one();",
		"one.js": "export function one() {}\nexport async function three() {}\nexport class Four {}\n",
	}, "view.js")
	require.NoError(t, err)
	assert.Equal(t, `const $one = (() => {
function one() {}
async function three() {}
class Four {}

return { one, three, Four };
})();
const $two = (() => {
/** import { x } from "./x.js"; export default, import("./y.js") */
const { one } = $one;
const two = one();
return { two };
})();
const $view = (() => {
const { two } = $two;
const { one, three } = $one;
one(two);
return {  };
})();
`, script)
}

func TestAFormOfModulesThatIsNotKnownIsAnError(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`import x from "./one.js";`, `import * as x from "./one.js";`, `import { one as x } from "./one.js";`, `import "./one.js";`,
		`import { one } from "./one.js"`, `import { one } from "../one.js";`, `import { one } from "one";`, `  import { one } from "./one.js";`,
		`export default 1;`, `export { one };`, `export let x = 1;`, `export * from "./one.js";`, `const x = await import("./one.js");`,
		`console.log(import.meta.url);`, `import { one } from "./missing.js";`, `import { y } from "./view.js";`,
	} {
		_, err := bundle(map[string]string{"view.js": line, "one.js": "export const one = 1;"}, "view.js")
		assert.Error(t, err, line)
	}
}

// views are the modules that nothing imports: each is a view.
func views(t *testing.T) []string {
	t.Helper()
	modules, err := filepath.Glob("*.js")
	require.NoError(t, err)
	imported := map[string]bool{}
	for _, name := range modules {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`from "\./(\w+\.js)"`).FindAllStringSubmatch(string(source), -1) {
			imported[found[1]] = true
		}
	}
	var names []string
	for _, name := range modules {
		if !imported[name] {
			names = append(names, strings.TrimSuffix(name, ".js"))
		}
	}
	return names
}

func TestEveryViewBecomesAPage(t *testing.T) {
	t.Parallel()
	names := views(t)
	require.Contains(t, names, "activity")
	for _, name := range names {
		page, err := ui.Page(name, "A <title> & more")
		require.NoError(t, err, name)
		assert.Contains(t, page, "<title>A &lt;title&gt; &amp; more</title>")
		assert.Contains(t, page, ".chart.heatmap")
		assert.Contains(t, page, "const $"+name+" = (() => {")
		assert.LessOrEqual(t, len(page), 150_000, name)
		t.Logf("%s: %d bytes", name, len(page))
	}
	_, err := ui.Page("nothing", "")
	assert.ErrorContains(t, err, "nothing.js")
}

// TestOthersTextReachesPagesAsTextAlone keeps out what would read it as markup or code.
func TestOthersTextReachesPagesAsTextAlone(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("*.js")
	require.NoError(t, err)
	parses := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML|srcdoc|\beval\b|` +
		`new Function|setTimeout\("|javascript:|fetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|createElement\("script|localStorage|` +
		`document\.cookie`)
	for _, name := range modules {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Empty(t, parses.FindString(string(source)), name)
	}
}
