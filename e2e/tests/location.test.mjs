// Where somebody is, once: asked after its reason, shown to one person, taken
// back for both, and never so often that it becomes a track.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, press, watch } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { site, signIn } from '../lib/people.mjs';
import { start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

const secret = 'only for trying out';

describe('where somebody is', () => {
  let server, browser, ann, bea, seen;
  before(async () => {
    server = await start({ demo: true });
    browser = await launch();
    const someone = async (email, options) => {
      const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      await page.addInitScript(() => {
        globalThis.asked = [];
        const real = navigator.geolocation;
        for (const name of ['getCurrentPosition', 'watchPosition']) {
          const was = real[name].bind(real);
          Object.defineProperty(real, name, { value: (...given) => { globalThis.asked.push(name); return was(...given); } });
        }
      });
      await signIn(page, server, 'softphone', email, secret);
      return page;
    };
    ann = await someone('ann.example@example.com', { geolocation: { latitude: 51.507351, longitude: -0.127758, accuracy: 12 }, permissions: ['geolocation'] });
    bea = await someone('bea.sample@example.com');
    seen = [watch(ann), watch(bea)];
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const at = (path) => server.url(`softphone.${site}`, path);
  const button = (page, name) => page.getByRole('button', { name, exact: true });
  const open = (page) => page.locator('#place-share > summary').click();

  it('is asked of the device after its reason was read, once for one press (R11)', async () => {
    await ann.goto(at('/chat'));
    await ann.getByLabel('Their extension').fill('1002');
    await press(ann, button(ann, 'Write'));
    await open(ann);
    await ann.getByText('So that you can share where you are with another user').waitFor();
    problems.push(...await look(ann, 'location-ask'));
    assert.deepEqual(await ann.evaluate(() => globalThis.asked), []);
    await press(ann, ann.locator('#permit-location').getByRole('button', { name: 'Allow' }));
    assert.deepEqual(await ann.evaluate(() => globalThis.asked), []);
    await open(ann);
    const share = button(ann, 'Share where I am, once');
    const loaded = ann.waitForEvent('load');
    await share.click();
    await loaded;
    await ann.getByText('51.50735, -0.12776').waitFor();
    problems.push(...await look(ann, 'location-shared'));
  });

  it('is seen by that person, with how exact it is, and nothing is loaded from elsewhere', async () => {
    await bea.goto(at('/chat'));
    await bea.getByRole('link', { name: /1001/ }).click();
    assert.match(await bea.locator('.chat-list').innerText(), /51\.50735, -0\.12776, within 12 metres/);
    const map = bea.getByRole('link', { name: /map of OpenStreetMap/ });
    assert.match(await map.getAttribute('rel'), /external/);
    problems.push(...await look(bea, 'location-seen'));
    assert.deepEqual(seen.flatMap((w) => w.elsewhere(site)), []);
  });

  it('cannot be shared again at once', async () => {
    await open(ann);
    const loaded = ann.waitForEvent('load');
    await button(ann, 'Share where I am, once').click();
    await loaded;
    await ann.getByText('once in a quarter of an hour is the most').waitFor();
    assert.equal(await ann.locator('.chat-where').count(), 1);
  });

  it('goes for both when sharing is paused (L27)', async () => {
    await open(ann);
    await press(ann, button(ann, 'Pause sharing'));
    await bea.reload();
    for (const page of [ann, bea]) {
      const text = await page.locator('.chat-list').innerText();
      assert.doesNotMatch(text, /51\.50735/);
      assert.match(text, /is shown no more/);
    }
    await ann.goto(at('/history'));
    await ann.getByText('You shared once where you are, with one person').first().waitFor();
    assert.doesNotMatch(await ann.innerText('main'), /51\.5/);
  });

  it('can be asked for on that page alone', async () => {
    for (const path of ['/', '/chat', '/contacts', '/permissions']) {
      await ann.goto(at(path));
      const denied = await ann.evaluate(() => new Promise((resolve) => {
        navigator.geolocation.getCurrentPosition(() => resolve(false), (e) => resolve(e.code === e.PERMISSION_DENIED), { timeout: 5000 });
      }));
      assert.equal(denied, true, `${path} was told where Ann is`);
    }
  });
});
