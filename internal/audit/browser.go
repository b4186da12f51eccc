package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// ErrNoChromium says that there is no browser to look with.
var ErrNoChromium = errors.New("no Chromium was found; install it (Debian: apt install chromium), or give its path with --chromium")

// closeLimit is how long the browser may take to end by itself, which writes
// its network log to the end; then it is killed.
const closeLimit = 5 * time.Second

// names under which the browser is looked for on the search path.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// findBrowser returns the path of the browser.
func findBrowser(given string) (string, error) {
	if given != "" {
		found, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("%w; %s cannot be run", ErrNoChromium, given)
		}
		return found, nil
	}
	for _, name := range browserNames {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", ErrNoChromium
}

// flags make the browser call nobody by itself, keep nothing, and write what
// its network stack does to a file. Frames of other sites stay in the page's
// own process, because the DevTools events of a process of their own would
// come too late to see their first requests.
func flags(path, netLog string, noSandbox bool) []chromedp.ExecAllocatorOption {
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Headless,
		chromedp.DisableGPU,
		chromedp.WindowSize(1280, 1000),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-breakpad", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-client-side-phishing-detection", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("no-pings", false), // a page's pings are requests like others
		chromedp.Flag("no-service-autorun", true),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,IsolateOrigins,site-per-process"),
		chromedp.Flag("disable-site-isolation-trials", true),
		chromedp.Flag("log-net-log", netLog),
		// What the browser leaves when it is killed goes with our own folder.
		chromedp.Env("TMPDIR=" + filepath.Dir(netLog)),
	}
	// Without this flag Chromium refuses to run as root.
	return append(options, chromedp.Flag("no-sandbox", noSandbox || os.Getuid() == 0))
}

// start runs the browser. The returned stop ends it, waits until its process
// and its folder are gone, and is safe to call more than once.
func start(ctx context.Context, path, netLog string, noSandbox bool) (context.Context, string, func(), error) {
	alloc, endAlloc := chromedp.NewExecAllocator(ctx, flags(path, netLog, noSandbox)...)
	quiet := func(string, ...any) {} // the library's complaints can quote what a page sent
	root, endRoot := chromedp.NewContext(alloc, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	stop := sync.OnceFunc(func() {
		ending, cancel := context.WithTimeout(root, closeLimit)
		_ = chromedp.Cancel(ending) // what is left is ended by force below
		cancel()
		endRoot()
		endAlloc()
	})
	v, err := chromedp.CallBrowser(root, browser.GetVersion, cdp.Empty{})
	if err != nil {
		endRoot()
		endAlloc()
		if ctx.Err() != nil {
			return nil, "", nil, ctx.Err()
		}
		return nil, "", nil, fmt.Errorf("%s does not start: %w; try it by hand, or give another with --chromium", path, err)
	}
	return root, v.Product, stop, nil
}
