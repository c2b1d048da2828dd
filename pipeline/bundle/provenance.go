package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// The in-toto Statement v1 (https://in-toto.io/Statement/v1) around the SLSA provenance
// v1 predicate (https://slsa.dev/provenance/v1), as far as we have something to say.
// Start and finish are left out: a rerun would change them and nothing else.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     struct {
		BuildDefinition struct {
			BuildType            string     `json:"buildType"`
			ExternalParameters   parameters `json:"externalParameters"`
			ResolvedDependencies []resource `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
		RunDetails struct {
			Builder struct {
				ID      string            `json:"id"`
				Version map[string]string `json:"version,omitempty"`
			} `json:"builder"`
			Metadata *metadata `json:"metadata,omitempty"`
		} `json:"runDetails"`
	} `json:"predicate"`
}

type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

type parameters struct {
	Spec        string          `json:"spec"`
	Seed        int64           `json:"seed"`
	CandidateID string          `json:"candidate_id"`
	ParentIDs   []string        `json:"parent_ids,omitempty"`
	Genome      json.RawMessage `json:"genome,omitempty"`
}

type metadata struct {
	InvocationID string `json:"invocationId"`
}

func provenanceJSON(in Input) ([]byte, error) {
	var s statement
	s.Type = "https://in-toto.io/Statement/v1"
	s.PredicateType = "https://slsa.dev/provenance/v1"
	s.Subject = []resource{{Name: SourceName, Digest: digestOf(in.Source)}}
	if in.Wasm != nil {
		s.Subject = append(s.Subject, resource{Name: WasmName, Digest: digestOf(in.Wasm)})
	}

	d := &s.Predicate.BuildDefinition
	d.BuildType = "https://" + domain + "/tournament/v1"
	d.ExternalParameters = parameters{
		Spec: in.Spec.ID, Seed: in.Build.Seed, CandidateID: in.CandidateID,
		ParentIDs: in.Build.Parents, Genome: in.Build.Genome,
	}
	d.ResolvedDependencies = []resource{
		{Name: "spec", Digest: map[string]string{"sha256": in.Build.SpecDigest}},
		{Name: "toolchain", URI: "pkg:generic/go@" + strings.TrimPrefix(in.GoVersion, "go")},
	}
	if in.Build.ManifestDigest != "" {
		d.ResolvedDependencies = append(d.ResolvedDependencies,
			resource{Name: "manifest", Digest: map[string]string{"sha256": in.Build.ManifestDigest}})
	}

	if in.Ancestor != nil {
		d.ResolvedDependencies = append(d.ResolvedDependencies,
			resource{Name: "ancestor", URI: "urn:toolgen:candidate:" + in.Ancestor.CandidateID, Digest: digestOf(in.Ancestor.Source)})
	}

	r := &s.Predicate.RunDetails
	r.Builder.ID = "https://" + domain + "/builder/local"
	if in.Version != "" {
		r.Builder.Version = map[string]string{"toolgen": in.Version}
	}
	if in.Build.RunID != "" {
		r.Metadata = &metadata{in.Build.RunID}
	}

	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("bundle: provenance of candidate %.12s: %w", in.CandidateID, err)
	}
	return b.Bytes(), nil
}

func digestOf(data []byte) map[string]string {
	sum := sha256.Sum256(data)
	return map[string]string{"sha256": hex.EncodeToString(sum[:])}
}
