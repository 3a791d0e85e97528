package iam

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Role is an IAM role, by its ARN. (Roles have no region. The addresses and ARNs of ECR are the business
// of pipeline/registry.)
type Role struct {
	Partition string // aws, aws-cn, aws-us-gov …
	Account   string
	Path      string // "/", or "/division/"
	Name      string
}

// RoleName's and Path's patterns: IAM API reference, Role.
var (
	rolePattern    = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role(/(?:[!-~]+/)?)([\w+=,.@-]{1,64})$`)
	accountPattern = regexp.MustCompile(`^\d{12}$`)
)

// ParseRole takes a role's ARN apart. The error is a *fault.Error, Usage.
func ParseRole(arn string) (Role, error) {
	if m := rolePattern.FindStringSubmatch(arn); m != nil {
		return Role{Partition: m[1], Account: m[2], Path: m[3], Name: m[4]}, nil
	}
	remedy := "write the ARN as arn:aws:iam::123456789012:role/palette-ecr"
	switch {
	case strings.Contains(arn, ":assumed-role/"):
		remedy = "give the ARN of the role, not that of a session: arn:aws:iam::<account>:role/<name>"
	case strings.Contains(arn, ":instance-profile/"):
		remedy = "give the ARN of the role inside the instance profile: arn:aws:iam::<account>:role/<name>"
	}
	return Role{}, fault.New(fault.Usage, remedy, "reading role ARN %q: it is not the ARN of an IAM role", arn)
}

// ARN returns the role's ARN.
func (r Role) ARN() string {
	return "arn:" + r.Partition + ":iam::" + r.Account + ":role" + r.Path + r.Name
}

// EC2Service returns the service principal of EC2, which differs by partition, unlike that of EKS Pod Identity
// (eksctl's partitions.go; "ec2.amazonaws.com.cn" in docs.amazonaws.cn).
func EC2Service(partition string) string {
	switch partition {
	case "aws-cn":
		return "ec2.amazonaws.com.cn"
	case "aws-iso":
		return "ec2.c2s.ic.gov"
	case "aws-iso-b":
		return "ec2.sc2s.sgov.gov"
	}
	return "ec2.amazonaws.com"
}

// PodsService is the service principal of EKS Pod Identity, in every partition
// (docs.amazonaws.cn/en_us/eks/latest/userguide/pod-id-role.html has the same).
const PodsService = "pods.eks.amazonaws.com"
