// Package iam knows who needs what of ECR, and how pods take the roles that grant it. It exists because the
// guide's policies are written by hand and found wrong only by a pod that cannot pull. Its subpackages hold
// the policies themselves:
//
//	document   the policy language: parse, keep places, encode
//	evaluate   what AWS would decide by documents
//	write      the least policies, as JSON, Terraform and aws commands
//	check      documents that exist, against what is needed
//
// Imports point from the last to the first.
package iam
