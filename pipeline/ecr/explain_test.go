package ecr_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// call is an error as the SDK gives it.
func call(service, operation, code, message string) error {
	return &smithy.OperationError{ServiceID: service, OperationName: operation,
		Err: fmt.Errorf("https response error StatusCode: 400, RequestID: 1, %w", &smithy.GenericAPIError{Code: code, Message: message})}
}

// answer is an error as oras-go gives it.
func answer(method, path string, status int, codes ...errcode.Error) error {
	u := &url.URL{Scheme: "https", Host: "123456789012.dkr.ecr.us-east-1.amazonaws.com", Path: path, RawQuery: "X-Amz-Security-Token=hunter2"}
	return fmt.Errorf("pushing: %w", &errcode.ErrorResponse{Method: method, URL: u, StatusCode: status, Errors: codes})
}

func TestExplain(t *testing.T) {
	const arn = "arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads"
	denied := "User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: ecr:DescribeImages on resource: " + arn +
		" because no identity-based policy allows the ecr:DescribeImages action"
	tests := map[string]struct {
		err      error
		cause    ecr.Cause
		action   string
		says     string
		remedies string
	}{
		"denied by the API": {call("ECR", "DescribeImages", "AccessDeniedException", denied), ecr.Denied, "ecr:DescribeImages",
			"ECR DescribeImages: AccessDeniedException", "allow ecr:DescribeImages on " + arn},
		"denied without saying what": {call("ECR PUBLIC", "DescribeImages", "AccessDeniedException", "no"), ecr.Denied, "ecr-public:DescribeImages",
			"no", "allow ecr-public:DescribeImages"},
		"denied in another account": {call("ECR", "DescribeRepositories", "AccessDeniedException",
			"User: arn:aws:iam::999999999999:user/ci is not authorized to perform: ecr:DescribeRepositories on resource: "+arn), ecr.Denied,
			"ecr:DescribeRepositories", "999999999999", "these credentials are of account 999999999999, the repository is in account 123456789012"},
		"denied public token": {call("ECR PUBLIC", "GetAuthorizationToken", "AccessDeniedException",
			"User: arn:aws:iam::123456789012:user/ci is not authorized to perform: sts:GetServiceBearerToken on resource: *"), ecr.Denied,
			"sts:GetServiceBearerToken", "GetServiceBearerToken", "allow sts:GetServiceBearerToken on *"},
		"trust policy": {call("STS", "AssumeRoleWithWebIdentity", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"), ecr.Denied,
			"sts:AssumeRoleWithWebIdentity", "AssumeRoleWithWebIdentity", "trust policy"},
		"denied by the registry": {answer("PUT", "/v2/palette/mural-workloads/manifests/v1", 403, errcode.Error{Code: "DENIED",
			Message: "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:PutImage on resource: " + arn}), ecr.Denied,
			"ecr:PutImage", "403 DENIED: User", "allow ecr:PutImage on " + arn},
		"denied HEAD": {answer("HEAD", "/v2/palette/mural-workloads/blobs/sha256:0", 403), ecr.Denied, "ecr:BatchCheckLayerAvailability",
			"403 Forbidden", "allow ecr:BatchCheckLayerAvailability on " + arn},
		"no repository by the API": {call("ECR", "DescribeImages", "RepositoryNotFoundException", "The repository with name 'palette/mural-workloads' does not exist"), ecr.Missing, "",
			"does not exist", "aws ecr create-repository --repository-name palette/mural-workloads --region us-east-1"},
		"no repository by the registry": {answer("POST", "/v2/palette/mural-workloads/blobs/uploads/", 404, errcode.Error{Code: "NAME_UNKNOWN", Message: "The repository with name 'x' does not exist"}), ecr.Missing, "",
			"NAME_UNKNOWN", "aws ecr create-repository --repository-name palette/mural-workloads --region us-east-1"},
		"immutable": {answer("PUT", "/v2/palette/mural-workloads/manifests/v1", 400, errcode.Error{Code: "TAG_INVALID",
			Message: "The image tag 'v1' already exists in the 'x' repository and cannot be overwritten because the tag is immutable."}), ecr.Immutable, "", "immutable", "put-image-tag-mutability"},
		"expired": {call("ECR", "GetAuthorizationToken", "ExpiredTokenException", "The security token included in the request is expired"), ecr.BadCredentials, "",
			"expired", "log in to AWS again"},
		"unknown key": {call("STS", "GetCallerIdentity", "InvalidClientTokenId", "The security token included in the request is invalid."), ecr.BadCredentials, "", "invalid", "partition aws"},
		"throttled":   {call("ECR", "DescribeImages", "ThrottlingException", "Rate exceeded"), ecr.Throttled, "", "Rate exceeded", "run it again"},
		"still 429":   {answer("PUT", "/v2/palette/mural-workloads/manifests/v1", 429, errcode.Error{Code: "TOOMANYREQUESTS", Message: "Rate exceeded"}), ecr.Throttled, "", "429", "run it again"},
		"server":      {answer("PUT", "/v2/palette/mural-workloads/manifests/v1", 503), ecr.Broken, "", "503 Service Unavailable", "run it again"},
		"no credentials": {fmt.Errorf("get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, %w",
			&url.Error{Op: "Get", URL: "http://169.254.169.254/latest", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}), ecr.NoCredentials, "",
			"no AWS credentials", "AWS_PROFILE"},
		"no such host": {&url.Error{Op: "Post", URL: "https://api.ecr.us-east-9.amazonaws.com/?secret=hunter2", Err: &net.DNSError{Err: "no such host", Name: "api.ecr.us-east-9.amazonaws.com"}},
			ecr.Unreachable, "", `POST "https://api.ecr.us-east-9.amazonaws.com/"`, "HTTPS_PROXY"},
		"authority": {&url.Error{Op: "Get", URL: "https://x/v2/", Err: x509.UnknownAuthorityError{}}, ecr.Untrusted, "", "unknown authority", "AWS_CA_BUNDLE"},
		"other":     {errors.New("something else"), ecr.Unknown, "", "something else", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := ecr.Explain(test.err, repository(t))
			var got *ecr.Error
			require.ErrorAs(t, err, &got)
			assert.Equal(t, test.cause, got.Cause)
			assert.Equal(t, test.action, got.Action)
			assert.ErrorContains(t, err, test.says)
			assert.Contains(t, fault.RemedyOf(err), test.remedies)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.ErrorIs(t, err, test.err, "the original must still be found")
			assert.Same(t, err, ecr.Explain(err, repository(t)), "explaining twice changes nothing")
		})
	}
}

func TestExplainLeavesTheEndOfAContext(t *testing.T) {
	err := fmt.Errorf("waiting: %w", context.Canceled)
	assert.Equal(t, err, ecr.Explain(err, repository(t)))
	assert.NoError(t, ecr.Explain(nil, repository(t)))
}

func TestCreateCommand(t *testing.T) {
	assert.Equal(t, "aws ecr-public create-repository --repository-name mural-workloads --region us-east-1",
		ecr.CreateCommand(repositoryAt(t, "oci://public.ecr.aws/a1b2c3d4")))
	assert.Equal(t, "aws ecr create-repository --repository-name p/mural-workloads --region cn-north-1",
		ecr.CreateCommand(repositoryAt(t, "oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/p")))
}
