package report

import "io"

// writePlanFile writes the plan itself, for run --plan. Its maker has masked it: what would be changed here would no
// longer have the hash that stands in it. A command that came to no plan leaves none: run --plan refuses an empty one.
func writePlanFile(w io.Writer, r *Report, _ Options) error {
	document := []byte("{}\n")
	if r.Plan != nil && len(r.Plan.Document) > 0 {
		document = r.Plan.Document
	}
	_, err := w.Write(document)
	return err
}
