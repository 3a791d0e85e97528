package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed html.tmpl
var htmlText string

//go:embed html.css
var htmlStyle string

// openFindings is how many findings of one rule a page shows without a click.
const openFindings = 10

// writeHTML writes one page that needs nothing else: no script, no network, light and dark as the reader
// likes it, and fit for paper.
func writeHTML(w io.Writer, r *Report, _ Options) error {
	page, err := template.New("report").Funcs(template.FuncMap{"code": commandsAsCode}).Parse(htmlText)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	return page.Execute(w, pageOf(r))
}

// commandsAsCode shows what stands between backticks as code.
func commandsAsCode(text string) template.HTML {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 { // one of them is not a pair
		return template.HTML(template.HTMLEscapeString(text)) //nolint:gosec // escaped
	}
	var out strings.Builder
	for i, part := range parts {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		out.WriteString(part)
	}
	return template.HTML(out.String()) //nolint:gosec // each part is escaped
}

// page is what the template shows. Tone is one of good, bad, warn, note and mute: it picks the colour, and is
// never the only sign.
type page struct {
	Report           *Report
	Style            template.CSS
	Headline         string
	Sign, Tone       string
	Facts            []fact
	Counts           []pill
	Stages           []pageStage
	Pictures         []picture
	Matrix           *pageMatrix
	Proofs           []pageProof // those that don't hold, or all when they are few
	Held             []pageProof // the rest
	Plan             *pagePlan
	Sound            string
	Groups           []pageGroup
	Ignored          []Finding
	Quiet            []Rule // rules that found nothing
	LooksForFindings bool
	Written          string
}

type fact struct {
	Name, Value string
	Code        bool
}

type pill struct {
	Text, Tone, Link string
}

func pageOf(r *Report) page {
	p := page{Report: r, Style: template.CSS(htmlStyle), Headline: headline(r), Facts: pageFacts(r), Counts: pageCounts(r)} //nolint:gosec // our own file
	p.Sign, p.Tone = exitMark(r.ExitCode)
	p.Stages, p.Pictures, p.Matrix, p.Plan = pageStages(r.Stages), pictures(r), pageMatrixOf(r), pagePlanOf(r)
	p.Proofs, p.Held = splitProofs(pageProofs(r.Proofs))
	p.Groups = pageGroups(r)
	found := make(map[string]bool)
	for _, f := range r.Findings {
		found[f.Rule] = true
		if f.Ignored != "" {
			p.Ignored = append(p.Ignored, f)
		}
	}
	for _, rule := range r.Rules {
		if !found[rule.ID] {
			p.Quiet = append(p.Quiet, rule)
		}
	}
	p.LooksForFindings = len(p.Groups) > 0 || len(r.Rules) > 0
	if r.Baseline != nil {
		p.Sound = r.Baseline.sound()
	}
	p.Written = moment(r.FinishedAt)
	return p
}

// moment is a point in time as people all over the world read it.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func pageFacts(r *Report) []fact {
	var facts []fact
	add := func(name, value string, code bool) {
		if value != "" {
			facts = append(facts, fact{name, value, code})
		}
	}
	add("Destination", r.Target.Destination, true)
	add("Values", r.Target.Values, true)
	add("Release", r.Target.Release, true)
	add("Hub", r.Target.Hub, true)
	add("Spokes", spokesText(r.Target.Spokes), false)
	if r.Status != nil {
		for _, f := range r.Status.facts(r) {
			if f.Name != "Release" || r.Target.Release == "" {
				add(f.Name, f.Value, false)
			}
		}
	}
	add("Began", moment(r.StartedAt), false)
	if r.Now != nil {
		add("Ended", outcome(r), false)
	}
	add("Exit code", fmt.Sprintf("%d, %s", int(r.ExitCode), r.ExitCode), false)
	return facts
}

func pageCounts(r *Report) []pill {
	t := count(r)
	var pills []pill
	for _, c := range []struct {
		tally
		tone, link string
	}{
		{tally{Errors: t.Errors}, "bad", "findings"},
		{tally{Warnings: t.Warnings}, "warn", "findings"},
		{tally{Infos: t.Infos}, "note", "findings"},
		{tally{Ignored: t.Ignored}, "mute", "ignored"},
		{tally{Failed: t.Failed}, "bad", "proofs"},
		{tally{Unproven: t.Unproven}, "warn", "proofs"},
		{tally{Held: t.Held}, "good", "proofs"},
	} {
		if text := c.String(); text != "" {
			pills = append(pills, pill{text, c.tone, c.link})
		}
	}
	return pills
}
