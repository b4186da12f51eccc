// A stand-in for a third party's analytics, under another parent domain, that
// records who asked for what and sets the cookies the real one would set.
import { createServer } from 'node:http';
import { once } from 'node:events';

const script = (origin) => `
  document.cookie = '_ga=GA1.1.1.1; path=/; domain=' + location.hostname.split('.').slice(-2).join('.');
  globalThis.thirdPartyRan = (globalThis.thirdPartyRan ?? 0) + 1;
  const beat = () => fetch('${origin}/collect?n=' + (globalThis.thirdPartyBeats = (globalThis.thirdPartyBeats ?? 0) + 1), { mode: 'no-cors' }).catch(() => {});
  beat();
  setInterval(beat, 200);
`;

export async function thirdParty() {
  const requests = [];
  let origin = '';
  const server = createServer((req, res) => {
    requests.push(req.url);
    res.setHeader('Access-Control-Allow-Origin', '*');
    if (req.url.startsWith('/gtag/js')) {
      res.setHeader('Content-Type', 'text/javascript');
      res.end(script(origin));
      return;
    }
    res.statusCode = 204;
    res.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://stats.thirdparty.localhost:${server.address().port}`;
  return {
    host: 'stats.thirdparty.localhost',
    origin,
    requests,
    // replaces the declared origins of a policy file by this one
    edit: (text) => text
      .replaceAll(/https:\/\/(?:[\w*-]+\.)*(?:googletagmanager|google-analytics)\.com/g, origin),
    close: async () => { server.closeAllConnections(); server.close(); await once(server, 'close'); },
  };
}

// running and stopped wait until the stand-in's script runs in a page, and until
// it does no longer.
export const running = (page) => page.waitForFunction(() => globalThis.thirdPartyRan > 0);
export const stopped = (page) => page.waitForFunction(() => !globalThis.thirdPartyRan && document.readyState === 'complete');
