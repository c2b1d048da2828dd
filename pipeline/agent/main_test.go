package agent

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is every agent that the tests need: `agent.test agent=MODE`.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if mode, ok := strings.CutPrefix(os.Args[1], "agent="); ok {
			os.Exit(play(mode))
		}
	}
	os.Exit(m.Run())
}

func program(mode string) *Exec {
	return &Exec{Called: "mine", Argv: []string{os.Args[0], "agent=" + mode}, Timeout: time.Minute}
}

const goodSource = "package tool\n\nfunc Run(input []byte) ([]byte, error) { return input, nil }\n"

func answer(protocol int, source, notes string) string {
	data, err := json.Marshal(map[string]any{
		"protocol": protocol, "source": source, "notes": notes,
		"usage": map[string]any{"model": "test-1", "input_tokens": 12, "output_tokens": 34},
	})
	if err != nil {
		panic(err)
	}
	return string(data) + "\n"
}

func play(mode string) int {
	if mode == "deaf" { // answers without reading what it is asked
		fmt.Print(answer(1, goodSource, ""))
		return 0
	}
	if mode == "hang" {
		time.Sleep(time.Hour)
	}
	request, err := io.ReadAll(bufio.NewReader(os.Stdin))
	if err != nil {
		return 1
	}
	var r Request
	if err := json.Unmarshal(request, &r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch mode {
	case "good":
		fmt.Print(answer(1, goodSource, fmt.Sprintf("%s of %s, %d failing, seed %d", r.Task, r.Spec.ID, len(r.Failing), r.Seed)))
	case "environment":
		fmt.Print(answer(1, goodSource, strings.Join(os.Environ(), "\n")))
	case "folder":
		dir, _ := os.Getwd()
		fmt.Print(answer(1, goodSource, dir))
	case "exit":
		fmt.Fprintln(os.Stderr, "Traceback\n  no module named \x1b[31mantigravity")
		return 3
	case "leak":
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 3000), "token", os.Getenv("AGENT_TEST_TOKEN"))
		return 3
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case "silent":
	case "garbage":
		fmt.Println("Sure! Here is the tool you asked for:")
	case "array":
		fmt.Println("[1]")
	case "two":
		fmt.Print(answer(1, goodSource, "") + answer(1, goodSource, ""))
	case "trailing":
		fmt.Print(answer(1, goodSource, "") + "done\n")
	case "protocol2":
		fmt.Println(`{"protocol": 2, "files": []}`)
	case "noprotocol":
		fmt.Println(`{"source": "package tool"}`)
	case "unknown":
		fmt.Println(`{"protocol": 1, "sorce": "package tool"}`)
	case "nosource":
		fmt.Print(answer(1, " \n", "this cannot be repaired"))
	case "latin1":
		fmt.Print("{\"protocol\":1,\"source\":\"package tool // \xe9\"}")
	case "flood":
		line := strings.Repeat("x", 1<<16)
		for {
			fmt.Print(line)
		}
	case "longnotes":
		fmt.Print(answer(1, goodSource, strings.Repeat("é", maxNotes)))
	case "tokens":
		fmt.Println(`{"protocol": 1, "source": "package tool", "usage": {"model": "m", "input_tokens": -1, "output_tokens": 0}}`)
	case "children": // leaves one behind that holds its pipes
		child := exec.Command(os.Args[0], "agent=hang")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Print(answer(1, goodSource, fmt.Sprint(child.Process.Pid)))
	case "slowchildren":
		child := exec.Command(os.Args[0], "agent=hang")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Fprintf(os.Stderr, "child %d\n", child.Process.Pid)
		time.Sleep(time.Hour)
	default:
		return 64
	}
	return 0
}

func request() Request {
	return Request{
		Task:   Repair,
		Spec:   Spec{ID: "upper", Title: "Upper case", License: "MIT", Compare: "bytes", Examples: []Case{{Name: "one", Input: []byte("a"), Output: []byte("A")}}},
		Source: "package tool\n",
		Failing: []Case{
			{Name: "no text", Input: []byte{0xff, 'a'}, Output: []byte{0xff, 'A'}, Verdict: "wrong_output", Got: []byte{}},
			{Input: []byte{}, Error: true, Verdict: "trap", Message: "index out of range <0>"},
		},
		Passing:     []Case{{Input: []byte("<b>\n"), Output: []byte("<B>\n")}},
		Diagnostics: "2 of 40 search cases fail", Budget: Budget{TimeoutMS: 2000, FuelPerMS: 10_000_000, MemoryBytes: 128 << 20}, Seed: 7,
	}
}
