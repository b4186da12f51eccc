// A second step that is lost (R18): what a customer does after their password,
// what stops it, and how an engineer lets a member of staff in. The wait itself
// takes three days, and is gone through in the tests of the program.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { letter } from '../lib/ask.mjs';
import { press } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { addApp, employ, linkIn, openAccount, password, signIn, site } from '../lib/people.mjs';
import { candour } from '../lib/server.mjs';
import { setUp } from '../lib/stage.mjs';

let browser, server, end;
const portal = `portal.${site}`;
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

before(async () => { ({ browser, server, end } = await setUp()); });
after(() => end?.());

async function person(options = {}) {
  const context = await browser.newContext(options);
  return { context, page: await context.newPage() };
}

describe('a customer who lost the second step', () => {
  const email = 'ann@example.com';
  const problems = [];

  it('begins a wait, sees it, and stops it, without scripts too', async () => {
    const at = await person();
    await openAccount(at.page, server, email);
    await addApp(at.page, server, 'portal');
    const { context, page } = await person({ javaScriptEnabled: false });
    await signIn(page, server, 'portal', email);
    await heading(page, 'One more step');
    await page.getByRole('link', { name: 'I have lost my telephone and my recovery codes' }).click();
    await heading(page, 'Have you lost your second step?');
    await press(page, page.getByRole('button', { name: 'Send me the first e-mail' }));
    await heading(page, 'Please look into your mail');
    await page.goto(linkIn(await letter(server, site, email, 'account.recover-asked'), '/recover/begin'));
    await press(page, page.getByRole('button', { name: 'Yes, they are lost' }));
    await heading(page, 'The wait has begun');
    const notice = await letter(server, site, email, 'account.recover-begun');
    await at.page.goto(server.url(portal, '/security'));
    await at.page.getByRole('heading', { name: 'Your second step is about to be removed' }).waitFor();
    problems.push(...await look(at.page, 'portal-recover-security'));
    await page.goto(linkIn(notice, '/recover/stop'));
    await press(page, page.getByRole('button', { name: 'Keep my second step' }));
    await heading(page, 'Your second step stays');
    await letter(server, site, email, 'account.recover-stopped');
    await at.page.reload();
    assert.equal(await at.page.getByText('is about to be removed').count(), 0);
    await context.close();
    await at.context.close();
  });

  it('finds pages that anybody can read', async () => {
    const { context, page } = await person();
    await signIn(page, server, 'portal', email);
    problems.push(...await look(page, 'portal-recover-code'));
    await page.goto(server.url(portal, '/recover'));
    problems.push(...await look(page, 'portal-recover'));
    await press(page, page.getByRole('button', { name: 'Send me the first e-mail' }));
    problems.push(...await look(page, 'portal-recover-sent'));
    await page.goto(linkIn(await letter(server, site, email, 'account.recover-asked'), '/recover/begin'));
    problems.push(...await look(page, 'portal-recover-begin'));
    await press(page, page.getByRole('button', { name: 'Yes, they are lost' }));
    problems.push(...await look(page, 'portal-recover-begun'));
    await page.goto(linkIn(await letter(server, site, email, 'account.recover-begun'), '/recover/stop'));
    problems.push(...await look(page, 'portal-recover-stop'));
    assert.deepEqual(problems, []);
    await context.close();
  });
});

describe('a member of staff who lost the second step', () => {
  it('is let in by an engineer, and sets a new one up before anything else', async () => {
    const email = 'sue@example.com';
    const before = await person();
    await employ(before.page, server, 'support', email);
    const { context, page } = await person();
    await signIn(page, server, 'console', email);
    await page.getByText('one of our engineers can let you in').waitFor();
    assert.equal(await page.getByRole('link', { name: /I have lost/ }).count(), 0);
    assert.deepEqual(await look(page, 'console-code'), []);
    const made = await candour('account', 'recover', '--data', server.folder, '--email', email);
    assert.equal(made.code, 0, made.stderr);
    await letter(server, site, email, 'account.recover-offered');
    const link = made.stdout.split('\n')[0];
    await page.goto(link);
    await heading(page, 'Remove the second step');
    assert.deepEqual(await look(page, 'console-recover-finish'), []);
    await page.getByLabel('Password', { exact: true }).fill('another password');
    await press(page, page.getByRole('button', { name: 'Remove it and sign in' }));
    await page.getByText('What you typed was not right').waitFor();
    assert.deepEqual(await look(page, 'console-recover-finish-refused'), []);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await press(page, page.getByRole('button', { name: 'Remove it and sign in' }));
    await heading(page, 'Security');
    await page.getByText('please set up a second step').waitFor();
    await page.goto(server.url(`console.${site}`));
    await heading(page, 'Security');
    await before.page.goto(server.url(`console.${site}`, '/security'));
    await heading(before.page, 'Sign in');
    await addApp(page, server, 'console');
    await page.goto(server.url(`console.${site}`));
    await heading(page, 'Staff console');
    await letter(server, site, email, 'account.recovered');
    await page.goto(link);
    await heading(page, 'This link is not good any more');
    await context.close();
    await before.context.close();
  });
});
