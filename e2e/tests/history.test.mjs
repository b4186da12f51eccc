// What happened with a person's data, with proofs, and whom they shut out: as
// a customer of the portal.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { ask, letter } from '../lib/ask.mjs';
import { axe, oldEnough, press } from '../lib/browser.mjs';
import { setUp } from '../lib/stage.mjs';

const parent = 'invoco.localhost';
const portal = `portal.${parent}`;
const address = 'ann@example.com';
let stage;
let page;

before(async () => {
  stage = await setUp();
  page = await (await stage.browser.newContext()).newPage();
  await signUp(page);
});
after(() => stage?.end());

// signUp opens an account by the form, the mail and a password.
async function signUp(on) {
  await on.goto(stage.server.url(portal, '/sign-up'));
  await on.getByLabel('Your name').fill('Ann Example');
  await on.getByLabel('E-mail address').fill(address);
  await oldEnough(on);
  await press(on, on.locator('form#sign-up button'));
  const mail = await letter(stage.server, parent, address, 'account.sign-up');
  await on.goto(mail.text.match(/http:\S+sign-up\/finish\S+/)[0]);
  await on.getByRole('textbox', { name: 'Password' }).fill('three calm words here');
  await press(on, on.locator('form#sign-up-finish button'));
}

const go = (at) => page.goto(stage.server.url(portal, at));

test('a person reads what happened with their data, by whom and why (R28)', async () => {
  await go('/history');
  await page.getByRole('heading', { level: 1, name: 'What happened with your data' }).waitFor();
  const lines = await page.locator('.happening h3').allInnerTexts();
  assert.ok(lines.includes('Your account was opened.'), lines.join('\n'));
  assert.ok(lines.some((l) => l.includes('to send you the link that opens your account')), lines.join('\n'));
  assert.deepEqual(await axe(page), []);
  await press(page, page.getByRole('link', { name: 'E-mails' }));
  for (const line of await page.locator('.happening h3').allInnerTexts()) assert.match(line, /e-mail/);
});

test('each entry comes with a proof that a stranger’s program checks (R28)', async () => {
  await go('/history');
  await press(page, page.getByRole('link', { name: 'Your account was opened.' }));
  assert.deepEqual(await axe(page), []);
  await page.getByText('What was sealed, word for word').click();
  assert.match(await page.locator('pre.sealed').textContent(), /"kind": "account.opened"/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the proof' }).click()]);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'candour-proof-'));
  try {
    const [proof, key, program] = ['proof.json', 'key', 'check-evidence.mjs'].map((name) => path.join(dir, name));
    await download.saveAs(proof);
    await writeFile(key, (await ask(stage.server, parent, '/evidence/key')).text);
    await writeFile(program, (await ask(stage.server, parent, '/evidence/check-evidence.mjs')).text);
    const { stdout } = await promisify(execFile)(process.execPath, [program, key, proof]);
    assert.match(stdout, /holds:[^]*"kind": "account.opened"/);
    await writeFile(proof, (await readFile(proof, 'utf8')).replace('account.opened', 'account.closed'));
    await assert.rejects(promisify(execFile)(process.execPath, [program, key, proof]), /does not commit to this body/);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('nobody else sees it, with or without its number (R28)', async () => {
  await go('/history');
  const at = await page.locator('.happening h3 a').first().getAttribute('href');
  const stranger = await (await stage.browser.newContext()).newPage();
  for (const way of ['/history', at, `${at}/proof`, '/access']) {
    await stranger.goto(stage.server.url(portal, way));
    assert.match(stranger.url(), /\/sign-in\?/);
  }
  for (const way of ['/history/1', '/history/0', '/history/01', '/history/x', '/history/9223372036854775808', '/history/1/proof', '/history?show=uses', '/history?before=-1']) {
    assert.equal((await go(way)).status(), 404, way);
  }
});

test('a person shuts staff out, and lets them in for a time (R29)', async () => {
  await go('/access');
  assert.deepEqual(await axe(page), []);
  const staff = page.locator('#staff');
  const press1 = (name) => press(page, staff.getByRole('button', { name }));
  await press1('Shut them out');
  await staff.getByText('You shut them out.').waitFor();
  assert.match(await page.locator('.access-roles').innerText(), /nothing now/);
  assert.deepEqual(await axe(page), []);
  await press1('Let them in for 1 day');
  await staff.getByText(/You let them in until/).waitFor();
  await press1('End it now');
  await press1('Let them in for good');
  await staff.getByText('They may see what is listed below.').waitFor();
  await go('/history?show=decisions');
  const lines = await page.locator('.happening h3').allInnerTexts();
  assert.deepEqual(lines.slice(0, 4), [
    'You let our staff in again.', 'You ended the time for which you had let our staff in.',
    'You let our staff in for 1 day.', 'You shut our staff out of everything that is not strictly needed.',
  ]);
  for (const way of ['/access/software/shut', '/access/staff/grant/year', '/access/x/open']) {
    const status = await page.evaluate(async (to) => (await fetch(to, { method: 'POST', body: new URLSearchParams() })).status, way);
    assert.equal(status, 404, way);
  }
});
