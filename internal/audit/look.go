package audit

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cachestorage"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/domstorage"
	"github.com/chromedp/cdproto/indexeddb"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// scrollDown brings what loads only when it comes into view, and reports
// whether there was anything below.
const scrollDown = `(() => { const below = document.documentElement.scrollHeight > innerHeight; scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' }); return below; })()`

// visit opens an address and looks at all there is to be seen.
func (t *tab) visit(state State, address string) (*visit, error) {
	ctx, cancel := context.WithTimeout(t.ctx, pageLimit)
	defer cancel()
	if err := t.open(ctx, address); err != nil {
		return nil, err
	}
	p := &visit{State: state, Role: t.role, Address: address}
	c, err := t.choices(ctx, "")
	if err != nil {
		return nil, err
	}
	p.banner, p.half = c.Accept && c.Reject, c.Accept && !c.Reject
	return p, t.look(ctx, p)
}

// look fills in what is to be seen of the page that is open.
func (t *tab) look(ctx context.Context, p *visit) error {
	below, err := evaluate[bool](ctx, t.mainFrame(), scrollDown)
	if err != nil {
		return err
	}
	if below {
		if err := t.quiet(ctx); err != nil {
			return err
		}
	}
	frames, err := t.frames(ctx)
	if err != nil {
		return err
	}
	p.URL = frames[0].URL
	for _, f := range frames {
		u, err := url.Parse(f.URL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
			continue
		}
		t.opened[f.SecurityOrigin] = true
		surface, ours := t.site.surfaceOf(u)
		if f == frames[0] && ours {
			p.Surface = surface.ID
		}
		if !ours {
			continue // what is inside a frame of others is theirs; that it loads is a request
		}
		c, err := evaluate[content](ctx, f.ID, pageJS)
		if err != nil {
			return err
		}
		if f == frames[0] {
			p.Title, p.content.Title = c.Title, c.Title
		}
		p.content.Fields = append(p.content.Fields, c.Fields...)
		p.content.Links = append(p.content.Links, c.Links...)
		p.content.Hints = append(p.content.Hints, c.Hints...)
	}
	if err := t.stored(ctx, p); err != nil {
		return err
	}
	jar, err := t.jar(ctx)
	if err != nil {
		return err
	}
	t.take(p, jar)
	p.End = time.Now()
	return nil
}

// take moves what the recorder has into the page.
func (t *tab) take(p *visit, jar []cookie) {
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	p.Status, p.header, p.Start = t.rec.status, t.rec.header, t.rec.opened
	p.asks = slices.Clone(t.rec.asks)
	for _, r := range t.rec.asked() {
		if u, ok := t.outside(r.url); ok {
			p.requests = append(p.requests, request{URL: u, Directive: r.directive, Refused: r.refused})
		}
	}
	p.requests = tidy(p.requests)
	for scope := range t.rec.workersAt {
		if u, err := url.Parse(scope); err == nil {
			name := u.Path
			if name == "/" {
				name = "service-worker" // of a whole site: declared by its kind, because a name in the policy holds no slash
			}
			p.entries = append(p.entries, entry{Storage: "service-worker", Name: name, Origin: u.Scheme + "://" + u.Host})
		}
	}
	slices.SortFunc(p.entries, func(a, b entry) int {
		return strings.Compare(a.Storage+a.Origin+a.Name, b.Storage+b.Origin+b.Name)
	})
	p.cookies = slices.Clone(t.rec.cookies)
	for _, c := range jar {
		p.cookies = append(p.cookies, t.setter(c))
	}
}

// setter fills in who set a cookie of the jar: the server when a header named
// it in this look, else script when it is new; what was there before stays
// with whom it was.
func (t *tab) setter(c cookie) cookie {
	key := c.Name + ";" + c.Domain
	by, known := t.known[key]
	c.By, c.New = by, !known
	for _, s := range t.rec.cookies {
		if s.Name == c.Name {
			c.By, c.New = s.By, true
			if s.By == byServer {
				break
			}
		}
	}
	if c.By == "" {
		c.By = byScript
	}
	t.known[key] = c.By
	return c
}

// outside returns the address of a request without its query, and whether it
// goes to a host that is no surface.
func (t *tab) outside(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", false
	}
	switch u.Scheme {
	case "http", "https", "ws", "wss":
	default:
		return "", false
	}
	if _, ours := t.site.surfaceOf(u); ours {
		return "", false
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), true
}

// tidy drops repetitions; a request told of as made and as refused was refused.
func tidy(list []request) []request {
	var out []request
	for _, r := range list {
		i := slices.IndexFunc(out, func(o request) bool { return o.URL == r.URL && (o.Directive == r.Directive || r.Refused != "") })
		if i < 0 {
			out = append(out, r)
		} else if r.Refused != "" {
			out[i].Refused = r.Refused
		}
	}
	return out
}

// jar returns every cookie the visitor's browser keeps, of whatever site.
func (t *tab) jar(ctx context.Context) ([]cookie, error) {
	res, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: chromedp.FromContext(t.ctx).BrowserContextID})
	if err != nil {
		return nil, err
	}
	var list []cookie
	for _, c := range res.Cookies {
		domain, parent := strings.CutPrefix(c.Domain, ".")
		k := cookie{Name: c.Name, Domain: domain, HostOnly: !parent, HTTPOnly: c.HTTPOnly, Secure: c.Secure, At: time.Now(), Stored: true}
		k.SameSite = map[network.CookieSameSite]string{network.CookieSameSiteStrict: "strict", network.CookieSameSiteLax: "lax", network.CookieSameSiteNone: "none"}[c.SameSite]
		if !c.Session {
			k.Expires = time.UnixMilli(int64(c.Expires * 1000))
		}
		list = append(list, k)
	}
	return list, nil
}

// stored reads every other kind of storage of the origins opened so far,
// through DevTools and not through the page.
func (t *tab) stored(ctx context.Context, p *visit) error {
	for origin := range t.opened {
		for _, local := range []bool{true, false} {
			kind := map[bool]string{true: "local-storage", false: "session-storage"}[local]
			res, err := chromedp.Call(ctx, domstorage.GetDOMStorageItems, domstorage.GetDOMStorageItemsParams{StorageID: &domstorage.StorageID{SecurityOrigin: origin, IsLocalStorage: local}})
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				continue // no frame of this origin is open: it was read when one was
			}
			for _, item := range res.Entries {
				if len(item) > 0 {
					p.entries = append(p.entries, entry{Storage: kind, Name: item[0], Origin: origin})
				}
			}
		}
		if err := t.databases(ctx, p, origin); err != nil {
			return err
		}
	}
	return nil
}

// quotaNames are the kinds of storage that only the quota knows of, as the
// policy would name them.
var quotaNames = map[storage.Type]string{
	storage.TypeFileSystems: "file-system",
	storage.TypeWebsql:      "web-sql",
}

func (t *tab) databases(ctx context.Context, p *visit, origin string) error {
	if res, err := chromedp.Call(ctx, indexeddb.RequestDatabaseNames, indexeddb.RequestDatabaseNamesParams{SecurityOrigin: origin}); err == nil {
		for _, name := range res.DatabaseNames {
			p.entries = append(p.entries, entry{Storage: "indexed-db", Name: name, Origin: origin})
		}
	}
	if res, err := chromedp.Call(ctx, cachestorage.RequestCacheNames, cachestorage.RequestCacheNamesParams{SecurityOrigin: origin}); err == nil {
		for _, c := range res.Caches {
			p.entries = append(p.entries, entry{Storage: "cache", Name: c.CacheName, Origin: origin})
		}
	}
	if res, err := chromedp.Call(ctx, storage.GetUsageAndQuota, storage.GetUsageAndQuotaParams{Origin: origin}); err == nil {
		for _, u := range res.UsageBreakdown {
			if name := quotaNames[u.StorageType]; name != "" && u.Usage > 0 {
				p.entries = append(p.entries, entry{Storage: name, Name: name, Origin: origin})
			}
		}
	}
	return ctx.Err() // an origin that has none of a kind answers with an error
}

// mainFrame is the id of the tab's page.
func (t *tab) mainFrame() cdp.FrameID {
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	return t.rec.main
}
