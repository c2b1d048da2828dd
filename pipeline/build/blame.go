package build

// blameTries is the most builds of one Blame: enough to tell each of a batch's units.
const blameTries = 64

// Blame finds out which of n units are at fault for a build that failed with all of them,
// by building halves. try builds the units of some indices, in their order. Its errors
// that are somebody's fault go on being divided; any other ends the search and is
// returned. The result has the error of each unit that fails alone, and is empty where
// halves succeed whose sum has failed, or where telling would take too long.
//
// What is found follows from the units and from try, and not from chance.
func Blame(n int, cause error, fault func(error) bool, try func(indices []int) error) (map[int]error, error) {
	found := map[int]error{}
	tries := 0
	var divide func(indices []int, cause error) error
	divide = func(indices []int, cause error) error {
		if len(indices) == 1 {
			found[indices[0]] = cause
			return nil
		}
		for _, half := range [][]int{indices[:len(indices)/2], indices[len(indices)/2:]} {
			if tries++; tries > blameTries {
				return nil
			}
			err := try(half)
			if err == nil {
				continue
			}
			if !fault(err) {
				return err
			}
			if err := divide(half, err); err != nil {
				return err
			}
		}
		return nil
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return found, divide(all, cause)
}
