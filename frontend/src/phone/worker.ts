// Runs while the phone is closed, and does three things: it shows that somebody
// calls when our server wakes it, opens the phone when that is pressed, and says
// what is wrong when a page cannot be loaded. It keeps the style sheets that the
// last needs, and no page: pages are about people.

/** What stands in front of this script when it is served. */
interface Candour { name: string; version: string; styles: string[]; icon: string; reach: string }

interface Waiting extends Event { waitUntil(done: Promise<unknown>): void }
interface Pushed extends Waiting { data: { json(): unknown } | null }
interface Pressed extends Waiting { notification: Notification }
interface Asked extends Waiting { request: Request; respondWith(answer: Response | Promise<Response>): void }
interface Page { url: string; focused: boolean; visibilityState: string; focus(): Promise<unknown> }
interface Worker {
  candour: Candour;
  location: Location;
  registration: ServiceWorkerRegistration;
  clients: { matchAll(of: { type: 'window'; includeUncontrolled: boolean }): Promise<Page[]>; openWindow(url: string): Promise<unknown>; claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener<E>(what: string, act: (event: E) => void): void;
}

const worker = self as unknown as Worker;
const ours = worker.candour;
const prefix = 'phone-offline-';
const cache = prefix + ours.version;
const tag = 'call'; // of every notification: a newer one takes the place of an older

const words: Record<string, string> = {
  call: 'Somebody is calling you. Open the phone to see who, and to answer.',
  missed: 'You missed a call. Open the phone to see whose.',
  answered: 'The call is on another phone of yours.',
};

worker.addEventListener<Waiting>('install', (event) => event.waitUntil(keep()));
worker.addEventListener<Waiting>('activate', (event) => event.waitUntil(begin()));
worker.addEventListener<Pushed>('push', (event) => event.waitUntil(woken(event)));
worker.addEventListener<Pressed>('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open());
});
worker.addEventListener<Asked>('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  if (request.mode === 'navigate') event.respondWith(fetch(request).catch(() => unreachable()));
  else if (ours.styles.includes(new URL(request.url).pathname)) event.respondWith(styled(request));
});

async function keep(): Promise<void> {
  const kept = await caches.open(cache);
  await kept.addAll(ours.styles.map((at) => new Request(at, { credentials: 'omit' })));
  await worker.skipWaiting();
}

async function begin(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && name !== cache) await caches.delete(name);
  }
  await worker.clients.claim();
}

async function styled(request: Request): Promise<Response> {
  return (await caches.match(request.url, { cacheName: cache })) ?? fetch(request);
}

const pages = () => worker.clients.matchAll({ type: 'window', includeUncontrolled: true });

async function woken(event: Pushed): Promise<void> {
  let what = 'call';
  try {
    const told = (event.data?.json() as { what?: unknown } | undefined)?.what;
    if (typeof told === 'string' && told in words) what = told;
  } catch {
    // Something came: that somebody calls is the only thing it is sent for.
  }
  const seen = (await pages()).some((page) => page.visibilityState === 'visible');
  if (what !== 'call') for (const old of await worker.registration.getNotifications({ tag })) old.close();
  if (seen && what !== 'call') return; // the open page says so itself
  const options: NotificationOptions & { renotify?: boolean } = {
    body: words[what] ?? '', tag, icon: ours.icon, badge: ours.icon, requireInteraction: what === 'call', renotify: what === 'call', silent: what === 'answered',
  };
  await worker.registration.showNotification(ours.name, options);
}

/** The phone, where it is open already, or anew. */
async function open(): Promise<void> {
  const phone = (await pages()).find((page) => ['/', '/dial'].includes(new URL(page.url).pathname));
  await (phone === undefined ? worker.clients.openWindow('/') : phone.focus());
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** The page that says what is wrong. Nothing in it is about a person. */
function unreachable(): Response {
  const connected = navigator.onLine;
  const why = connected
    ? 'Your device has a connection, but our server does not answer. It may be starting anew, or something between you and us is broken.'
    : 'Your device has no connection to the network. Look whether Wi-Fi or mobile data is on, and whether a cable came loose.';
  const body = `<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${connected ? 'Our server does not answer' : 'No connection'} – ${escaped(ours.name)}</title>
${ours.styles.map((at) => `<link rel="stylesheet" href="${escaped(at)}">`).join('')}</head>
<body><main id="content"><div class="wrap account"><div class="account-head"><h1>${connected ? 'Our server does not answer' : 'No connection'}</h1>
<p class="lead">${why}</p></div>
<section class="panel"><h2>What you can do</h2><p>The phone makes and takes no calls just now. It begins again once the page can be loaded.</p>
<p class="actions"><a class="button primary" href="">Try again</a></p>
<p><strong>In an emergency</strong> use another phone now: any mobile or landline reaches 999 and 112.</p>
${ours.reach === '' ? '' : `<p>Our support: ${escaped(ours.reach)}.</p>`}</section></div></main></body></html>`;
  return new Response(body, {
    status: 503,
    headers: {
      'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  });
}

export {};
