package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"time"

	"make-audit-mcp/internal/makesim"
)

// upstream is the simulated Make, in a process of its own.
type upstream struct {
	URL, Token string

	command *exec.Cmd
	ask     io.WriteCloser
	lines   *bufio.Scanner
	client  *http.Client
}

// startUpstream starts bench/make, whose clock stands still so that nothing is added to its log.
func startUpstream(ctx context.Context, makeBinary string, flags ...string) (*upstream, error) {
	flags = append([]string{"-unlimited", "-now", time.Now().UTC().Format(time.RFC3339)}, flags...)
	u := &upstream{command: exec.CommandContext(ctx, makeBinary, flags...),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: manyCallers}}}
	u.command.Stderr = os.Stderr
	var err error
	if u.ask, err = u.command.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := u.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := u.command.Start(); err != nil {
		return nil, err
	}
	u.lines = bufio.NewScanner(output)
	for _, line := range []*string{&u.URL, &u.Token} {
		if !u.lines.Scan() {
			u.stop()
			return nil, fmt.Errorf("%s did not start", makeBinary)
		}
		*line = u.lines.Text()
	}
	return u, nil
}

func (u *upstream) stop() {
	_ = u.ask.Close()
	_ = u.command.Wait() // it served until now
}

// requests returns how many requests came since it was last asked.
func (u *upstream) requests() (float64, error) {
	if _, err := io.WriteString(u.ask, "\n"); err != nil {
		return 0, err
	}
	if !u.lines.Scan() {
		return 0, fmt.Errorf("the simulated Make ended: %w", u.lines.Err())
	}
	return strconv.ParseFloat(u.lines.Text(), 64)
}

// get asks Make itself, and reads its whole answer.
func (u *upstream) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.URL+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Token "+u.Token)
	response, err := u.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return body, err
}

// auditLogs is where the log of the demo's organization is.
func auditLogs() string {
	return "/audit-logs/organization/" + strconv.FormatInt(makesim.DemoOrganizationID, 10)
}

// people returns the ids of those whom entries can be filtered by.
func (u *upstream) people(ctx context.Context) ([]string, error) {
	body, err := u.get(ctx, auditLogs()+"/filters", nil)
	if err != nil {
		return nil, err
	}
	var filters struct {
		Users []struct{ ID json.Number }
	}
	if err := json.Unmarshal(body, &filters); err != nil {
		return nil, err
	}
	ids := make([]string, len(filters.Users))
	for i, user := range filters.Users {
		ids[i] = user.ID.String()
	}
	return ids, nil
}
