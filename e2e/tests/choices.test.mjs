// What a signed-in person tells and allows: their details, their choices, and
// how a no reaches the browser and the newsletter.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { message, press, watch } from '../lib/browser.mjs';
import { letter } from '../lib/ask.mjs';
import { look } from '../lib/look.mjs';
import { linkIn, openAccount, site } from '../lib/people.mjs';
import { setUp } from '../lib/stage.mjs';
import { running, stopped } from '../lib/thirdparty.mjs';

let browser, server, end;
before(async () => { ({ browser, server, end } = await setUp({ analytics: true })); });
after(() => end?.());

const portal = (at) => server.url(`portal.${site}`, at);
const choice = (page, title) => page.getByRole('article', { name: title, exact: true });

async function person(email, javaScriptEnabled = true) {
  const context = await browser.newContext({ javaScriptEnabled: true });
  const page = await context.newPage();
  await openAccount(page, server, email);
  if (javaScriptEnabled) return page;
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
  return plain.newPage();
}

// R7, R12, R23: without scripts, details are given, put right and taken back one
// by one; what was typed stays when a field cannot be taken.
it('details are given and taken back without scripts', async () => {
  const page = await person('plain@example.org', false);
  await page.goto(portal('/profile'));
  await page.getByLabel('Profession').fill('<b>Joiner</b>');
  await page.getByLabel('Telephone number').fill('ring me');
  await press(page, page.getByRole('button', { name: 'Save', exact: true }));
  assert.match(await page.locator('.error-summary').innerText(), /telephone number/i);
  assert.equal(await page.getByLabel('Profession').inputValue(), '<b>Joiner</b>');
  await page.getByLabel('Telephone number').fill('01632 960123');
  await press(page, page.getByRole('button', { name: 'Save', exact: true }));
  assert.equal(await page.getByRole('status').innerText(), 'Saved.');
  await press(page, page.getByRole('button', { name: 'Remove Profession' }));
  assert.match(await page.getByRole('status').innerText(), /Removed: Profession/);
  assert.equal(await page.getByLabel('Profession').inputValue(), '');
  assert.equal(await page.getByLabel('Telephone number').inputValue(), '01632 960123');
});

// L16, R16: what rests on consent comes with a yes; to take it back is one press
// and takes all of it.
it('consent given with data is taken back with it', async () => {
  const page = await person('about@example.org');
  await page.goto(portal('/profile'));
  await page.getByLabel('In another way').check();
  await page.getByLabel(/What you would like us to know/).fill('Works from home');
  await press(page, page.getByRole('button', { name: 'Agree and save' }));
  assert.match(await page.getByRole('region', { name: 'Before you fill in' }).innerText(), /You said yes on/);
  await press(page, page.getByRole('button', { name: 'Remove Gender' }));
  await press(page, page.getByRole('button', { name: /Remove What you would like/ }));
  assert.match(await page.getByRole('status').innerText(), /Your yes still stands/);
  assert.deepEqual(await look(page, 'portal-profile'), []);
  await press(page, page.getByRole('button', { name: 'Take my yes back' }));
  assert.equal(await page.getByRole('button', { name: 'Agree and save' }).count(), 1);
  await page.goto(portal('/preferences/history'));
  assert.match(await page.locator('main').innerText(), /You took your yes back/);
});

// R14, R16, R22, L33: channels one by one; the newsletter joined in the account
// needs no second mail and is left by the link of the first.
it('news and offers are allowed and stopped by channel and by mail', async () => {
  const page = await person('news@example.org');
  await page.goto(portal('/preferences'));
  const marketing = choice(page, 'Direct marketing with your permission');
  assert.equal(await marketing.getByRole('checkbox', { checked: true }).count(), 0);
  await marketing.getByLabel('By post').check();
  await marketing.getByLabel('By e-mail').check();
  await press(page, marketing.getByRole('button', { name: 'Save these ways' }));
  assert.match(await marketing.innerText(), /You said yes/);
  await marketing.getByLabel('By e-mail').uncheck();
  await press(page, marketing.getByRole('button', { name: 'Save these ways' }));
  assert.deepEqual(await marketing.getByRole('checkbox', { checked: true }).evaluateAll((all) => all.map((x) => x.name)), ['post']);
  assert.match(await page.locator('main').innerText(), /They do not stop marketing that you agreed to have from us/);
  const news = choice(page, 'E-mails you asked for');
  await press(page, news.getByRole('button', { name: /^Yes, do this/ }));
  assert.match(await news.innerText(), /You said yes/);
  assert.deepEqual(await look(page, 'portal-preferences'), []);
  const mail = await letter(server, site, 'news@example.org', 'newsletter.welcome');
  await page.goto(linkIn(mail, '/newsletter/leave'));
  await press(page, page.locator('#newsletter-leave button'));
  await page.goto(portal('/preferences'));
  assert.match(await news.innerText(), /You took your yes back/);
  await page.goto(portal('/preferences/history'));
  assert.match(await page.locator('main').innerText(), /by a link in an e-mail/);
  assert.deepEqual(await look(page, 'portal-choices'), []);
});

// R16, L46: a no to analysis in the account stops what this browser had accepted
// on the website, and gives nothing when it is taken back.
it('a no in the account stops analytics in the browser', async () => {
  const page = await person('browser@example.org');
  await page.goto(server.url(site));
  await press(page, message(page).getByRole('button', { name: 'Accept all' }));
  await running(page);
  await page.goto(portal('/preferences'));
  const analysis = choice(page, 'Analysing how our sites are used');
  await press(page, analysis.getByRole('button', { name: /^No, in all my browsers/ }));
  assert.match(await analysis.innerText(), /You said no/);
  const seen = watch(page);
  await page.goto(server.url(site));
  await stopped(page);
  await page.goto(portal('/preferences'));
  await press(page, analysis.getByRole('button', { name: /^Leave it to each browser/ }));
  await page.goto(server.url(site));
  await stopped(page);
  assert.deepEqual(seen.elsewhere(site), []);
});
