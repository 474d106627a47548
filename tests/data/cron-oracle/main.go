// Command cron-oracle records the answers of robfig/cron v3 and of Go's time.ParseDuration.
//
// Usage: go run . <folder>  (writes cron.tsv and durations.tsv there)
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

const (
	runs  = 4
	guard = 5 * time.Second
)

// answer is what robfig said: accepted, refused, panicked, or looping for ever.
type answer struct{ verdict, detail string }

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run . <folder>")
		os.Exit(2)
	}
	// The zones of the toolchain and not of the machine; a schedule without a zone runs in UTC.
	must(os.Setenv("ZONEINFO", filepath.Join(runtime.GOROOT(), "lib", "time", "zoneinfo.zip")))
	time.Local = time.UTC
	write(filepath.Join(os.Args[1], "cron.tsv"), cronLines())
	write(filepath.Join(os.Args[1], "durations.tsv"), durationLines())
}

// cronLines has: quoted expression, start, verdict, and the runs or the quoted reason.
func cronLines() []string {
	lines := []string{"# expression\tfrom\tverdict\truns after it, or the reason; made by cron-oracle"}
	seen := map[string]bool{}
	for _, c := range cases() {
		key := c.expression + "\t" + c.from
		if seen[key] {
			continue
		}
		seen[key] = true
		a := guarded(c.expression, c.from)
		lines = append(lines, strings.Join([]string{quote(c.expression), c.from, a.verdict, a.detail}, "\t"))
	}
	return lines
}

// guarded gives up on an expression that robfig never answers.
func guarded(expression, from string) answer {
	done := make(chan answer, 1)
	go func() { done <- ask(expression, from) }()
	select {
	case a := <-done:
		return a
	case <-time.After(guard):
		return answer{"hangs", ""}
	}
}

func ask(expression, from string) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{"panics", ""}
		}
	}()
	schedule, err := cron.ParseStandard(expression)
	if err != nil {
		return answer{"refused", quote(err.Error())}
	}
	at, err := time.Parse(time.RFC3339Nano, from)
	must(err)
	var found []string
	for range runs {
		at = schedule.Next(at)
		if at.IsZero() {
			found = append(found, "never")
			break
		}
		found = append(found, at.UTC().Format(time.RFC3339Nano))
	}
	return answer{"accepted", strings.Join(found, " ")}
}

// durationLines has: quoted text, nanoseconds, canonical text; or the quoted text and "refused".
func durationLines() []string {
	lines := []string{"# text\tnanoseconds\tcanonical text; made by cron-oracle"}
	for _, text := range durations() {
		d, err := time.ParseDuration(text)
		if err != nil {
			lines = append(lines, quote(text)+"\trefused\t")
			continue
		}
		lines = append(lines, fmt.Sprintf("%s\t%d\t%s", quote(text), int64(d), d))
	}
	return lines
}

// quote keeps tabs and line feeds out of the columns.
func quote(text string) string {
	quoted, err := json.Marshal(text)
	must(err)
	return string(quoted)
}

func write(path string, lines []string) {
	must(os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	fmt.Printf("%s: %d cases\n", path, len(lines)-1)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
