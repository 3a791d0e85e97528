package main

import (
	"context"
	"encoding/json"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Reaches AWS with access keys, as a laptop or a job with short-lived keys has them
//
// +cache="session"
func (t *Target) WithAwsKeys(
	// Access key ID, for example env://AWS_ACCESS_KEY_ID.
	accessKey *dagger.Secret,
	// Secret access key, for example env://AWS_SECRET_ACCESS_KEY.
	secretKey *dagger.Secret,
	// Session token of short-lived keys, for example env://AWS_SESSION_TOKEN.
	//
	// +optional
	sessionToken *dagger.Secret,
	// Region of clusters that are named as EKS clusters without one; the registry's when empty.
	//
	// +optional
	region string,
) *Target {
	access := []*Access{{Variable: "AWS_ACCESS_KEY_ID", Secret: accessKey}, {Variable: "AWS_SECRET_ACCESS_KEY", Secret: secretKey}}
	if sessionToken != nil {
		access = append(access, &Access{Variable: "AWS_SESSION_TOKEN", Secret: sessionToken})
	}
	if region != "" {
		access = append(access, &Access{Variable: "AWS_REGION", Value: region})
	}
	return t.let(access)
}

// Reaches AWS with what a process prints, for single sign-on: cmd://"aws configure export-credentials --profile prod"
//
// +cache="session"
func (t *Target) WithAwsCredentials(
	ctx context.Context,
	// What the process prints: JSON, as credential_process of the AWS configuration wants it.
	credentials *dagger.Secret,
) (*Target, error) {
	printed, err := credentials.Plaintext(ctx)
	if err != nil {
		return nil, unreadable(err)
	}
	keys, err := readCredentials(printed)
	if err != nil {
		return nil, err
	}
	var token *dagger.Secret
	if keys.SessionToken != "" {
		token = dag.SetSecret("aws-session-token", keys.SessionToken)
	}
	return t.WithAwsKeys(dag.SetSecret("aws-access-key-id", keys.AccessKeyID), dag.SetSecret("aws-secret-access-key", keys.SecretAccessKey), token, ""), nil
}

// awsKeys is what a credential process prints.
type awsKeys struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
}

// readCredentials reads what a credential process printed. Nothing of it is in an error.
func readCredentials(printed string) (awsKeys, error) {
	var keys awsKeys
	if err := json.Unmarshal([]byte(printed), &keys); err != nil || keys.AccessKeyID == "" || keys.SecretAccessKey == "" {
		return awsKeys{}, wrongUse("reading the AWS credentials: not what a credential process prints, which is JSON with AccessKeyId and SecretAccessKey",
			`give --credentials 'cmd://aws configure export-credentials --profile prod'`)
	}
	return keys, nil
}

// Reaches AWS with the token of an identity that a role trusts, as jobs of GitLab and pods have it
//
// +cache="session"
func (t *Target) WithAwsWebIdentity(
	// The token, for example env://AWS_ID_TOKEN or file:///var/run/secrets/eks.amazonaws.com/serviceaccount/token.
	token *dagger.Secret,
	// Role to assume with it.
	roleArn string,
	// Name of the session, seen in CloudTrail; palette-ecr when empty.
	//
	// +optional
	sessionName string,
	// Region whose STS is asked; the registry's is a good choice.
	//
	// +optional
	region string,
) *Target {
	if sessionName == "" {
		sessionName = "palette-ecr"
	}
	const path = secrets + "/aws-token"
	access := []*Access{
		{Path: path, Secret: token},
		{Variable: "AWS_WEB_IDENTITY_TOKEN_FILE", Value: path},
		{Variable: "AWS_ROLE_ARN", Value: roleArn},
		{Variable: "AWS_ROLE_SESSION_NAME", Value: sessionName},
	}
	if region != "" {
		access = append(access, &Access{Variable: "AWS_REGION", Value: region})
	}
	return t.let(access)
}

// Reaches AWS with a profile of the shared configuration
//
// +cache="session"
func (t *Target) WithAwsProfile(
	// Name of the profile.
	profile string,
	// The configuration, for example file://~/.aws/config.
	//
	// +optional
	config *dagger.Secret,
	// The credentials, for example file://~/.aws/credentials.
	//
	// +optional
	credentials *dagger.Secret,
) *Target {
	access := []*Access{{Variable: "AWS_PROFILE", Value: profile}}
	for _, file := range []struct {
		secret         *dagger.Secret
		path, variable string
	}{
		{config, secrets + "/aws-config", "AWS_CONFIG_FILE"},
		{credentials, secrets + "/aws-credentials", "AWS_SHARED_CREDENTIALS_FILE"},
	} {
		if file.secret != nil {
			access = append(access, &Access{Path: file.path, Secret: file.secret}, &Access{Variable: file.variable, Value: file.path})
		}
	}
	return t.let(access)
}
