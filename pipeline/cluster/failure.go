package cluster

// Failure is an error that one cluster of a fleet is behind: what to do about it depends on which.
type Failure struct {
	Cluster string
	Err     error
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the error.
func (f *Failure) Unwrap() error { return f.Err }
