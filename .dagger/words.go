package main

import (
	"regexp"
	"strings"
)

// inFunctions says in the words of this module what palette-ecr says in those of its command line: a remedy must name
// something that whoever reads it can type.
func inFunctions(text string) string {
	for _, w := range words {
		text = w.from.ReplaceAllString(text, w.to)
	}
	return strings.ReplaceAll(text, home+"/", "")
}

// inReports names the report that has what the text leaves out: no function takes --all. All else stays as it is, since a
// text shows manifests too.
func inReports(text string) string {
	return strings.ReplaceAll(text, "(--all shows them, with their diffs)", "(`report html` shows them, with their diffs)")
}

// words are flags and commands, and the functions that do the same. The longer ones come first.
var words = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile("put it back by hand with `palette-ecr render --revert`"), "put it back by hand in the values"},
	{regexp.MustCompile("`?palette-ecr render --in-place`?"), "`render changes export --path=.`"},
	{regexp.MustCompile("`?(palette-ecr )?lint --explain (<?\\w+>?)`?"), "`explain --rule $2`"},
	{regexp.MustCompile("`?(palette-ecr )?lint --fix`?"), "`lint --report-anyway fix export --path=.`"},
	{regexp.MustCompile("`palette-ecr policies --kubernetes --in-cluster`"), "`cluster-role --in-cluster`"},
	{regexp.MustCompile("`?palette-ecr policies --kubernetes`?"), "`cluster-role`"},
	{regexp.MustCompile("`?palette-ecr run --recover`?"), "`with-decisions --recover run`"},
	{regexp.MustCompile("`?palette-ecr copy --all-repositories`?"), "`with-copying --all-repositories copy`"},
	{regexp.MustCompile("`?palette-ecr plan -o plan=(\\w+)`?"), "`plan file export --path $1`"},
	{regexp.MustCompile("`palette-ecr (render|lint|preflight|plan|copy|deploy|validate|disable-zot|run|rollback|status|drift|finish|policies)"), "`$1"},
	{regexp.MustCompile(`\bpalette-ecr (render|lint|preflight|plan|copy|deploy|validate|disable-zot|run|rollback|status|drift|finish|policies)\b( --help)?`), "`$1`$2"},
	{regexp.MustCompile(`--chart\b( \(and --version\))?`), "with-chart --reference"},
	{regexp.MustCompile(`(^|[^-\w])--version\b`), "${1}with-chart --version"},
	{regexp.MustCompile(`--crds-chart\b`), "with-chart --crds-reference"},
	{regexp.MustCompile(`--crds-version\b`), "with-chart --crds-version"},
	{regexp.MustCompile(`--spoke name=([^,\s]*),kubeconfig=\S*`), "with-spoke --name $1 --kubeconfig file://..."},
	{regexp.MustCompile(`--spoke\b`), "with-spoke"},
	{regexp.MustCompile(`--without-spoke\b`), "without-spoke --name"},
	{regexp.MustCompile(`(?:with-decisions )?--(accept-broken|keep-live|discard-live|allow-downgrade|recover)\b`), "with-decisions --$1"},
	{regexp.MustCompile(`(?:with-copying )?--(all-repositories|create-repository|quota)\b`), "with-copying --$1"},
	{regexp.MustCompile(`--leave([^-\w]|$)`), "with-copying --leave$1"},
	{regexp.MustCompile(`--values-from ([^\s=]+)=FILE(,? or (have it read from the hub with )?--values-from-hub)?`), "with-values-from --name $1 --values FILE"},
	{regexp.MustCompile(`as Secret/name=file or ConfigMap/name=file`), "as Secret/name or ConfigMap/name"},
	{regexp.MustCompile(`(^|[^-\w])--values-from([^-\w]|$)`), "${1}with-values-from$2"},
	{regexp.MustCompile(`(?:target )?--(managed-by|prepare-spokes|flux-manifests|as-is)\b`), "target --$1"},
	{regexp.MustCompile(`--(cross-account|kube-version)\b`), "lint --$1"},
	{regexp.MustCompile(`(without|out|add|arguments:|reading) --(in-cluster|shards)\b`), "$1 with-copying --$2"},
	{regexp.MustCompile(`give --image\b`), "give with-copying --image"},
	{regexp.MustCompile(`--soak\b`), "with-soak --length"},
	{regexp.MustCompile(`kubeconfig "` + secrets + `/(?:spokes/\d+/)?kubeconfig"`), "the kubeconfig"},
	{regexp.MustCompile(`right profile with --profile\b`), "right profile: with-aws-profile --profile"},
	{regexp.MustCompile(`set AWS_CA_BUNDLE to a readable PEM file of certificates, or unset it`), "give with-network --ca-bundle a PEM file of certificates"},
	{regexp.MustCompile("install (\\S+), which the kubeconfig calls"), "give `with-images --run` an image with $1, which the kubeconfig calls"},
	{regexp.MustCompile(`--in-place\b`), "`changes`"},
	{regexp.MustCompile(`--break\b`), "--fault"},
	{regexp.MustCompile(`( given with --kubeconfig) or in KUBECONFIG`), "$1"},
	{regexp.MustCompile(`--kubeconfig, or set KUBECONFIG`), "--kubeconfig"},
	{regexp.MustCompile(`--identity irsa\b`), "--identity IRSA"},
}
