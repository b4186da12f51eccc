// What a visitor's choice does, seen from the browser (R15, R16, R25, R27,
// L22, L23).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { message, press, watch } from '../lib/browser.mjs';
import { setUp } from '../lib/stage.mjs';
import { running, stopped } from '../lib/thirdparty.mjs';

const site = 'invoco.localhost';
let browser, server, stats, end;

before(async () => { ({ browser, server, stats, end } = await setUp({ analytics: true })); });
after(() => end?.());

async function visitor(options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const net = watch(page);
  return { context, page, net };
}

const home = () => server.url(site);
const cookieNames = async (context) => (await context.cookies()).map((c) => c.name).sort();
const ran = (page) => page.evaluate(() => globalThis.thirdPartyRan ?? 0);

async function accept(page) {
  await page.goto(home());
  await message(page).getByRole('button', { name: 'Accept all', exact: true }).click();
  await running(page);
}

describe('first visit', () => {
  it('sets nothing that is not strictly necessary and asks no one else', async () => {
    const { context, page, net } = await visitor();
    for (const at of ['/', '/products', '/privacy', '/cookies', '/terms', '/complaints', '/accessibility']) {
      await page.goto(server.url(site, at));
      assert.ok(await message(page).isVisible(), `no message at ${at}`);
    }
    assert.deepEqual(net.elsewhere(site), []);
    assert.deepEqual((await context.cookies()).filter((c) => c.name.startsWith('_')).map((c) => c.name).filter((n) => n !== '__RequestVerificationToken'), []);
    assert.equal(stats.requests.length, 0);
    await page.goto(server.url(site, '/products'));
    const storage = await page.evaluate(async () => ({
      local: localStorage.length,
      session: sessionStorage.length,
      databases: (await indexedDB.databases()).length,
      caches: (await caches.keys()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }));
    assert.deepEqual(storage, { local: 0, session: 0, databases: 0, caches: 0, workers: 0 });
    await context.close();
  });

  it('offers three ways of equal weight and blocks nothing', async () => {
    const { context, page } = await visitor();
    await page.goto(home());
    const sizes = [];
    for (const name of ['Accept all', 'Reject all', 'Choose']) {
      const control = message(page).getByText(name, { exact: true }).first();
      const style = await control.evaluate((e) => {
        const b = e.closest('button, a, summary');
        const c = getComputedStyle(b);
        return { font: c.fontSize, weight: c.fontWeight, background: c.backgroundColor, height: Math.round(b.getBoundingClientRect().height) };
      });
      sizes.push(JSON.stringify(style));
    }
    assert.equal(new Set(sizes).size, 1, `not of equal weight: ${sizes.join(' ')}`);
    await page.getByRole('banner').getByRole('link', { name: 'Products and services' }).click();
    await page.waitForURL('**/products');
    await context.close();
  });
});

describe('reject all', () => {
  it('keeps it so, stores no identifier and is asked once for all surfaces', async () => {
    const { context, page, net } = await visitor();
    await page.goto(home());
    await message(page).getByRole('button', { name: 'Reject all', exact: true }).click();
    await message(page).waitFor({ state: 'detached' });
    const first = await context.cookies();
    const other = await visitor();
    await other.page.goto(home());
    await message(other.page).getByRole('button', { name: 'Reject all', exact: true }).click();
    await message(other.page).waitFor({ state: 'detached' });
    const second = await other.context.cookies();
    const values = (list) => list.map((c) => `${c.name}=${c.value}`).sort();
    assert.deepEqual(values(first), values(second), 'a refusal makes two browsers tell apart');
    for (const surface of ['', 'portal.', 'partner.', 'softphone.', 'console.']) {
      await page.goto(server.url(surface + site));
      assert.equal(await message(page).count(), 0, `asked again on ${surface || 'website'}`);
    }
    assert.deepEqual(net.elsewhere(site), []);
    assert.equal(stats.requests.length, 0);
    await context.close();
    await other.context.close();
  });
});

describe('accept all', () => {
  it('loads the declared analytics only', async () => {
    const { context, page, net } = await visitor();
    await accept(page);
    assert.deepEqual([...new Set(net.elsewhere(site).map((u) => new URL(u).origin))], [stats.origin]);
    await page.goto(server.url(`console.${site}`));
    assert.equal(await ran(page), 0, 'analytics ran on a surface that does not declare it');
    await context.close();
  });

  it('a consent cookie that does not verify is no choice', async () => {
    const { context, page, net } = await visitor();
    await accept(page);
    const [consent] = (await context.cookies()).filter((c) => c.value.startsWith('v1.'));
    const last = consent.value.at(-1);
    // A page of ours reloads itself when the consent cookie changes.
    await page.goto('about:blank');
    await context.clearCookies();
    await context.addCookies([{ ...consent, value: consent.value.slice(0, -1) + (last === 'A' ? 'B' : 'A') }]);
    net.clear();
    await page.goto(home());
    assert.ok(await message(page).isVisible());
    assert.deepEqual(net.elsewhere(site), []);
    await context.close();
  });
});

describe('withdrawal', () => {
  it('stops at once in every tab, expires the cookies, and the back button does not revive it', async () => {
    const { context, page, net } = await visitor();
    await accept(page);
    assert.ok((await cookieNames(context)).includes('_ga'), 'the stand-in set no cookie');
    const tab = await context.newPage();
    await tab.goto(server.url(site, '/products'));
    await running(tab);

    await page.goto(server.url(site, '/cookies'));
    await press(page, page.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }));
    assert.equal(await ran(page), 0);
    assert.ok(!(await cookieNames(context)).includes('_ga'), 'the analytics cookie is still there');

    await stopped(tab);
    net.clear();
    const everywhere = watch(context);
    await page.evaluate(() => { globalThis.left = true; });
    // Not awaited to its end: a page from the back-forward cache loads nothing.
    page.goBack().catch(() => {});
    await page.waitForFunction(() => !globalThis.left);
    await stopped(page);
    await page.reload();
    assert.equal(await ran(page), 0);
    assert.deepEqual(net.elsewhere(site), []);
    assert.deepEqual(everywhere.elsewhere(site), [], 'the third party was asked after withdrawal');
    await context.close();
  });
});

describe('without JavaScript', () => {
  it('the choice works and the site is whole (R23)', async () => {
    const { context, page, net } = await visitor({ javaScriptEnabled: false });
    await page.goto(home());
    await press(page, message(page).getByRole('button', { name: 'Reject all', exact: true }));
    assert.equal(await message(page).count(), 0);
    await page.goto(server.url(site, '/cookies'));
    await press(page, page.getByRole('main').getByRole('button', { name: 'Accept all', exact: true }));
    await page.goto(server.url(site, '/privacy'));
    assert.equal(await page.getByRole('heading', { level: 2 }).count() >= 15, true);
    assert.deepEqual(net.elsewhere(site), []);
    await context.close();
  });
});

describe('Global Privacy Control', () => {
  it('is treated as an objection to what it covers (L46)', async () => {
    const { context, page, net } = await visitor({ extraHTTPHeaders: { 'Sec-GPC': '1' } });
    await page.goto(home());
    assert.equal(await message(page).count(), 0, 'asked although the browser has said it');
    assert.deepEqual(net.elsewhere(site), []);
    await page.goto(server.url(site, '/cookies'));
    assert.match(await page.getByRole('main').innerText(), /Global Privacy Control/);
    await context.close();
  });
});

describe('headers', () => {
  it('are computed from policy and choice', async () => {
    const { context, page } = await visitor();
    const before = (await page.goto(home())).headers();
    assert.doesNotMatch(before['content-security-policy'], /thirdparty/);
    assert.match(before['permissions-policy'], /camera=\(\)/);
    await accept(page);
    const widened = (await page.goto(home())).headers();
    assert.match(widened['content-security-policy'], /thirdparty/);
    assert.match(widened['cache-control'], /no-store/);
    const softphone = (await page.goto(server.url(`softphone.${site}`))).headers();
    assert.match(softphone['permissions-policy'], /microphone=\(\)/); // nobody is signed in, so the page asks for nothing
    assert.doesNotMatch(softphone['content-security-policy'], /thirdparty/);
    await context.close();
  });
});
