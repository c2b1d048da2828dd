// Package stray stands in no room of the house.
package stray // want: is not in the import table
