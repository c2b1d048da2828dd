package tool

import (
	"encoding/json"
	"errors"
)

type request struct {
	Target any `json:"target"`
	Patch  any `json:"patch"`
}

// merge applies a patch: null removes, objects merge, all else replaces.
func merge(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	result := map[string]any{}
	if old, ok := target.(map[string]any); ok {
		for k, v := range old {
			result[k] = v
		}
	}
	for k, v := range changes {
		if v == nil {
			delete(result, k)
			continue
		}
		result[k] = merge(result[k], v)
	}
	return result
}

// Run applies the patch of a JSON request to its target.
func Run(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	if r.Target == nil {
		return nil, errors.New("no target")
	}
	return json.Marshal(merge(r.Target, r.Patch))
}
