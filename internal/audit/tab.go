package audit

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"
)

//go:embed hooks.js
var hooksJS string

//go:embed page.js
var pageJS string

//go:embed buttons.js
var buttonsJS string

// tab is one visitor's browser: a browser context of its own, that starts with
// nothing stored, and one tab in it.
type tab struct {
	ctx    context.Context
	rec    *recorder
	site   *site
	role   string            // whose sign-in the browser holds; empty for none
	known  map[string]string // cookie name and domain -> who set it
	opened map[string]bool   // origins opened
}

func newTab(root context.Context, s *site, role string) (*tab, func(), error) {
	t := &tab{site: s, role: role, rec: newRecorder(), known: map[string]string{}, opened: map[string]bool{}}
	ctx, end := chromedp.NewContext(root, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.rec.event))
	t.ctx = ctx
	if err := t.prepare(); err != nil {
		end()
		return nil, nil, err
	}
	helpers, stop := context.WithCancel(ctx)
	go t.dismiss(helpers)
	go t.follow(helpers)
	return t, func() { stop(); end() }, nil
}

func (t *tab) prepare() error {
	deny := browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny}
	tree, err := chromedp.Call(t.ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return err
	}
	t.rec.mu.Lock()
	t.rec.main = tree.FrameTree.Frame.ID
	t.rec.mu.Unlock()
	deny.BrowserContextID = chromedp.FromContext(t.ctx).BrowserContextID
	if _, err := chromedp.CallBrowser(t.ctx, browser.SetDownloadBehavior, deny); err != nil {
		return err
	}
	if _, err := chromedp.Call(t.ctx, audits.Enable, cdp.Empty{}); err != nil {
		return err
	}
	if _, err := chromedp.Call(t.ctx, serviceworker.Enable, cdp.Empty{}); err != nil {
		return err
	}
	if _, err := chromedp.Call(t.ctx, runtime.AddBinding, runtime.AddBindingParams{Name: binding}); err != nil {
		return err
	}
	_, err = chromedp.Call(t.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: hooksJS})
	return err
}

// dismiss closes dialogs, which would hold the page up.
func (t *tab) dismiss(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.rec.dialogs:
			// It may be gone already; a page that leaves is let go.
			_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}
	}
}

// follow watches the workers that pages start. What one does before it is
// reached is in the network log.
func (t *tab) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-t.rec.workers:
			worker, _ := chromedp.NewContext(ctx, chromedp.WithTargetID(id), chromedp.WithDetachOnCancel(), chromedp.WithListener(t.rec.event))
			_ = chromedp.Do(worker) // one that has ended already has nothing more to show
		}
	}
}

// errNotOpened is the browser's own reason why a page could not be opened.
type errNotOpened struct{ reason string }

func (e errNotOpened) Error() string { return "the browser could not open it (" + e.reason + ")" }

// open goes to an address and waits until the page is quiet.
func (t *tab) open(ctx context.Context, address string) error {
	t.rec.reset()
	res, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: address})
	switch {
	case err != nil:
		return err
	case res.ErrorText != "":
		return errNotOpened{res.ErrorText}
	}
	return t.quiet(ctx)
}

// quiet waits until nothing has loaded for a while, or until the page has had
// its time: some pages never fall silent.
func (t *tab) quiet(ctx context.Context) error {
	window, limit := time.NewTimer(quietWindow), time.NewTimer(quietLimit)
	defer window.Stop()
	defer limit.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return nil
		case <-t.rec.changed:
			window.Reset(quietWindow)
		case <-window.C:
			if !t.rec.busy() {
				return nil
			}
			window.Reset(quietWindow)
		}
	}
}

// evaluate runs a script in a frame, in a world of its own, and decodes what it
// returns.
func evaluate[T any](ctx context.Context, frame cdp.FrameID, script string) (T, error) {
	var v T
	world, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frame, WorldName: "audit"})
	if err != nil {
		return v, err
	}
	yes := true
	res, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: script, ContextID: world.ExecutionContextID, ReturnByValue: &yes})
	if err != nil {
		return v, err
	}
	if res.ExceptionDetails != nil {
		return v, errors.New("the page could not be read")
	}
	if err := json.Unmarshal(res.Result.Value, &v); err != nil {
		return v, fmt.Errorf("the page could not be read: %w", err)
	}
	return v, nil
}

// frames returns the frames of the page, the page itself first.
func (t *tab) frames(ctx context.Context) ([]*cdp.Frame, error) {
	res, err := chromedp.Call(ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	var list []*cdp.Frame
	var add func(*page.FrameTree)
	add = func(f *page.FrameTree) {
		list = append(list, f.Frame)
		for _, c := range f.ChildFrames {
			add(c)
		}
	}
	add(res.FrameTree)
	return list, nil
}

// choices is what buttons.js finds: whether a consent message offers both ways,
// and where to press.
type choices struct {
	Accept bool `json:"accept"`
	Reject bool `json:"reject"`
	Press  *struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	} `json:"press"`
}

func (t *tab) choices(ctx context.Context, want string) (choices, error) {
	return evaluate[choices](ctx, t.mainFrame(), buttonsJS+"("+jsString(want)+")")
}

// press looks for a button of a consent message and presses it with the mouse.
// It reports whether there was one.
func (t *tab) press(ctx context.Context, want string) (bool, error) {
	c, err := t.choices(ctx, want)
	if err != nil || c.Press == nil {
		return false, err
	}
	for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		_, err := chromedp.Call(ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: c.Press.X, Y: c.Press.Y, Button: input.MouseButtonLeft, ClickCount: 1})
		if err != nil {
			return false, err
		}
	}
	return true, t.quiet(ctx)
}

func jsString(s string) string {
	b, _ := json.Marshal(s) // a string always encodes
	return string(b)
}
