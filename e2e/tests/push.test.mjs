// A call for somebody whose phone is closed: their browser is woken through a
// push service, the worker shows it, and the phone that is then opened has the
// call. The push service is one of this test: those of browser makers are not
// tried.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone, site } from '../lib/phones.mjs';
import { pushService, subscription } from '../lib/pushservice.mjs';
import { start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

describe('who has the phone closed', () => {
  let server, service, browser, ann, bea, told, origin;
  before(async () => {
    service = await pushService();
    server = await start({ demo: true, args: ['--push-service', service.origin] });
    origin = new URL(server.url(`softphone.${site}`)).origin;
    browser = await talkative();
    told = subscription(service);
    ann = await phone(browser, server, 'ann');
    bea = await phone(browser, server, 'bea');
    await bea.page.context().grantPermissions(['notifications', 'microphone', 'camera'], { origin });
    // The browser's own service is not to be had here: what it would answer is.
    await bea.page.context().addInitScript((made) => {
      const key = 'the test: subscribed';
      const answer = { ...made, toJSON: () => made, unsubscribe: async () => { globalThis.name = ''; return true; } };
      PushManager.prototype.subscribe = async function subscribe(options) {
        globalThis.name = key;
        globalThis.applicationServerKey = options.applicationServerKey;
        return answer;
      };
      PushManager.prototype.getSubscription = async () => (globalThis.name === key ? answer : null);
    }, told.told);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await service?.stop();
  });

  let key;
  const device = async () => {
    await bea.page.goto(`${origin}/this-device`);
    await bea.page.locator('#device-wake-state').filter({ hasText: /^(On|Off)$/ }).waitFor();
  };
  const notifications = () => bea.page.evaluate(async () => {
    const registered = await navigator.serviceWorker.getRegistration('/');
    return (await registered.getNotifications()).map((n) => [n.title, n.body, n.tag]);
  });

  it('keeps nothing on the device before it is turned on (L22)', async () => {
    await device();
    assert.deepEqual(await bea.page.evaluate(async () => [
      (await navigator.serviceWorker.getRegistrations()).length, (await caches.keys()).length, Object.keys(localStorage).length,
    ]), [0, 0, 0]);
  });

  it('turns it on after the reason was told, and the browser is then known (R10, R11)', async () => {
    await bea.button('Turn it on').click();
    const ask = bea.page.locator('[data-ask="notifications"]');
    await ask.waitFor();
    assert.match(await ask.innerText(), /So that the app can ring when it is closed/);
    assert.equal(await bea.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
    problems.push(...await look(bea.page, 'device-ask'));
    await ask.getByRole('button', { name: 'Allow' }).click();
    await bea.page.locator('#device-wake-said').filter({ hasText: 'It is on' }).waitFor();
    key = await bea.page.evaluate(() => btoa(String.fromCharCode(...globalThis.applicationServerKey)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''));
    assert.equal(key, await bea.page.locator('#this-device').getAttribute('data-key'));
    problems.push(...await look(bea.page, 'device'));
  });

  it('is woken by a call, with nothing said of whose it is, and takes it (R10)', async () => {
    await bea.page.goto(`${origin}/calls`);
    const woken = service.next();
    await ann.dial(bea.number);
    const message = await woken;
    assert.deepEqual(told.opens(message, key), { what: 'call' });
    await ann.stage('Calling');

    const session = await bea.page.context().newCDPSession(bea.page);
    const registrations = [];
    session.on('ServiceWorker.workerRegistrationUpdated', (e) => registrations.push(...e.registrations));
    await session.send('ServiceWorker.enable');
    await until('the worker is known', async () => registrations.some((r) => r.scopeURL === `${origin}/`));
    const { registrationId } = registrations.find((r) => r.scopeURL === `${origin}/`);
    await session.send('ServiceWorker.deliverPushMessage', { origin: `${origin}/`, registrationId, data: JSON.stringify(told.opens(message, key)) });
    const [title, body, tag] = await until('a notification', async () => (await notifications())[0]);
    assert.equal(title, 'Invoco');
    assert.match(body, /Somebody is calling you/);
    assert.doesNotMatch(body, /1001|Ann/);
    assert.equal(tag, 'call');

    // Pressed, it opens the phone. A press by a program is none to the browser,
    // which would open nothing for it: what the worker asks for is noted.
    const worker = bea.page.context().serviceWorkers().find((w) => w.url() === `${origin}/worker.js`);
    const opened = await worker.evaluate(async () => {
      let asked;
      Object.defineProperty(Clients.prototype, 'openWindow', { value: async (at) => { asked = at; return null; } });
      const [notification] = await self.registration.getNotifications();
      const event = new NotificationEvent('notificationclick', { notification });
      self.dispatchEvent(event);
      for (let i = 0; i < 100 && asked === undefined; i++) await new Promise((done) => { setTimeout(done, 20); });
      return asked;
    });
    assert.equal(opened, '/');
    await until('the notification is gone', async () => (await notifications()).length === 0);

    await bea.page.goto(origin);
    await bea.answer();
    await ann.talking();
    await Promise.all([ann.hears(), bea.hears()]);
    await ann.button('Hang up').click();
    await Promise.all([ann.idle(), bea.idle()]);
  });

  it('shows a missed call when the caller gives up', async () => {
    await bea.page.goto(`${origin}/calls`);
    const woken = service.next();
    await ann.dial(bea.number);
    assert.deepEqual(told.opens(await woken, key), { what: 'call' });
    const over = service.next();
    await ann.button('Cancel').click();
    assert.deepEqual(told.opens(await over, key), { what: 'missed' });
    await ann.idle();
  });

  it('sees in the history that the push service was used (R19, R28)', async () => {
    await bea.page.goto(`${origin}/history`);
    assert.match(await bea.page.getByRole('main').innerText(), /Data about you was given to .*Push service/);
  });

  it('is woken no more once it is taken back, and nothing stays on the device (R16)', async () => {
    await bea.page.goto(`${origin}/permissions`);
    await bea.page.getByRole('button', { name: /Take it back.*Notifications/ }).click();
    await bea.page.locator('#permission-notifications').filter({ hasText: 'You took it back' }).waitFor();
    const before = service.messages.length;
    await ann.dial(bea.number);
    await ann.said('Their phone is not connected');
    assert.equal(service.messages.length, before);
    await device();
    await until('the worker is gone', () => bea.page.evaluate(async () =>
      (await navigator.serviceWorker.getRegistrations()).length + (await caches.keys()).length === 0));
    assert.deepEqual(ann.wrong, []);
  });
});
