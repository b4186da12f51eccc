// A page and a desk phone, and two desk phones, call each other, and both are heard.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { desk } from '../lib/baresip.mjs';
import { talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { signIn, site } from '../lib/people.mjs';
import { phone } from '../lib/phones.mjs';
import { candour, start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

// deskOf is the desk phone of a made up person, signed in.
async function deskOf(server, extension, options) {
  const [, user, password, domain, proxy] = server.output.match(
    new RegExp(`extension ${extension}.*\\n +desk phone: user name (\\S+), password (\\S+), domain (\\S+), proxy (\\S+)`));
  const made = await desk(server, { extension, user, password, domain, proxy, ...options });
  const signedIn = new RegExp(`^${extension} +phone over UDP`, 'm');
  await until('the desk phone has signed in', async () => signedIn.test((await candour('sip', 'registrations', '--data', server.folder)).stdout));
  return made;
}

describe('a page and a desk phone', () => {
  let server, browser, ann, eli;
  before(async () => {
    server = await start({ demo: true, args: ['--sip', '127.0.0.1:0'] });
    eli = await deskOf(server, '1005');
    browser = await talkative();
    ann = await phone(browser, server, 'ann');
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
    const list = await ann.calls(2);
    assert.equal(list.length, 2);
    for (const [who] of list) assert.match(who, /1005/);
    assert.deepEqual(ann.wrong, []);
  });
});

describe('two desk phones', () => {
  let server, browser, eli, una;
  before(async () => {
    server = await start({ demo: true, args: ['--sip', '127.0.0.1:0'] });
    eli = await deskOf(server, '1005', { tone: 440 });
    una = await deskOf(server, '1006', { tone: 660 });
  });
  after(async () => {
    await browser?.close();
    await eli?.stop();
    await una?.stop();
    await server?.stop();
  });

  it('hear the tone of each other, as loud as it was sent', async () => {
    eli.does('dial', '1006');
    await until('sound at both', async () => (await eli.heard()) > 100 && (await una.heard()) > 100);
    await until('ten seconds of it', async () => (await eli.lasted()) > 10 && (await una.lasted()) > 10);
    una.does('hangup');
    await eli.over();
    await una.over();
    // A tone of 10,000 of 32,768, whose root mean square is 0.216, in G.711.
    for (const [who, other] of [[eli, 660], [una, 440]]) {
      const heard = await who.measured();
      assert.ok(Math.abs(heard.hertz - other) <= 10, `heard ${heard.hertz} Hz, and ${other} Hz was sent`);
      assert.ok(Math.abs(heard.level - 0.216) < 0.02, `heard at ${heard.level}`);
    }
  });

  it('show in the lists of their people that they are connected, and since when, and nobody’s address', async () => {
    browser = await talkative();
    for (const surface of ['portal', 'softphone']) {
      const page = await (await browser.newContext()).newPage();
      await signIn(page, server, surface, 'eli.placeholder@example.com', 'only for trying out');
      await page.goto(server.url(`${surface}.${site}`, '/devices'));
      // The page that was just left is the phone in a browser, until its
      // connection has been closed.
      const read = () => page.locator('main').innerText();
      await until('the page that was left is gone', async () => /not open in any browser/.test(await read()) || (await page.reload(), false));
      const text = await read();
      assert.match(text, /Connected since \d+ \w+ \d{4} \d\d:\d\d, over UDP, which is not encrypted/);
      assert.doesNotMatch(text, /127\.0\.0\.1|baresip/);
      problems.push(...await look(page, `devices-connected-${surface}`));
      await page.context().close();
    }
  });

  it('have the call in both their lists', async () => {
    const lists = await Promise.all(['eli', 'una'].map(async (name) => (await phone(browser, server, name)).calls(1)));
    for (const [list, other, what] of [[lists[0], 'Extension 1006', /You called, 1\d sec/], [lists[1], 'Extension 1005', /They called, 1\d sec/]]) {
      assert.equal(list.length, 1);
      assert.match(list[0][0], new RegExp(other));
      assert.match(list[0][1], what);
    }
  });
});
