// Every page, light and dark, phone and desktop: accessible, whole, and kept
// as a picture in output/.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdir } from 'node:fs/promises';
import { axe, watch } from '../lib/browser.mjs';
import path from 'node:path';
import { root } from '../lib/server.mjs';
import { setUp } from '../lib/stage.mjs';

const output = path.join(root, 'e2e', 'output');
// What another palette can change: the other rules hold or fail alike.
const palette = ['color-contrast', 'link-in-text-block'];
const windows = [
  { name: 'desktop', viewport: { width: 1280, height: 900 } },
  { name: 'phone', viewport: { width: 390, height: 844 } },
];
const schemes = [['light'], ['dark', palette]];

for (const operator of ['invoco', 'fernhill']) {
  const site = `${operator}.localhost`;
  describe(operator, () => {
    let browser, server, end, pages;
    before(async () => {
      ({ browser, server, end } = await setUp({ operator }));
      await mkdir(output, { recursive: true });
    });
    after(() => end?.());

    for (const { name: wide, viewport } of windows) {
      it(`every page on a ${wide}, light and dark, passes axe and asks no one else`, async () => {
        const context = await browser.newContext({ colorScheme: 'light', reducedMotion: 'reduce', viewport });
        const page = await context.newPage();
        const net = watch(page);
        const problems = [];
        page.on('console', (m) => { if (m.type() === 'error' && !/status of (404|4\d\d)/.test(m.text())) problems.push(`${page.url()}: console: ${m.text()}`); });
        page.on('pageerror', (e) => problems.push(`${page.url()}: ${e.message}`));
        pages ??= await all(page, server, site);
        assert.ok(pages.length >= 14, `only ${pages.length} pages found: ${pages}`);
        for (const url of pages) {
          await page.goto(url);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (over > 0) problems.push(`${url}: ${over} px wider than the window`);
          // In a picture of the whole page the message would lie across its middle.
          await page.evaluate(() => document.getElementById('consent-message')?.style.setProperty('position', 'static'));
          const { hostname, pathname } = new URL(url);
          const name = `${hostname}${pathname}`.replaceAll(/[^a-z0-9]+/gi, '-').replace(/-$/, '');
          for (const [colorScheme, rules] of schemes) {
            await page.emulateMedia({ colorScheme });
            for (const v of await axe(page, rules)) problems.push(`${url}: ${colorScheme}: ${v.rule}: ${v.help}: ${v.nodes.slice(0, 3).join(' | ')}`);
            await page.screenshot({ path: `${output}/${name}-${colorScheme}-${wide}.png`, fullPage: true });
          }
        }
        assert.deepEqual(problems, []);
        assert.deepEqual(net.elsewhere(site), []);
        await context.close();
      });
    }
  });
}

// all returns every page there is: of the website, of the other sites, and one
// that there is not.
async function all(page, server, site) {
  const pages = await crawl(page, server, site);
  pages.push(server.url(site, '/no-such-page'));
  for (const [, at] of server.output.matchAll(/^(?!website|admin|evidence)\S+\s+(http:\S+)$/gm)) pages.push(at);
  return pages;
}

// crawl returns every page of the website that a link leads to from its first.
async function crawl(page, server, site) {
  const found = [server.url(site)];
  for (let i = 0; i < found.length && i < 60; i++) {
    const response = await page.goto(found[i]);
    assert.equal(response.status(), 200, found[i]);
    const links = await page.$$eval('a[href]', (list) => list.map((a) => a.href));
    for (const link of links) {
      const url = new URL(link);
      url.hash = '';
      url.search = '';
      if (url.hostname === site && !found.includes(url.href) && !/\.(svg|txt|json|css)$|\/evidence\//.test(url.pathname)) found.push(url.href);
    }
  }
  return found;
}
