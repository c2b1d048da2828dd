package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"toolgen/experiment/manifests"
	"toolgen/pipeline/agent"
)

// What agents write is an argument of the function: the exchanges that a run reads are
// inputs of it, like specs. But which ones it reads is known only when it has been
// computed, and a run has its name before it begins. So an experiment that asks agents
// is computed twice. The first time is a rehearsal: it reads the cassette (and with
// --ask lets agents answer what the cassette lacks), keeps account of what it reads, and
// is thrown away. Then the experiment is settled: it knows its exchanges, hence its
// identity, and is computed from them alone, by run as later by verify. What the
// rehearsal has measured is in the cache, so the second time costs little.

// proposer is an agent as tournaments meet it: through the cassette. Its error is an
// *agent.Failure if the agent gave no usable answer, which is as good as an answer; any
// other ends the run.
type proposer interface {
	Propose(ctx context.Context, r agent.Request) (source, notes string, usage *agent.Usage, err error)
}

var _ proposer = (*agent.Player)(nil)

// asks says whether agents have a part in the experiment.
func (x *Experiment) asks() bool {
	_, repairs := x.Manifest.Agents[x.Manifest.Repair.Agent]
	return x.Manifest.Variation.Agent > 0 || repairs
}

// agentsOf are the agents of a manifest, sorted by name. dir is the manifest's folder,
// where programs run. Problems are reported at the keys that they are about.
func agentsOf(m *manifests.Manifest, dir string) ([]agent.Agent, []manifests.Problem) {
	var list []agent.Agent
	var problems []manifests.Problem
	for _, name := range slices.Sorted(maps.Keys(m.Agents)) {
		a := m.Agents[name]
		if a.OpenAI == nil {
			list = append(list, &agent.Exec{Called: name, Argv: a.Exec, Env: a.Env, Dir: dir})
			continue
		}
		if problem := agent.CheckBaseURL(a.OpenAI.BaseURL, a.OpenAI.KeyEnv != ""); problem != "" {
			problems = append(problems, m.Problem("agents."+name+".openai.base_url", "%s", problem))
		}
		list = append(list, &agent.Chat{Called: name, BaseURL: a.OpenAI.BaseURL, Model: a.OpenAI.Model, KeyEnv: a.OpenAI.KeyEnv})
	}
	return list, problems
}

// cassettesInput is where exchanges stand among the inputs of a run.
const cassettesInput = "cassettes"

// exchangeInputs are the exchanges of a settled experiment as inputs. They are written
// in canonical form: how a cassette's files are indented has no say in a run's name.
func (x *Experiment) exchangeInputs() ([]input, error) {
	var list []input
	for _, e := range x.exchanges {
		key, err := e.Key()
		if err != nil {
			return nil, err
		}
		data, err := e.Encode()
		if err != nil {
			return nil, err
		}
		list = append(list, input{path.Join(cassettesInput, agent.FileName(key)), data})
	}
	return list, nil
}

// settled is the experiment with the exchanges that its run reads.
func (x *Experiment) settled(exchanges []*agent.Exchange) *Experiment {
	y := *x
	y.exchanges = exchanges
	return &y
}

// exchangesOf finds the exchanges that a lock names among its inputs.
func (r *Recorded) exchangesOf() ([]*agent.Exchange, error) {
	var list []*agent.Exchange
	inputs := r.Lock.Identity.Inputs
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		file, ok := strings.CutPrefix(name, cassettesInput+"/")
		if !ok {
			continue
		}
		data, err := r.findInput(name, inputs[name])
		if err != nil {
			return nil, &UsageError{Msg: fmt.Sprintf("an agent's answer, an input of run %.8s, is not beside the lock", r.Lock.RunID), Err: err}
		}
		e, err := agent.DecodeExchange(filepath.Join(r.Dir, "inputs", filepath.FromSlash(name)), data, strings.TrimSuffix(file, ".json"))
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// Rehearsal is what agents had to do with a run.
type Rehearsal struct {
	Exchanges int            // that the run reads
	Asked     int            // of these, how many agents were asked just now
	Failed    int            // exchanges in which an agent gave no usable answer
	Failure   *agent.Failure // one of them; nil if there is none
}

// rehearse computes an experiment to learn which exchanges it reads, and settles it.
func (e *Env) rehearse(ctx context.Context, x *Experiment, s *settling, ask bool, observe func(Event)) (*Experiment, *Rehearsal, error) {
	deck := agent.OpenCassette(x.cassette, x.agents, ask)
	_, err := e.execute(ctx, x, executeOptions{believe: true, recall: true, observe: observe, deck: deck})
	s.asked += deck.Asked()
	if err != nil {
		return nil, nil, agentError(err)
	}
	exchanges := deck.Read()
	about := &Rehearsal{Exchanges: len(exchanges), Asked: s.asked}
	for _, ex := range exchanges {
		if ex.Failure != nil {
			about.Failed++
			about.Failure = ex.Failure
		}
	}
	return x.settled(exchanges), about, nil
}

// agentError takes what an agent or a cassette has to do with out of an error: in which
// seed, epoch and slot the tournament met it says nothing to those who must act.
func agentError(err error) error {
	if missing, ok := errors.AsType[*agent.MissingError](err); ok {
		return missing
	}
	if unreachable, ok := errors.AsType[*agent.UnreachableError](err); ok {
		return &MachineError{Msg: unreachable.Error() + ". What was answered before stays in the cassette, and asking again goes on from there"}
	}
	if bad, ok := errors.AsType[*agent.CassetteError](err); ok {
		return bad
	}
	return diskError(err)
}
