// A push service on this machine, and the browser that it delivers to: it takes
// messages as those of browser makers do (RFC 8030), checks who signed them (RFC
// 8292) and opens them with the browser's keys (RFC 8291). The services of browser
// makers themselves are not tried.
import assert from 'node:assert/strict';
import { createDecipheriv, createECDH, createHmac, createPublicKey, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const b64 = (b) => Buffer.from(b).toString('base64url');
const mac = (key, text) => createHmac('sha256', key).update(text).digest();
const derive = (secret, salt, info, n) => mac(mac(salt, secret), Buffer.concat([Buffer.from(info), Buffer.from([1])])).subarray(0, n);

export async function pushService() {
  const messages = [];
  const waiting = [];
  const service = { status: 201, messages };
  const server = createServer(async (req, res) => {
    const parts = [];
    for await (const b of req) parts.push(b);
    const m = { path: req.url, headers: req.headers, body: Buffer.concat(parts) };
    res.writeHead(service.status, { Location: 'http://127.0.0.1:1/' });
    res.end();
    messages.push(m);
    waiting.shift()?.(m);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  service.origin = `http://127.0.0.1:${server.address().port}`;
  service.stop = () => new Promise((done) => { server.close(done); server.closeAllConnections(); });
  service.next = () => new Promise((done) => { waiting.push(done); });
  return service;
}

// subscription is what a browser makes of itself when it subscribes.
export function subscription(service, path = '/to/a-browser') {
  const key = createECDH('prime256v1');
  key.generateKeys();
  const auth = randomBytes(16);
  const told = { endpoint: service.origin + path, expirationTime: null, keys: { p256dh: b64(key.getPublicKey()), auth: b64(auth) } };
  return {
    told,
    // opens checks and decrypts a message that came, and returns what it says.
    opens(m, applicationServerKey) {
      assert.equal(m.path, path);
      assert.equal(m.headers['content-encoding'], 'aes128gcm');
      assert.equal(m.headers.urgency, m.headers.ttl === '30' ? 'high' : 'normal');
      const [, token, public_] = m.headers.authorization.match(/^vapid t=([\w.-]+), k=([\w-]+)$/);
      assert.equal(public_, applicationServerKey, 'signed by another key than the browser was told');
      const [head, claims, signature] = token.split('.');
      const point = Buffer.from(public_, 'base64url');
      const at = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) } });
      assert.ok(verify('sha256', Buffer.from(`${head}.${claims}`), { key: at, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')), 'the signature');
      const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url'));
      assert.equal(aud, service.origin);
      assert.ok(exp > Date.now() / 1000 && exp < Date.now() / 1000 + 86400);
      assert.match(sub, /^mailto:/);
      const [salt, sender, text] = [m.body.subarray(0, 16), m.body.subarray(21, 86), m.body.subarray(86)];
      const ikm = derive(key.computeSecret(sender), auth, Buffer.concat([Buffer.from('WebPush: info\0'), key.getPublicKey(), sender]), 32);
      const open = createDecipheriv('aes-128-gcm', derive(ikm, salt, 'Content-Encoding: aes128gcm\0', 16), derive(ikm, salt, 'Content-Encoding: nonce\0', 12));
      open.setAuthTag(text.subarray(-16));
      const plain = Buffer.concat([open.update(text.subarray(0, -16)), open.final()]);
      return JSON.parse(plain.subarray(0, plain.lastIndexOf(2)));
    },
  };
}
