package evaluate

// Truth is what is known of a part of a policy.
type Truth int

// The order is that of and and or: the less true decides an "and", the truer an "or".
const (
	No    Truth = iota
	Maybe       // it depends on a key whose value is not known
	Yes
)

func truth(holds bool) Truth {
	if holds {
		return Yes
	}
	return No
}

func (t Truth) not() Truth { return Yes - t }
