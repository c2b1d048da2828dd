// Package agent asks programs and models for source, and remembers what they said.
//
// An agent gets a [Request] and gives a [Response]: one Go file. The protocol is
// JSON, one object each way. [Exec] runs a program that reads the request on stdin
// and writes the response to stdout; [Chat] puts the request into words for a server
// that speaks the OpenAI chat completions API.
//
// No agent answers twice alike, and a run is a pure function. So every exchange is
// recorded, under the hash of what was asked of whom, in a folder called a cassette.
// A run reads exchanges from there through a [Deck], which keeps account of those that
// were read: they are the run's inputs, and the rest of the folder is not.
//
//	CASSETTE/<key>.json    one exchange; key = SHA-256 of the agent's name, who that is, and the request
//
// Three kinds of failure are kept apart:
//
//   - A *[Failure] is the agent's: it crashed, took too long, or answered what is no
//     response. It is data, recorded like an answer, so that a rerun sees the same.
//   - An *[UnreachableError] is the machine's, the network's or the configuration's: a
//     program that does not start, a key that is not accepted, a server that is down.
//     Nobody has answered, so nothing is recorded, and asking again goes on from there.
//   - A *[MissingError] says that the cassette lacks an answer and that nobody may be
//     asked; a *[CassetteError] that a file in it is not what it claims to be.
//
// For a chat server the line runs through its answer: the envelope is the server's, and
// if it makes no sense nobody has answered; what is in it is the model's.
//
// What an agent writes is hostile until shown otherwise. This package hands it on as
// text; the gate, the compiler and the sandbox come later. It does not choose among
// answers, and it knows nothing of specs, suites or genomes: who asks puts them into
// the request.
package agent
