package report

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

type pageStage struct {
	Stage
	Sign, Tone, Took, Text, Counts string
	Share                          float64 // of the longest stage, in percent
}

type pageProof struct {
	Proof
	Sign, Tone, Expiry, ID string
	Good, Bad              []Evidence
}

type pageGroup struct {
	group
	Tone, Why, Source, Fix string
	Count                  int
	First, Rest            []pageFinding
}

type pageFinding struct {
	Where, Path, Message, Fix string
	Source                    bool
	Line                      int
	Before, Meant, After      string
}

func exitMark(c fault.Code) (sign, tone string) {
	switch c {
	case fault.Done:
		return "✓", "good"
	case fault.Pending:
		return "~", "warn"
	case fault.Unproven:
		return "?", "warn"
	}
	return "✗", "bad"
}

func severityTone(s Severity) string {
	switch s {
	case Error:
		return "bad"
	case Warning:
		return "warn"
	}
	return "note"
}

func pageStages(stages []Stage) []pageStage {
	longest := 0.0
	for _, s := range stages {
		longest = max(longest, s.Seconds)
	}
	var out []pageStage
	for _, s := range stages {
		p := pageStage{Stage: s, Sign: s.Outcome.sign(), Tone: "mute", Text: stageText(s), Counts: countsText(s.Counts)}
		switch s.Outcome {
		case Done:
			p.Tone = "good"
		case Failed, Refused:
			p.Tone = "bad"
		}
		if s.Outcome == Done || s.Seconds >= 0.05 {
			p.Took = seconds(s.Seconds)
			if longest > 0 {
				p.Share = float64(int(s.Seconds / longest * 100))
			}
		}
		out = append(out, p)
	}
	return out
}

// countsText lists what a stage counted, in the order of the alphabet.
func countsText(counts map[string]int64) string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = thousands(counts[name]) + " " + name
	}
	return strings.Join(names, " · ")
}

// thousands writes a number with a comma at every third digit.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// spokesText names the spokes, or counts them when they are many.
func spokesText(spokes []string) string {
	const named = 12
	if len(spokes) > named {
		return fmt.Sprintf("%s … and %d more", strings.Join(spokes[:named], ", "), len(spokes)-named)
	}
	return strings.Join(spokes, ", ")
}

func pageProofs(proofs []Proof) []pageProof {
	var out []pageProof
	for i, proof := range proofs {
		p := pageProof{Proof: proof, Sign: proof.Verdict.sign(), Tone: verdictTone(proof.Verdict), ID: proofID(i)}
		if proof.Verdict == Held && !proof.ExpiresAt.IsZero() {
			p.Expiry = "Seen " + moment(proof.ObservedAt) + ", counts until " + moment(proof.ExpiresAt)
		}
		for _, e := range proof.Evidence {
			if e.OK {
				p.Good = append(p.Good, e)
			} else {
				p.Bad = append(p.Bad, e)
			}
		}
		out = append(out, p)
	}
	return out
}

// openProofs is how many proofs a page shows without a click; of more, only those that don't hold.
const openProofs = 12

func splitProofs(proofs []pageProof) (open, held []pageProof) {
	if len(proofs) <= openProofs {
		return proofs, nil
	}
	for _, p := range proofs {
		if p.Verdict == Held {
			held = append(held, p)
		} else {
			open = append(open, p)
		}
	}
	return open, held
}

func pageGroups(r *Report) []pageGroup {
	rules := make(map[string]Rule)
	for _, rule := range r.Rules {
		rules[rule.ID] = rule
	}
	var out []pageGroup
	for _, g := range groupByRule(bySeverity(r.Findings)) {
		p := pageGroup{group: g, Tone: severityTone(g.Severity), Count: len(g.Findings), Fix: g.remedy()}
		p.Why, p.Source = rules[g.Rule].Why, rules[g.Rule].Source
		for i, f := range g.Findings {
			shown := pageFindingOf(f)
			if p.Fix != "" {
				shown.Fix = ""
			}
			if i < openFindings || len(g.Findings) <= openFindings+1 {
				p.First = append(p.First, shown)
			} else {
				p.Rest = append(p.Rest, shown)
			}
		}
		out = append(out, p)
	}
	return out
}

func pageFindingOf(f Finding) pageFinding {
	p := pageFinding{
		Where: f.Place.String(), Path: f.Place.Path, Message: f.Message, Fix: f.Remedy,
		Source: f.Snippet != "", Line: f.Place.Line,
	}
	runes := []rune(strings.TrimRight(f.Snippet, "\r\n"))
	from, to := caretRange(runes, f.Place)
	if from < 0 {
		from, to = len(runes), len(runes)
	}
	p.Before, p.Meant, p.After = string(runes[:from]), string(runes[from:to]), string(runes[to:])
	return p
}
