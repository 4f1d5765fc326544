package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// facts tells the machine and the versions of what is measured.
func facts(ctx context.Context, b *bench) ([]Fact, error) {
	node, err := printed(ctx, "node", "--version")
	if err != nil {
		return nil, err
	}
	version, err := printed(ctx, b.binary, "--version")
	if err != nil {
		return nil, err
	}
	var wrapper struct {
		Name, Version string
	}
	text, err := os.ReadFile(filepath.Join(b.wrapperFolder, wrapperPackage, "package.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &wrapper); err != nil {
		return nil, err
	}
	memory := "unknown"
	if kilobytes, err := procField("/proc/meminfo", "MemTotal"); err == nil {
		memory = Bytes.sample(Sample{kilobytes * kibi})
	}
	return []Fact{
		{"machine", fmt.Sprintf("%d cores, %s of memory, %s, %s/%s", runtime.NumCPU(), memory, processor(), runtime.GOOS, runtime.GOARCH)},
		{"load average when it began", loadAverage()},
		{"Go, node", strings.TrimPrefix(runtime.Version(), "go") + ", " + strings.TrimPrefix(node, "v")},
		{"ours", strings.ReplaceAll(version, "\n", "; ")},
		{"the wrapper", wrapper.Name + " " + wrapper.Version},
	}, nil
}

// commit is what is measured; changes that are in no commit are mentioned, but not that of the page itself.
func commit(ctx context.Context) (string, error) {
	hash, err := printed(ctx, "git", "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "", err
	}
	changes, err := printed(ctx, "git", "status", "--porcelain", "--", ".", ":!docs/benchmarks.md")
	if err != nil {
		return "", err
	}
	if changes != "" {
		hash += " with changes"
	}
	return hash, nil
}

func printed(ctx context.Context, name string, arguments ...string) (string, error) {
	output, err := exec.CommandContext(ctx, name, arguments...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(arguments, " "), err)
	}
	return strings.TrimSpace(string(output)), nil
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // Linux only
	if found := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(text); found != nil {
		return string(found[1])
	}
	return "unknown processor"
}

// loadAverage says how busy the machine was: above a tenth of a core or so, figures suffer.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg") // Linux only
	if fields := strings.Fields(string(text)); len(fields) > 0 {
		return fields[0]
	}
	return "unknown"
}

// kibi is the unit of the system's own counts of memory.
const kibi = 1024

// resident is how much memory a process has, or with VmHWM had at most. Only Linux says.
func resident(process *os.Process, field string) (float64, error) {
	kilobytes, err := procField(filepath.Join("/proc", strconv.Itoa(process.Pid), "status"), field)
	return kilobytes * kibi, err
}

// procField reads a number of a file of Linux's whose lines have names.
func procField(path, name string) (float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", path, name)
}

// folderSize is the sum of the sizes of all files in a folder.
func folderSize(folder string) (float64, error) {
	total := 0.0
	err := filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		total += float64(info.Size())
		return nil
	})
	return total, err
}
