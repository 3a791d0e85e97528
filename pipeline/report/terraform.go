package report

import (
	"encoding/json"
	"io"
)

// writeTerraform writes what GitLab's merge request widget for Terraform plans reads: how much would change
// (https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsterraform). A command that did not find out what
// would change claims nothing: the widget then says that the report has no changes to show, not that there are none.
func writeTerraform(w io.Writer, r *Report, _ Options) error {
	if r.Changes == nil {
		_, err := io.WriteString(w, "{}\n")
		return err
	}
	return json.NewEncoder(w).Encode(r.Changes)
}
