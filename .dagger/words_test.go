package main

import "testing"

func TestRemediesNameFunctions(t *testing.T) {
	for text, want := range map[string]string{
		"write them with: palette-ecr render --in-place":                                                "write them with: `render changes export --path=.`",
		"run `palette-ecr deploy` first, or `palette-ecr run`":                                          "run `deploy` first, or `run`",
		"pass --chart with an oci:// reference, a directory or a .tgz":                                  "pass with-chart --reference with an oci:// reference, a directory or a .tgz",
		"give the chart with --chart (and --version), so that":                                          "give the chart with with-chart --reference, so that",
		"pass --version 1.0.7 if that is the one you mean":                                              "pass with-chart --version 1.0.7 if that is the one you mean",
		"give --spoke name=spoke-1,kubeconfig=…":                                                        "give with-spoke --name spoke-1 --kubeconfig file://...",
		"`lint --explain <rule>` says more":                                                             "`explain --rule <rule>` says more",
		"pass --kubeconfig, or set KUBECONFIG":                                                          "pass --kubeconfig",
		"look with `kubectl --namespace a logs deployment/hue`":                                         "look with `kubectl --namespace a logs deployment/hue`",
		`reading "/home/user/deploy/values.yaml": no such file or directory`:                            `reading "deploy/values.yaml": no such file or directory`,
		"give --role-arn, or another --identity":                                                        "give --role-arn, or another --identity",
		"or go back without copying: --no-copy-back":                                                    "or go back without copying: --no-copy-back",
		"correct the documents, or write new ones with: palette-ecr policies":                           "correct the documents, or write new ones with: `policies`",
		"run `palette-ecr rollback` again":                                                              "run `rollback` again",
		"give the path of a values.yaml or of a HelmRelease manifest":                                   "give the path of a values.yaml or of a HelmRelease manifest",
		"if not, `palette-ecr run --recover` goes on":                                                   "if not, `with-decisions --recover run` goes on",
		"copy it with `palette-ecr copy --all-repositories`, or":                                        "copy it with `with-copying --all-repositories copy`, or",
		"pass --accept-broken chat if you know of it":                                                   "pass with-decisions --accept-broken chat if you know of it",
		"copy it with --all-repositories, or --leave charts":                                            "copy it with with-copying --all-repositories, or with-copying --leave charts",
		"go back without it: --leave-spoke edge-7":                                                      "go back without it: --leave-spoke edge-7",
		"or go on without it: --without-spoke edge-7":                                                   "or go on without it: without-spoke --name edge-7",
		"look with `palette-ecr status`":                                                                "look with `status`",
		"make a new one with `palette-ecr plan -o plan=FILE`":                                           "make a new one with `plan file export --path FILE`",
		"a new cutover begins with `palette-ecr run`; palette-ecr's own journal":                        "a new cutover begins with `run`; palette-ecr's own journal",
		"give the source with --values-from kind/name=FILE or --values-from-hub, lint":                  "give the source with with-values-from --name kind/name --values FILE, lint",
		"give it with --values-from Secret/a=FILE, or have it read from the hub with --values-from-hub": "give it with with-values-from --name Secret/a --values FILE",
		"give it with --values-from Secret/a=FILE, or grant get on secrets":                             "give it with with-values-from --name Secret/a --values FILE, or grant get on secrets",
		`reading "values.yaml": --values-from does not apply here`:                                      `reading "values.yaml": with-values-from does not apply here`,
		"write it as Secret/name=file or ConfigMap/name=file":                                           "write it as Secret/name or ConfigMap/name",
		"put it back by hand with `palette-ecr render --revert`, or give up":                            "put it back by hand in the values, or give up",
		"run it again with --prepare-spokes, or do it by hand":                                          "run it again with target --prepare-spokes, or do it by hand",
		"copy without --in-cluster, from a machine near the cluster":                                    "copy without with-copying --in-cluster, from a machine near the cluster",
		"`palette-ecr policies --kubernetes --in-cluster` prints the Role":                              "`cluster-role --in-cluster` prints the Role",
		"give --image, for example that of the release":                                                 "give with-copying --image, for example that of the release",
		"--soak 30m proves everything again":                                                            "with-soak --length 30m proves everything again",
		"and say so (--cross-account)":                                                                  "and say so (lint --cross-account)",
		"set AWS_CA_BUNDLE to a readable PEM file of certificates, or unset it":                         "give with-network --ca-bundle a PEM file of certificates",
		"or `target --as-is`, if they are rendered already":                                             "or `target --as-is`, if they are rendered already",
		"install aws, which the kubeconfig calls for credentials, or name":                              "give `with-images --run` an image with aws, which the kubeconfig calls for credentials, or name",
		"add --in-cluster": "add with-copying --in-cluster",
		`parsing kubeconfig "/run/secrets/spokes/0/kubeconfig": it has no apiVersion`: "parsing the kubeconfig: it has no apiVersion",
	} {
		if got := inFunctions(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
}

func TestTextsNameTheReportThatHasAll(t *testing.T) {
	want := "… and 7 more to create (`report html` shows them, with their diffs)"
	if got := inReports("… and 7 more to create (--all shows them, with their diffs)"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
