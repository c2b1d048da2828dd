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
// they were grouped into calls, on how many CPUs and on which kind: columns are encoded
// by one rule in portable code (hybrid.go), and what comes from libraries (delta and
// byte-stream-split, zstd) gives the same bytes with and without assembly. A new version
// of a library may give others, and then other rows it does not: verification compares
// rows.
//
// # How a file is written
//
//	rows -> feed.take      a block of rows, column by column, into pages; values are checked
//	page -> chunk.addPage  encoded, compressed, bounds and counts for index and footer
//	     -> chunk.end      the dictionary that its pages refer to
//	group -> fileWriter    the chunks of a row group, and at last page index and footer
//
// A Writer does this on one CPU, a ParallelWriter side by side. What callers may do with
// rows is the same: nothing that they point to is kept but strings, which do not change;
// a column holds on to a thousand of them until the row group ends.
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
