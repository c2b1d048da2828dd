package synth

// Prior returns how likely an edit of this family and op is the one that repairs a
// program, before anything is known but that it is wrong: a weight in (0, 1], to be
// compared with that of other edits. It is 0 for an edit that does not exist.
func Prior(e Edit) float64 { return priors[e.Family+" "+e.Op] }

// priors are weights of one edit, not of all edits of an op: an op that offers many
// choices a site has a small one.
//
// The order between families comes from how often the fix templates of TBar (Liu et
// al., ISSTA 2019) made patches on Defects4J: variable 39, conditional 30, operator
// 20, removed statement 20, literal 16, inserted statement 13, call 10, nil check 8,
// data type 3, moved statement 2. How a family's share is split among its ops, and
// divided by its choices, is set by hand. Guards and added clauses are low on
// purpose: they make most of the patches that pass all tests and are wrong.
var priors = map[string]float64{
	"variable use":    0.8,
	"variable target": 0.3,

	"operator relational": 1.0,
	"operator arithmetic": 0.5,
	"operator bit":        0.6,
	"operator logical":    0.5,
	"operator assignment": 0.3,
	"operator swap":       0.6,
	"operator keep":       0.6,

	"conditional negate":   0.5,
	"conditional constant": 0.2,
	"conditional replace":  0.2,
	"conditional and":      0.12,
	"conditional or":       0.12,

	"literal number": 0.8,
	"literal char":   0.3,
	"literal string": 0.2,
	"literal bool":   0.6,
	"literal zero":   0.25,
	"literal offset": 0.9,

	"statement delete":         0.5,
	"statement duplicate":      0.05,
	"statement swap":           0.3,
	"statement guard_return":   0.06,
	"statement guard_continue": 0.05,
	"statement guard_break":    0.05,

	"expression variable": 0.25,
	"expression field":    0.4,
	"expression element":  0.15,
	"expression length":   0.15,
	"expression target":   0.2,
	"expression grow":     0.12,
	"expression unary":    0.3,
	"expression round":    0.3,
	"expression modulo":   0.3,
	"expression regroup":  0.3,
	"expression exchange": 0.7,

	"name all":   0.4,
	"name trade": 0.3,
	"name step":  0.15,

	"clause replace": 0.1,
	"clause and":     0.08,
	"clause or":      0.08,
	"clause loop":    0.3,
	"clause tie":     0.15,

	"guard return": 0.04,
	"guard leave":  0.04,

	"value number":  0.15,
	"value text":    0.15,
	"value offset":  0.6,
	"value usual":   0.05,
	"value format":  0.25,
	"value empty":   0.2,
	"value element": 0.25,
	"value field":   0.15,
	"value drop":    0.2,

	"call callee":  0.4,
	"call unwrap":  0.5,
	"call wrap":    0.2,
	"call respell": 0.3,
	"call drop":    0.2,
	"call halve":   0.15,

	"slice cut":       0.25,
	"slice bounds":    0.3,
	"slice index":     0.2,
	"slice transpose": 0.5,
	"slice append":    0.4,
	"slice add":       0.1,
	"slice copy":      0.2,

	"insert before": 0.1,
	"insert after":  0.1,
	"insert inside": 0.1,
	"insert else":   0.05,

	"move along":  0.1,
	"move branch": 0.3,
	"move out":    0.2,
	"move in":     0.08,

	"block wrap":   0.05,
	"block unwrap": 0.15,
	"block else":   0.15,
	"block loop":   0.2,
	"block defer":  0.3,
	"block branch": 0.15,

	"loop reverse": 0.3,
	"loop range":   0.4,
	"loop element": 0.6,
	"loop last":    0.15,
	"loop outer":   0.2,

	"ingredient expression": 0.15,
	"ingredient target":     0.15,
	"ingredient assign":     0.05,
	"ingredient statement":  0.05,
	"ingredient insert":     0.05,
	"ingredient append":     0.05,

	"given literal": 0.25,
	"given case":    0.3,
	"given equal":   0.2,
	"given set":     0.3,
	"given clause":  0.1,
	"given entry":   0.1,
	"given guard":   0.06,

	"declare value":    0.2,
	"declare outer":    0.5,
	"declare round":    0.4,
	"declare type":     0.2,
	"declare receiver": 0.6,

	"conversion distribute": 0.5,
	"conversion gather":     0.3,
	"conversion type":       0.2,
	"conversion wrap":       0.15,
}
