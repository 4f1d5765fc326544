package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// archived measures questions that an archive of so many entries answers.
func (b *bench) archived(ctx context.Context, entries int) error {
	u, err := startUpstream(ctx, b.makeBinary, "-entries", strconv.Itoa(entries))
	if err != nil {
		return err
	}
	defer u.stop()
	path := filepath.Join(b.work, fmt.Sprintf("archive-%d.db", entries))
	us := ours(b.binary, u, "--archive", path)
	run := func(command string, flags ...string) measure {
		return func(int) (float64, error) {
			process := exec.CommandContext(ctx, us.command, append([]string{command}, flags...)...)
			process.Env = append(process.Environ(), us.environment...)
			began := time.Now()
			output, err := process.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%s: %w: %.500s", command, err, output)
			}
			return time.Since(began).Seconds(), err
		}
	}
	add := func(what string, sample Sample, how string) {
		b.add(Row{what + ", archive of " + grouped(float64(entries)), Seconds, sample, nil, how})
	}
	synced, err := inTurn(0, 1, run("sync", append(us.stdio[1:], "--details", "none")...))
	if err != nil {
		return err
	}
	add("sync", synced[0], "from nothing, without details, once; Make's own time is in it")
	people, err := u.people(ctx)
	if err != nil {
		return err
	}
	us.stdio = append(us.stdio, "--sync-every", "0")
	first := func(int) (float64, error) {
		over, err := us.start(ctx)
		if err != nil {
			return 0, err
		}
		defer over.close()
		return took(ctx, over, countByActor())
	}
	firsts, err := inTurn(0, b.size.firsts, first)
	if err != nil {
		return err
	}
	add("first count by actor", firsts[0], "a year's, the first question of a process, which opens the archive and asks Make what is new")
	over, err := us.start(ctx)
	if err != nil {
		return err
	}
	defer over.close()
	for _, question := range []struct {
		what, how string
		call      call
	}{
		{"count by actor", "a year's", countByActor()},
		{"listing", "of the newest 20 entries of one person", call{"list_audit_logs",
			map[string]any{"from": "364d", "actor": people[:1], "limit": pageSize}}},
		{"a person's year", "get_actor_activity", call{"get_actor_activity", map[string]any{"from": "364d", "actor": people[0]}}},
	} {
		samples, err := inTurn(1, b.size.questions, func(int) (float64, error) { return took(ctx, over, question.call) })
		if err != nil {
			return err
		}
		add(question.what, samples[0], fmt.Sprintf("%s, over stdio, %s", question.how, times(b.size.questions)))
	}
	verified, err := inTurn(0, b.size.verifies, run("verify", "--archive", path))
	if err != nil {
		return err
	}
	add("verify", verified[0], "the whole command, "+times(b.size.verifies))
	return nil
}

func countByActor() call {
	return call{"count_audit_logs", map[string]any{"from": "364d", "group_by": []string{"actor"}}}
}

// took asks, and returns the seconds until the answer.
func took(ctx context.Context, over *session, asked call) (float64, error) {
	began := time.Now()
	_, err := over.ask(ctx, asked)
	return time.Since(began).Seconds(), err
}
