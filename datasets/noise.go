package datasets

// FuelNoise is how far apart, relative to itself, the fuel of one candidate may lie
// in two modules with the same imports. A difference between runs that is not larger
// says nothing about a candidate.
//
// Among 8, most candidates differ by a hundred instructions or less from the same
// alone; among 32 by up to 1.23e-4 of what they cost, those that allocate most. The
// guest's garbage collector starts its cycles by the heap and by the pointers in the
// module's own data, and the neighbours' data is part of that. Measured over every
// shipped style:
//
//	go test ./experiment -run TestFuelAcrossBatches -v
const FuelNoise = 2e-4
