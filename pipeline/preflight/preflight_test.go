package preflight

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	sdkecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// lacking denies one verb on one resource.
func lacking(verb, resource string) func(authorizationv1.ResourceAttributes) bool {
	return func(a authorizationv1.ResourceAttributes) bool {
		name := a.Resource
		if a.Subresource != "" {
			name += "/" + a.Subresource
		}
		return a.Verb == verb && name == resource
	}
}

// TestFaults: each is found, with its cause, and nothing else is an error.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		breaks func(*testing.T, *scene)
		rule   string
		says   string // in the message or in the remedy
		where  string // in the place
		level  report.Severity
		also   []string // further rules that say it too
	}{
		"right to restart": {
			breaks: func(_ *testing.T, s *scene) { s.hub.denied = lacking("patch", "deployments") },
			rule:   "P01", says: "patch deployments.apps in namespace mural-system (deploy)", where: "cluster hub",
		},
		"right to make canaries on a spoke": {
			breaks: func(_ *testing.T, s *scene) { s.two.denied = lacking("create", "ocirepositories") },
			rule:   "P01", says: "create ocirepositories.source.toolkit.fluxcd.io (deploy)", where: "cluster spoke-2",
		},
		"right to reach Zot": {
			breaks: func(_ *testing.T, s *scene) { s.hub.denied = lacking("create", "pods/portforward") },
			rule:   "P01", says: "create pods/portforward in namespace mural-system", where: "cluster hub",
		},
		"right to keep the journal": {
			breaks: func(_ *testing.T, s *scene) { s.hub.denied = lacking("update", "secrets") },
			rule:   "P01", says: "name: ann", where: "cluster hub",
		},
		"unreachable spoke": {
			breaks: func(_ *testing.T, s *scene) {
				s.input.World.Unreached = map[string]error{"spoke-2": fault.New(fault.Failed, "check the VPN", `reaching cluster "spoke-2" at https://10.0.0.1: no answer`)}
			},
			rule: "P02", says: "no answer", where: "cluster spoke-2",
		},
		"release pending": {
			breaks: func(_ *testing.T, s *scene) { s.status = release.StatusPendingUpgrade },
			rule:   "P03", says: "revision 3 of release mural is pending-upgrade since 2026-11-26T11:59:00Z", where: "release mural-system/mural",
		},
		"release failed": {
			breaks: func(_ *testing.T, s *scene) { s.status = release.StatusFailed },
			rule:   "P04", says: "revision 3 of release mural has failed", level: report.Warning,
		},
		"other manager": {
			breaks: func(_ *testing.T, s *scene) {
				s.input.State = state.New(nil, nil, nil)
				s.input.State.Managed = deploy.Managed{By: deploy.ByArgoCD, Object: "Application palette", Storage: namespace, Evidence: []string{"Application palette lists Deployment mural-system/hue"}}
			},
			rule: "P05", says: "Argo CD manages it",
		},
		"live value": {
			breaks: func(_ *testing.T, s *scene) { s.input.Lost = []deploy.LiveKey{{Path: "canvas.replicas", Live: "3"}} },
			rule:   "P06", says: "--keep-live", where: "release mural-system/mural",
		},
		"unknown credentials": {
			breaks: func(_ *testing.T, s *scene) { s.user.SecretAccessKey = "not the one" },
			rule:   "P07",
		},
		"expired credentials": {
			breaks: func(_ *testing.T, s *scene) { s.user.CanExpire, s.user.Expires = true, noon.Add(-time.Minute) },
			rule:   "P07", says: "they ended at 2026-11-26T11:59:00Z",
		},
		"credentials that end too early": {
			breaks: func(_ *testing.T, s *scene) { s.user.CanExpire, s.user.Expires = true, noon.Add(10*time.Minute) },
			rule:   "P08", says: "they end in 10m0s, at 2026-11-26T12:10:00Z, unless they are renewed; the run takes at least 15m2s", level: report.Warning,
		},
		"no repository": {
			breaks: func(_ *testing.T, s *scene) { s.aws.Repositories = nil },
			rule:   "P09", says: "aws ecr create-repository --repository-name palette/mural-workloads",
		},
		"no role": {
			breaks: func(_ *testing.T, s *scene) { s.aws.Roles = nil },
			rule:   "P11", says: "it does not exist in account " + accountID,
		},
		"no OIDC provider": {
			breaks: func(_ *testing.T, s *scene) { s.aws.Providers = nil },
			rule:   "P11", says: "aws iam create-open-id-connect-provider --url " + hubIssuer,
		},
		"wrong issuer": {
			breaks: func(_ *testing.T, s *scene) { s.one.issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/OTHER" },
			rule:   "L12", says: "OTHER", also: []string{"P11"},
		},
		"missing pull action": {
			breaks: func(_ *testing.T, s *scene) {
				s.aws.Roles[0].Policies[0] = json.RawMessage(strings.ReplaceAll(string(s.aws.Roles[0].Policies[0]), "ecr:GetDownloadUrlForLayer", "ecr:GetRegistryPolicy"))
			},
			rule: "L13", says: "ecr:GetDownloadUrlForLayer", where: "policy policy1 of role palette-ecr",
		},
		"immutable repository": {
			breaks: func(_ *testing.T, s *scene) { s.aws.Repositories[0].Immutable = true },
			rule:   "L18", says: "tags of palette/mural-workloads are immutable",
		},
		"archiving lifecycle rule": {
			breaks: func(t *testing.T, s *scene) {
				s.arrange = func(ctx context.Context, c *sdkecr.Client) {
					_, err := c.PutLifecyclePolicy(ctx, &sdkecr.PutLifecyclePolicyInput{RepositoryName: sdk.String("palette/mural-workloads"), LifecyclePolicyText: sdk.String(
						`{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":90},"action":{"type":"transition","targetStorageClass":"archive"}}]}`)})
					require.NoError(t, err)
				}
			},
			rule: "L18", says: "archives every image when nobody has pulled them",
		},
		"immutable but for some": {
			breaks: func(t *testing.T, s *scene) {
				s.arrange = func(ctx context.Context, c *sdkecr.Client) {
					_, err := c.PutImageTagMutability(ctx, &sdkecr.PutImageTagMutabilityInput{
						RepositoryName: sdk.String("palette/mural-workloads"), ImageTagMutability: types.ImageTagMutabilityImmutableWithExclusion,
						ImageTagMutabilityExclusionFilters: []types.ImageTagMutabilityExclusionFilter{{Filter: sdk.String("latest*"), FilterType: types.ImageTagMutabilityExclusionFilterTypeWildcard}},
					})
					require.NoError(t, err)
				}
			},
			rule: "L18", says: `tag "checkout", which an OCIRepository follows, is immutable`,
		},
		"spoke without a role": {
			breaks: func(_ *testing.T, s *scene) {
				for _, account := range s.two.objects["serviceaccounts"] {
					delete(account["metadata"].(map[string]any), "annotations")
				}
			},
			rule: "P20", says: "--prepare-spokes", where: "cluster spoke-2",
		},
		"no Flux": {
			breaks: func(_ *testing.T, s *scene) { delete(s.two.objects, "deployments") },
			rule:   "P12", says: "cluster spoke-2 has no Deployment of source-controller",
		},
		"two source-controllers": {
			breaks: func(t *testing.T, s *scene) { s.one.add(t, "deployments", flux("flux-system", "v1.9.3")) },
			rule:   "P13", says: "both reconcile 1 OCIRepository", where: "cluster spoke-1",
		},
		"imagePullSecrets": {
			breaks: func(t *testing.T, s *scene) {
				w := workload("cart")
				w.Spec.ServiceAccountName = "zot"
				s.hub.add(t, "ocirepositories", w)
				s.hub.add(t, "serviceaccounts", corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "zot"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "zot-login"}}})
				s.hub.objects["deployments"] = nil
				s.hub.add(t, "deployments", flux(namespace, "v1.10.1"))
			},
			rule: "P14", says: "it has imagePullSecrets (zot-login), and 1 OCIRepository uses it", where: "ServiceAccount shop/zot",
		},
		"no ServiceAccount": {
			breaks: func(t *testing.T, s *scene) {
				s.hub.objects["deployments"] = nil
				s.hub.add(t, "deployments", flux(namespace, "v1.10.1", "--default-service-account=gone"))
			},
			rule: "P15", says: "it does not exist, and 1 OCIRepository uses it", where: "ServiceAccount shop/gone",
		},
		"gate that is off": {
			breaks: func(t *testing.T, s *scene) {
				w := workload("cart")
				w.Spec.ServiceAccountName = "puller"
				s.two.add(t, "ocirepositories", w)
			},
			rule: "P16", says: "source-controller v1.9.3 has the gate ObjectLevelWorkloadIdentity off", where: "cluster spoke-2",
		},
		// Seen: nothing before, and after the switch a workload that could not be fetched any more.
		"gate that is on by hand": {
			breaks: func(t *testing.T, s *scene) {
				w := workload("cart")
				w.Spec.ServiceAccountName = "puller"
				s.hub.add(t, "ocirepositories", w)
				s.hub.objects["deployments"] = nil
				s.hub.add(t, "deployments", flux(namespace, "v1.9.3", "--feature-gates=ObjectLevelWorkloadIdentity=true"))
				s.chart = withFlux()
			},
			rule: "P16", says: "which somebody added by hand, goes with the upgrade", where: "Deployment mural-system/source-controller",
		},
		"no right to make tokens": {
			breaks: func(t *testing.T, s *scene) {
				w := workload("cart")
				w.Spec.ServiceAccountName, s.two.noToken = "puller", true
				s.two.add(t, "ocirepositories", w)
				s.two.objects["deployments"] = nil
				s.two.add(t, "deployments", flux(namespace, "v1.10.1"))
			},
			rule: "P16", says: "it may not make tokens",
		},
		// Seen: nothing of it in preflight, as if it were AWS's identity, and a 401 in plan.
		"wrong password of Zot": {
			breaks: func(_ *testing.T, s *scene) {
				s.input.Survey = func(context.Context) ([]copy.Survey, error) {
					refused := &errcode.ErrorResponse{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: "zot:5000", Path: "/v2/mural-workloads/tags/list"}, StatusCode: http.StatusUnauthorized}
					return nil, &copy.Error{Side: copy.FromSource, Op: "listing tags", Repository: zotURL, Err: ecr.Explain(refused, registry.Repository{})}
				}
			},
			rule: "P17", says: "401 Unauthorized", where: "source registry in cluster hub",
		},
		"Zot is down": {
			breaks: func(_ *testing.T, s *scene) {
				s.input.Survey = func(context.Context) ([]copy.Survey, error) {
					return nil, fault.New(fault.Failed, "see whether it runs", "reaching the source registry: connection refused")
				}
			},
			rule: "P17", says: "connection refused",
		},
		"a blob is missing in Zot": {
			breaks: func(_ *testing.T, s *scene) {
				s.input.Survey = func(context.Context) ([]copy.Survey, error) {
					return []copy.Survey{{Destination: mural(), Source: zotURL, Incomplete: []string{"blob sha256:1 (tag cart) is missing"}}}, nil
				}
			},
			rule: "P17", says: "is incomplete: blob sha256:1 (tag cart) is missing",
		},
		"refused artifact": {
			breaks: func(_ *testing.T, s *scene) {
				s.input.Survey = func(context.Context) ([]copy.Survey, error) {
					return []copy.Survey{{Destination: mural(), Source: zotURL, Refused: []string{"sha256:1 (tag cart): ECR does not know its field manifests[0].platform.features"}}}, nil
				}
			},
			rule: "P18", says: "platform.features",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.input.World = &world.World{}
			test.breaks(t, s)
			r := s.look(t)
			if test.level == "" {
				test.level = report.Error
			}
			found := false
			for _, f := range r.Findings {
				if f.Rule == test.rule && f.Severity == test.level && strings.Contains(f.Message+f.Remedy, test.says) && strings.Contains(f.Place.String(), test.where) {
					found = true
					assert.NotEmpty(t, f.Remedy)
					assert.NotEmpty(t, f.Title)
				}
				if f.Severity == report.Error && f.Rule != test.rule {
					assert.Contains(t, test.also, f.Rule, "%+v", f)
				}
			}
			assert.True(t, found, "%+v", r.Findings)
		})
	}
}

// TestInOrder: an installation in order has no finding but what is to be copied, and costs so many requests.
func TestInOrder(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.input.World = &world.World{}
	r := s.look(t)
	assert.Empty(t, r.Unknown)
	for _, f := range r.Findings {
		assert.Equal(t, report.Info, f.Severity, "%+v", f)
	}
	require.NotEmpty(t, r.Findings)
	assert.Contains(t, fmt.Sprint(r.Findings), "24 manifests in "+zotURL+"; to copy: 24 manifests, at most 48 blobs, 1 MiB, under 24 tags; ECR's quotas make it at least 2s")

	counts := map[string]map[string]int{}
	for name, a := range map[string]*apiServer{"hub": s.hub, "spoke-1": s.one, "spoke-2": s.two} {
		counts[name] = map[string]int{}
		for _, request := range a.requests {
			switch {
			case strings.Contains(request, "accessreviews"):
				counts[name]["asked whether we may"]++
			case strings.Contains(request, "reviews"):
				counts[name]["other reviews"]++
			case strings.HasSuffix(request, "/ocirepositories"):
				counts[name]["OCIRepositories"]++
			case strings.Count(request, "/") <= 3 && !strings.Contains(request, "/api/v1/"):
				counts[name]["discovery"]++
			default:
				counts[name]["other"]++
			}
		}
	}
	t.Log(counts)
	for name, count := range counts {
		assert.Equal(t, 1, count["OCIRepositories"], "%s: listed once for all looks", name)
		assert.LessOrEqual(t, count["other"], 8, name)
	}
}

// withFlux is a chart that brings source-controller, with the arguments that its values give it.
func withFlux(args ...any) *helmchart.Chart {
	return &helmchart.Chart{Values: map[string]any{"gates": args}, Metadata: &helmchart.Metadata{APIVersion: "v2", Name: "mural", Version: "1.0.7"}, Templates: []*helmchart.File{{Name: "templates/flux.yaml", Data: []byte(`apiVersion: apps/v1
kind: Deployment
metadata: {name: source-controller}
spec: {template: {spec: {serviceAccountName: source-controller, containers: [{name: manager, image: "source-controller:v1.9.6", args: {{ toJson .Values.gates }}}]}}}
`)}}}
}

// TestTheGateOfTheValues: what counts is the source-controller that the upgrade leaves.
func TestTheGateOfTheValues(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	w := workload("cart")
	w.Spec.ServiceAccountName = "puller"
	s.hub.add(t, "ocirepositories", w)
	s.chart, s.input.World = withFlux("--feature-gates=ObjectLevelWorkloadIdentity=true"), &world.World{}
	for _, f := range s.look(t).Findings {
		assert.NotEqual(t, "P16", f.Rule, f.Message)
	}
}

// TestMuralBringsFlux: a cluster where nothing is installed has no source-controller yet; a spoke must have one all the
// same.
func TestMuralBringsFlux(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.input.World = &world.World{}
	s.absent = true
	delete(s.hub.objects, "deployments")
	delete(s.two.objects, "deployments")
	var said []string
	for _, f := range s.look(t).Findings {
		if f.Rule == "P12" {
			said = append(said, f.Message)
		}
	}
	assert.Equal(t, []string{"cluster spoke-2 has no Deployment of source-controller"}, said)
}

// TestWhatMayNotBeSeen: unknown is never success, and each names the permission that is missing.
func TestWhatMayNotBeSeen(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.input.World = &world.World{}
	s.aws.Users[0].Policies = []json.RawMessage{json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:DescribeRepositories","ecr:GetAuthorizationToken"],"Resource":"*"}]}`)}
	s.one.denied = lacking("list", "serviceaccounts")
	r := s.look(t)
	text := fmt.Sprint(r.Findings)
	for _, permission := range []string{"iam:GetRole", "ecr:GetLifecyclePolicy", "ecr:DescribePullThroughCacheRules", "ecr:GetSigningConfiguration", "list serviceaccounts in all namespaces"} {
		assert.Contains(t, text, permission)
	}
	assert.GreaterOrEqual(t, len(r.Unknown), 5)
	for _, f := range r.Findings {
		if strings.HasPrefix(f.Message, "unproven") {
			assert.Equal(t, report.Warning, f.Severity)
		}
	}
}

// Seen: a spoke whose OCIRepositories may not be listed was answered with rights in ECR and on the hub.
func TestASpokeThatMayNotBeListedIsNamedWithItsOwnRight(t *testing.T) {
	t.Parallel()
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: "source.toolkit.fluxcd.io", Resource: "ocirepositories"}, "", errors.New("no"))
	for name, test := range map[string]struct {
		err      error
		severity report.Severity
		remedy   string
	}{
		"it may not be": {fmt.Errorf("listing: %w", forbidden), report.Warning, "get the permission list ocirepositories.source.toolkit.fluxcd.io in all namespaces on cluster spoke-1, or ask somebody who has it"},
		"it is gone":    {fault.New(fault.Failed, "see whether it answers", "listing: connection refused"), report.Error, "see whether it answers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.input.World = &world.World{}
			s.input.Survey = func(context.Context) ([]copy.Survey, error) {
				return nil, fmt.Errorf("looking: %w", &cluster.Failure{Cluster: "spoke-1", Err: test.err})
			}
			var found []report.Finding
			for _, f := range s.look(t).Findings {
				if f.Rule == "P17" {
					found = append(found, f)
				}
			}
			require.Len(t, found, 1)
			assert.Equal(t, test.severity, found[0].Severity)
			assert.Equal(t, "OCIRepositories in cluster spoke-1", found[0].Place.String())
			assert.Equal(t, test.remedy, found[0].Remedy)
		})
	}
}

// TestPodIdentity: the roles of the hub are those of its associations.
func TestPodIdentity(t *testing.T) {
	t.Parallel()
	podIdentity := func(t *testing.T, associations ...aws.Association) Result {
		t.Helper()
		s := newScene(t)
		s.input.World = &world.World{}
		s.input.PrepareSpokes = true
		s.target.Identity = target.Identity{Mode: target.PodIdentity}
		hub := aws.Cluster{Account: accountID, Region: "us-east-1", Name: "hub", Endpoint: "https://10.0.0.1", Issuer: hubIssuer, Associations: associations}
		s.aws.Clusters = []aws.Cluster{hub}
		s.eks = &cluster.EKS{Name: "hub", Region: "us-east-1", ARN: hub.ARN(), Issuer: hubIssuer}
		return s.look(t)
	}
	none := fmt.Sprint(podIdentity(t, aws.Association{Namespace: namespace, ServiceAccount: "hue", RoleARN: roleARN}).Findings)
	assert.Contains(t, none, "none gives ServiceAccount mural-system/source-controller a role")
	assert.Contains(t, none, "L12", "the trust policy of the role is IRSA's: EKS Pod Identity may not take it")
	assert.NotContains(t, none, "ServiceAccount mural-system/hue a role")
}

// TestPodIdentityOfSpokes that are named as EKS clusters: each one's own associations count, and who may not see them is told
// which right of AWS is missing, not one of Kubernetes.
func TestPodIdentityOfSpokes(t *testing.T) {
	t.Parallel()
	look := func(t *testing.T, named string) Result {
		t.Helper()
		s := newScene(t)
		s.input.World = &world.World{}
		s.target.Identity = target.Identity{Mode: target.PodIdentity, RoleARN: roleARN}
		given := []aws.Association{{Namespace: namespace, ServiceAccount: "hue", RoleARN: roleARN}, {Namespace: namespace, ServiceAccount: "source-controller", RoleARN: roleARN}}
		eks := map[string]*cluster.EKS{}
		for name, associations := range map[string][]aws.Association{"hub": given, "one": given, "two": nil} {
			c := aws.Cluster{Account: accountID, Region: "us-east-1", Name: name, Endpoint: "https://10.0.0.1", Issuer: hubIssuer, Associations: associations}
			s.aws.Clusters = append(s.aws.Clusters, c)
			eks[name] = &cluster.EKS{Name: name, Region: "us-east-1", ARN: c.ARN(), Issuer: hubIssuer}
		}
		s.eks, s.oneEKS, s.twoEKS = eks["hub"], eks["one"], eks["two"]
		s.twoEKS.Name = named
		return s.look(t)
	}
	said := map[string]string{}
	for _, f := range look(t, "two").Findings {
		if f.Rule == ruleSpoke {
			said[f.Place.Cluster] += f.Message + " " + f.Remedy
		}
	}
	assert.NotContains(t, said["spoke-1"], "associate ServiceAccount", "it has one")
	assert.Contains(t, said["spoke-2"], "associate ServiceAccount "+namespace+"/source-controller with role "+roleARN+" by EKS Pod Identity")
	assert.Contains(t, said["spoke-2"], "aws eks create-pod-identity-association --cluster-name two --region us-east-1 --namespace "+namespace+" --service-account source-controller --role-arn "+roleARN)

	unseen := fmt.Sprint(look(t, "gone").Findings)
	assert.Contains(t, unseen, "eks:ListPodIdentityAssociations and eks:DescribePodIdentityAssociation on arn:aws:eks:us-east-1:"+accountID+":cluster/two")
}

// TestInstanceProfile: what nobody can see from here is said, and what to look at.
func TestInstanceProfile(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.input.World = &world.World{}
	s.target.Identity = target.Identity{Mode: target.InstanceProfile}
	r := s.look(t)
	assert.Contains(t, fmt.Sprint(r.Findings), "HttpPutResponseHopLimit")
	assert.Contains(t, r.Unknown, "the instance profile of the nodes")
}

// TestOnlyRights: without the release, what can be looked at is.
func TestOnlyRights(t *testing.T) {
	t.Parallel()
	a := &apiServer{denied: lacking("list", "secrets")}
	w := &world.World{Hub: a.start(t, "hub"), Unreached: map[string]error{"x": errors.New("-")}}
	w.Target.Release.Namespace = namespace
	r, err := Look(t.Context(), Input{World: w, Stages: stages()})
	require.NoError(t, err)
	require.Len(t, r.Findings, 1)
	assert.Contains(t, r.Findings[0].Message, "list secrets")
}
