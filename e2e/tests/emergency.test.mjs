// A call to the emergency services from the page: what they are told is said
// before, where the device is goes with it once if its person allows it, and the
// call waits for none of that.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone, site } from '../lib/phones.mjs';
import { outside } from '../lib/trunk.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

const here = { latitude: 52.306912, longitude: -1.936734, accuracy: 12 };
const media = ['microphone', 'camera'];

describe('an emergency call from the page', () => {
  let server, browser, far, stop;
  before(async () => {
    ({ far, server, stop } = await outside());
    browser = await talkative();
  });
  after(async () => {
    await browser?.close();
    await stop?.();
  });

  const at = (path) => server.url(`softphone.${site}`, path);
  const ann = (context, script) => phone(browser, server, 'ann', { context, script });
  const told = (p, words) => p.at('phone-rescue-fix').filter({ hasText: words }).waitFor();
  const where = (p) => p.at('ask-geolocation');

  // help rings for help and answers the question for the microphone. Nothing else
  // is pressed: the call begins.
  async function help(p, number = '999') {
    await p.page.getByLabel('Number or extension').fill(number);
    await p.button('Call').click();
    const allow = p.page.locator('[data-ask="microphone"]:not([hidden]) [data-answer="yes"]');
    await allow.or(p.at('phone-call')).first().waitFor();
    if (await allow.isVisible()) await allow.click();
    await p.talking();
    return far.call();
  }

  async function end(p) {
    await p.button('Hang up').click();
    await p.idle();
  }

  it('says before what the services are told, from a line that withholds its number', async () => {
    const p = await ann({});
    assert.match(await p.page.locator('main').innerText(), /Where is this line\?/);
    await p.page.getByRole('link', { name: 'Tell us where it is' }).click();
    const form = p.at('emergency-address');
    for (const [label, text] of [['House number or name', '7'], ['Street', 'Orchard Way'], ['Town or city', 'Bromsgrove'], ['Postcode', 'b603dj']]) await form.getByLabel(label).fill(text);
    await press(p.page, form.getByRole('button', { name: 'Save this address' }));
    await p.at('number').getByLabel(/withh|hide/i).first().check();
    await press(p.page, p.at('number').getByRole('button', { name: 'Save', exact: true }));
    await p.page.goto(at('/'));
    await p.ready();
    const note = p.at('phone-rescue');
    await p.page.getByLabel('Number or extension').fill('99');
    assert.ok(await note.isHidden());
    await p.page.locator('[data-pad="dial"] [data-key="9"]').click();
    await note.waitFor();
    assert.match(await note.innerText(), /Your number, even if you withhold it[\s\S]*7 Orchard Way, Bromsgrove, B60 3DJ[\s\S]*Where this device is now, once, if you allow it/);
    problems.push(...await look(p.page, 'emergency-note'));
    await p.page.getByLabel('Number or extension').fill('1002');
    assert.ok(await note.isHidden());
    await p.close();
  });

  it('begins at once where its person must be asked, and tells the place within the call when they allow it (R11, L38)', async () => {
    const p = await ann({});
    const call = await help(p);
    assert.match(call.text, /Orchard Way[\s\S]*<ca:HNO>7<[\s\S]*B60 3DJ/);
    assert.doesNotMatch(call.text, /Circle|Point/);
    assert.match(call.header('From'), /\+441527306001/);
    assert.equal(call.header('Privacy'), undefined);
    await where(p).waitFor();
    assert.match(await where(p).innerText(), /Your call goes on, whatever you answer/);
    assert.match(await p.at('phone-rescue-now').innerText(), /They see your number, and this address: 7 Orchard Way, Bromsgrove, B60 3DJ/);
    problems.push(...await look(p.page, 'emergency-ask'));
    await p.page.context().grantPermissions(['geolocation', ...media]);
    await p.page.context().setGeolocation(here);
    await where(p).getByRole('button', { name: 'Allow' }).click();
    const update = await far.update();
    assert.match(update.text, /52\.306912 -1\.936734[\s\S]*>12\.0<[\s\S]*Orchard Way/);
    assert.match(update.header('Geolocation'), /^<cid:/);
    await told(p, 'They were told where this device is, within 12 metres.');
    problems.push(...await look(p.page, 'emergency-told'));
    await end(p);
    await p.close();
  });

  it('carries the place from its first message on where it was allowed before, and the history says that it went, not where', async () => {
    const p = await ann({ geolocation: here, permissions: ['geolocation', ...media] });
    const call = await help(p, '141 112');
    assert.match(call.text, /Content-Type: application\/sdp[\s\S]*Content-Type: application\/pidf\+xml[\s\S]*52\.306912 -1\.936734[\s\S]*Orchard Way/);
    assert.match(call.header('Geolocation'), /^<cid:/);
    await told(p, 'They were told where this device is, within 12 metres.');
    assert.ok(await where(p).isHidden());
    await end(p);
    await p.page.goto(at('/history'));
    const text = await p.page.innerText('main');
    assert.match(text, /One fix of where your device was went to the emergency service with your call, and was not kept/);
    assert.match(text, /One fix of where your device was went to the emergency service during your call/);
    assert.doesNotMatch(text, /52\.30|1\.936|Orchard/);
    await p.close();
  });

  it('waits for a slow device no longer than a moment, and tells the place when it comes', async () => {
    const slow = () => {
      const real = navigator.geolocation;
      const was = real.getCurrentPosition.bind(real);
      Object.defineProperty(real, 'getCurrentPosition', { value: (...given) => { globalThis.found = () => was(...given); } });
    };
    const p = await ann({ geolocation: here, permissions: ['geolocation', ...media] }, [slow]);
    const call = await help(p);
    assert.doesNotMatch(call.text, /Circle/);
    await told(p, 'Your device looks for where it is. The call goes on meanwhile.');
    await p.page.evaluate(() => globalThis.found());
    assert.match((await far.update()).text, /52\.306912 -1\.936734/);
    await told(p, 'They were told where this device is');
    await end(p);
    await p.close();
  });

  const lost = () => { // a browser says so of itself only after a while
    Object.defineProperty(navigator.geolocation, 'getCurrentPosition', { value: (_, not) => not({ code: 2, PERMISSION_DENIED: 1, POSITION_UNAVAILABLE: 2, message: '' }) });
  };
  for (const [name, context, script, words] of [
    ['a browser that says no', { permissions: media }, undefined, 'Your browser does not let this page ask'],
    ['a device that does not find itself', { permissions: ['geolocation', ...media] }, [lost], 'Your device could not find out where it is'],
  ]) {
    it(`goes out with the address alone from ${name}`, async () => {
      const p = await ann(context, script);
      const call = await help(p);
      assert.match(call.text, /Orchard Way/);
      assert.doesNotMatch(call.text, /Circle/);
      await told(p, words);
      await end(p);
      assert.deepEqual(p.wrong, []);
      await p.close();
    });
  }

  it('tells nothing of the device once its person took that back, and asks in the next call', async () => {
    const p = await ann({ geolocation: here, permissions: ['geolocation', ...media] });
    const other = await p.page.context().newPage();
    await other.goto(at('/permissions'));
    await press(other, other.locator('#permission-location').getByRole('button', { name: /Take it back/ }));
    const call = await help(p);
    assert.doesNotMatch(call.text, /Circle/);
    await where(p).getByRole('button', { name: 'Not now' }).click();
    await told(p, 'Where this device is was not told to them. Say where you are.');
    await end(p);
    assert.equal(far.later.length, 2);
    await p.close();
  });

  it('opens the place of the device on no page but those that call', async () => {
    const p = await ann({ geolocation: here, permissions: ['geolocation', ...media] });
    for (const [path, open] of [['/', true], ['/dial', true], ['/calls', false], ['/permissions', false], ['/call-settings', false]]) {
      const answer = await p.page.goto(at(path));
      assert.equal(/geolocation=\(self\)/.test(answer.headers()['permissions-policy']), open, path);
    }
    await p.close();
  });
});
