package console

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Asks reports whether there is a person to ask: someone at a terminal who sees the question and can answer it.
func (c *Console) Asks() bool { return c.InTTY && c.ErrTTY }

// Confirm shows the plan of a report and asks whether to go on with it. Anything but yes is a no, which is a fault
// with code Refused.
func (c *Console) Confirm(ctx context.Context, r *report.Report) error {
	c.clean = r.Clean
	if err := report.WritePlan(c.Err, r, report.Options{Paint: Paint(c.Color(c.ErrTTY)), Width: c.width()}); err != nil {
		return err
	}
	c.asked = true
	return c.ask(ctx, "Go on?")
}

// ask asks one question. The answer is awaited beside the context: an interrupt ends it.
func (c *Console) ask(ctx context.Context, question string) error {
	fmt.Fprintf(c.Err, "\n%s Only yes goes on: ", Paint(c.Color(c.ErrTTY)).Apply(report.Bold, question))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(c.In).ReadString('\n') // no answer is a no
		answer <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(c.Err)
		return ctx.Err()
	case line := <-answer:
		if strings.TrimSpace(line) != "yes" {
			return fault.New(fault.Refused, "answer yes to go on, or pass --yes", "asking whether to go on: the answer was no, and nothing was changed")
		}
		return nil
	}
}
