// Package datasets is the door between the wing that runs experiments and the wing
// that studies them: the rows of a run's tables, the Parquet files that hold them, and
// the lock that says what they must be. It is the only importer of parquet.
//
// # Model
//
// A run's rows are a pure function of its identity (manifest, inputs, seeds,
// toolchain, semantics). A Table describes one kind of row and writes, reads, digests
// and compares it; a Lock holds the identity and, per table, a digest of the rows and
// one of the file's bytes; a Run is the folder of both:
//
//	RUN/lock.json                  Lock
//	RUN/metrics.jsonl              AppendMetrics, one Evaluation a line
//	RUN/data/candidates.parquet    Candidates, rows of type Candidate
//	RUN/data/cases.parquet         Cases, CaseRow
//	RUN/data/evaluations.parquet   Evaluations, Evaluation
//	RUN/data/handoffs.parquet      Handoffs, Handoff
//	RUN/data/sboms.parquet         SBOMs, SBOMComponent
//	RUN/observed/samples.parquet   Samples, Sample; no lock covers it
//
// # What a file promises
//
// Rows are sorted by their key without duplicates: the writer refuses anything else,
// and sorts and repairs nothing itself. The same rows give the same bytes, however
// they were grouped into calls. Between kinds of CPU bytes may differ (parquet-go's
// assembly and Go paths encode dictionary indexes differently), rows and their
// digests do not: verification compares rows.
//
// Reading never panics and never answers wrongly in silence. Page checksums (CRC-32,
// which parquet-go always writes, and checks where it finds one) cover the pages; a
// page without one is refused, and headers that contradict the footer are too. What is
// left, Read covers by comparing the digest of the rows with the one in the file's
// metadata, and ScanRun, which reads single columns, by comparing the bytes of the
// file with the lock. Scan of a lone file has checksums and counts alone. None of this
// is a signature: who can rewrite the file can rewrite its digest.
//
// # Non-goals
//
// It executes nothing, scores nothing and knows no statistics. It does not rename
// folders into place: callers write into RUN.partial and rename that once. It is no
// reader of other people's Parquet.
package datasets
