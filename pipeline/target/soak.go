package target

import "time"

// Soak is for how long everything is proven again, minute by minute, before Zot goes.
type Soak struct {
	For      string `yaml:"for"`      // 30m for example; empty is not at all
	Failures int    `yaml:"failures"` // so many looks at which a proof fails are put up with; the last one must hold
}

// Period returns how long that is; zero is not at all.
func (s Soak) Period() (time.Duration, error) {
	if s.For == "" {
		return 0, nil
	}
	period, err := time.ParseDuration(s.For)
	if err != nil || period < 0 {
		return 0, wrong("write for example 30m", "the time to soak, %q, is not a duration", s.For)
	}
	return period, nil
}

func (s Soak) check() error {
	if s.Failures < 0 {
		return wrong("write 0 or more", "%d failures of a soak can't be put up with", s.Failures)
	}
	_, err := s.Period()
	return err
}
