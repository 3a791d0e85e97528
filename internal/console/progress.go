package console

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Progress writes progress to a stream: calm lines everywhere, and a moving last line only on a terminal. It is safe
// for concurrent use.
type Progress struct {
	mu      sync.Mutex
	w       io.Writer
	tty     bool
	paint   report.Paint
	started time.Time
	bar     *progressbar.ProgressBar
	what    string
	left    string    // how long it takes still
	quietTo time.Time // on a plain stream, no count before this time
}

var _ progress.Reporter = (*Progress)(nil)

// NewProgress returns a Progress that writes to w.
func NewProgress(w io.Writer, tty, colored bool) *Progress {
	return &Progress{w: w, tty: tty, paint: Paint(colored), started: time.Now()}
}

// Stage begins a stage.
func (p *Progress) Stage(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, "%s %s\n", p.clock(), p.paint.Apply(report.Bold, name))
}

// Say writes one line.
func (p *Progress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, "%s   %s\n", p.clock(), fmt.Sprintf(format, args...))
}

// Left notes how long what is counted takes still. The next count shows it.
func (p *Progress) Left(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = text
}

// Count moves the bar on a terminal; elsewhere it writes a line now and then, and always the last one.
func (p *Progress) Count(what string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := ""
	if p.left != "" && done < total {
		left = "; " + p.left
	}
	if !p.tty {
		if now := time.Now(); done == total || now.After(p.quietTo) {
			p.quietTo = now.Add(5 * time.Second)
			fmt.Fprintf(p.w, "%s   %d of %d %s%s\n", p.clock(), done, total, what, left)
		}
		return
	}
	if p.bar == nil || p.what != what {
		p.clear()
		p.what = what
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.w), progressbar.OptionSetWidth(24), progressbar.OptionShowCount(),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetTheme(progressbar.ThemeUnicode), progressbar.OptionSetPredictTime(false))
	}
	p.bar.Describe("        " + what + left)
	p.bar.ChangeMax(total)
	_ = p.bar.Set(done) // only drawing: nothing depends on it
	if done == total {
		p.clear()
		fmt.Fprintf(p.w, "%s   %d of %d %s\n", p.clock(), done, total, what)
	}
}

func (p *Progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar, p.what = nil, ""
	}
}

func (p *Progress) clock() string {
	d := time.Since(p.started).Round(time.Second)
	return p.paint.Apply(report.Dim, fmt.Sprintf("%3d:%02d", int(d.Minutes()), int(d.Seconds())%60))
}
