// A call outlives a network that goes away and comes back: the wire of one side,
// and the other side's Wi-Fi. In a network that the test makes.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { talkative } from '../lib/browser.mjs';
import { network, without } from '../lib/network.mjs';
import { phone } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

describe('two customers, one of them in a network that comes and goes', { skip: without }, () => {
  let net, folder, server, near, far, ann, bea;
  before(async () => {
    net = await network();
    server = await start({ demo: true, args: ['--media', `${net.here}:0`], listen: net.here });
    folder = await mkdtemp(path.join(os.tmpdir(), 'candour-far-'));
    const command = path.join(folder, 'chromium');
    await writeFile(command, `#!/bin/sh\nexec ${net.before.join(' ')} /usr/bin/chromium "$@"\n`);
    await chmod(command, 0o755);
    const hosts = `--host-resolver-rules=MAP *.localhost ${net.here}`;
    near = await talkative({ more: [hosts] });
    far = await talkative({ more: [hosts], command });
    ann = await phone(near, server, 'ann');
    bea = await phone(far, server, 'bea');
    await Promise.all([ann.dial(bea.number), bea.answer()]);
    await Promise.all([ann.hears(), bea.hears()]);
  });
  after(async () => {
    await far?.close();
    await near?.close();
    await server?.stop();
    await net?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  // noticed waits until a browser knows that its packets get nowhere.
  const noticed = (p) => until(`the browser of ${p.number} to notice`, () => p.page.evaluate(() => globalThis.connections.at(-1).iceConnectionState !== 'connected'));

  for (const [name, cut, mend] of [
    ['the address of a device', () => net.cut(), () => net.mend()],
    ['the address of the server', () => net.cutHere(), () => net.mendHere()],
  ]) {
    it(`speak on when ${name} was gone until the browser noticed`, async () => {
      await cut();
      await noticed(bea);
      await mend();
      await Promise.all([ann.hears(), bea.hears()]);
      await Promise.all([ann.stage('Connected'), bea.stage('Connected')]);
      await Promise.all([ann.ready(), bea.ready()]);
    });
  }

  it('have one call in their lists', async () => {
    await ann.button('Hang up').click();
    await Promise.all([ann.idle(), bea.idle()]);
    for (const p of [ann, bea]) {
      const list = await p.calls(1);
      assert.equal(list.length, 1);
      assert.doesNotMatch(list[0][1], /lost|given up|not answered/);
    }
  });
});
