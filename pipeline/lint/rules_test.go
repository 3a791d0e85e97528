package lint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// good is in order; tests replace parts of it. Line 4 is hue's endpoint, line 14 the spoke's.
const good = `hue:
  ociRegistry:
    enabled: true
    endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
    repository: mural-workloads
    insecure: false
    provider: aws
fleetConfig:
  spokes:
    - name: a
      kubeconfig: {}
      klusterlet: {}
      ociRegistry:
        endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
        repository: mural-workloads
        insecure: false
        provider: aws
`

const (
	hueEndpoint = "\n    endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	anyHost     = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com"
	role        = "arn:aws:iam::123456789012:role/palette-ecr"
)

// account is good with hue's ServiceAccount.
func account(text string) []string {
	return []string{"\nfleetConfig:", "\n  serviceAccount: " + text + "\nfleetConfig:"}
}

// TestRules has what the examples don't show, a line each.
func TestRules(t *testing.T) {
	yes, no := true, false
	irsa := func(in *lint.Input) { in.Target.Identity.Mode = target.IRSA; in.Disable = []string{"L01"} }
	tests := map[string]struct {
		replace []string // old, new, old, new, ...
		input   func(*lint.Input)
		want    string // what the findings say, without the file's name
	}{
		"in order": {},
		"L01 secret name": {
			replace: []string{"false\n    provider: aws", "false\n    provider: aws\n    basicAuthSecretName: zot"},
			want:    "8:5 error L01: basicAuthSecretName of hue is still there, like a basicAuth: Flux uses that Secret and ignores provider aws",
		},
		"L01 without aws": {
			replace: []string{"provider: aws\nfleet", "provider: aws\n    basicAuth: {}\nfleet"},
			want:    "8:5 error L01: basicAuth of hue is still there: Flux sends it to ECR and ignores provider aws",
		},
		"L01 null": {replace: []string{"provider: aws\nfleet", "provider: aws\n    basicAuth: ~\n    basicAuthSecretName: ''\nfleet"}},
		"L02 tag":  {replace: []string{"/palette\n", "/palette:v1\n"}, want: "4:15 error L02: endpoint of hue: it holds a tag\n14:19 error L02: endpoint of spoke a: it holds a tag"},
		"L02 number": {
			replace: []string{hueEndpoint, "\n    endpoint: 5000"},
			want:    "4:15 error L02: endpoint of hue is 5000",
		},
		"L02 password": {
			replace: []string{"oci://1234", "oci://admin:hunter2@1234", "oci://admin:hunter2@123456789012.dkr.ecr.us-east-1.amazonaws.com/palette\n        rep", "oci://admin:hunter2@zot/palette\n        rep"},
			want: "4:15 error L02: endpoint of hue: it holds a user name\n" +
				"14:19 error L02: endpoint of spoke a: it holds a user name\n17:19 error L03: provider of spoke a is aws, but its endpoint is still Zot",
		},
		"L03 alias": {
			replace: []string{anyHost, "oci://ecr.example.com"},
			want: `4:15 error L03: provider of hue is aws, but "oci://ecr.example.com/palette" isn't a host of ECR` + "\n" +
				`14:19 error L03: provider of spoke a is aws, but "oci://ecr.example.com/palette" isn't a host of ECR`,
		},
		"L03 Zot": {
			replace: []string{anyHost, "oci://zot:5000"},
			want:    "7:15 error L03: provider of hue is aws, but its endpoint is still Zot\n17:19 error L03: provider of spoke a is aws, but its endpoint is still Zot",
		},
		"L03 number": {
			replace: []string{"false\n    provider: aws", "false\n    provider: [aws]"},
			want:    "7:5 error L03: provider of hue is a list, so that nobody logs in to ECR",
		},
		"L03 unknown to Flux": {
			replace: []string{anyHost, "oci://123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn"},
			want: "4:15 warning L21: whether source-controller takes 123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn can't be told: 1.9.0 (Flux 2.9) and later may, older ones answer \"invalid AWS registry\"\n" +
				"14:19 warning L21: whether source-controller takes 123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn can't be told: 1.9.0 (Flux 2.9) and later may, older ones answer \"invalid AWS registry\"",
		},
		"L03 public spoke": {
			replace: []string{anyHost + "/palette", "oci://public.ecr.aws/a1b2c3d4", "\n        provider: aws", ""},
			input:   func(in *lint.Input) { in.Target.Registry.AllowPublic = true },
			want:    "13:7 warning L03: spoke a pulls from ECR Public anonymously, without provider aws: that works, but under a low rate limit",
		},
		"L04 repository in the endpoint": {
			replace: []string{"/palette\n", "/palette/mural-workloads\n"},
			want: `4:15 error L04: endpoint of hue already ends with the repository's name: together they name "palette/mural-workloads/mural-workloads"` + "\n" +
				`14:19 error L04: endpoint of spoke a already ends with the repository's name: together they name "palette/mural-workloads/mural-workloads"`,
		},
		"L04 another name": {
			replace: []string{"mural-workloads", "other"}, input: endpointOf(anyHost + "/palette"),
			want: `5:17 error L04: endpoint and repository of hue name "palette/other", not "palette/mural-workloads"`,
		},
		"L04 split elsewhere": {replace: []string{"/palette\n", "\n", "mural-workloads", "palette/mural-workloads"}, input: endpointOf(anyHost + "/palette")},
		"L05 region": {
			replace: []string{hueEndpoint, "\n    endpoint: oci://public.us-west-2.ecr.aws/a1b2c3d4"},
			want: "4:15 error L05: endpoint of hue: \"public.us-west-2.ecr.aws\" is not an ECR host\n" +
				"4:15 warning L19: hue pushes to ECR Public: the manifests of all workloads become world-readable",
		},
		"L05 alias twice": {
			replace: []string{anyHost + "/palette", "oci://public.ecr.aws/a1b2c3d4", "mural-workloads", "a1b2c3d4/mural-workloads"},
			input:   func(in *lint.Input) { in.Target.Registry.AllowPublic = true },
			want: `5:17 error L05: repository of hue repeats the alias "a1b2c3d4", which belongs into the endpoint alone` + "\n" +
				`15:21 error L05: repository of spoke a repeats the alias "a1b2c3d4", which belongs into the endpoint alone`,
		},
		"L06 no registry": {
			replace: []string{"      ociRegistry:\n        endpoint: " + anyHost + "/palette\n        repository: mural-workloads\n        insecure: false\n        provider: aws\n", ""},
			want:    "10:7 error L06: spoke a has no ociRegistry.endpoint",
		},
		"L06 another account": {
			replace: []string{"123456789012", "210987654321"}, input: endpointOf(anyHost + "/palette"),
			want: `4:15 error L06: hue pushes to "oci://210987654321.dkr.ecr.us-east-1.amazonaws.com/palette", not to "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"`,
		},
		"L06 FIPS host is the same": {replace: []string{hueEndpoint, "\n    endpoint: oci://123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/palette"}},
		"L07 none":                  {replace: []string{"        repository: mural-workloads\n", ""}, want: `13:7 error L07: spoke a has no repository; hue pushes to "mural-workloads"`},
		"L07 split elsewhere":       {replace: []string{"palette\n        repository: ", "palette/teams\n        repository: ", "palette\n    repository: mural", "palette\n    repository: teams/mural"}},
		"L08 text": {
			replace: []string{"insecure: false\n    provider", "insecure: 'false'\n    provider"},
			want:    `6:15 error L08: insecure of hue is "false", which is no boolean`,
		},
		"L09 account": {
			replace: []string{"oci://1234", "oci://234"},
			want:    "4:15 error L09: endpoint of hue: \"23456789012.dkr.ecr.us-east-1.amazonaws.com\" is not an ECR host\n14:19 error L09: endpoint of spoke a: \"23456789012.dkr.ecr.us-east-1.amazonaws.com\" is not an ECR host",
		},
		"L09 region": {
			replace: []string{"us-east-1", "us-east"},
			want:    "4:15 error L09: endpoint of hue: \"us-east\" is not a region\n14:19 error L09: endpoint of spoke a: \"us-east\" is not a region",
		},
		"L09 a region that nobody knows": {
			replace: []string{"us-east-1", "us-middle-9"},
			want:    "4:15 warning L09: no region us-middle-9 of AWS is known: the name 123456789012.dkr.ecr.us-middle-9.amazonaws.com may not exist\n14:19 warning L09: no region us-middle-9 of AWS is known: the name 123456789012.dkr.ecr.us-middle-9.amazonaws.com may not exist",
		},
		"L09 partition": {
			replace: account("{annotations: {eks.amazonaws.com/role-arn: 'arn:aws-cn:iam::123456789012:role/r'}}"),
			input:   func(in *lint.Input) { in.Disable = []string{"L10"} },
			want:    `8:62 error L09: the role of hue is in partition "aws-cn", the registry in "aws": they can't reach each other`,
		},
		"L09 the role that was asked for": {
			replace: account("{annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::210987654321:role/r'}}"),
			input: func(in *lint.Input) {
				in.Target.Identity.RoleARN, in.Disable = "arn:aws:iam::210987654321:role/r", []string{"L10"}
			},
			want: "8:62 warning L09: the role of hue is in account 210987654321, the registry in 123456789012",
		},
		"L09 two accounts meant": {
			replace: account("{annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::210987654321:role/r'}}"),
			input:   func(in *lint.Input) { in.Access.CrossAccount, in.Disable = true, []string{"L10"} },
		},
		"L10 both": {
			input: irsa,
			want:  "1:1 error L10: service account hue isn't annotated with a role\n1:1 error L10: service account source-controller isn't annotated with a role",
		},
		"L10 not an ARN": {
			replace: account("{annotations: {eks.amazonaws.com/role-arn: palette-ecr}}"), input: irsa,
			want: "!" + `8:62 error L10: "palette-ecr" is not the ARN of an IAM role`,
		},
		"L10 another role": {
			replace: account("{annotations: {eks.amazonaws.com/role-arn: '" + role + "'}}"),
			input:   func(in *lint.Input) { irsa(in); in.Target.Identity.RoleARN = role + "-2" },
			want:    "!" + `8:62 error L10: service account hue has role "` + role + `", not "` + role + `-2"`,
		},
		"L10 not created": {
			replace: account("{create: false, annotations: {eks.amazonaws.com/role-arn: '" + role + "'}}"), input: irsa,
			want: "!8:28 warning L10: the chart doesn't make service account hue, and so doesn't annotate it either",
		},
		"L10 not there": {
			replace: account("{create: false, annotations: {eks.amazonaws.com/role-arn: '" + role + "'}}"),
			input:   func(in *lint.Input) { irsa(in); in.Live.ServiceAccounts = []string{} },
			want:    "!8:28 error L10: the chart doesn't make service account mural-system/hue, and the cluster has none",
		},
		"L11 pod identity": {
			replace: account("{annotations: {eks.amazonaws.com/role-arn: '" + role + "'}}"),
			input:   func(in *lint.Input) { in.Target.Identity.Mode = target.PodIdentity },
			want:    "8:34 warning L11: service account hue is annotated with a role, but pods get their identity by pod-identity",
		},
		"L13 in another region": {
			input: func(in *lint.Input) {
				d, err := document.Parse("p.json", []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":["arn:aws:ecr:eu-west-1:999999999999:repository/palette/mural-workloads"]}]}`))
				require.NoError(t, err)
				in.Access.Policies = []document.Document{d}
				in.Disable = []string{"L13", "L14"}
			},
			want: "p.json:1:84 error L09: the policy is for region eu-west-1, the registry is in us-east-1\np.json:1:84 error L09: the policy is for account 999999999999, the registry is in 123456789012",
		},
		"L15 too long to read": {replace: []string{"enabled: true", "interval: 10000000000h"}, want: "!3:15 error L15: interval of hue is \"10000000000h\", not a duration such as 5m"},
		"L15 short":            {replace: []string{"enabled: true", "interval: 1s"}, want: "!3:15 warning L15: interval of hue is 1s: every OCIRepository asks ECR that often"},
		"L16 default": {
			replace: []string{good, "zot: {enabled: false}\n"},
			want:    "1:16 error L16: zot.enabled is false, but hue.ociRegistry.endpoint isn't set: the chart's default is Zot",
		},
		"L16 two": {
			replace: []string{anyHost, "oci://zot:5000", "aws", "generic", "hue:\n", "zot: {enabled: false}\nhue:\n"},
			want:    "1:16 error L16: zot.enabled is false, but hue and 1 more still use Zot",
		},
		"L16 unproven": {
			replace: []string{"hue:\n", "zot: {enabled: false}\nhue:\n"}, input: func(in *lint.Input) { in.Live.Proven = &no },
			want: "1:16 error L16: zot.enabled is false, but it isn't proven that ECR works",
		},
		"L16 proven": {replace: []string{"hue:\n", "zot: {enabled: false}\nhue:\n"}, input: func(in *lint.Input) { in.Live.Proven = &yes }},
		"L17 absent": {replace: []string{"    enabled: true\n", ""}, want: "2:3 error L17: hue.ociRegistry.enabled isn't set"},
		"L18 exclusions": {
			input: func(in *lint.Input) {
				in.Live.Repository = &lint.RepositorySettings{Mutability: "IMMUTABLE_WITH_EXCLUSION", Lifecycle: `{"rules":[{"rulePriority":2,"selection":{"tagStatus":"tagged","tagPrefixList":["v"]}},{"rulePriority":3,"selection":{"tagStatus":"untagged"}}]}`}
			},
			want: "(repository palette/mural-workloads) warning L18: tags of palette/mural-workloads are immutable but for some\n" +
				"(repository palette/mural-workloads) warning L18: rule 2 of the lifecycle policy of palette/mural-workloads expires images tagged v\n" +
				"(repository palette/mural-workloads) warning L18: rule 3 of the lifecycle policy of palette/mural-workloads expires images without a tag, among them those that an OCIRepository names by digest",
		},
		"L18 unreadable": {
			input: func(in *lint.Input) { in.Live.Repository = &lint.RepositorySettings{Lifecycle: "x"} },
			want:  "(repository palette/mural-workloads) warning L18: the lifecycle policy of palette/mural-workloads can't be read",
		},
		"L19 destination": {
			replace: []string{good, "hue: {ociRegistry: {endpoint: 'oci://zot:5000'}}\nfleetConfig: {spokes: []}\n"}, input: endpointOf("oci://public.ecr.aws/a1b2c3d4"),
			want: "!1:31 warning L19: the destination is ECR Public: the manifests of all workloads become world-readable",
		},
		"L20 namespace":     {replace: []string{"/palette\n", "/Palette\n"}, want: "!4:15 error L20: endpoint of hue: the path \"Palette\" is not a repository path"},
		"L20 a number":      {replace: []string{"repository: mural-workloads", "repository: 5"}, want: "!5:17 error L20: repository of hue is 5, where a name must be a text"},
		"L20 no repository": {replace: []string{"\n    repository: mural-workloads", ""}, want: "!2:3 error L20: repository of hue isn't set"},
		"L21 old": {
			replace: []string{anyHost + "/palette", "oci://public.ecr.aws/a1b2c3d4"},
			input: func(in *lint.Input) {
				in.Target.Registry.AllowPublic = true
				in.Live.SourceControllers = []lint.SourceController{{Cluster: "hub", Namespace: "mural-system", Version: "v1.5.0"}, {Cluster: "a", Namespace: "mural-system", Version: "main"}}
			},
			want: "4:15 warning L21: source-controller v1.5.0 ignores provider aws for public.ecr.aws, and pulls anonymously",
		},
		"L22 anywhere":           {replace: []string{"hue:\n", "global: {dns: {domain: 'x.<region>.example.com'}, html: '<b>'}\nhue:\n"}, want: "1:24 error L22: <region> is left from an example"},
		"L22 secret":             {replace: []string{"hue:\n", "zot: {adminPassword: '<Hunter2>'}\nhue:\n"}, want: "1:22 error L22: a placeholder is left from an example"},
		"L22 envsubst":           {replace: []string{"oci://123456789012", "oci://${ACCOUNT}"}, want: "4:15 error L22: ${ACCOUNT} is left from an example\n14:19 error L22: ${ACCOUNT} is left from an example"},
		"L22 template elsewhere": {replace: []string{"hue:\n", "hue:\n  replicas: '{{ .Values.replicas }}'\n"}},
		"L22 template in the way": {
			replace: []string{"oci://123456789012", "oci://{{ .account }}"},
			want:    "4:15 error L22: {{ is left from an example\n14:19 error L22: {{ is left from an example",
		},
		"L24 quoted switch of Zot": {
			replace: []string{"hue:\n", "zot: {enabled: \"false\"}\nhue:\n"},
			want:    "1:16 error L24: zot.enabled is \"false\", which is no boolean: a chart takes every text but an empty one for true",
		},
		"L24 quoted create": {
			replace: account("{create: \"false\"}"),
			want:    "8:28 error L24: hue.serviceAccount.create is \"false\", which is no boolean: a chart takes every text but an empty one for true",
		},
		"L24 automount is a number": {
			replace: []string{"hue:\n", "flux2: {sourceController: {serviceAccount: {automount: 0}}}\nhue:\n"},
			want:    "!1:56 error L24: flux2.sourceController.serviceAccount.automount is 0, which is no boolean",
		},
		"L30 Cyrillic": {replace: []string{"- name: a", "- n\u0430me: a"}, want: "!warning L30: \"n\u0430me\" is not a key that the chart reads: name is"},
		"L30 plural":   {replace: []string{"  ociRegistry:\n    enabled", "  ociRegistries:\n    enabled"}, want: "!warning L30: \"ociRegistries\" is not a key that the chart reads: ociRegistry is"},
		"L30 fullwidth": {
			replace: []string{"    provider: aws\nfleetConfig", "    \uff50rovider: aws\nfleetConfig"},
			want:    "!warning L30: \"\uff50rovider\" is not a key that the chart reads: provider is",
		},
		"L30 a bracket": {replace: []string{"hue:\n", "\"hue[\": {}\nhue:\n"}, want: "1:1 warning L30: \"hue[\" is not a key that the chart reads: hue is"},
		"L24 spoke is text": {
			replace: []string{"    - name: a\n", "    - text\n    - name: a\n"},
			want:    "!10:7 error L24: fleetConfig.spokes[0] is not a mapping",
		},
		"L24 spokes is a mapping": {replace: []string{good, "fleetConfig: {spokes: {a: {}}}\n"}, want: "1:15 error L24: fleetConfig.spokes is not a list"},
		"L24 hue is text":         {replace: []string{good, "hue: on\n"}, want: "1:6 error L24: hue is not a mapping"},
		"L25 elsewhere": {
			replace: []string{"hue:\n", "flux2: {sourceController: {serviceAccount: {annotations: {eks.amazonaws.com/role-arn: '" + role + "'}}}}\nhue:\n"},
			input: func(in *lint.Input) {
				in.Disable = []string{"L10"}
				in.Live.SourceControllers = []lint.SourceController{{Cluster: "hub", Namespace: "flux-system"}}
			},
			want: "1:59 warning L25: the role is given to source-controller in mural-system, but the one that pulls runs in flux-system",
		},
		"L26 access key": {replace: []string{"hue:\n", "# ä AKIAIOSFODNN7EXAMPLE AKIA\nhue:\n"}, want: "1:5 error L26: the ID of an AWS access key is in the file"},
		"L26 merged once": {
			replace: []string{"hue:\n", "x-login: &login\n  basicAuth: {username: a, password: b}\nx-pw: {username: a, password: b}\nx-db: {user: a, password: b}\nhue:\n", "    provider: aws\nfleetConfig", "    provider: aws\n    <<: *login\n    basicAuth: null\nfleetConfig"},
			want:    "2:3 warning L26: the login x-login.basicAuth is still in the file, and no registry's settings use it\n3:1 warning L26: the login x-pw is still in the file, and no registry's settings use it",
		},
		"L26 behind a hidden name": { // its column is as telling as its end
			replace: []string{"hue:\n", "x-pw: {username: a-long-name, password: b}\nhue:\n"}, want: "!1:1 warning L26: the login x-pw is still in the file",
		},
		"L26 password of an anchor": {
			replace: []string{"hue:\n", "x-pw: &pw hunter2\nx-db-password: &db secret\nx-token: ${TOKEN}\nx-port: &port 5000\nhue:\n", "    provider: aws\nfleetConfig", "    provider: aws\n  database: {password: *db}\nfleetConfig"},
			want:    "1:7 warning L26: x-pw is still in the file, and no registry's settings use it",
		},
		"L26 nearly": {
			replace: []string{"    provider: aws\nfleetConfig", "    provider: aws\n    basic_auth: {username: a, password: b}\nfleetConfig"},
			want:    "!warning L26: the login hue.ociRegistry.basic_auth is still in the file",
		},
		"L26 on the way": {
			replace: []string{good, "hue: {ociRegistry: {endpoint: 'oci://zot:5000', basicAuth: {password: x}}}\nfleetConfig: {spokes: []}\n"}, input: endpointOf(anyHost + "/palette"),
			want: "!1:71 warning L26: the password of hue is in the file",
		},
		"L27 back": {
			input: func(in *lint.Input) {
				in.Target.Release.CRDs.Version, in.Live.Installed.CRDs = "0.7.1", "0.7.4"
			},
			want: "(release mural-system/mural) error L27: mural-crds would go back from 0.7.4 to 0.7.1, and Kubernetes drops fields that older CRDs don't have",
		},
		"L28 charts": {
			replace: []string{"hue:\n", "zot: {enabled: false}\nhue:\n"},
			input: func(in *lint.Input) {
				in.Live.ChartSources = []string{"oci://public.ecr.aws/mural/mural", "oci://zot.mural-system.svc.cluster.local:5000/mural/mural"}
			},
			want: `1:16 warning L28: a chart comes from "oci://zot.mural-system.svc.cluster.local:5000/mural/mural", which is in the cluster and may be Zot`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := good
			for i := 0; i+1 < len(test.replace); i += 2 {
				require.Contains(t, text, test.replace[i], "nothing to replace")
				text = strings.ReplaceAll(text, test.replace[i], test.replace[i+1])
			}
			in := lint.Input{File: parse(t, text)}
			if test.input != nil {
				test.input(&in)
			}
			for _, f := range run(t, in) {
				assert.NotContains(t, f.Message+f.Snippet, "hunter2")
			}
			got := strings.TrimSpace(strings.ReplaceAll(said(run(t, in)), "values.yaml:", ""))
			if want, some := strings.CutPrefix(test.want, "!"); some { // among others
				assert.Contains(t, got, want)
				return
			}
			assert.Equal(t, test.want, got)
		})
	}
}

// endpointOf judges by a destination.
func endpointOf(address string) func(*lint.Input) {
	return func(in *lint.Input) {
		in.Target.Registry = target.Registry{Endpoint: address, Repository: "mural-workloads"}
		in.Destination, _ = in.Target.Destination()
	}
}
