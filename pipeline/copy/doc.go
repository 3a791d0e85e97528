// Package copy brings everything that a repository holds into another one, digests kept, and proves it: every
// tag, every digest that a cluster uses even when no tag names it any more, the children of indexes, and the
// referrers (signatures, SBOMs). Other tools trust that a manifest which is there is whole; the proof here
// reads the destination again, down to every blob.
//
// Requests are what costs: Flux artifacts are small and ECR limits requests, not bytes. So what is there
// already is asked for at most once, a missing small blob is one POST and one PUT, and each kind of request
// keeps to ECR's own limit. The source is only ever read.
package copy
