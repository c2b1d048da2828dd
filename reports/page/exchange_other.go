//go:build !linux

package page

func exchange(a, b string) error { return exchangeInSteps(a, b) }
