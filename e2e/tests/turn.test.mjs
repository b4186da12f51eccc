// People whose network lets their browsers reach nothing but a way that looks
// like the web speak with each other all the same (RFC 8656).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { talkative } from '../lib/browser.mjs';
import { phone } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

const together = (...acts) => Promise.all(acts);

// onlyBy lets the connections of pages go by servers of one kind alone.
const onlyBy = (kind) => {
  const Real = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Real {
    constructor(config, ...more) {
      const iceServers = config.iceServers.map((s) => ({ ...s, urls: s.urls.filter((u) => u.startsWith(kind.scheme) && u.endsWith(kind.transport)) }));
      super({ ...config, iceServers, iceTransportPolicy: 'relay' }, ...more);
    }
  };
};

// way is how the packets of a page's last connection go.
const way = (p) => p.page.evaluate(async () => {
  const stats = await globalThis.connections.at(-1).getStats();
  for (const [, s] of stats) {
    if (s.type === 'candidate-pair' && s.state === 'succeeded' && s.nominated) {
      const local = stats.get(s.localCandidateId);
      return `${local.candidateType} ${local.relayProtocol}`;
    }
  }
  return 'none';
});

for (const kind of [
  { name: 'UDP', scheme: 'turn:', transport: 'udp', said: 'relay udp' },
  { name: 'TCP', scheme: 'turn:', transport: 'tcp', said: 'relay tcp' },
  { name: 'TLS on the port of the sites', scheme: 'turns:', transport: 'tcp', said: 'relay tls', tls: true },
]) {
  describe(`two customers who reach the calls over ${kind.name} alone`, () => {
    let server, browser, ann, bea;
    before(async () => {
      server = await start({ demo: true, args: ['--turn', '127.0.0.1:0', ...kind.tls ? ['--tls', 'local'] : []] });
      browser = await talkative({ trusting: kind.tls });
      ann = await phone(browser, server, 'ann', { script: [onlyBy, kind] });
      bea = await phone(browser, server, 'bea', { script: [onlyBy, kind] });
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    it('hear each other', async () => {
      await together(ann.dial(bea.number), bea.answer());
      await together(ann.hears(), bea.hears());
      assert.equal(await way(ann), kind.said);
      assert.equal(await way(bea), kind.said);
      await ann.button('Hang up').click();
      await together(ann.idle(), bea.idle());
      assert.deepEqual([...ann.wrong, ...bea.wrong], []);
    });

    it('try that way before a call too', async () => {
      await ann.page.goto(server.url('softphone.invoco.localhost', '/this-device'));
      await ann.button('Try the connection').click();
      const said = ann.page.locator('#device-check-said');
      await until('it is tried', async () => /^(?!Listening|Sending)./.test(await said.innerText()));
      assert.match(await said.innerText(), /The way to us and back is .*Lost: \d/s);
      assert.deepEqual(ann.wrong, []);
    });
  });
}
