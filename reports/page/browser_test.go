package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The tests in this file look at the page as a browser shows it. They need Chromium:
// without one they are skipped, or fail where TOOLGEN_TEST_BROWSER=required, as in CI.
// TOOLGEN_SCREENSHOTS=DIR keeps pictures for people to look at.

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "there is no Chromium here (Debian: apt-get install chromium), so nothing is known of the page in a browser"
	if os.Getenv("TOOLGEN_TEST_BROWSER") == "required" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// tab is a tab of a browser, and what happened in it.
type tab struct {
	context.Context
	t       *testing.T
	url     string
	started bool

	mu       sync.Mutex
	requests []string
	problems []string // messages on the console, exceptions, dialogs, violations of the policy
}

// browse serves a report and starts a browser with an empty tab.
func browse(t *testing.T, files []File) *tab {
	t.Helper()
	path := chromium(t)
	mux := http.NewServeMux()
	for _, f := range files {
		mux.HandleFunc("/"+f.Name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, f.Name, time.Time{}, strings.NewReader(string(f.Data)))
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	alloc, stop := chromedp.NewExecAllocator(context.Background(),
		append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true))...)
	t.Cleanup(stop)
	ctx, done := chromedp.NewContext(alloc)
	t.Cleanup(done)
	b := &tab{Context: ctx, t: t, url: server.URL + "/index.html"}
	b.do()
	if err := chromedp.Listen(ctx, b.observe); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err1 := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		_, err2 := cdp.Call(ctx, t, log.Enable, cdp.Empty{})
		_, err3 := cdp.Call(ctx, t, runtime.Enable, cdp.Empty{})
		return errors.Join(err1, err2, err3)
	}))
	return b
}

func (b *tab) observe(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *log.EventEntryAdded:
		b.problems = append(b.problems, "log: "+e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.problems = append(b.problems, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, "exception: "+e.ExceptionDetails.Text)
	case *page.EventJavascriptDialogOpening:
		b.problems = append(b.problems, "dialog: "+e.Message)
	}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, stop := b.limited()
	defer stop()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// limited ends what hangs, a page behind a dialog for one. The first use of a context
// starts the browser, and may not be limited.
func (b *tab) limited() (context.Context, context.CancelFunc) {
	if !b.started {
		b.started = true
		return b.Context, func() {}
	}
	return context.WithTimeout(b.Context, 10*time.Minute) // axe-core on a large page
}

// media emulates a medium and a theme.
func media(medium, theme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium, Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	})
}

// open loads the page at a width, in a theme.
func (b *tab) open(width, height int64, theme string) {
	b.t.Helper()
	b.do(media("", theme), chromedp.EmulateViewport(width, height), chromedp.Navigate(b.url), chromedp.WaitReady(chromedp.CSS("footer")))
}

// ask evaluates an expression.
func ask[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, stop := b.limited()
	defer stop()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.200s: %v", expression, err)
	}
	return out
}

// tell evaluates an expression for what it does.
func (b *tab) tell(expression string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](expression))
}

// still fails if anything happened that should not.
func (b *tab) still() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Error(p)
	}
	for _, r := range b.requests {
		if r != b.url && r != "data:," {
			b.t.Errorf("a request left the page: %.200s", r)
		}
	}
	if len(b.requests) == 0 {
		b.t.Error("no request was seen at all, so nothing is known of them")
	}
}

// accessible fails if axe-core finds a violation.
func (b *tab) accessible(what string) {
	b.t.Helper()
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	b.tell(string(axe))
	type finding struct {
		ID, Help string
		Nodes    []struct{ HTML string }
	}
	result := ask[struct {
		Violations []finding
		Passes     []finding
	}](b, `axe.run(document, {resultTypes: ["violations", "passes"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})`)
	if len(result.Passes) < 20 {
		b.t.Errorf("%s: axe checked only %d rules", what, len(result.Passes))
	}
	for _, v := range result.Violations {
		html, _ := json.Marshal(v.Nodes[:min(3, len(v.Nodes))])
		b.t.Errorf("%s: %s: %s (%d places): %.600s", what, v.ID, v.Help, len(v.Nodes), html)
	}
}

func (b *tab) picture(name string) {
	dir := os.Getenv("TOOLGEN_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.Context, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666); err != nil {
		b.t.Fatal(err)
	}
}

// madeReport is the report that the tests look at: of a made run, or of the runs that
// TOOLGEN_TEST_RUNS names.
func madeReport(t *testing.T) []File {
	if dirs := strings.Fields(os.Getenv("TOOLGEN_TEST_RUNS")); len(dirs) > 0 {
		return build(t, dirs...)
	}
	s := tame()
	s.epochs = 2 // axe-core takes its time
	return build(t, s.write(t, filepath.Join(t.TempDir(), "tame")))
}

// In each theme, on a screen, a phone and paper: nothing is asked for but the page, the
// policy allows all that is in it, axe-core finds nothing, nothing is wider than the
// window, and no two labels of a chart overlap.
func TestPageInBrowser(t *testing.T) {
	b := browse(t, madeReport(t))
	for _, theme := range []string{"light", "dark"} {
		for _, size := range [][2]int64{{1200, 900}, {390, 844}} {
			what := fmt.Sprintf("%s-%d", theme, size[0])
			b.open(size[0], size[1], theme)
			b.picture(what)
			if wide := ask[int64](b, `document.documentElement.scrollWidth`); wide > size[0] {
				t.Errorf("%s: the page is %d wide", what, wide)
			}
			background := ask[string](b, `getComputedStyle(document.body).backgroundColor`)
			if want := map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[theme]; background != want {
				t.Errorf("%s: the background is %s, want %s", what, background, want)
			}
			b.tell(`document.querySelectorAll("details").forEach(d => d.open = true)`)
			if (theme == "dark") == (size[0] == 390) { // each theme and each size once
				b.accessible(what)
			}
			for _, pair := range ask[[]string](b, overlaps) {
				t.Errorf("%s: labels overlap: %s", what, pair)
			}
		}
	}
	b.do(media("print", "light"))
	if shown := ask[string](b, `getComputedStyle(document.querySelector("nav")).display`); shown != "none" {
		t.Errorf("the contents are printed: display %s", shown)
	}
	b.still()
}

// overlaps lists texts of a chart whose boxes overlap by more than a hair.
const overlaps = `(() => {
  const found = [];
  for (const svg of document.querySelectorAll(".chart svg")) {
    const boxes = Array.from(svg.querySelectorAll("text"), t => [t.textContent, t.getBBox()]);
    if (boxes.length < 2) found.push("a chart without texts");
    boxes.forEach(([a, x], i) => boxes.slice(i + 1).forEach(([b, y]) => {
      const w = Math.min(x.x + x.width, y.x + y.width) - Math.max(x.x, y.x);
      const h = Math.min(x.y + x.height, y.y + y.height) - Math.max(x.y, y.y);
      if (w > 0.5 && h > 2.5) found.push(svg.querySelector("title").textContent + ": " + a + " / " + b);
    }));
  }
  return found;
})()`

// Sorting and filtering work from the keyboard, and say what they did.
func TestTablesInBrowser(t *testing.T) {
	b := browse(t, build(t, tame().write(t, filepath.Join(t.TempDir(), "tame"))))
	b.open(1200, 900, "light")
	column := func() []string {
		return ask[[]string](b, `(() => { const t = document.querySelector("#table-leaderboard table"); const i = Array.from(t.tHead.rows[0].cells).findIndex(c => c.textContent.startsWith("virtual ms")); return Array.from(t.tBodies[0].rows, r => r.cells[i].textContent) })()`)
	}
	press := `document.querySelector("#table-leaderboard thead").querySelectorAll("button")[Array.from(document.querySelectorAll("#table-leaderboard th")).findIndex(c => c.textContent.startsWith("virtual ms"))].focus()`
	values := func() []float64 {
		var out []float64
		for _, s := range column() {
			var f float64
			if _, err := fmt.Sscan(s, &f); err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			out = append(out, f)
		}
		return out
	}
	if slices.IsSorted(values()) {
		t.Fatal("the table is sorted by virtual ms to begin with, so that sorting would prove nothing")
	}
	b.tell(press)
	b.do(chromedp.KeyEvent("\r"))
	if v := values(); !slices.IsSorted(v) || len(v) != 48 {
		t.Errorf("sorted: %v", v)
	}
	if s := ask[string](b, `document.querySelector("#table-leaderboard th[aria-sort]").getAttribute("aria-sort")`); s != "ascending" {
		t.Errorf("aria-sort is %s", s)
	}
	b.do(chromedp.KeyEvent("\r"))
	v := values()
	slices.Reverse(v)
	if !slices.IsSorted(v) {
		t.Errorf("sorted downwards: %v", v)
	}
	b.tell(`document.querySelector("#table-leaderboard-filter").focus()`)
	b.do(chromedp.KeyEvent("beta trie wrong"))
	if got := ask[string](b, `document.querySelector("#table-leaderboard [role=status]").textContent`); got != "0 of 48 rows" {
		t.Errorf("the filter says %q", got)
	}
	// Slot 5 of each epoch is wrong, and its style is lsh: four in each spec.
	b.tell(`(() => { const i = document.querySelector("#table-leaderboard-filter"); i.value = ""; i.focus() })()`)
	b.do(chromedp.KeyEvent("beta lsh wrong"))
	if got := ask[string](b, `document.querySelector("#table-leaderboard [role=status]").textContent`); got != "4 of 48 rows" {
		t.Errorf("the filter says %q", got)
	}
	if n := ask[int](b, `Array.from(document.querySelectorAll("#table-leaderboard tbody tr")).filter(r => r.offsetParent !== null).length`); n != 4 {
		t.Errorf("%d rows are shown", n)
	}
	b.still()
}

// Without scripts everything is there, and nothing that needs them.
func TestPageWithoutScripts(t *testing.T) {
	b := browse(t, build(t, tame().write(t, filepath.Join(t.TempDir(), "tame"))))
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	b.open(1200, 900, "light")
	rows := ask[[]string](b, `Array.from(document.querySelectorAll("#table-leaderboard tbody tr"), r => r.cells[0].textContent)`)
	controls := ask[[]string](b, `Array.from(document.querySelectorAll("button, input"), e => e.outerHTML)`)
	if len(rows) != 48 || len(controls) != 0 {
		t.Errorf("%d rows, controls %q", len(rows), controls)
	}
	if height := ask[float64](b, `document.querySelector("#figure-latency svg").getBoundingClientRect().height`); height < 100 {
		t.Errorf("the chart is %g high", height)
	}
	b.still()
}

// What a candidate writes, and what it calls itself, is text and stays text.
func TestHostileRunInBrowser(t *testing.T) {
	b := browse(t, build(t, hostile().write(t, filepath.Join(t.TempDir(), `x"><script>window.hacked=1</script>`))))
	b.open(1200, 900, "dark")
	b.picture("hostile")
	b.tell(`document.querySelectorAll("details").forEach(d => d.open = true)`)
	if hacked := ask[bool](b, `"hacked" in window`); hacked {
		t.Error("a script from the run was executed")
	}
	if n := ask[[]int](b, `["script", "style", "img", "iframe", "object", "form", "base", "meta[http-equiv=refresh]"].map(s => document.querySelectorAll(s).length)`); !slices.Equal(n, []int{1, 1, 0, 0, 0, 0, 0, 0}) {
		t.Errorf("elements that are not the page's: %v", n)
	}
	if n := ask[int](b, `Array.from(document.querySelectorAll("*")).filter(e => Array.from(e.attributes).some(a => /^on/i.test(a.name) || /^\s*javascript:/i.test(a.value))).length`); n != 0 {
		t.Errorf("%d elements have a handler", n)
	}
	b.still()
}
