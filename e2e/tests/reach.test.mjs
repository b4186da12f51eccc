// The site by keyboard, with little motion, in forced colours, and what leads
// away from it (R2, R4, R7).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdir } from 'node:fs/promises';
import { message, watch } from '../lib/browser.mjs';
import path from 'node:path';
import { root } from '../lib/server.mjs';
import { setUp } from '../lib/stage.mjs';

const site = 'invoco.localhost';
const output = path.join(root, 'e2e', 'output');
let browser, server, end;

before(async () => {
  ({ browser, server, end } = await setUp());
  await mkdir(output, { recursive: true });
});
after(() => end?.());

async function open(at, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(server.url(site, at));
  return { context, page };
}

// focus describes what has the focus: its name, whether that can be seen, and
// whether anything lies over it.
const focus = (page) => page.evaluate(() => {
  const e = document.activeElement;
  if (e === document.body) return null;
  const box = e.getBoundingClientRect();
  const style = getComputedStyle(e);
  const shown = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  // A long box (a table that scrolls) is in reach where its middle is.
  const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 1), innerWidth - 1);
  const y = Math.min(Math.max((Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2, 1), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  const covered = shown && top !== null && !e.contains(top) && !top.contains(e) && !(e.labels?.[0]?.contains(top));
  return {
    what: `${e.tagName.toLowerCase()} ${(e.innerText || e.getAttribute('aria-label') || e.name || e.id || '').trim().slice(0, 40)}`,
    shown, covered: covered && `${top.tagName}.${top.className}`,
    ringed: (style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none',
  };
});

describe('by keyboard', () => {
  it('the first stops skip to the content and to the choice about cookies', async () => {
    const { context, page } = await open('/');
    await page.keyboard.press('Tab');
    assert.match((await focus(page)).what, /Skip to the content/);
    assert.ok((await focus(page)).shown, 'the skip link is not in sight');
    await page.keyboard.press('Tab');
    assert.match((await focus(page)).what, /choice about cookies/);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.ok(await message(page).evaluate((e) => e.contains(document.activeElement)), 'not led to the message');
    await page.goto(server.url(site, '/terms'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
    await context.close();
  });

  for (const [name, viewport] of [['desktop', { width: 1280, height: 900 }], ['phone', { width: 390, height: 844 }], ['low window', { width: 1280, height: 400 }]]) {
    for (const at of ['/', '/contact', '/cookies', '/newsletter']) {
      it(`every stop of ${at} is in sight, marked and uncovered on a ${name} while the message stands (WCAG 2.4.7, 2.4.11)`, async () => {
        const { context, page } = await open(at, { viewport, reducedMotion: 'reduce' });
        const problems = [];
        const stops = [];
        for (let i = 0; i < 120; i++) {
          await page.keyboard.press('Tab');
          const f = await focus(page);
          if (f === null) break;
          stops.push(f.what);
          if (!f.shown) problems.push(`out of sight: ${f.what}`);
          if (f.covered) problems.push(`under ${f.covered}: ${f.what}`);
          if (!f.ringed) problems.push(`no mark of the focus: ${f.what}`);
        }
        assert.deepEqual(problems, []);
        assert.ok(stops.length > 15 && stops.length < 120, `${stops.length} stops`);
        for (const choice of ['Accept all', 'Reject all', 'Choose']) assert.ok(stops.some((s) => s.endsWith(choice)), `${choice} is not reached`);
        await context.close();
      });
    }
  }

  it('the choice is opened, made and sent', async () => {
    const { context, page } = await open('/terms');
    await message(page).getByText('Choose', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await message(page).getByRole('checkbox').first().waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.type), 'checkbox');
    await page.keyboard.press('Space');
    assert.ok(await message(page).getByRole('checkbox').first().isChecked());
    await message(page).getByRole('button', { name: 'Save my choice' }).focus();
    await page.keyboard.press('Enter');
    await message(page).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).pathname, '/terms');
    await context.close();
  });
});

it('who wants little motion gets none', async () => {
  const { context, page } = await open('/', { reducedMotion: 'reduce' });
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((e) => {
    const s = getComputedStyle(e);
    return [s.animationDuration, s.transitionDuration].some((list) => list.split(',').some((d) => Number.parseFloat(d) * (d.trim().endsWith('ms') ? 1 : 1000) > 50))
      || s.scrollBehavior === 'smooth';
  }).map((e) => `${e.tagName} ${e.className}`));
  assert.deepEqual(moving, []);
  await context.close();
});

it('in forced colours every control has an edge', async () => {
  const { context, page } = await open('/contact', { forcedColors: 'active', viewport: { width: 1280, height: 900 } });
  const bare = await page.$$eval('button, .button, input:not([type=hidden]), textarea', (list) => list
    .filter((e) => e.checkVisibility() && !e.closest('.trap') && !/radio|checkbox/.test(e.type) && Number.parseFloat(getComputedStyle(e).borderTopWidth) < 1)
    .map((e) => e.outerHTML.slice(0, 80)));
  await page.screenshot({ path: path.join(output, 'forced-colours-contact.png'), fullPage: true });
  assert.deepEqual(bare, []);
  await context.close();
});

describe('links', () => {
  const pages = ['/', '/products', '/unwanted-calls', '/contact', '/newsletter', '/cookies', '/privacy', '/terms', '/complaints', '/accessibility'];

  it('that lead to others say so, and nothing of theirs is loaded before they are followed (R4)', async () => {
    const { context, page } = await open('/');
    const net = watch(context);
    let away = 0;
    for (const at of pages) {
      await page.goto(server.url(site, at));
      const faults = await page.evaluate((parent) => {
        const outside = (h) => h !== parent && !h.endsWith(`.${parent}`);
        const list = [...document.querySelectorAll('a[href]')].filter((a) => /^https?:$/.test(a.protocol) && outside(a.hostname));
        const faults = list.flatMap((a) => [
          a.querySelector('[aria-hidden=true]')?.checkVisibility() || a.querySelector('.external-mark')?.checkVisibility() ? [] : [`no mark: ${a.href}`],
          /leaves our site|external/i.test(a.textContent + (a.getAttribute('aria-label') ?? '')) ? [] : [`not said in words: ${a.href}`],
          a.relList.contains('noopener') && a.relList.contains('external') ? [] : [`rel: ${a.href}`],
          a.target ? [`opens a window: ${a.href}`] : [],
        ].flat());
        for (const l of document.querySelectorAll('link[href], script[src], img[src], iframe, object, embed, [ping]')) {
          const url = new URL(l.href ?? l.src ?? location.href, location.href);
          if (outside(url.hostname) || /preconnect|dns-prefetch|prefetch|prerender/.test(l.rel ?? '')) faults.push(`loads: ${url}`);
        }
        return { faults, away: list.length };
      }, site);
      assert.deepEqual(faults.faults, [], at);
      away += faults.away;
    }
    assert.ok(away > 3, `only ${away} links lead away`);
    assert.deepEqual(net.elsewhere(site), []);
    await context.close();
  });

  it('of the notice lead to places that are there, and each defined term to its meaning (R2)', async () => {
    const { context, page } = await open('/privacy');
    const { broken, terms, used } = await page.evaluate(() => {
      const links = [...document.querySelectorAll('main a[href^="#"], main a[href^="/privacy#"]')];
      const broken = links.filter((a) => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.getAttribute('href'));
      const terms = [...document.querySelectorAll('[id^="term-"]')].map((e) => e.id);
      const used = new Set(links.map((a) => a.hash.slice(1)));
      return { broken, terms, used: terms.filter((t) => used.has(t)) };
    });
    assert.deepEqual(broken, []);
    assert.ok(terms.length > 3, `only ${terms.length} defined terms`);
    assert.deepEqual(used, terms, 'a defined term that nothing leads to');
    await page.goto(server.url(site, `/privacy#${terms[0]}`));
    assert.ok(await page.locator(`#${terms[0]}`).isVisible());
    await context.close();
  });

  it('of our own all lead somewhere, with their anchors', async () => {
    const { context, page } = await open('/');
    const seen = new Map();
    for (const at of pages) {
      await page.goto(server.url(site, at));
      for (const href of await page.$$eval('a[href]', (l) => l.map((a) => a.href))) {
        const url = new URL(href);
        if (url.hostname.endsWith(site)) seen.set(url.href, at);
      }
    }
    const broken = [];
    const ids = new Map();
    for (const [href, from] of seen) {
      const url = new URL(href);
      const hash = decodeURIComponent(url.hash.slice(1));
      url.hash = '';
      if (!ids.has(url.href)) {
        const answer = await context.request.get(url.href.replace(url.hostname, '127.0.0.1'), { headers: { Host: url.host } });
        ids.set(url.href, answer.status() === 200 ? new Set([...(await answer.text()).matchAll(/\sid="([^"]+)"/g)].map((m) => m[1])) : null);
      }
      const found = ids.get(url.href);
      if (found === null || (hash && !found.has(hash))) broken.push(`${href} from ${from}`);
    }
    assert.deepEqual(broken, []);
    await context.close();
  });
});

it('the first page weighs under 60 KB in all, as sent', async () => {
  for (const [name, options] of [['desktop', { viewport: { width: 1280, height: 900 } }], ['phone', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3 }]]) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const sizes = new Map();
    const names = new Map();
    session.on('Network.requestWillBeSent', (e) => names.set(e.requestId, new URL(e.request.url).pathname));
    session.on('Network.loadingFinished', (e) => sizes.set(names.get(e.requestId), e.encodedDataLength));
    await page.goto(server.url(site), { waitUntil: 'networkidle' });
    await page.evaluate(() => { window.scrollTo(0, document.body.scrollHeight); });
    await page.waitForLoadState('networkidle');
    await page.waitForFunction(() => [...document.images].every((i) => i.complete));
    const total = [...sizes.values()].reduce((a, b) => a + b, 0);
    console.log(`first page on a ${name}: ${total} bytes in ${sizes.size} answers: ${[...sizes].map(([n, s]) => `${n} ${s}`).join(', ')}`);
    assert.ok(sizes.size > 3);
    assert.ok(total < 60_000, `${total} bytes`);
    await context.close();
  }
});
