// A page and a desk phone call each other, and both are heard.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { desk } from '../lib/baresip.mjs';
import { talkative } from '../lib/browser.mjs';
import { phone } from '../lib/phones.mjs';
import { candour, start } from '../lib/server.mjs';

describe('a page and a desk phone', () => {
  let server, browser, ann, eli;
  before(async () => {
    server = await start({ demo: true, args: ['--sip', '127.0.0.1:0'] });
    const [, user, password, domain, proxy] = server.output.match(
      /extension 1005.*\n +desk phone: user name (\S+), password (\S+), domain (\S+), proxy (\S+)/);
    eli = await desk(server, { extension: '1005', user, password, domain, proxy });
    browser = await talkative();
    ann = await phone(browser, server, 'ann');
    await until('the desk phone has signed in', async () => /^1005 +phone over UDP/m.test((await candour('sip', 'registrations', '--data', server.folder)).stdout));
  });
  after(async () => {
    await browser?.close();
    await eli?.stop();
    await server?.stop();
  });

  it('hear each other when the page calls, and hold and resume', async () => {
    await ann.dial('1005');
    await ann.talking();
    await ann.hears();
    await until('the page is heard at the desk phone', async () => (await eli.heard()) > 100);
    await ann.button('Hold').click();
    await ann.stage('You put the call on hold');
    await ann.silent();
    await ann.button('Resume').click();
    await ann.stage('Connected');
    await ann.hears();
    await ann.button('Hang up').click();
    await ann.idle();
  });

  it('hear each other when the desk phone calls, and either hangs up', async () => {
    eli.does('dial', '1001');
    await ann.answer();
    await ann.hears();
    await until('the page is heard at the desk phone', async () => (await eli.heard()) > 100);
    eli.does('hangup');
    await ann.idle();
    const list = await ann.calls();
    assert.equal(list.length, 2);
    for (const [who] of list) assert.match(who, /1005/);
    assert.deepEqual(ann.wrong, []);
  });
});
