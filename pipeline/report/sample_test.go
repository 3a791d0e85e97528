package report_test

import (
	"fmt"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

var began = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

const ecr = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"

// failedRun is a rich report: a run that a proof stopped, with every outcome, verdict and severity, text
// outside ASCII, and strings that break careless outputs.
func failedRun() *report.Report {
	observed := began.Add(70 * time.Second)
	return &report.Report{
		Version: "1.0.0", Command: "run",
		Target: report.Target{
			Destination: ecr + "/mural-workloads", Release: "mural-system/mural", Hub: "hub",
			Spokes: []string{"spoke-1", "spoke-münchen"}, Values: "deploy/values.yaml",
		},
		StartedAt: began, FinishedAt: began.Add(73 * time.Second), ExitCode: fault.Failed,
		Error:    `validating "spoke-münchen": 1 of 24 workloads is not Ready from ECR`,
		Remedy:   "add ecr:BatchGetImage to the pull policy (palette-ecr policies), then run again: it goes on at validate",
		Stages:   failedStages(),
		Findings: sampleFindings(),
		Proofs: []report.Proof{
			{
				Name: report.ProofRendered, Verdict: report.Held, Summary: "214 manifests hold no registry credential and no null in stringData",
				ObservedAt: began.Add(time.Second), ExpiresAt: began.Add(time.Hour),
			},
			{
				Name: report.ProofClosure, Verdict: report.Held, Summary: "53 manifests, 106 blobs and 4 referrers are in ECR with the same digests and tags",
				ObservedAt: observed, ExpiresAt: observed.Add(time.Hour),
				Evidence: []report.Evidence{{Object: "palette/mural-workloads", Seen: "24 tags, root sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945", OK: true}},
			},
			{
				Name: report.ProofReady, Cluster: "hub", Verdict: report.Held, Summary: "24 of 24 OCIRepositories are Ready from ECR",
				ObservedAt: observed, ExpiresAt: observed.Add(time.Hour),
			},
			{
				Name: report.ProofReady, Cluster: "spoke-münchen", Verdict: report.Broken, Summary: "23 of 24 OCIRepositories are Ready from ECR",
				Cause:  "source-controller's role may not call ecr:BatchGetImage on repository/palette/mural-workloads",
				Remedy: "add ecr:BatchGetImage to the pull policy: palette-ecr policies --principal source-controller",
				Evidence: []report.Evidence{
					{Object: "OCIRepository mural-system/checkout", Seen: "Ready=False: failed to pull artifact: GET https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/palette/mural-workloads/manifests/1.4.2: 403 Forbidden <denied>", OK: false},
					{Object: "OCIRepository mural-system/billing", Seen: "Ready=True at generation 3, sha256:9f86d081884c7d65", OK: true},
				},
				ObservedAt: observed, ExpiresAt: observed.Add(time.Hour),
			},
			{
				Name: report.ProofPush, Cluster: "hub", Verdict: report.Unproven, Summary: "no workload was pushed since the switch",
				Cause: "Hue pushes only when a workload changes, and none did", Remedy: "change any workload, or run validate with --push-canary",
				ObservedAt: observed, ExpiresAt: observed.Add(time.Hour),
			},
		},
		Before:  standing(report.Zot, report.ZotRuns, "hub", "spoke-1", "spoke-münchen"),
		Now:     standing(report.ECR, report.ZotRuns, "hub", "spoke-1", "spoke-münchen"),
		Waivers: []report.Waiver{{Flag: "--leave", Name: "library/base", Effect: "it stays in Zot, and is not in ECR"}},
		Baseline: &report.Baseline{TakenAt: began, Sound: 71, Broken: []report.Broke{
			{Cluster: "spoke-1", Object: "OCIRepository mural-system/lab", Seen: "suspended", Accepted: true},
			{Cluster: "hub", Object: "Deployment shop/cart", Seen: "0 of 2 replicas are available: CrashLoopBackOff"},
		}},
		Plan:  samplePlan(),
		Rules: sampleRules(), Changes: &report.Changes{Create: 1, Update: 2},
	}
}

func standing(r report.Registry, zot report.ZotState, clusters ...string) *report.Standing {
	s := &report.Standing{Zot: zot, Push: r}
	for _, c := range clusters {
		s.Pulls = append(s.Pulls, report.Pull{Cluster: c, From: r, Workloads: 24})
	}
	return s
}

func samplePlan() *report.Plan {
	return &report.Plan{
		Hash: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", Artifacts: 24, Bytes: 4404019, Seconds: 12,
		Restarts: []string{"Deployment mural-system/hue", "Deployment mural-system/source-controller"},
		Final:    []string{"what is in ECR stays there"},
		Unknown:  []string{"what the API server makes of Service mural-system/zot: the right to patch it is missing"},
		Objects: []report.PlannedObject{
			{Action: "create", Object: "ServiceAccount mural-system/new", Stage: "deploy"},
			{Action: "update", Object: "Secret mural-system/hue-registry", Stage: "deploy"},
			{Action: "delete", Object: "StatefulSet mural-system/zot", Stage: "disable-zot", Note: "its volumes stay"},
		},
		Values: `--- deploy/values.yaml
+++ deploy/values.yaml
@@ -7,6 +7,5 @@
 hue:
   ociRegistry:
-    endpoint: oci://zot.mural-system:5000
-    basicAuth: {username: *****, password: "********"}
+    endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
+    provider: aws
     repository: mural-workloads
`,
		Manifests: "--- Secret mural-system/hue-registry\n+++ Secret mural-system/hue-registry\n@@ -1,3 +1,2 @@\n stringData:\n-  password: \"********\"\n   url: x\n",
	}
}

// fleet is a run on a hub and n spokes, of which a few lag behind.
func fleet(n int) *report.Report {
	r := failedRun()
	r.Findings, r.Baseline, r.Waivers, r.Plan = nil, nil, nil, nil
	r.Target.Spokes, r.Proofs = nil, r.Proofs[:2]
	clusters := []string{"hub"}
	for i := range n {
		clusters = append(clusters, fmt.Sprintf("plant-%02d-line-%d", i/3+1, i%3+1))
	}
	r.Target.Spokes = clusters[1:]
	r.Before = standing(report.Zot, report.ZotRuns, clusters...)
	r.Now = standing(report.ECR, report.ZotRuns, clusters...)
	at := began.Add(time.Minute)
	for i, c := range clusters {
		for _, name := range []string{report.ProofReady, report.ProofPull} {
			p := report.Proof{Name: name, Cluster: c, Verdict: report.Held, Summary: "24 of 24 OCIRepositories are Ready from ECR", ObservedAt: at, ExpiresAt: at.Add(time.Hour)}
			switch {
			case i == 17 && name == report.ProofReady:
				p.Verdict, p.Summary, p.Cause = report.Broken, "22 of 24 OCIRepositories are Ready from ECR", "2 OCIRepositories still name Zot"
				r.Now.Pulls[i].From = report.BothRegistries
			case i == 29 && name == report.ProofReady:
				p.Verdict, p.Summary, p.Cause = report.Unproven, "the cluster does not answer", "dial tcp 10.0.9.4:6443: i/o timeout"
				r.Now.Pulls[i].From = report.UnknownRegistry
			case i == 29:
				continue
			}
			r.Proofs = append(r.Proofs, p)
		}
	}
	r.Proofs = append(r.Proofs, report.Proof{Name: report.ProofPush, Cluster: "hub", Verdict: report.Held, Summary: "hue pushed 3 images since the switch", ObservedAt: at, ExpiresAt: at.Add(time.Hour)})
	return r
}

func failedStages() []report.Stage {
	return []report.Stage{
		{Name: "render", Outcome: report.Done, Seconds: 0.02, Summary: "11 keys changed in deploy/values.yaml"},
		{Name: "lint", Outcome: report.Done, Seconds: 0.41, Summary: "28 rules, 2 findings that do not stop the run", Counts: map[string]int64{"rules": 28, "findings": 2}},
		{Name: "preflight", Outcome: report.Skipped, Reason: "asked not to look (--skip-preflight)"},
		{Name: "plan", Outcome: report.Done, Seconds: 0.3, Summary: "3 changes"},
		{
			Name: "copy", Outcome: report.Done, Seconds: 12.4, Summary: "24 of 53 manifests were missing in ECR and are copied, with 61 blobs and every referrer (4.2 MiB); 29 were there already",
			Counts: map[string]int64{"manifests copied": 24, "manifests present": 29, "blobs copied": 61, "bytes": 4404019},
			Notes:  []string{"tag stable was sha256:1f0c at the destination, now it is sha256:77ab"},
		},
		{Name: "deploy", Outcome: report.Done, Seconds: 38.1, Summary: "mural revision 2; hue and source-controller restarted"},
		{Name: "validate", Outcome: report.Failed, Seconds: 9.6, Summary: "4 of 6 proofs held", Reason: "the proof ready failed in spoke-münchen"},
		{Name: "disable-zot", Outcome: report.Refused, Reason: "the proofs ready and push do not hold"},
		{Name: "drift", Outcome: report.NotRun},
	}
}

func sampleFindings() []report.Finding {
	return []report.Finding{
		{
			Rule: "L07", Severity: report.Error, Title: "A spoke reads another repository than Hue writes",
			Message: `spoke-1 pulls from "mural-workloads", but Hue pushes to "plattform-müsli"`,
			Remedy:  "set fleetConfig.spokes[0].ociRegistry.repository to plattform-müsli",
			Place:   report.Place{File: "deploy/values.yaml", Line: 87, Column: 21, EndLine: 87, EndColumn: 38, Path: "fleetConfig.spokes[0].ociRegistry.repository"},
			Snippet: "        repository: 'mural-workloads' # wie im Beispiel | <guide>",
		},
		{
			Rule: "L22", Severity: report.Error, Title: "A placeholder is left",
			Message: "<account-id> & <region> are still in the endpoint, 100%\nsure: copied from the guide",
			Remedy:  "write the account and the region",
			Place:   report.Place{File: "deploy/values.yaml", Line: 9, Column: 12, EndColumn: 68, Path: "hue.ociRegistry.endpoint"},
			Snippet: "\tendpoint: 'oci://<account-id>.dkr.ecr.<region>.amazonaws.com/東京'",
		},
		{
			Rule: "L11", Severity: report.Warning, Title: "An IRSA annotation without EKS",
			Message: "hue.serviceAccount is annotated with a role, but identity.mode is instance-profile",
			Remedy:  "remove the annotation", Place: report.Place{File: "deploy/values.yaml", Line: 31},
		},
		{
			Rule: "L25", Severity: report.Warning, Title: "Two source-controllers reconcile one cluster",
			Message: "flux-system/source-controller watches all namespaces too", Remedy: "give the role to the one that reconciles mural-system",
			Place: report.Place{Cluster: "spoke-1", Object: "Deployment flux-system/source-controller"},
		},
		{
			Rule: "L14", Severity: report.Info, Title: "Who validates needs ecr:DescribeImages",
			Message: "the guide's minimal policy does not hold it", Remedy: "attach the check policy to whoever runs validate",
			Place: report.Place{File: "policies/pull.json", Line: 4, Column: 3, EndLine: 9, EndColumn: 4}, Snippet: `  "Statement": [{`,
		},
		{
			Rule: "L15", Severity: report.Warning, Title: "An interval that Flux does not take",
			Message: "the interval 30s is shorter than a minute", Remedy: "use 5m", Ignored: "a lab, agreed with the platform team",
			Place: report.Place{File: "deploy/values.yaml", Line: 12, Column: 15, EndColumn: 18, Path: "hue.ociRegistry.interval"}, Snippet: "    interval: 30s # palette-ecr:ignore L15 a lab",
		},
	}
}

func sampleRules() []report.Rule {
	return []report.Rule{
		{
			ID: "L01", Severity: report.Error, Title: "Static credentials beside provider aws",
			Why:    "source-controller ignores the provider when a Secret is named, and sends the old password to ECR.",
			Source: "fluxcd/source-controller, ocirepository_controller.go", Fix: "Remove basicAuth.",
		},
		{
			ID: "L07", Severity: report.Error, Title: "A spoke reads another repository than Hue writes",
			Why:    "Every spoke pulls what Hue pushed. The guide's example names mural-workloads in the spokes, whatever hue says.",
			Source: "https://docs.palette-ai.com/docs/1.0.x/installation-and-setup/installation-methods/aws/eks/eks-ecr/", Fix: "Write hue's repository in every spoke.",
		},
	}
}

// manyFindings is a report of n findings of two rules, as a fleet of n spokes gives.
func manyFindings(n int) *report.Report {
	r := failedRun()
	r.Command, r.Stages, r.Proofs, r.Findings = "lint", nil, nil, nil
	r.Before, r.Now, r.Waivers, r.Baseline, r.Plan, r.Changes = nil, nil, nil, nil, nil, nil
	r.ExitCode, r.Error, r.Remedy = fault.Refused, "", ""
	for i := range n {
		f := sampleFindings()[i%2]
		f.Place.Line, f.Place.EndLine = 10+7*i, 0
		f.Place.Path = fmt.Sprintf("fleetConfig.spokes[%d].ociRegistry", i)
		f.Message = fmt.Sprintf("spoke-%d: %s", i, f.Message)
		r.Findings = append(r.Findings, f)
	}
	return r
}
