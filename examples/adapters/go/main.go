// The breaker protocol on standard input and output for gobreaker's two-step breaker.
//
// gobreaker reads the clock of the process. It runs in a bubble of testing/synctest, whose clock stands still while the
// program computes and reads lines, and moves by a sleep at once.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
)

var (
	errFailure  = errors.New("failure")
	errExcluded = errors.New("excluded")
)

// With the preset of its name, settings that are absent are gobreaker's own defaults.
type config struct {
	Preset                   string   `json:"preset"`
	ConsecutiveThreshold     *int64   `json:"consecutive_threshold"`
	FailureRateThreshold     *float64 `json:"failure_rate_threshold"`
	FailureCountThreshold    *int64   `json:"failure_count_threshold"`
	MinimumCalls             int64    `json:"minimum_calls"`
	WindowType               *string  `json:"window_type"`
	WindowMs                 int64    `json:"window_ms"`
	OpenMs                   *int64   `json:"open_ms"`
	OpenCompare              string   `json:"open_compare"`
	HalfOpenMaxCalls         *int64   `json:"half_open_max_calls"`
	HalfOpenSuccessThreshold *int64   `json:"half_open_success_threshold"`
}

type question struct {
	Op     string          `json:"op"`
	Config json.RawMessage `json:"config"`
	TMs    *int64          `json:"t_ms"`
	Permit int64           `json:"permit"`
	Ok     *bool           `json:"ok"`
}

type desk struct {
	breaker *gobreaker.TwoStepCircuitBreaker[any]
	begun   time.Time
	latest  int64
	issued  int64
	permits map[int64]func(error)
}

// The settings that gobreaker has; an error names one that it has not.
func settingsOf(raw json.RawMessage) (gobreaker.Settings, error) {
	var settings gobreaker.Settings
	var c config
	reader := json.NewDecoder(bytes.NewReader(raw))
	reader.DisallowUnknownFields()
	if err := reader.Decode(&c); err != nil {
		return settings, err
	}
	if c.FailureRateThreshold != nil || c.FailureCountThreshold != nil {
		return settings, errors.New("no rule but that of consecutive failures is read from its defaults")
	}
	byDefault := c.Preset == "gobreaker"
	if c.ConsecutiveThreshold == nil && !byDefault {
		return settings, errors.New("it has a rule")
	}
	if c.OpenCompare != "gt" && !(byDefault && c.OpenCompare == "") {
		return settings, errors.New("OPEN ends when more than its timeout has passed")
	}
	if c.OpenMs == nil && !byDefault || c.OpenMs != nil && *c.OpenMs == 0 {
		return settings, errors.New("a timeout of 0 is its default")
	}
	probes := int64(1)
	if c.HalfOpenMaxCalls != nil {
		probes = *c.HalfOpenMaxCalls
	}
	needed := int64(1)
	if c.HalfOpenSuccessThreshold != nil {
		needed = *c.HalfOpenSuccessThreshold
	}
	if probes == 0 || needed != probes {
		return settings, errors.New("as many probes close it as it admits")
	}
	if c.WindowType != nil && *c.WindowType != "fixed" {
		return settings, errors.New("its window is an interval that begins again")
	}
	if c.WindowType != nil {
		settings.Interval = time.Duration(c.WindowMs) * time.Millisecond
	}
	if c.HalfOpenMaxCalls != nil || !byDefault {
		settings.MaxRequests = uint32(probes)
	}
	if c.OpenMs != nil {
		settings.Timeout = time.Duration(*c.OpenMs) * time.Millisecond
	}
	if c.ConsecutiveThreshold != nil {
		threshold := uint32(*c.ConsecutiveThreshold)
		settings.ReadyToTrip = func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= threshold }
	}
	settings.IsExcluded = func(err error) bool { return errors.Is(err, errExcluded) }
	return settings, nil
}

func (d *desk) state() string {
	switch d.breaker.State() {
	case gobreaker.StateOpen:
		return "open"
	case gobreaker.StateHalfOpen:
		return "half_open"
	default:
		return "closed"
	}
}

func (d *desk) answer(q question) map[string]any {
	wrong := func(why string) map[string]any { return map[string]any{"error": why} }
	if d.breaker == nil {
		return wrong("a reset comes first")
	}
	if q.TMs == nil || *q.TMs < d.latest {
		return wrong("t_ms is missing or runs backwards")
	}
	if q.Op != "acquire" && q.Op != "report" && q.Op != "state" {
		return wrong("unknown op " + q.Op)
	}
	done, held := d.permits[q.Permit]
	if q.Op == "report" && !held {
		return wrong("an unknown or used permit")
	}
	d.latest = *q.TMs
	time.Sleep(time.Until(d.begun.Add(time.Duration(d.latest) * time.Millisecond)))
	switch q.Op {
	case "acquire":
		done, err := d.breaker.Allow()
		if err != nil {
			return map[string]any{"admitted": false, "state": d.state(), "permit": nil}
		}
		d.issued++
		d.permits[d.issued] = done
		return map[string]any{"admitted": true, "state": d.state(), "permit": d.issued}
	case "report":
		delete(d.permits, q.Permit)
		switch {
		case q.Ok == nil:
			done(errExcluded)
		case *q.Ok:
			done(nil)
		default:
			done(errFailure)
		}
	}
	return map[string]any{"state": d.state()}
}

func serve(*testing.T) {
	var d desk
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for lines.Scan() {
		var q question
		var answer map[string]any
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			answer = map[string]any{"error": err.Error()}
		} else if q.Op == "reset" {
			settings, err := settingsOf(q.Config)
			if err != nil {
				answer = map[string]any{"unsupported": true, "why": err.Error()}
			} else {
				d = desk{breaker: gobreaker.NewTwoStepCircuitBreaker[any](settings), begun: time.Now(), permits: map[int64]func(error){}}
				answer = map[string]any{}
			}
		} else {
			answer = d.answer(q)
		}
		text, err := json.Marshal(answer)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out.Write(append(text, '\n'))
		out.Flush()
	}
	os.Exit(0)
}

func main() {
	testing.Init()
	bubble := func(t *testing.T) { synctest.Test(t, serve) }
	always := func(string, string) (bool, error) { return true, nil }
	testing.Main(always, []testing.InternalTest{{Name: "serve", F: bubble}}, nil, nil)
}
