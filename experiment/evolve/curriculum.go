package evolve

// Alternating is the [Phase.Spec] that lets the specs take turns.
const Alternating = "alternating"

// Phase says which spec plays in a stretch of epochs.
type Phase struct {
	From, To int    // inclusive; To < 0: without end
	Spec     string // an id; "": every spec; Alternating: the spec at epoch modulo the number of specs
}

func (p Phase) covers(epoch int) bool {
	return epoch >= p.From && (p.To < 0 || epoch <= p.To)
}

// Playing lists the specs that play in an epoch, in the order of specs. Where phases
// overlap, each has its say. An epoch that no phase covers is played by every spec,
// as every epoch is without a curriculum.
func Playing(phases []Phase, specs []string, epoch int) []string {
	if len(specs) == 0 {
		return nil
	}
	plays := map[string]bool{}
	covered := false
	for _, p := range phases {
		if !p.covers(epoch) {
			continue
		}
		covered = true
		switch p.Spec {
		case "":
			return append([]string(nil), specs...)
		case Alternating:
			plays[specs[epoch%len(specs)]] = true
		default:
			plays[p.Spec] = true
		}
	}
	var out []string
	for _, s := range specs {
		if !covered || plays[s] {
			out = append(out, s)
		}
	}
	return out
}
