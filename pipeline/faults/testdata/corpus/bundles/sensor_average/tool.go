package tool

import (
	"encoding/json"
	"errors"
)

type sensor struct {
	Name     string  `json:"name"`
	Readings []int32 `json:"readings"`
}

type average struct {
	Name string `json:"name"`
	Mean int64  `json:"mean"`
}

func mean(readings []int32) int64 {
	var sum int32
	for _, r := range readings {
		sum += r
	}
	return int64(sum) / int64(len(readings))
}

// Run answers the mean of each sensor, cut to an integer.
func Run(input []byte) ([]byte, error) {
	var sensors []sensor
	if err := json.Unmarshal(input, &sensors); err != nil {
		return nil, err
	}
	out := []average{}
	for _, s := range sensors {
		if len(s.Readings) == 0 {
			return nil, errors.New("no readings: " + s.Name)
		}
		out = append(out, average{s.Name, mean(s.Readings)})
	}
	return json.Marshal(out)
}
