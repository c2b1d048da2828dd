package experiment

import "fmt"

// Uses a map whose order shows.
func Uses(m map[string]int) {
	for k := range m { // want: ranges over a map
		fmt.Println(k)
	}
	sum := 0
	for _, v := range m { // any order: a sum of integers
		sum += v
	}
	fmt.Println(sum)
}
