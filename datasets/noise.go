package datasets

// FuelNoise is how far apart, relative to itself, the fuel of one candidate may lie
// in two modules with the same imports. What its neighbours are changes where the
// linker puts code and data, and with that some of what the guest's runtime does. A
// difference between runs that is not larger says nothing about a candidate.
//
// Measured over every shipped style, alone and among 8 and 32:
//
//	go test ./experiment -run TestFuelAcrossBatches -v
const FuelNoise = 1e-4
