package report

import (
	"encoding/json"
	"io"
)

// terraformPlan is what GitLab's merge request widget for Terraform plans reads: how much would change
// (https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsterraform).
type terraformPlan struct {
	Create int64 `json:"create"`
	Update int64 `json:"update"`
	Delete int64 `json:"delete"`
}

// writeTerraform sums the counts create, update and delete of every stage.
func writeTerraform(w io.Writer, r *Report, _ Options) error {
	var plan terraformPlan
	for _, s := range r.Stages {
		plan.Create += s.Counts["create"]
		plan.Update += s.Counts["update"]
		plan.Delete += s.Counts["delete"]
	}
	return json.NewEncoder(w).Encode(plan)
}
