// Watches the choice about cookies while a page is open: a change made in
// another tab or on another of our sites, or while the page lay in the
// back-forward cache, ends here at once what it no longer allows.
import { choiceIn, react } from './choice';

/** What the page runs, for whoever watches the choice. */
export interface Running {
  running(): boolean;
  stop(): void;
}

/** cookieStore, where the browser has it (Cookie Store API). */
interface WithCookieStore {
  cookieStore?: EventTarget;
}

/** The policy of a page that may speak to nobody but its own site. */
const own = "default-src 'self'; object-src 'none'; frame-src 'none'; worker-src 'none'";

/** Starts to watch. Call it once, before anything is loaded that sets cookies. */
export function watch(window: Window, page: Running): void {
  const { document, location } = window;
  const read = () => choiceIn(document.cookie);
  let then = read();
  let leaving = false;
  let stopped = false;

  const look = () => {
    const now = read();
    const reaction = react({ then, now, running: page.running() && !stopped, leaving, typed: typed(document) });
    if (reaction === 'stop' || reaction === 'stop and reload') {
      stopped = true;
      page.stop();
      tighten(document);
    }
    if (reaction === 'reload' || reaction === 'stop and reload') {
      // With the choice other cookies change, and each of them is told. A page
      // loaded anew for each, while it is on its way already, makes Chromium's
      // tab crash now and then.
      then = now;
      location.reload();
    }
  };

  document.addEventListener('submit', (event) => {
    if (!event.defaultPrevented) leaving = true;
  });
  window.addEventListener('pageshow', (event) => {
    leaving = false;
    if (event.persisted) look();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') look();
  });

  const store = (window as WithCookieStore).cookieStore;
  if (store) {
    store.addEventListener('change', look);
    return;
  }
  // Tabs of one site tell each other that a page was loaded, which is when a
  // choice may have changed. An open channel would keep a page out of the
  // back-forward cache, so it is closed with the page.
  let channel: BroadcastChannel | undefined;
  const open = () => {
    channel = new BroadcastChannel('page-loaded');
    channel.addEventListener('message', look);
    channel.postMessage(null);
  };
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) open();
  });
  window.addEventListener('pagehide', () => channel?.close());
  open();
}

/**
 * Narrows the page's policy to its own site. A page keeps the policy it came
 * with; a second one can only take away.
 */
function tighten(document: Document): void {
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = own;
  document.head.append(meta);
}

/** Reports whether any form holds something that did not come with the page, or a call goes on in it. */
function typed(document: Document): boolean {
  if (document.documentElement.hasAttribute('data-call')) return true;
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input:not([type=checkbox], [type=radio]), textarea');
  return [...fields].some((f) => f.value !== f.defaultValue);
}
