// Several tabs and sites at once: a withdrawal in one ends in all what it no
// longer allows (R16, R27).
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { message, press } from '../lib/browser.mjs';
import { setUp } from '../lib/stage.mjs';
import { running, stopped } from '../lib/thirdparty.mjs';

const site = 'invoco.localhost';
let browser, server, stats, end;

before(async () => { ({ browser, server, stats, end } = await setUp({ analytics: true })); });
after(() => end?.());

// accepted opens two tabs of the website in which the analytics run.
async function accepted() {
  const context = await browser.newContext();
  const one = await context.newPage();
  await one.goto(server.url(site));
  await message(one).getByRole('button', { name: 'Accept all', exact: true }).click();
  await running(one);
  const two = await context.newPage();
  await two.goto(server.url(site, '/products'));
  await running(two);
  return { context, one, two };
}

// silence proves that the third party hears no more: while a page was loaded
// the beats that were on their way have come, and in the time of three there
// was none since.
async function silence(page) {
  await page.goto(server.url(site, '/products'));
  const heard = stats.requests.length;
  await page.goto(server.url(site, '/terms'));
  await page.waitForFunction(() => performance.now() > 600);
  assert.equal(stats.requests.length, heard, 'the third party was asked after the withdrawal');
}

it('withdrawn on one site, it stops in all tabs of another', async () => {
  const { context, one, two } = await accepted();
  const portal = await context.newPage();
  await portal.goto(server.url(`partner.${site}`));
  // The cookie page is the website's, and linked from every site.
  await portal.getByRole('link', { name: 'Change your cookie choice' }).click();
  await running(portal);
  await press(portal, portal.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }));
  await Promise.all([stopped(one), stopped(two), stopped(portal)]);
  assert.ok(!(await context.cookies()).some((c) => c.name.startsWith('_ga')));
  await silence(one);
  await context.close();
});

it('withdrawn in a tab without scripts, it stops in one with them', async () => {
  const { context, one, two } = await accepted();
  const plain = await context.newPage();
  // Its scripts do not arrive; the other tabs keep theirs.
  await plain.route('**/*.js', (route) => route.abort());
  await plain.goto(server.url(site, '/cookies'));
  await press(plain, plain.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }));
  assert.equal(await plain.evaluate(() => performance.getEntriesByType('resource').some((r) => r.name.endsWith('.js') && r.responseStatus === 200)), false);
  await Promise.all([stopped(one), stopped(two)]);
  await silence(two);
  await context.close();
});

it('withdrawn while a page was on its way, nothing starts in it', async () => {
  const { context, one, two } = await accepted();
  let arrived, release;
  const waiting = new Promise((resolve) => { arrived = resolve; });
  const held = new Promise((resolve) => { release = resolve; });
  await two.route('**/site-*.js', async (route) => {
    arrived();
    await held;
    await route.continue();
  });
  const going = two.goto(server.url(site, '/terms'));
  await waiting;
  await one.goto(server.url(site, '/cookies'));
  await running(one);
  await press(one, one.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }));
  await stopped(one);
  release();
  await going;
  assert.match(await two.evaluate(() => document.documentElement.dataset.integrations), /google/, 'made under the narrower choice already');
  assert.equal(await two.evaluate(() => globalThis.thirdPartyRan ?? 0), 0);
  await silence(one);
  await context.close();
});

it('a page from the back-forward cache does not run on after a withdrawal elsewhere', async () => {
  const { context, one, two } = await accepted();
  await one.goto(server.url(site, '/terms'));
  await running(one);
  await one.goto(server.url(`partner.${site}`));
  await two.goto(server.url(site, '/cookies'));
  await press(two, two.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }));
  await stopped(two);
  await two.reload(); // the beats that were on their way have come
  const heard = stats.requests.length;
  one.goBack().catch(() => {}); // not awaited: nothing need be loaded
  await one.waitForURL('**/terms');
  await stopped(one);
  one.goBack().catch(() => {});
  await one.waitForURL(server.url(site));
  await stopped(one);
  assert.equal(stats.requests.length, heard, 'going back revived it');
  await silence(one);
  await context.close();
});

it('a refusal in one tab takes the question from the other', async () => {
  const context = await browser.newContext();
  const one = await context.newPage();
  const two = await context.newPage();
  await one.goto(server.url(site));
  await two.goto(server.url(site, '/contact'));
  await two.getByLabel('Your name').fill('Half a letter');
  const three = await context.newPage();
  await three.goto(server.url(site, '/terms'));
  await message(one).getByRole('button', { name: 'Reject all', exact: true }).click();
  await message(one).waitFor({ state: 'detached' });
  await message(three).waitFor({ state: 'detached' });
  assert.equal(await two.getByLabel('Your name').inputValue(), 'Half a letter', 'what was typed is lost');
  await context.close();
});
