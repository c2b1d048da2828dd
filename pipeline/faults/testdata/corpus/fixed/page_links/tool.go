package tool

import (
	"encoding/json"
	"errors"
)

type request struct {
	Items []string `json:"items"`
	Page  int      `json:"page"`
	Size  int      `json:"size"`
}

type response struct {
	Items []string `json:"items"`
	Pages int      `json:"pages"`
	Prev  int      `json:"prev,omitempty"`
	Next  int      `json:"next,omitempty"`
}

func paginate(r request) response {
	pages := (len(r.Items) + r.Size - 1) / r.Size
	resp := response{Items: []string{}, Pages: pages}
	if r.Page > 1 {
		resp.Prev = min(r.Page-1, pages)
	}
	if r.Page < pages {
		resp.Next = r.Page + 1
	}
	start := (r.Page - 1) * r.Size
	if start >= len(r.Items) {
		return resp
	}
	end := min(start+r.Size, len(r.Items))
	resp.Items = r.Items[start:end]
	return resp
}

// Run answers one page of the items; pages count from 1.
func Run(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	if r.Size <= 0 || r.Page <= 0 {
		return nil, errors.New("page and size must be positive")
	}
	return json.Marshal(paginate(r))
}
