package sandbox

import "time"

// The wall clock is read here only, for Result.Wall, which no outcome depends
// on.

func now() time.Time { return time.Now() }

func since(start time.Time) time.Duration { return time.Since(start) }
