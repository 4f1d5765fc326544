package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// secretVariables returns rows of the variables that have no flag, on purpose: the constants of internal/cli of which a comment says what
// the environment holds there.
func secretVariables(root string) ([][]string, error) {
	var rows [][]string
	err := eachSource(root, "internal/cli", func(file *ast.File, text func(ast.Expr) (string, bool)) {
		for _, declared := range file.Decls {
			constant, is := declared.(*ast.GenDecl)
			if !is || constant.Tok != token.CONST || len(constant.Specs) != 1 {
				continue
			}
			spec, is := constant.Specs[0].(*ast.ValueSpec)
			if !is || !strings.HasPrefix(spec.Names[0].Name, "environment") {
				continue
			}
			about, isSecret := strings.CutPrefix(strings.TrimSpace(constant.Doc.Text()), spec.Names[0].Name+" holds the ")
			if value, isText := text(spec.Values[0]); isText && isSecret {
				rows = append(rows, []string{"none, on purpose", code(value), "The " + about})
			}
		}
	})
	return rows, err
}

// addMetrics adds the metrics, as the code that makes them names them: a metric that was never counted is in no answer of /metrics.
func addMetrics(root string, parts map[string]string) error {
	var rows [][]string
	add := func(kind, name, help string, labels ...string) {
		rows = append(rows, []string{code(name), kind, code(labels...), help})
	}
	var prefix string
	look := func(file *ast.File, text func(ast.Expr) (string, bool)) {
		texts := func(of []ast.Expr) (found []string) {
			for _, expression := range of {
				if value, isText := text(expression); isText {
					found = append(found, value)
				}
			}
			return found
		}
		if value, isText := text(ast.NewIdent("prefix")); isText && file.Name.Name == "telemetry" {
			prefix = value
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, is := node.(*ast.CallExpr)
			if !is {
				return true
			}
			function, is := call.Fun.(*ast.SelectorExpr)
			given := texts(call.Args)
			if !is || len(given) < 2 {
				return true
			}
			switch function.Sel.Name {
			case "Counter", "Histogram":
				add(strings.ToLower(function.Sel.Name), given[0], given[1], given[2:]...)
			case "Info":
				add("gauge", given[0], given[1], given[2])
			case "Gauge":
				add("gauge", prefix+given[0], given[1])
			case "Count":
				add("counter", prefix+given[0], given[1])
			}
			return true
		})
	}
	for _, room := range []string{"internal/telemetry", "internal/transport", "internal/cli"} {
		if err := eachSource(root, room, look); err != nil {
			return err
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	parts["metrics"] = table([]string{"metric", "kind", "labels", "meaning"}, rows)
	return nil
}

// eachSource calls look with each file of a room that is built, and with what says of an expression which text it is.
func eachSource(root, room string, look func(file *ast.File, text func(ast.Expr) (string, bool))) error {
	paths, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(room), "*.go"))
	if err != nil {
		return err
	}
	var files []*ast.File
	constants := map[string]ast.Expr{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, file)
		for _, declared := range file.Decls {
			group, is := declared.(*ast.GenDecl)
			if !is || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				if spec, is := spec.(*ast.ValueSpec); is && len(spec.Values) == len(spec.Names) {
					for i, name := range spec.Names {
						constants[name.Name] = spec.Values[i]
					}
				}
			}
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%s has no source: run this at the root of the repository", room)
	}
	var text func(ast.Expr) (string, bool)
	text = func(expression ast.Expr) (string, bool) {
		switch expression := expression.(type) {
		case *ast.BasicLit:
			value, err := strconv.Unquote(expression.Value)
			return value, err == nil && expression.Kind == token.STRING
		case *ast.Ident:
			value, is := constants[expression.Name]
			if !is {
				return "", false
			}
			return text(value)
		case *ast.BinaryExpr:
			left, isLeft := text(expression.X)
			right, isRight := text(expression.Y)
			return left + right, isLeft && isRight
		}
		return "", false
	}
	for _, file := range files {
		look(file, text)
	}
	return nil
}
