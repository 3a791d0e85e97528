// Package ecr reaches Amazon ECR, private and public: its API through the AWS SDK (does the repository
// exist, what is in it, who am I), and its registry through oras-go with a token that is renewed. It is the
// one place that knows how ECR says no, so that every refusal comes out with the action, the resource and
// the next thing to try.
package ecr
