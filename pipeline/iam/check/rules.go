package check

import (
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// The rules of the lint catalogue that Check finds violations of.
const (
	RuleTrust    = "L12"
	RulePolicy   = "L13"
	RuleOperator = "L14"
)

// Rules explains them.
func Rules() []report.Rule {
	return []report.Rule{
		{
			ID: RuleTrust, Severity: report.Error,
			Title:  "Trust policy does not let exactly hue and source-controller take the role",
			Why:    "Without both subjects, in the release's namespace and from the cluster's own OIDC provider, AWS answers \"Not authorized to perform sts:AssumeRoleWithWebIdentity\" and nothing is pushed or pulled; with a wildcard or without a subject any pod may take the role.",
			Source: "the guide's trust policy; fluxcd.io (the audience); https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html (no wildcards under StringEquals)",
			Fix:    "write it with: palette-ecr policies --issuer <the cluster's OIDC issuer>",
		},
		{
			ID: RulePolicy, Severity: report.Error,
			Title:  "Policy does not grant what its principal needs, or grants more",
			Why:    "A missing action breaks pushing or pulling with 403, some of them only after source-controller's next restart; a wildcard lets a pod delete what every cluster runs from.",
			Source: "the guide's policies; https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html; the service authorization references of ecr and ecr-public",
			Fix:    "write it with: palette-ecr policies",
		},
		{
			ID: RuleOperator, Severity: report.Warning,
			Title:  "Looking at what is in ECR is not covered by this policy",
			Why:    "The guide's own check, aws ecr describe-images, is not covered by the guide's policy: without these actions the push proof and the repository's settings stay unproven.",
			Source: "the guide, \"Validate\"; ministryofjustice/modernisation-platform#4454",
			Fix:    "give the identity that runs palette-ecr the policy of: palette-ecr policies --principal operator",
		},
	}
}

// finding makes a finding of a rule at an element of a document.
func finding(d document.Document, path, rule string, severity report.Severity, remedy, message string) report.Finding {
	f := report.Finding{Rule: rule, Severity: severity, Message: message, Remedy: remedy, Place: d.Place(path)}
	f.Snippet = d.Line(f.Place)
	for _, r := range Rules() {
		if r.ID == rule {
			f.Title = r.Title
		}
	}
	return f
}
