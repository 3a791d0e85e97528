package target

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// EKS names a cluster of Amazon EKS. Its endpoint, authority and issuer are then read from AWS, and its tokens are made
// from AWS credentials: no kubeconfig is needed.
type EKS struct {
	Name   string `yaml:"name"`
	Region string `yaml:"region"` // empty is that of the AWS environment or profile, else the registry's
}

// ParseEKS reads an --eks-cluster flag: NAME or NAME,region=REGION.
func ParseEKS(text string) (EKS, error) {
	const remedy = "write --eks-cluster NAME or --eks-cluster NAME,region=us-east-1"
	name, rest, more := strings.Cut(text, ",")
	e := EKS{Name: strings.TrimSpace(name)}
	if more {
		region, ok := strings.CutPrefix(strings.TrimSpace(rest), "region=")
		if !ok || region == "" {
			return EKS{}, fault.New(fault.Usage, remedy, "parsing --eks-cluster %q: didn't expect %q", text, rest)
		}
		e.Region = region
	}
	if e.Name == "" {
		return EKS{}, fault.New(fault.Usage, remedy, "parsing --eks-cluster %q: it has no name", text)
	}
	return e, e.validate()
}

// What EKS takes for a cluster's name (API reference of CreateCluster), and what regions look like.
var (
	eksName   = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$`)
	awsRegion = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$`)
)

func (e EKS) validate() error {
	switch {
	case e == EKS{}:
		return nil
	case e.Name == "":
		return wrong("name the EKS cluster as well", "a region of EKS is given without the name of a cluster")
	case !eksName.MatchString(e.Name):
		return wrong("give the name, as `aws eks list-clusters` lists it, not an ARN", "%q is not a valid name of an EKS cluster", e.Name)
	case e.Region != "" && !awsRegion.MatchString(e.Region):
		return wrong("write for example us-east-1", "%q is not a valid AWS region", e.Region)
	}
	return nil
}

// named reports whether anything says which cluster it is.
func (c Cluster) named() bool { return c.Kubeconfig != "" || c.Context != "" || c.EKS != EKS{} }

// NamesClusters reports whether the target says which clusters it is about, and does not leave it to the usual
// kubeconfig.
func (c Cutover) NamesClusters() bool { return c.Hub.named() || len(c.Spokes) > 0 }

// mergeCluster puts what flags say of a cluster over what a file says: a kubeconfig in one takes the place of an EKS
// cluster in the other.
func mergeCluster(file, flags Cluster) Cluster {
	switch {
	case flags.EKS != EKS{}:
		file.Kubeconfig, file.Context, file.EKS = "", "", EKS{}
	case flags.named():
		file.EKS = EKS{}
	}
	set(&file.Name, flags.Name)
	set(&file.Kubeconfig, flags.Kubeconfig)
	set(&file.Context, flags.Context)
	set(&file.EKS.Name, flags.EKS.Name)
	set(&file.EKS.Region, flags.EKS.Region)
	return file
}
