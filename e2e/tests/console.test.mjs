// The console as the operator's staff use it, and what the person they looked
// at reads of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, oldEnough, press } from '../lib/browser.mjs';
import { letter } from '../lib/ask.mjs';
import { choosePassword, employ, linkIn, openAccount, site } from '../lib/people.mjs';
import { setUp } from '../lib/stage.mjs';

const ann = 'ann@example.com';
let stage;
let customer;
let support;
let officer;

const open = async () => (await stage.browser.newContext()).newPage();
const desk = (page, at) => page.goto(stage.server.url(`console.${site}`, at));

before(async () => {
  stage = await setUp();
  [customer, support, officer] = [await open(), await open(), await open()];
  await openAccount(customer, stage.server, ann);
  await employ(support, stage.server, 'support', 'sue@example.com');
  await employ(officer, stage.server, 'dpo', 'dan@example.com');
});
after(() => stage?.end());

// fits reads the accessibility rules on a page, on a desk and on a telephone.
async function fits(page) {
  assert.deepEqual(await axe(page), [], page.url());
  await page.setViewportSize({ width: 390, height: 844 });
  assert.deepEqual(await axe(page), [], page.url());
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} is wider than a telephone`);
  await page.setViewportSize({ width: 1280, height: 800 });
}

// find looks for an e-mail address, for a purpose by its label.
async function find(page, email, purpose) {
  await desk(page, '/people-search');
  await page.getByLabel('Their e-mail address').fill(email);
  await page.getByLabel(purpose).check();
  await press(page, page.getByRole('button', { name: 'Find', exact: true }));
}

test('a look at a person is in their history at once (R28)', async () => {
  await desk(support, '/people-search');
  await fits(support);
  await find(support, ann, 'Managing their account');
  await support.getByRole('heading', { level: 1, name: 'A person' }).waitFor();
  await support.getByText(ann).first().waitFor();
  assert.doesNotMatch(support.url(), /ann|example/);
  await fits(support);
  await customer.goto(stage.server.url(`portal.${site}`, '/history'));
  const lines = await customer.locator('.happening').allInnerTexts();
  assert.ok(lines.some((l) => /Support staff/.test(l) && /Managing your account/.test(l)), lines.join('\n'));
});

test('the address of a person’s page is nobody else’s, and nobody there is no different from not allowed (R18)', async () => {
  await find(support, ann, 'Managing their account');
  const stranger = await officer.goto(support.url());
  assert.equal(stranger.status(), 404);
  await find(support, 'nobody@example.com', 'Managing their account');
  const nobody = await support.locator('.error-summary').innerText();
  await find(support, ann, 'The address for emergency calls');
  assert.equal(await support.locator('.error-summary').innerText(), nobody);
  assert.equal(await support.getByLabel('Their e-mail address').inputValue(), ann);
  await fits(support);
});

test('an enquiry is read, and closed (R3)', async () => {
  const visitor = await open();
  await visitor.goto(stage.server.url(site, '/contact'));
  await visitor.getByLabel('Your name').fill('Cat Example');
  await visitor.getByLabel('E-mail address').fill('cat@example.com');
  await visitor.getByLabel('Help with something I have from you').check();
  await visitor.getByLabel('Your message').fill('My line is dead.');
  await oldEnough(visitor);
  await press(visitor, visitor.locator('form#contact button[type=submit]'));
  await desk(support, '/enquiries');
  await fits(support);
  assert.doesNotMatch(await support.locator('main').innerText(), /dead|Cat/);
  await press(support, support.getByRole('link', { name: /^Open/ }).first());
  await support.getByText('My line is dead.').waitFor();
  await fits(support);
  await press(support, support.getByRole('button', { name: 'Close the enquiry' }));
  await support.getByText('Nothing is open.').waitFor();
});

test('a complaint is acknowledged and closed, and its person reads of it (L5, R6)', async () => {
  const portal = (at) => customer.goto(stage.server.url(`portal.${site}`, at));
  const listed = async () => {
    await portal('/requests');
    return customer.locator('main').innerText();
  };
  await portal('/requests');
  await customer.getByLabel('Your complaint').fill('You rang me twice.');
  await oldEnough(customer);
  await press(customer, customer.locator('form#complaint button[type=submit]'));
  assert.match(await listed(), /Nobody has taken it up yet/);
  await desk(officer, '/enquiries');
  await press(officer, officer.getByRole('link', { name: /^Open/ }).first());
  await officer.getByText('You rang me twice.').waitFor();
  await fits(officer);
  await press(officer, officer.getByRole('button', { name: 'Acknowledge: we are looking into it' }));
  await officer.getByText('Acknowledged', { exact: true }).waitFor();
  await fits(officer);
  assert.match(await listed(), /Acknowledged \d.*We are looking into it/s);
  await press(officer, officer.getByRole('button', { name: 'Close the complaint' }));
  await officer.getByText('Nothing is open.').waitFor();
  assert.match(await listed(), /Closed \d.*We looked into it and closed it/s);
  await fits(customer);
  await portal('/history?show=decisions');
  await customer.getByRole('link', { name: 'A complaint of yours was looked into and closed.', exact: true }).waitFor();
});

test('staff see what is held about themselves, and whatever happened with it (R24, R28)', async () => {
  await desk(support, '/');
  await press(support, support.getByRole('navigation').getByRole('link', { name: 'Your own data' }));
  await fits(support);
  const cards = await support.locator('main .cards a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  assert.deepEqual(cards, ['/profile', '/data', '/requests', '/history', '/access', '/security']);
  for (const at of cards) {
    assert.equal((await desk(support, at)).status(), 200, at);
    await fits(support);
  }
  await desk(support, '/profile');
  await support.getByText('sue@example.com').waitFor();
  await desk(support, '/history');
  await support.getByText('Your account was opened').first().waitFor();
  assert.equal((await desk(support, '/preferences')).status(), 404);
});

test('who answers for the whole sees it, and has the evidence checked', async () => {
  for (const at of ['/', '/policy', '/data-map', '/data-map?purpose=account', '/data-map?category=contact.email', '/evidence', '/work', '/audit']) {
    assert.equal((await desk(officer, at)).status(), 200, at);
    await fits(officer);
  }
  for (const at of ['/data-map', '/work', '/audit']) assert.equal((await desk(support, at)).status(), 404, at);
  await desk(officer, '/evidence');
  await press(officer, officer.getByRole('button', { name: 'Check the evidence now' }));
  for (const again = officer.getByRole('link', { name: 'Look again' }); await again.count() > 0;) await desk(officer, '/evidence');
  await officer.getByText('The evidence holds: nothing was changed, taken out or put in.').waitFor();
  await fits(officer);
});

test('a firm whose only administrator is erased gets another from its own people (R18, L8)', async () => {
  const portal = (at) => stage.server.url(`portal.${site}`, at);
  const [boss, user] = [await open(), await open()];
  await openAccount(boss, stage.server, 'boss@example.com');
  await boss.goto(portal('/people/invite'));
  await oldEnough(boss);
  await boss.getByLabel('Their name').fill('Una User');
  await boss.getByLabel('Their e-mail address').fill('una@example.com');
  await boss.getByLabel('Use our firm’s services').check();
  await press(boss, boss.getByRole('button', { name: 'Send the invitation' }));
  await choosePassword(user, linkIn(await letter(stage.server, site, 'una@example.com', 'account.invited'), '/sign-up/finish'));
  await boss.goto(portal('/people'));
  await boss.getByRole('button', { name: /^Make administrator/ }).waitFor();
  await fits(boss);
  await boss.goto(portal('/data/erase'));
  await boss.getByRole('heading', { name: 'Your firm would have no administrator' }).waitFor();
  await fits(boss);
  await press(boss, boss.getByRole('button', { name: 'Yes, erase my data' }));
  await desk(support, '/firms');
  await fits(support);
  await support.getByRole('link', { name: /^Appoint one/ }).click();
  await support.getByText('una@example.com').waitFor();
  await fits(support);
  await press(support, support.getByRole('button', { name: /^Appoint/ }));
  await support.getByText('Every firm has an administrator.').waitFor();
  await letter(stage.server, site, 'una@example.com', 'account.appointed');
  await user.goto(portal('/history'));
  await user.getByRole('link', { name: 'You were made an administrator of your firm’s accounts.', exact: true }).waitFor();
  await user.goto(portal('/people'));
  await user.getByRole('heading', { level: 1, name: 'People' }).waitFor();
});

test('the officer sees who searches and finds nobody (R28)', async () => {
  await find(support, 'nobody.at.all@example.com', 'Managing their account');
  await desk(officer, '/evidence');
  const list = officer.getByRole('group', { name: 'Searches that found nobody' });
  assert.match(await list.innerText(), /Support staff.*Managing your account.*E-mail address/s);
  assert.doesNotMatch(await officer.content(), /nobody\.at\.all/);
  await fits(officer);
  await desk(support, '/evidence');
  assert.doesNotMatch(await support.content(), /Searches that found nobody/);
});
