package manifests

import "fmt"

// The keys of the repair lab. They are read and checked like all others; checkLab then
// refuses every value that asks for the lab to do something.

func (r *reader) repair(o object) Repair {
	p := o.object("repair", keysOf[Repair]())
	return Repair{
		Agent:            p.text("agent", NoAgent, matches(labelPattern, "\"none\" or an agent's name")),
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
		if !labelPattern.MatchString(name) {
			r.add(member.key, "agents", "%q is no name of an agent; expected up to 64 of A-Z, a-z, 0-9, ., _ and -", name)
			continue
		}
		r.tree.nodes[path] = member.value
		agents[name] = r.agent(r.object(path, member.value, keysOf[Agent]()))
	}
	return agents
}

func (r *reader) agent(o object) Agent {
	var agent Agent
	items, paths, hasExec := o.list("exec")
	for i, n := range items {
		if arg, ok := r.text(paths[i], n, nil); ok {
			agent.Exec = append(agent.Exec, arg)
		}
	}
	if hasExec && len(items) == 0 && o.get("exec").kind == sequence {
		r.add(o.get("exec"), o.at("exec"), "the list is empty; expected a program and its arguments")
	}
	hasOpenAI := o.get("openai") != nil
	if hasOpenAI {
		p := o.object("openai", keysOf[OpenAI]())
		p.required("base_url")
		p.required("model")
		agent.OpenAI = &OpenAI{p.text("base_url", "", nil), p.text("model", "", nil), p.text("key_env", "", nil)}
	}
	if hasExec == hasOpenAI && !o.absent {
		r.add(o.node, o.path, "expected one of %q and %q", "exec", "openai")
	}
	return agent
}

func (r *reader) checkLab(m *Manifest) {
	const later = "comes with the repair lab, which this version does not have"
	refuse := func(path, what, expected string) {
		r.add(r.tree.at(path), path, "%s %s; expected %s", what, later, expected)
	}
	if m.Repair.Agent != NoAgent {
		refuse("repair.agent", fmt.Sprintf("the agent %q", m.Repair.Agent), NoAgent)
	}
	if len(m.Agents) > 0 {
		refuse("agents", "the list of agents", "{}")
	}
	if m.Variation.Agent > 0 {
		refuse("variation.agent", "variation by an agent", "0")
	}
	if m.Challengers != "" {
		refuse("challengers", "a folder of challengers", `""`)
	}
}
