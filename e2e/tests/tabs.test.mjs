// Several tabs and sites at once: a withdrawal in one ends in all what it no
// longer allows (R16, R27).
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { rm } from 'node:fs/promises';
import { despiteCrash, launch, message } from '../lib/browser.mjs';
import { operatorFolder, start } from '../lib/server.mjs';
import { thirdParty } from '../lib/thirdparty.mjs';

const site = 'invoco.localhost';
let browser, server, stats, operator;

const scene = (name, play) => it(name, () => despiteCrash(browser, play));

before(async () => {
  stats = await thirdParty();
  operator = await operatorFolder('invoco', { 'policy.yaml': stats.edit });
  server = await start({ operator });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await stats?.close();
  if (operator) await rm(operator, { recursive: true, force: true });
});

const running = (page) => page.waitForFunction(() => globalThis.thirdPartyRan > 0);
const stopped = (page) => page.waitForFunction(() => !globalThis.thirdPartyRan && document.readyState === 'complete');

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

// silence proves that the third party hears no more: the beats of 200 ms that
// were on their way have come, and a page was loaded since.
async function silence(page) {
  const heard = stats.requests.length;
  for (const at of ['/', '/products', '/terms', '/']) await page.goto(server.url(site, at));
  assert.equal(stats.requests.length, heard, 'the third party was asked after the withdrawal');
}

scene('withdrawn on one site, it stops in all tabs of another', async () => {
  const { context, one, two } = await accepted();
  const portal = await context.newPage();
  await portal.goto(server.url(`partner.${site}`));
  // The cookie page is the website's, and linked from every site.
  await portal.getByRole('link', { name: 'Change your cookie choice' }).click();
  await running(portal);
  await portal.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }).click();
  await Promise.all([stopped(one), stopped(two), stopped(portal)]);
  assert.ok(!(await context.cookies()).some((c) => c.name.startsWith('_ga')));
  await silence(one);
  await context.close();
});

scene('withdrawn in a tab without scripts, it stops in one with them', async () => {
  const { context, one, two } = await accepted();
  const plain = await context.newPage();
  // Its scripts do not arrive; the other tabs keep theirs.
  await plain.route('**/*.js', (route) => route.abort());
  await plain.goto(server.url(site, '/cookies'));
  await plain.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }).click();
  await plain.getByText('You chose on').waitFor();
  assert.equal(await plain.evaluate(() => performance.getEntriesByType('resource').some((r) => r.name.endsWith('.js') && r.responseStatus === 200)), false);
  await Promise.all([stopped(one), stopped(two)]);
  await silence(two);
  await context.close();
});

scene('a page from the back-forward cache does not run on after a withdrawal elsewhere', async () => {
  const { context, one, two } = await accepted();
  await one.goto(server.url(site, '/terms'));
  await running(one);
  await one.goto(server.url(`partner.${site}`));
  await two.goto(server.url(site, '/cookies'));
  await two.getByRole('main').getByRole('button', { name: 'Reject all', exact: true }).click();
  await two.getByText('You chose on').waitFor();
  await stopped(two);
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

scene('a refusal in one tab takes the question from the other', async () => {
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
