// The main walk once more in Firefox, with its own Global Privacy Control
// (R15, R16, R27, L46). Firefox is driven over WebDriver BiDi.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { launch } from '../lib/firefox.mjs';
import { setUp } from '../lib/stage.mjs';
import { running } from '../lib/thirdparty.mjs';

const site = 'invoco.localhost';
let server, stats, end;

before(async () => { ({ server, stats, end } = await setUp({ analytics: true, chromium: false })); });
after(() => end?.());

// firefox runs scene in a fresh Firefox without calls home.
async function firefox(prefs, scene) {
  const browser = await launch(prefs);
  try {
    const page = await browser.newPage();
    const elsewhere = [];
    page.on('request', (r) => {
      const { hostname, protocol } = new URL(r.url());
      if (/^https?:$/.test(protocol) && hostname !== site && !hostname.endsWith(`.${site}`)) elsewhere.push(r.url());
    });
    await scene({ browser, page, elsewhere });
  } finally {
    await browser.close();
  }
}

const dialog = (page) => page.$('#consent-message');
// press clicks a button by its whole text and waits for the next page.
async function press(page, within, text) {
  const button = await page.waitForSelector(`${within} ::-p-xpath(.//button[normalize-space(.)="${text}"])`);
  await page.evaluate(() => { globalThis.before = true; });
  await button.click();
  await page.waitForFunction(() => !globalThis.before && document.readyState === 'complete');
}
const names = async (page) => page.evaluate(() => document.cookie.split('; ').filter(Boolean).map((c) => c.split('=')[0]).sort());

it('first visit, refusal, acceptance, withdrawal and the way back', async () => {
  await firefox({}, async ({ page, elsewhere }) => {
    await page.goto(server.url(site));
    assert.ok(await dialog(page), 'no message on the first visit');
    assert.deepEqual(await names(page), []);

    await press(page, '#consent-message', 'Reject all');
    assert.equal(await dialog(page), null);
    assert.deepEqual(await names(page), ['invocoCookieChoice']);
    await page.goto(server.url(`portal.${site}`));
    assert.equal(await dialog(page), null, 'asked again on another site');
    assert.deepEqual(elsewhere, []);
    assert.equal(stats.requests.length, 0);

    await page.goto(server.url(site, '/cookies'));
    await press(page, '#choose', 'Accept all');
    await running(page);
    assert.deepEqual([...new Set(elsewhere.map((u) => new URL(u).origin))], [stats.origin]);
    await page.goto(server.url(site, '/products'));
    await running(page);
    await page.goto(server.url(site, '/cookies'));
    await running(page);

    await press(page, '#choose', 'Reject all');
    assert.equal(await page.evaluate(() => globalThis.thirdPartyRan ?? 0), 0);
    assert.deepEqual(await names(page), ['invocoCookieChoice'], 'the analytics cookie is still there');
    // Back by the page's own history: waiting for goBack hangs over BiDi, and
    // page.url() may tell of the page before. The form's answer took the place
    // of the page it was sent from, so it is one step.
    const heard = stats.requests.length;
    await page.evaluate(() => { setTimeout(() => history.back(), 0); });
    await until('the page before', async () => page.evaluate(() =>
      location.pathname === '/products' && document.readyState === 'complete' && !globalThis.thirdPartyRan).catch(() => false));
    await page.goto(server.url(site, '/products'));
    assert.equal(await page.evaluate(() => globalThis.thirdPartyRan ?? 0), 0);
    assert.equal(stats.requests.length, heard, 'the way back revived it');
  });
});

it('a withdrawal in one tab stops the other', async () => {
  await firefox({}, async ({ browser, page }) => {
    await page.goto(server.url(site));
    await press(page, '#consent-message', 'Accept all');
    await running(page);
    const other = await browser.newPage();
    await other.goto(server.url(site, '/cookies'));
    await running(other);
    await press(other, '#choose', 'Reject all');
    await until('the first tab to stop', async () => page.evaluate(() => document.readyState === 'complete' && !globalThis.thirdPartyRan).catch(() => false));
  });
});

it('its own Global Privacy Control is a no that nobody had to click (L46)', async () => {
  await firefox({ 'privacy.globalprivacycontrol.enabled': true, 'privacy.globalprivacycontrol.functionality.enabled': true }, async ({ page, elsewhere }) => {
    await page.goto(server.url(site));
    assert.equal(await page.evaluate(() => navigator.globalPrivacyControl), true, 'this Firefox does not send it');
    assert.equal(await dialog(page), null, 'asked although the browser has said it');
    await page.goto(server.url(site, '/cookies'));
    assert.match(await page.$eval('main', (e) => e.innerText), /Your browser sends Global Privacy Control/);
    assert.deepEqual(await names(page), []);
    assert.deepEqual(elsewhere, []);
  });
});
