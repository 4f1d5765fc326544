package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
)

// What a replica says of its syncs.
const (
	saysFilled = "filled"
	saysFailed = "failed: "
)

// FillAsChild is the main of the replicas that [KillReplicas] kills: it fills the archive again and again, until its input ends.
func FillAsChild(t *testing.T, places Places) {
	url := os.Getenv(childURL)
	if url == "" {
		t.Skip("it runs as a child of the test that kills it")
	}
	now, err := time.Parse(time.RFC3339, os.Getenv(childNow))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	go func() { // whoever started it may have been killed
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	u := Elsewhere(t, url, now)
	a := archive.New(places.Open(t, os.Getenv(ChildPlace), true), archive.Options{Decode: live.Decode, KeyFile: os.Getenv(childKey),
		Now: Begin})
	how := SyncOptions()
	how.Details, how.IsNotable = archive.NotableDetails, isNotable
	for ctx.Err() == nil {
		_, err := a.Sync(ctx, u.Source(audittest.AdminKey), how)
		var busy *archive.BusyError
		switch {
		case err == nil:
			fmt.Println(saysFilled)
		case !errors.As(err, &busy):
			fmt.Println(saysFailed + strings.ReplaceAll(err.Error(), "\n", " "))
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// replicas are processes that fill one archive at once.
type replicas struct {
	*killing
	running []*replica
	// says is what they say, but for what those say that were killed.
	says chan said
}

type said struct {
	by   *replica
	what string
}

type replica struct {
	process *exec.Cmd
	input   io.Closer
	ended   chan struct{}
}

// howMany replicas there are.
const howMany = 3

// KillReplicas has several replicas fill one archive, and kills them at any moment, or stops them for longer than their lease lasts and
// lets them go on: the log is filled all the same, nothing is lost or there twice, and everything verifies. child names the test function
// that calls [FillAsChild]; Died of the places is called when all were killed at once. ARCHIVE_KILLS and ARCHIVE_KILLS_SEED are those of
// [Kill].
func KillReplicas(t *testing.T, child string, places Places) {
	k, kills, count := newKilling(t, child, places, 4)
	k.begin(t, count)
	r := &replicas{killing: k}
	r.start()
	stopped, full := 0, 0
	for killed := 0; killed < kills; {
		if r.filledWithin(time.Duration(k.random.Int64N(int64(longestPeace)))) {
			full++
			r.cut()
			k.compare()
			if k.random.IntN(3) == 0 {
				k.renew()
			} else {
				k.addLate()
			}
			r.start()
			continue
		}
		victim := k.random.IntN(len(r.running))
		if k.random.IntN(4) == 0 {
			r.stop(r.running[victim])
			stopped++
			continue
		}
		r.kill(r.running[victim])
		r.running[victim] = r.begin()
		if killed++; killed%10 == 0 {
			r.cut()
			r.start()
		}
		if killed%20 == 0 {
			t.Logf("%d kills", killed)
		}
	}
	require.True(t, r.filledWithin(5*time.Minute), "nobody fills it")
	r.cut()
	k.compare()
	t.Logf("%d replicas were killed and %d stopped for a while, the log was full %d times, of %d stores", kills, stopped, full+1, k.renewed)
}

const (
	// longestPeace is how long replicas are left alone at most, longestStop how long one is stopped.
	longestPeace = 2 * time.Second
	longestStop  = 3 * time.Second
)

// start starts all.
func (r *replicas) start() {
	r.T.Helper()
	r.says = make(chan said, 1000)
	r.running = nil
	for range howMany {
		r.running = append(r.running, r.begin())
	}
}

// begin starts one.
func (r *replicas) begin() *replica {
	r.T.Helper()
	process := r.process()
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	require.NoError(r.T, err)
	input, err := process.StdinPipe()
	require.NoError(r.T, err)
	require.NoError(r.T, process.Start())
	one := &replica{process: process, input: input, ended: make(chan struct{})}
	says := r.says
	go func() {
		defer close(one.ended)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			says <- said{one, lines.Text()}
		}
	}()
	return one
}

// kill kills one, and waits until it is dead.
func (r *replicas) kill(one *replica) {
	r.T.Helper()
	require.NoError(r.T, one.process.Process.Kill())
	<-one.ended
	_ = one.process.Wait()
	_ = one.input.Close()
	require.True(r.T, wasKilled(one.process.ProcessState), "it had ended by itself: %s", one.process.ProcessState)
}

// stop has one do nothing for a while, as a machine does that is paused: it then believes that it still has the lease.
func (r *replicas) stop(one *replica) {
	r.T.Helper()
	require.NoError(r.T, one.process.Process.Signal(syscall.SIGSTOP))
	time.AfterFunc(time.Duration(r.random.Int64N(int64(longestStop))), func() { _ = one.process.Process.Signal(syscall.SIGCONT) })
}

// filledWithin waits until one of them has filled the log.
func (r *replicas) filledWithin(long time.Duration) bool {
	r.T.Helper()
	for end := time.After(long); ; {
		select {
		case <-end:
			return false
		case heard := <-r.says:
			require.NotContains(r.T, heard.what, saysFailed)
			if heard.what == saysFilled {
				return true
			}
		}
	}
}

// cut kills all at once, and holds the store against all that must be true of it at any time.
func (r *replicas) cut() {
	r.T.Helper()
	for _, one := range r.running {
		r.kill(one)
	}
	r.places.Died(r.place)
	r.check()
}
