package tool

import (
	"encoding/json"
	"errors"
	"slices"
)

type request struct {
	Coins []int `json:"coins"`
	Sum   int   `json:"sum"`
}

type reply struct {
	Ways  int `json:"ways"`
	Least int `json:"least"` // fewest coins, -1 if there is no way
}

func ways(coins []int, sum int) int {
	count := make([]int, sum+1)
	count[0] = 1
	for _, c := range coins {
		for s := c + 1; s <= sum; s++ {
			count[s] += count[s-c]
		}
	}
	return count[sum]
}

func least(coins []int, sum int) int {
	const none = 1 << 30
	best := make([]int, sum+1)
	for s := 1; s <= sum; s++ {
		best[s] = none
		for _, c := range coins {
			if c <= s {
				best[s] = min(best[s], best[s-c]+1)
			}
		}
	}
	if best[sum] >= none {
		return -1
	}
	return best[sum]
}

// Run answers a request.
func Run(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	slices.Sort(r.Coins)
	coins := slices.Compact(r.Coins)
	if r.Sum < 0 || r.Sum > 5000 || len(coins) > 0 && coins[0] <= 0 {
		return nil, errors.New("coins and sums are positive")
	}
	return json.Marshal(reply{ways(coins, r.Sum), least(coins, r.Sum)})
}
