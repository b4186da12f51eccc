// A customer's own data and rights in the portal (R5, R24, L5 to L11): what is
// held, the files, decisions, a complaint, and the end of the account. All but
// the opening of the account happens without scripts.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { ask, letter } from '../lib/ask.mjs';
import { press } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { linkIn, openAccount, password, signIn, site } from '../lib/people.mjs';
import { candour } from '../lib/server.mjs';
import { setUp } from '../lib/stage.mjs';

const email = 'ann@example.org';
const planted = 'A planted profession';
let browser, server, end;
let page; // signed in, without scripts
let seen; // the same sign-in with scripts, for axe and pictures

const portal = (at) => server.url(`portal.${site}`, at);
const main = () => page.locator('main').innerText();
const go = (at) => page.goto(portal(at));
const click = (name) => press(page, page.getByRole('button', { name, exact: true }));

before(async () => {
  ({ browser, server, end } = await setUp());
  const context = await browser.newContext();
  seen = await context.newPage();
  await openAccount(seen, server, email);
  const plain = await browser.newContext({ javaScriptEnabled: false, acceptDownloads: true, storageState: await context.storageState() });
  page = await plain.newPage();
});
after(() => end?.());

// picture looks at an address as somebody with scripts sees it.
async function picture(at, name) {
  await seen.goto(portal(at));
  assert.deepEqual(await look(seen, name), []);
}

async function file(name) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name, exact: true }).first().click()]);
  return readFile(await download.path(), 'utf8');
}

it('shows what is held, and puts a record right (R24, L6, L7)', async () => {
  await go('/profile');
  await page.getByLabel('Profession').fill(planted);
  await click('Save');
  await go('/preferences');
  await press(page, page.getByRole('article', { name: 'E-mails you asked for', exact: true }).getByRole('button', { name: /^Yes, do this/ }));
  await go('/data');
  const held = await main();
  for (const words of [planted, email, 'Who receives it', 'Decisions by a computer alone', 'What happened with your data', 'Your account was opened', 'complain to the']) {
    assert.ok(held.includes(words), `the page does not say ${words}`);
  }
  assert.ok(held.includes('Held, and shown to nobody') && !held.includes('$argon2'), 'the secret of the sign-in is on the page');
  await picture('/data', 'data');
  await press(page, page.getByRole('link', { name: 'Put it right this record: Profession' }));
  assert.equal(await page.getByLabel('What it should say').inputValue(), planted);
  await picture(new URL(page.url()).pathname, 'data-correct');
  await page.getByLabel('What it should say').fill('');
  await click('Put it right');
  assert.match(await page.locator('.error-summary').innerText(), /Nothing was changed/);
  await page.getByLabel('What it should say').fill(`${planted} put right`);
  await click('Put it right');
  await page.getByRole('heading', { name: 'It is put right' }).waitFor();
  await go('/profile');
  assert.equal(await page.getByLabel('Profession').inputValue(), `${planted} put right`);
});

it('hands out everything, by the published schema, and what is taken along (R24, L6, L10)', async () => {
  await go('/data');
  const pack = JSON.parse(await file('Download all of it'));
  const schema = JSON.parse((await ask(server, site, '/your-data/access.schema.json')).text);
  assert.deepEqual(schema.required.filter((name) => !(name in pack)), []);
  assert.deepEqual(Object.keys(pack).filter((name) => !(name in schema.properties)), []);
  assert.equal(pack.complete.records, pack.records.length);
  assert.equal(pack.complete.history, pack.history.length);
  assert.ok(pack.records.some((r) => r.value === `${planted} put right`));
  assert.ok(pack.records.some((r) => r.encoding === 'withheld') && !JSON.stringify(pack).includes('$argon2'));
  assert.ok(pack.history.some((h) => h.what === 'Your account was opened.'));
  const taken = JSON.parse(await file('Download as JSON'));
  assert.equal(taken.format, 'candour-portability-1');
  assert.ok(taken.records.some((r) => r.value === `${planted} put right`));
  assert.match(await file('Download as a table (CSV)'), /^category,title,source,collected,encoding,value\r\n/);
});

it('proves what happened to a program that trusts nobody (R28)', async () => {
  await go('/history');
  await press(page, page.getByRole('link', { name: 'Your account was opened.' }));
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the proof' }).click()]);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'candour-proof-'));
  try {
    const [proof, key, program] = ['proof.json', 'key', 'check-evidence.mjs'].map((name) => path.join(dir, name));
    await download.saveAs(proof);
    await writeFile(key, (await ask(server, site, '/evidence/key')).text);
    await writeFile(program, (await ask(server, site, '/evidence/check-evidence.mjs')).text);
    const { stdout } = await promisify(execFile)(process.execPath, [program, key, proof]);
    assert.match(stdout, /holds:[^]*"kind": "account.opened"/);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

it('restricts, is signed in to all the same, and lifts (L9)', async () => {
  await go('/data');
  await click('Keep it, but do not use it');
  await page.getByRole('heading', { name: 'We no longer use your data' }).waitFor();
  const again = await browser.newPage();
  await signIn(again, server, 'portal', email);
  await again.goto(portal('/data'));
  assert.match(await again.locator('main').innerText(), /At your word we keep your data and do nothing else with it/);
  await again.context().close();
  await press(page, page.getByRole('link', { name: 'Back to your data' }));
  await click('You may use it again');
  await page.getByRole('heading', { name: 'We may use your data again' }).waitFor();
});

it('objects, takes a yes back, and complains (L5, L11, R6, R16)', async () => {
  await go('/data');
  await press(page, page.getByRole('button', { name: 'Take back my yes to: E-mails you asked for' }));
  await page.getByRole('heading', { name: 'Your yes is taken back' }).waitFor();
  await go('/data');
  const object = page.getByRole('button', { name: /^Object to: / }).first();
  const title = (await object.innerText()).replace(/^Object\s+to: /, '').trim();
  await press(page, object);
  await page.getByRole('heading', { name: 'We have stopped' }).waitFor();
  await go('/data');
  await page.getByRole('button', { name: `Take the objection back to: ${title}` }).waitFor();
  await go('/requests');
  assert.equal(await page.locator('form#complaint input:not([type=hidden]), form#complaint textarea').count(), 2, 'more is asked than the complaint (and the trap)');
  await page.getByLabel('Your complaint').fill('You rang me twice.');
  const opened = Date.now();
  while (Date.now() - opened < 1300) await page.locator('body').waitFor();
  await click('Send the complaint');
  assert.match(await page.getByRole('status').innerText(), /We have your complaint/);
  const listed = await main();
  for (const words of ['Complaint', 'Nobody has taken it up yet', 'Objection', 'Withdrawal of consent', 'Rectification', 'Access', 'Portability', 'Restriction', 'You were given a copy.']) {
    assert.ok(listed.includes(words), `the list does not say ${words}:\n${listed}`);
  }
  assert.doesNotMatch(listed, /on our website/);
  await picture('/requests', 'requests');
  const mail = await letter(server, site, email, 'complaint.received');
  assert.doesNotMatch(mail.text, /rang me/);
});

it('is a page that prints', async () => {
  await seen.goto(portal('/data'));
  await seen.emulateMedia({ media: 'print' });
  for (const hidden of ['.acts', '.decide', '.ways', '.sign-out']) assert.equal(await seen.locator(`${hidden} >> visible=true`).count(), 0, hidden);
  assert.match(await seen.locator('main').innerText(), /A planted profession put right/);
  await seen.emulateMedia({ media: 'screen' });
});

it('leads the menu to each page, in one row on a desk', async () => {
  await seen.setViewportSize({ width: 1280, height: 900 });
  await seen.goto(portal('/'));
  assert.deepEqual(await look(seen, 'portal-home'), []);
  const rows = await seen.locator('.site-menu > ul > li > a').evaluateAll((all) => new Set(all.map((a) => Math.round(a.getBoundingClientRect().top))).size);
  assert.equal(rows, 1);
  for (const href of await seen.locator('.site-menu li a').evaluateAll((all) => all.map((a) => a.href))) {
    assert.equal((await seen.goto(href)).status(), 200, href);
    assert.equal(await seen.locator('.site-menu a[aria-current=page]').count(), 1, href);
  }
});

it('erases the account, and shows how far it is (L8)', async () => {
  await go('/data');
  await press(page, page.getByRole('link', { name: 'Erase my data …' }));
  assert.match(await main(), /It cannot be undone/);
  await picture('/data/erase', 'data-erase');
  await click('Yes, erase my data');
  await page.getByRole('heading', { name: 'Your data is erased' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign out' }).count(), 0);
  const left = (await page.context().cookies()).map((c) => c.name);
  assert.ok(!left.includes('invocoTelecomPortal'), left.join());
  await press(page, page.getByRole('link', { name: 'See the receipt' }));
  await page.getByText('nothing opens any more').waitFor();
  assert.equal(await page.locator('.steps-plain li').count(), 5);
  const mail = await letter(server, site, email, 'rights.erased');
  await page.goto(linkIn(mail, '/your-data/receipt'));
  await page.getByText('nothing opens any more').waitFor();
  await go('/data');
  assert.match(page.url(), /\/sign-in\?/);
  await seen.goto(portal('/data'));
  assert.match(seen.url(), /\/sign-in\?/, 'another browser is still signed in');
  await signIn(seen, server, 'portal', email, password);
  assert.match(await seen.locator('.error-summary').innerText(), /do not belong together/);
});

it('the evidence of all this holds, and the log names nobody (R9)', async () => {
  const { code, stdout, stderr } = await candour('verify', server.folder);
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(server.output + server.errors, /ann@|planted|rang me/);
});
