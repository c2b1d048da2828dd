package datasets

// FuelNoise is how far apart the fuel of one candidate may lie in two modules with
// the same imports, for a call that costs so much fuel. A difference between runs that
// is not larger says nothing about a candidate.
//
// The guest's garbage collector starts its cycles by the heap and by the pointers in
// the module's own data, and the neighbours' data is part of that. So a candidate may
// collect a little earlier or later (up to 1.2e-4 of what it costs, among 32), and may
// ask for 256 KiB of memory more or less, which is 2^19 units. Measured over every
// shipped style, alone and among 8 and 32:
//
//	go test ./experiment -run TestFuelAcrossBatches -v
func FuelNoise(fuel int64) int64 { return fuel/5000 + 1<<20 }
