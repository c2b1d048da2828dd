package manifests

import (
	"maps"
	"slices"
	"unicode"
)

// The keys of the repair lab and of agents.

func (r *reader) repair(o object) Repair {
	p := o.object("repair", keysOf[Repair]())
	return Repair{
		Agent:            p.text("agent", BaselineAgent, matches(labelPattern, "\"none\" or an agent's name")),
		Patches:          int(p.integer("patches", 500, 1, 1_000_000)),
		HandoffsPerEpoch: int(p.integer("handoffs_per_epoch", 4, 0, maxPopulation)),
	}
}

func (r *reader) agents(o object) map[string]Agent {
	agents := map[string]Agent{}
	n := o.get("agents")
	if n == nil {
		return agents
	}
	if n.kind != mapping {
		r.add(n, "agents", "expected a mapping of names to agents, got %s", n.describe())
		return agents
	}
	for _, member := range n.members {
		name := member.key.text
		path := "agents." + name
		switch {
		case !labelPattern.MatchString(name):
			r.add(member.key, "agents", "%q is no name of an agent; expected up to 64 of A-Z, a-z, 0-9, ., _ and -", name)
			continue
		case name == NoAgent || name == BaselineAgent:
			r.add(member.key, "agents", "%q is a name that repair.agent gives another meaning; expected another one", name)
			continue
		}
		r.tree.nodes[path] = member.value
		agents[name] = r.agent(r.object(path, member.value, keysOf[Agent]()))
	}
	return agents
}

func (r *reader) agent(o object) Agent {
	var agent Agent
	agent.Exec = r.words(o, "exec", argument)
	if n := o.get("exec"); n != nil && n.kind == sequence && len(n.elems) == 0 {
		r.add(n, o.at("exec"), "the list is empty; expected a program and its arguments")
	}
	agent.Env = r.words(o, "env", matches(envPattern, "the name of an environment variable"))
	for i, name := range agent.Env {
		if n := o.get("env"); slices.Contains(agent.Env[:i], name) {
			r.add(n, o.at("env"), "%s stands twice", name)
		}
	}
	hasExec, hasOpenAI := o.get("exec") != nil, o.get("openai") != nil
	if hasOpenAI {
		agent.OpenAI = r.openAI(o.object("openai", keysOf[OpenAI]()))
	}
	switch {
	case hasExec == hasOpenAI && !o.absent:
		r.add(o.node, o.path, "expected one of %q and %q", "exec", "openai")
	case hasOpenAI && o.get("env") != nil:
		r.add(o.get("env"), o.at("env"), "a server gets no environment; expected it beside exec only")
	}
	return agent
}

// words reads a list of texts.
func (r *reader) words(o object, key string, check func(string) string) []string {
	items, paths, _ := o.list(key)
	var out []string
	for i, n := range items {
		if s, ok := r.text(paths[i], n, check); ok {
			out = append(out, s)
		}
	}
	return out
}

// argument accepts what a program can be given.
func argument(s string) string {
	for _, c := range s {
		if c == 0 {
			return "an argument without NUL bytes"
		}
	}
	return ""
}

func (r *reader) openAI(o object) *OpenAI {
	o.required("base_url")
	o.required("model")
	return &OpenAI{
		BaseURL: o.text("base_url", "", nil), // who asks the server knows what addresses will do
		Model:   o.text("model", "", modelName),
		KeyEnv:  o.text("key_env", "", matches(envPattern, "the name of an environment variable; the key itself must not stand here")),
	}
}

func modelName(s string) string {
	if s == "" || len(s) > 200 {
		return "the name of a model, of up to 200 bytes"
	}
	for _, c := range s {
		if !unicode.IsPrint(c) {
			return "the name of a model, printable"
		}
	}
	return ""
}

// checkLab checks what concerns several keys: that agents who are named exist.
func (r *reader) checkLab(m *Manifest) {
	names := slices.Sorted(maps.Keys(m.Agents))
	if name := m.Repair.Agent; name != NoAgent && name != BaselineAgent && !slices.Contains(names, name) {
		r.add(r.tree.at("repair.agent"), "repair.agent", "there is no agent %q%s", name, suggest(name, append(names, BaselineAgent, NoAgent)))
	}
	if m.Variation.Agent > 0 && len(names) == 0 {
		r.add(r.tree.at("variation.agent"), "variation.agent", "nobody can be asked, for the manifest lists no agents; expected 0, or an agent under the key agents")
	}
}
