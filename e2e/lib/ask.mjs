// Requests outside a browser: what a robot, a mail program or a proof needs.
// Node does not resolve names under localhost, so they go to loopback with the
// host in its header.
import http from 'node:http';

// ask resolves to { status, headers, text } and follows no redirect.
export function ask(server, host, path, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: '127.0.0.1', port: server.port, path, method, agent: false,
      headers: { Host: `${host}:${server.port}`, ...headers, ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }) },
    }, (response) => {
      const parts = [];
      response.on('data', (b) => parts.push(b));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString('utf8') }));
    });
    // A refused body may be cut off while it is being sent: the answer counts.
    request.once('error', (err) => { if (!request.res) reject(err); });
    request.end(body);
  });
}

export const form = (values) => new URLSearchParams(values).toString();
export const formType = { 'Content-Type': 'application/x-www-form-urlencoded' };

// field returns the value of an input in the text of a page.
export function field(html, name) {
  const input = html.match(new RegExp(`<input[^>]* name="${name}"[^>]*>`))?.[0];
  return input?.match(/ value="([^"]*)"/)?.[1].replaceAll('&#43;', '+').replaceAll('&#34;', '"').replaceAll('&amp;', '&');
}

// until asks again and again until probe returns something, for at most a
// minute: mail leaves in its own time.
export async function until(what, probe, milliseconds = 60_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

// letters returns what lies in the development mailbox, newest first.
export async function letters(server, parent) {
  const { status, text } = await ask(server, `mail.${parent}`, '/messages.json');
  if (status !== 200) throw new Error(`the mailbox answered ${status}`);
  return JSON.parse(text) ?? [];
}

// letter waits for a mail of a kind to an address.
export const letter = (server, parent, to, kind) => until(`${kind} to ${to}`, async () =>
  (await letters(server, parent)).find((l) => l.to === to && l.kind === kind));

// entries is the size of the public log: its second line.
export async function entries(server, parent) {
  return Number((await ask(server, parent, '/evidence/checkpoint')).text.split('\n')[1]);
}
