package main

import "github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"

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
) *Target {
	t.variable("AWS_ACCESS_KEY_ID", accessKey)
	t.variable("AWS_SECRET_ACCESS_KEY", secretKey)
	if sessionToken != nil {
		t.variable("AWS_SESSION_TOKEN", sessionToken)
	}
	return t
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
	t.mount("/run/secrets/aws-token", token)
	t.Plain = append(t.Plain, "AWS_WEB_IDENTITY_TOKEN_FILE", "/run/secrets/aws-token",
		"AWS_ROLE_ARN", roleArn, "AWS_ROLE_SESSION_NAME", sessionName)
	if region != "" {
		t.Plain = append(t.Plain, "AWS_REGION", region)
	}
	return t
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
	t.Plain = append(t.Plain, "AWS_PROFILE", profile)
	if config != nil {
		t.mount("/run/secrets/aws-config", config)
		t.Plain = append(t.Plain, "AWS_CONFIG_FILE", "/run/secrets/aws-config")
	}
	if credentials != nil {
		t.mount("/run/secrets/aws-credentials", credentials)
		t.Plain = append(t.Plain, "AWS_SHARED_CREDENTIALS_FILE", "/run/secrets/aws-credentials")
	}
	return t
}
