package plan

import "github.com/palette-ecr/palette-ecr/pipeline/report"

// View returns the document as a report shows it, with the document itself for who wants to keep it.
func (d *Document) View() (*report.Plan, error) {
	encoded, err := d.Encode()
	if err != nil {
		return nil, err
	}
	p := &report.Plan{
		Hash: d.Hash, Artifacts: d.Copy.Manifests, Bytes: d.Copy.Bytes, Seconds: d.Copy.Seconds,
		Restarts: d.Restarts, Final: d.Final, Unknown: d.Unknown, Values: d.Values, Document: encoded,
	}
	for _, e := range d.Effects {
		p.Objects = append(p.Objects, report.PlannedObject{Action: string(e.Action), Object: e.Object, Stage: e.Stage, Note: e.Note})
		p.Manifests += e.Diff
	}
	return p, nil
}
