package setup

import (
	"fmt"
	"reflect"
	"strings"
)

// Change is what becomes of one client's file.
type Change struct {
	Client Client
	File   string
	// IsNew says that there is no file yet.
	IsNew bool

	name          string
	before, after string
	held          contents   // before, understood
	additions     []addition // those that are made
}

// Options say how an entry is put in.
type Options struct {
	// Project is about the project's file, not the user's.
	Project bool
	// Replace lets an entry of the same name go.
	Replace bool
}

// Plan returns what a client's file becomes with a server. Nothing is written.
func Plan(m Machine, client Client, server Server, options Options) (*Change, error) {
	file, err := client.File(m, options.Project)
	if err != nil {
		return nil, err
	}
	additions, err := client.additions(server)
	if err != nil {
		return nil, err
	}
	document, isNew, err := open(client, file)
	if err != nil {
		return nil, err
	}
	change := &Change{Client: client, File: file, IsNew: isNew, name: server.Name, before: document.text, held: document.contents}
	for _, a := range additions {
		there := document.contents.find(a)
		switch {
		case there == nil:
		case a.ID != "" || reflect.DeepEqual(there, normal(a.Value)):
			continue
		case !options.Replace:
			return nil, &Refusal{
				Problem:    fmt.Sprintf("%s has another server %q in %s", client.Title, server.Name, file),
				Next:       "give this one another name, e.g. --name " + server.Name + "-2, or replace the other: --replace",
				Difference: difference("there", "setup's", lined(there), lined(normal(a.Value)), additions),
			}
		default:
			if document, err = document.without(a); err != nil {
				return nil, cannot(client, file, err)
			}
		}
		if document, err = document.with(a); err != nil {
			return nil, cannot(client, file, err)
		}
		change.additions = append(change.additions, a)
	}
	change.after = document.text
	return change, nil
}

func lined(value any) string { return pretty(value, "", "  ") + "\n" }

// open reads a client's file.
func open(client Client, file string) (opened document, isNew bool, err error) {
	text, exists, err := fileText(file)
	if err == nil {
		opened, err = read(client.format, text)
	}
	if err != nil {
		return document{}, false, cannot(client, file, err)
	}
	return opened, !exists, nil
}

func cannot(client Client, file string, err error) error {
	return &Refusal{Problem: fmt.Sprintf("%s was left as it is: %v", file, err),
		Next: "mend it, or put in by hand what this prints: make-audit-mcp setup " + client.Name + " --print"}
}

// IsDone reports whether the file already says all.
func (c *Change) IsDone() bool { return c.before == c.after }

// Difference is the change as a unified difference; values of others are hidden.
func (c *Change) Difference() string {
	return difference(c.File, c.File, c.before, c.after, c.additions)
}

// Snippet is a client's file with nothing but the server.
func Snippet(client Client, server Server) (string, error) {
	additions, err := client.additions(server)
	if err != nil {
		return "", err
	}
	snippet := document{format: client.format, contents: contents{}}
	for _, a := range additions {
		if snippet, err = snippet.with(a); err != nil {
			return "", err
		}
	}
	return strings.TrimLeft(snippet.text, blanks), nil
}
