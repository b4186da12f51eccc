// What lies in the browser after every choice: nothing that the cookie table
// does not name (R25, R26, L22, L23, L46).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { axe, message, press, watch } from '../lib/browser.mjs';
import { setUp } from '../lib/stage.mjs';
import { running } from '../lib/thirdparty.mjs';

const site = 'invoco.localhost';
const surfaces = ['', 'portal.', 'partner.', 'softphone.', 'console.'];
let browser, server, stats, end, table;

before(async () => {
  ({ browser, server, stats, end } = await setUp({ analytics: true }));
  const page = await browser.newPage();
  await page.goto(server.url(site, '/cookies'));
  table = await page.$$eval('table.cookies tbody tr', (rows) => rows.map((r) => ({
    name: r.querySelector('code').textContent, optional: !r.querySelector('.needed'), life: r.cells[4].innerText,
  })));
  await page.close();
});
after(() => end?.());

const declared = (name) => table.find((row) => new RegExp(`^${row.name.replaceAll(/[.+?^$()[\]{}|\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(name));

// look visits every surface and the pages with forms, and returns what is kept
// in the browser by kind.
async function look(context) {
  const page = await context.newPage();
  const kept = { local: [], session: [], databases: [], caches: [], workers: 0, files: 0 };
  const addresses = surfaces.map((s) => server.url(s + site)).concat(['/contact', '/newsletter', '/cookies'].map((at) => server.url(site, at)));
  for (const address of addresses) {
    await page.goto(address);
    const here = await page.evaluate(async () => {
      const files = [];
      for await (const name of (await navigator.storage.getDirectory()).keys()) files.push(name);
      return {
        local: Object.keys(localStorage), session: Object.keys(sessionStorage),
        databases: (await indexedDB.databases()).map((d) => d.name), caches: await caches.keys(),
        workers: (await navigator.serviceWorker.getRegistrations()).length, files: files.length,
      };
    });
    for (const kind of Object.keys(kept)) kept[kind] = kept[kind].concat ? kept[kind].concat(here[kind]) : kept[kind] + here[kind];
  }
  await page.goto('about:blank');
  await page.close();
  return { kept, cookies: await context.cookies() };
}

const nothing = { local: [], session: [], databases: [], caches: [], workers: 0, files: 0 };

async function choose(page, label) {
  await page.goto(server.url(site));
  await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST'), message(page).getByRole('button', { name: label, exact: true }).click()]);
  await message(page).waitFor({ state: 'detached' });
}

const states = {
  'no choice': async () => {},
  'reject all': (page) => choose(page, 'Reject all'),
  'accept all': async (page) => {
    await choose(page, 'Accept all');
    await running(page);
  },
  'accept, then withdraw': async (page) => {
    await choose(page, 'Accept all');
    await running(page);
    await page.goto(server.url(site, '/cookies'));
    await press(page, page.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }));
  },
  'one group chosen': async (page) => {
    await page.goto(server.url(site));
    await message(page).getByText('Choose', { exact: true }).click();
    assert.deepEqual(await message(page).getByRole('checkbox', { checked: true }).count(), 0, 'ticked before anybody chose (L23)');
    await message(page).getByRole('checkbox', { name: 'Google Analytics' }).check();
    await message(page).getByRole('button', { name: 'Save my choice' }).click();
    await running(page);
  },
};

describe('storage', () => {
  for (const [state, reach] of Object.entries(states)) {
    it(`after "${state}" is empty or in the cookie table`, async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await reach(page);
      await page.goto('about:blank');
      const { kept, cookies } = await look(context);
      assert.deepEqual(kept, nothing);
      const agreed = state === 'accept all' || state === 'one group chosen';
      for (const c of cookies) {
        const row = declared(c.name);
        assert.ok(row, `${c.name} is in no table`);
        assert.ok(agreed || !row.optional, `${c.name} was not agreed to`);
        if (row.optional) continue; // set by the third party's own script
        assert.equal(c.secure, true, `${c.name} is sent in the clear`);
        assert.match(c.sameSite, /^(Lax|Strict)$/, c.name);
        assert.equal(c.path, '/');
        if (row.life.startsWith('until you close')) assert.equal(c.expires, -1, `${c.name} outlives the browser`);
        else assert.ok(Math.abs(c.expires - Date.now() / 1000 - Number.parseInt(row.life, 10) * 86_400) < 86_400, `${c.name} lives otherwise than ${row.life}`);
        if (c.name === '__RequestVerificationToken') assert.deepEqual([c.httpOnly, c.sameSite, c.domain], [true, 'Strict', site]);
        if (c.name === 'invocoCookieChoice') assert.equal(c.domain, `.${site}`);
      }
      assert.equal(cookies.some((c) => c.name === 'invocoCookieChoice'), state !== 'no choice');
      assert.equal(cookies.some((c) => c.name === '_ga'), agreed);
      await context.close();
    });
  }

  it('a stray cookie is expired', async () => {
    const context = await browser.newContext();
    await context.addCookies([
      { name: 'stray', value: '1', url: server.url(site) },
      { name: '_ga', value: 'GA1.1.1.1', domain: `.${site}`, path: '/' },
    ]);
    const page = await context.newPage();
    await page.goto(server.url(site));
    assert.deepEqual((await context.cookies()).map((c) => c.name), []);
    await context.close();
  });
});

describe('our own statistics', () => {
  it('end by one click, which stores nothing that tells browsers apart (R26)', async () => {
    const values = [];
    for (let i = 0; i < 2; i++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(server.url(site, '/cookies'));
      const main = page.getByRole('main');
      await main.getByText('Your visits are counted now.').waitFor();
      await press(page, main.getByRole('button', { name: 'Do not count my visits' }));
      await main.getByText('Your visits are not counted.').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Do not count my visits' }).count(), 0, 'counted still');
      assert.equal(new URL(page.url()).pathname, '/cookies');
      assert.ok(await message(page).isVisible(), 'an objection to statistics is no answer about the rest');
      assert.deepEqual(await axe(page), []);
      values.push((await context.cookies()).map((c) => `${c.name}=${c.value}`).sort());
      await page.goto(server.url(`portal.${site}`));
      await page.goto(server.url(site, '/cookies'));
      assert.equal(await page.getByRole('checkbox', { name: 'Our own statistics' }).count(), 0, 'a box for what is no consent');
      await press(page, main.getByRole('button', { name: 'Count my visits again' }));
      await main.getByText('Your visits are counted now.').waitFor();
      await context.close();
    }
    assert.deepEqual(values[0], values[1]);
  });

  it('are told of beside everything else that may be refused, without JavaScript too', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(server.url(site));
    assert.match(await message(page).innerText(), /We count visits, as totals, until you object/);
    await message(page).getByText('Choose', { exact: true }).click();
    await press(page, message(page).getByRole('button', { name: 'Do not count my visits' }));
    assert.match(await message(page).innerText(), /Your visits are not counted\./);
    await page.goto(server.url(site, '/cookies'));
    await press(page, page.getByRole('main').getByRole('button', { name: 'Count my visits again' }));
    await page.getByRole('main').getByText('Your visits are counted now.').waitFor();
    await context.close();
  });
});

describe('Global Privacy Control', () => {
  it('is a no to all it covers, and ends when the person says yes to a thing (L46)', async () => {
    const context = await browser.newContext({ extraHTTPHeaders: { 'Sec-GPC': '1' } });
    const page = await context.newPage();
    const net = watch(context);
    await page.goto(server.url(site, '/cookies'));
    assert.match(await page.getByRole('main').innerText(), /Your visits are not counted\. Your browser’s Global Privacy Control objects for you\./);
    assert.equal(await page.getByRole('button', { name: 'Do not count my visits' }).count(), 0, 'counted in spite of it');
    assert.deepEqual((await context.cookies()).map((c) => c.name).filter((n) => !/RequestVerification/.test(n)), [], 'the signal was written down');
    await page.getByRole('main').getByRole('checkbox', { name: 'Google Analytics' }).check();
    await page.getByRole('main').getByRole('button', { name: 'Save my choice' }).click();
    await running(page);
    assert.ok(net.to(stats.host).length > 0);
    await context.close();
  });

  it('is a no to what was accepted without it', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await states['accept all'](page);
    await page.goto('about:blank');
    await context.setExtraHTTPHeaders({ 'Sec-GPC': '1' });
    const net = watch(page);
    await page.goto(server.url(site));
    assert.deepEqual(net.elsewhere(site), []);
    assert.ok(!(await context.cookies()).some((c) => c.name === '_ga'));
    await context.close();
  });

  it('is published as obeyed', async () => {
    const page = await browser.newPage();
    const answer = await page.goto(server.url(site, '/.well-known/gpc.json'));
    assert.equal((await answer.json()).gpc, true);
    await page.close();
  });
});

describe('an automatic refuser', () => {
  it('finds the message and refuses by it', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url(site, '/products'));
    // As such programs look: what stays in the window and is a dialog about
    // cookies, with a button whose whole text refuses.
    const clicked = await page.evaluate(() => {
      const refuse = /^(reject all|reject|decline|necessary only)$/i;
      for (const e of document.querySelectorAll('dialog[open], [role=dialog]')) {
        if (!/^(fixed|sticky)$/.test(getComputedStyle(e).position) || !/cookie/i.test(e.innerText)) continue;
        const button = [...e.querySelectorAll('button')].find((b) => refuse.test(b.innerText.trim()));
        if (button) {
          button.click();
          return true;
        }
      }
      return false;
    });
    assert.ok(clicked, 'no banner that such a program knows');
    await message(page).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).pathname, '/products');
    await page.goto(server.url(site, '/cookies'));
    await page.getByText('You chose on').waitFor();
    await context.close();
  });
});
