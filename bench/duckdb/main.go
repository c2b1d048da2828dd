package main

import (
	"database/sql"
	"fmt"
	"os"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"toolgen/datasets"
)

func main() {
	path := os.Args[1]
	var n int
	fmt.Sscan(os.Args[2], &n)
	meta := datasets.Meta{RunID: "0000000000000000000000000000000000000000000000000000000000000000", Identity: []byte("{}")}
	if _, err := os.Stat(path); err != nil {
		f, _ := os.Create(path)
		w := datasets.Evaluations.NewWriter(f, meta)
		start := time.Now()
		for seed := int64(1); n > 0; seed++ {
			rows := seedRows(seed, meta.RunID)
			rows = rows[:min(n, len(rows))]
			n -= len(rows)
			if err := w.Append(rows); err != nil {
				panic(err)
			}
		}
		info, err := w.Close()
		fmt.Println(info, err, time.Since(start))
		f.Close()
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		panic(err)
	}
	for _, q := range os.Args[3:] {
		start := time.Now()
		rows, err := db.Query(q)
		if err != nil {
			fmt.Println(err)
			continue
		}
		k := 0
		cols, _ := rows.Columns()
		for rows.Next() {
			k++
			if k < 4 {
				v := make([]any, len(cols))
				for i := range v {
					v[i] = new(any)
				}
				rows.Scan(v...)
				for i := range v {
					fmt.Print(*v[i].(*any), " ")
				}
				fmt.Println()
			}
		}
		fmt.Println(k, "rows", rows.Err(), time.Since(start))
		rows.Close()
	}
}
