package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Machine is where configurations are looked for.
type Machine struct {
	// OS is as [runtime.GOOS] has it.
	OS string
	// Home is the user's home directory, Project the one that --project is about.
	Home, Project string
	// Getenv is [os.Getenv].
	Getenv func(string) string
	// HasCommand reports whether a command can be started by its name alone.
	HasCommand func(string) bool
}

// Here is the machine that the program runs on.
func Here() (Machine, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return Machine{}, &Refusal{Problem: "it is not known where your home directory is: " + err.Error(),
			Next: "set HOME (on Windows USERPROFILE) to it"}
	}
	project, err := os.Getwd()
	if err != nil {
		return Machine{}, err
	}
	has := func(name string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	}
	return Machine{OS: runtime.GOOS, Home: home, Project: project, Getenv: os.Getenv, HasCommand: has}, nil
}

// applications is the folder in which desktop programs keep the user's settings.
func (m Machine) applications() string {
	switch m.OS {
	case "windows":
		return m.or("APPDATA", "AppData", "Roaming")
	case "darwin":
		return filepath.Join(m.Home, "Library", "Application Support")
	}
	return m.xdg()
}

// xdg is the folder in which programs of Unix keep the user's settings.
func (m Machine) xdg() string { return m.or("XDG_CONFIG_HOME", ".config") }

// or is the folder that a variable names, or one below the home directory.
func (m Machine) or(variable string, below ...string) string {
	if folder := m.Getenv(variable); filepath.IsAbs(folder) {
		return folder
	}
	return filepath.Join(append([]string{m.Home}, below...)...)
}

// own is the folder of what setup keeps for itself.
func (m Machine) own() string { return filepath.Join(m.applications(), "make-audit-mcp") }

// KeyFile is where setup puts a key that no client keeps.
func (m Machine) KeyFile() string { return filepath.Join(m.own(), "api-key") }

// Command returns how clients start the program that runs as path. Clients know no PATH, so it is a path as long as that will last: npx
// (MAKE_AUDIT_LAUNCHER says so) and go run keep programs in folders that they empty.
func (m Machine) Command(path string) (command string, arguments []string, err error) {
	if m.Getenv("MAKE_AUDIT_LAUNCHER") == "npx" {
		return m.npx()
	}
	elements := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
	for _, element := range elements {
		if strings.HasPrefix(element, "go-build") {
			return "", nil, &Refusal{Problem: "go run made this program for this once, so no client can start it later",
				Next: "run: go install . and then make-audit-mcp setup (go env GOPATH names the folder whose bin it is in)"}
		}
		if element == "_npx" {
			return m.npx()
		}
	}
	if named, err := exec.LookPath(filepath.Base(path)); err == nil && filepath.IsAbs(named) && sameFile(named, path) {
		return named, nil, nil // a link that stays when the version behind it changes
	}
	return path, nil, nil
}

// npx is started through cmd on Windows, where it is no program but a script.
func (m Machine) npx() (command string, arguments []string, err error) {
	if m.OS == "windows" {
		return "cmd", []string{"/c", "npx", "-y", "make-audit-mcp"}, nil
	}
	return "npx", []string{"-y", "make-audit-mcp"}, nil
}

func sameFile(one, other string) bool {
	a, err := os.Stat(one)
	if err != nil {
		return false
	}
	b, err := os.Stat(other)
	return err == nil && os.SameFile(a, b)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
