package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/preflight"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var lookingAhead = Definition{
	Name: "preflight", Does: "looks at all that later stages need, before anything is touched",
	Needs: Needs{Live: true, Reports: true}, Work: rights.Looking,
}

// Preflighted is linted values with which nothing that could be seen stands in the way of a cutover.
type Preflighted struct {
	Linted  Linted
	Unknown []string // what could not be looked at, one line each

	entry Entry
}

// Entry returns what preflight found.
func (p Preflighted) Entry() Entry { return p.entry }

func (p Preflighted) edit() *values.Rendered { return p.Linted.edit() }

// open returns the error of a run that ends with preflight when something could not be looked at. A longer run goes on:
// its proofs show what preflight could not see.
func (p Preflighted) open() error {
	if len(p.Unknown) == 0 {
		return nil
	}
	return fault.New(fault.Unproven, "get the permissions that the findings name, or ask somebody who has them; `palette-ecr run` goes on without",
		"looking before anything is touched: nothing is known to be wrong, but not everything can be seen: %s", strings.Join(p.Unknown, "; "))
}

// Preflight looks, before anything is touched, at all that later stages need. A finding of severity error is a refusal.
func Preflight(ctx context.Context, w *world.World, s *state.State, in Linted) (Preflighted, error) {
	done := Preflighted{Linted: in}
	look, err := preflightInput(w, s, in)
	if err != nil {
		return done, err
	}
	found, err := preflight.Look(ctx, look)
	if err != nil {
		return done, err
	}
	done.Unknown = found.Unknown
	done.entry, err = preflightEntry(found, in.Rendered.Given.Severity)
	return done, err
}

// preflightInput is what preflight looks at.
func preflightInput(w *world.World, s *state.State, in Linted) (preflight.Input, error) {
	r := in.Rendered
	look := preflight.Input{
		World: w, State: s, Stages: list(r.Given.Ahead).rights(), Switches: list(r.Given.Ahead).needs().Switch, File: r.Wanted, Values: r.Values, Found: in.Findings, Disable: r.Given.Disable, KeepCert: r.Given.KeepCert, Recover: r.Given.Recover,
		PrepareSpokes: r.Given.PrepareSpokes, CreateRepositories: r.Given.CreateRepositories,
	}
	lost, err := r.lost(w, s)
	if err != nil {
		return look, err
	}
	look.Lost, look.Older = lost, r.Given.AllowDowngrade
	if list(r.Given.Ahead).has(copying) {
		look.Survey = func(ctx context.Context) ([]copy.Survey, error) { return survey(ctx, w.Reached(), s, r.Given) }
	}
	if s.Absent() {
		return look, nil
	}
	on, err := s.ZotOn()
	if err == nil && on {
		ledger := proof.NewLedger(s.Journal.Fresh(w.Now(), w.Destination.URL())...)
		proven := len(ledger.Missing(w.Now(), proof.Needs(clusterNames(w)...)...)) == 0
		look.Proven = &proven
	}
	return look, err
}

// survey finds out what copy would send, of each repository. One that does not exist in ECR has a rule of its own, and
// holds nothing. Copy reads all of it once more: tags may have moved meanwhile, and each costs a request to find out.
func survey(ctx context.Context, w *world.World, s *state.State, given Given) ([]copy.Survey, error) {
	off := []copy.Survey{{Off: true}}
	if s.Absent() {
		return off, nil
	}
	open := func(ctx context.Context, c *ecr.Client) (copy.Destination, error) {
		to, err := copy.ToNew(ctx, c)
		if to.Repository != nil {
			err = nil
		}
		return to, err
	}
	ends, err := openEndpoints(ctx, w, s, open)
	if err != nil {
		return nil, err
	}
	defer ends.close()
	if ends.source == nil {
		return off, nil
	}
	pairs, err := ends.pairs(ctx, w, s, given, open)
	if err != nil {
		return nil, err
	}
	var all []copy.Survey
	for _, p := range pairs {
		one, err := copy.Look(ctx, p.Source, p.Destination, p.With(ends.options))
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// mostNamed is how many things of a list the error of a run names. All of them stand with the finding.
const mostNamed = 3

// few cuts a message that ends in a long list.
func few(message string) string {
	list := strings.Split(message, "; ")
	if len(list) <= mostNamed+1 {
		return message
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(list[:mostNamed], "; "), len(list)-mostNamed)
}

// preflightEntry counts what was found, and refuses when any of it is an error.
func preflightEntry(found preflight.Result, least report.Severity) (Entry, error) {
	var errors, warnings int64
	var first *report.Finding
	for i, f := range found.Findings {
		switch f.Severity {
		case report.Error:
			if errors++; first == nil {
				first = &found.Findings[i]
			}
		case report.Warning:
			warnings++
		}
	}
	e := Entry{Findings: lint.From(found.Findings, least), Rules: preflight.Rules(), Counts: map[string]int64{"errors": errors, "warnings": warnings, "unproven": int64(len(found.Unknown))}}
	if first != nil {
		remedy, _, more := strings.Cut(first.Remedy, "\n")
		if more { // a document to copy, which stands with the finding
			remedy = fmt.Sprintf("%s; what to apply stands with finding %s of %s", strings.TrimSuffix(remedy, ":"), first.Rule, first.Place)
		}
		where := first.Place.String()
		if where != "" {
			where += ": "
		}
		return e, fault.New(fault.Refused, remedy, "looking before anything is touched: %s%s (%s, %s in all)", where, few(first.Message), first.Rule, report.Counted(int(errors), "error"))
	}
	e.Summary = "nothing stands in the way"
	if warnings > 0 {
		e.Summary += ", " + report.Counted(int(warnings), "warning")
	}
	if n := len(found.Unknown); n > 0 {
		e.Summary = fmt.Sprintf("nothing that can be seen stands in the way, %s; %s can't be seen", report.Counted(int(warnings), "warning"), report.Counted(n, "thing"))
	}
	return e, nil
}

// lacking is for a run that could not read the release for want of a right: it finds out which rights are missing, all
// of them, where the error names one.
func (r *runner) lacking(ctx context.Context, w *world.World, given Given, cause error) error {
	start := r.now()
	found, err := preflight.Look(ctx, preflight.Input{World: w, Stages: list(given.Ahead).rights()})
	if err != nil {
		return cause
	}
	e, err := preflightEntry(found, given.Severity)
	if err == nil {
		return cause
	}
	line := report.Stage{Name: lookingAhead.Name, Outcome: report.Refused, Reason: err.Error(), Counts: e.Counts, Seconds: r.now().Sub(start).Seconds()}
	r.add(line, e)
	return err
}
