// The phone as an app: installed, opened by a link, without a connection, on
// another network, unseen in the background, and with the devices that its person
// chose.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone, site } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

let server, browser, origin;
before(async () => {
  server = await start({ demo: true });
  origin = new URL(server.url(`softphone.${site}`)).origin;
  browser = await talkative();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

describe('the app', () => {
  let ann;
  before(async () => { ann = await phone(browser, server, 'ann'); });
  after(() => ann?.close());

  it('has a manifest that Chromium finds nothing wrong with', async () => {
    const session = await ann.page.context().newCDPSession(ann.page);
    const { errors, url, data } = await session.send('Page.getAppManifest');
    assert.equal(url, `${origin}/app.webmanifest`);
    assert.deepEqual(errors, []);
    assert.equal(JSON.parse(data).name, 'Invoco softphone');
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    assert.deepEqual(installabilityErrors.filter((e) => e.errorId !== 'in-incognito'), []);
  });

  it('offers a button to install it, and only then has a worker on the device (L22)', async () => {
    await ann.page.goto(`${origin}/this-device`);
    const workers = () => ann.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
    assert.equal(await workers(), 0);
    const button = ann.page.locator('#device-install');
    assert.ok(await button.isHidden(), 'offered although the browser offers nothing');
    // What the browser would offer: nobody presses its own button here.
    await ann.page.evaluate(() => {
      const offer = Object.assign(new Event('beforeinstallprompt', { cancelable: true }), {
        prompt: async () => { globalThis.dispatchEvent(new Event('appinstalled')); }, userChoice: Promise.resolve({ outcome: 'accepted' }),
      });
      globalThis.dispatchEvent(offer);
    });
    await button.click();
    await ann.page.locator('#device-install-said').filter({ hasText: 'The app is installed' }).waitFor();
    await until('the worker', async () => (await workers()) === 1);
    await ann.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  });

  it('says what is wrong when there is no connection, and keeps no page (L23)', async () => {
    await until('the worker serves the page', () => ann.page.evaluate(() => navigator.serviceWorker.controller !== null));
    await ann.page.context().setOffline(true);
    await ann.page.goto(`${origin}/calls`).catch(() => undefined);
    await ann.page.getByRole('heading', { name: 'No connection' }).waitFor();
    assert.match(await ann.page.locator('main').innerText(), /no connection to the network.*999 and 112/s);
    problems.push(...await look(ann.page, 'offline'));
    await ann.page.context().setOffline(false);
    await ann.page.getByRole('link', { name: 'Try again' }).click();
    await ann.page.getByRole('heading', { name: 'Your calls' }).waitFor();
    const kept = await ann.page.evaluate(async () => {
      const all = [];
      for (const name of await caches.keys()) for (const r of await (await caches.open(name)).keys()) all.push([name.replace(/[0-9a-f]+$/, '*'), new URL(r.url).pathname.replace(/-[^.]+\./, '-*.')]);
      return all.sort();
    });
    assert.deepEqual(kept, [['phone-offline-*', '/assets/brand-*.css'], ['phone-offline-*', '/assets/site-*.css']]);
  });

  it('puts the number of a link into the field, and dials nothing', async () => {
    await ann.page.goto(`${origin}/dial?number=${encodeURIComponent('tel:+44-1632-960001')}`);
    await ann.ready();
    assert.equal(await ann.page.getByLabel('Number or extension').inputValue(), '+441632960001');
    assert.ok(await ann.at('phone-call').isHidden());
    assert.deepEqual((await ann.calls()), []);
    for (const link of ['tel:1002;phone-context=example.net', 'tel:%3Cscript%3E']) {
      await ann.page.goto(`${origin}/dial?number=${encodeURIComponent(link)}`);
      assert.match(await ann.page.getByLabel('Number or extension').inputValue(), /^(1002)?$/);
    }
  });

  it('is declared with all that it keeps on the device (L22, R25)', async () => {
    await ann.page.goto(server.url(site, '/cookies'));
    const table = await ann.page.locator('table.cookies').first().innerText();
    for (const name of ['service-worker', 'phone-offline-*', 'phone-equipment', 'phone-quality']) assert.ok((await ann.page.getByRole('main').innerText()).includes(name), `${name} is not in ${table.slice(0, 80)}`);
  });
});

describe('the devices of a person', () => {
  let bea;
  before(async () => { bea = await phone(browser, server, 'bea'); });
  after(() => bea?.close());

  it('are named after the reason was told, tried with a meter and a picture, and chosen (R11)', async () => {
    await bea.page.goto(`${origin}/this-device`);
    await bea.button('Try the camera too').click();
    for (const device of ['microphone', 'camera']) {
      const ask = bea.page.locator(`[data-ask="${device}"]`);
      await ask.waitFor();
      await ask.getByRole('button', { name: 'Allow' }).click();
    }
    await bea.page.locator('#device-picture').waitFor();
    await until('the meter moves', async () => Number(await bea.page.locator('#device-level').getAttribute('aria-valuenow')) > 0);
    problems.push(...await look(bea.page, 'device-tried'));
    const group = bea.page.getByRole('radiogroup', { name: 'Microphone' });
    assert.equal(await group.getByRole('radio', { checked: true }).innerText(), 'The system’s own choice');
    assert.deepEqual(await bea.page.evaluate(() => Object.keys(localStorage)), []);
    const second = group.getByRole('radio').nth(2);
    const name = await second.innerText();
    await second.click();
    await until('it is chosen', async () => (await group.getByRole('radio', { checked: true }).innerText()) === name);
    await bea.page.getByRole('radiogroup', { name: 'Bell, for calls that come in' }).getByRole('radio').nth(1).click();
    assert.deepEqual(await bea.page.evaluate(() => Object.keys(localStorage)), ['phone-equipment']);
    assert.deepEqual(await bea.page.evaluate(() => Object.keys(JSON.parse(localStorage['phone-equipment'])).sort()), ['bell', 'microphone']);
    await bea.button('Stop trying').click();
    await bea.page.goto(origin);
    await bea.ready();
    await bea.dial('1003');
    await bea.said('not connected');
    const used = await bea.page.evaluate(() => globalThis.connections.at(-1)?.getSenders?.().map((s) => s.track?.label) ?? []);
    assert.deepEqual(used, [name]);
  });

  it('keep nothing once the choice is the system’s again (L22)', async () => {
    await bea.page.goto(`${origin}/this-device`);
    for (const name of ['Microphone', 'Bell, for calls that come in']) await bea.page.getByRole('radiogroup', { name }).getByRole('radio').first().click();
    await until('nothing is kept', async () => (await bea.page.evaluate(() => localStorage.length)) === 0);
  });

  it('try the way to our relay and back before a call', async () => {
    await bea.button('Try the connection').click();
    const said = bea.page.locator('#device-check-said');
    await until('it is tried', async () => /^(?!Listening|Sending)./.test(await said.innerText()));
    // How good it is hangs on how busy this machine is; that sound came back does not.
    assert.match(await said.innerText(), /microphone hears something.*The way to us and back is .*Lost: \d/s);
    assert.deepEqual(bea.wrong, []);
  });
});

describe('a call', () => {
  let cal, dee;
  before(async () => {
    [cal, dee] = await Promise.all([phone(browser, server, 'cal'), phone(browser, server, 'dee', { ready: false })]);
    // The sockets of the page, so that its network can be taken away.
    await cal.page.addInitScript(() => {
      const Real = globalThis.WebSocket;
      globalThis.sockets = [];
      globalThis.WebSocket = class extends Real { constructor(...given) { super(...given); globalThis.sockets.push(this); } };
    });
    await cal.page.reload();
    await Promise.all([cal.ready(), dee.ready()]);
  });
  after(() => Promise.all([cal?.close(), dee?.close()]));

  it('goes on over another network, with a way of its own (ICE restart)', async () => {
    await cal.dial(dee.number);
    await dee.answer();
    await cal.talking();
    await Promise.all([cal.hears(), dee.hears()]);
    const way = () => cal.page.evaluate(() => globalThis.connections.at(-1).localDescription.sdp.match(/a=ice-ufrag:(\S+)/)[1]);
    const before = await way();
    await cal.page.evaluate(() => {
      globalThis.sockets.at(-1).close();
      globalThis.dispatchEvent(new Event('online'));
    });
    await until('another way is found', async () => (await way()) !== before);
    await cal.ready();
    await Promise.all([cal.hears(), dee.hears()]);
    await cal.button('Hang up').click();
    await Promise.all([cal.idle(), dee.idle()]);
    assert.deepEqual(cal.wrong.filter((w) => !/WebSocket/.test(w)), []);
  });

  it('rings in a tab that nobody looks at: the title tells of it', async () => {
    await dee.page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
    });
    await cal.dial(dee.number);
    await dee.at('phone-incoming').waitFor();
    await until('the title flashes', async () => /☎/.test(await dee.page.title()));
    await until('and back', async () => /Incoming call/.test(await dee.page.title()));
    await dee.button('Decline').click();
    await cal.said('They declined the call.');
    assert.match(await dee.page.title(), /^Phone/);
  });
});
