// Accounts: opened, signed in to, secured, lost and found again (R18), as a
// person does it, with and without scripts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { letter, letters } from '../lib/ask.mjs';
import { oldEnough, press } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { addApp, askForAccount, choosePassword, code, device, employ, linkIn, openAccount, password, signIn, site } from '../lib/people.mjs';
import { setUp } from '../lib/stage.mjs';

let browser, server, end;
const portal = `portal.${site}`;

before(async () => { ({ browser, server, end } = await setUp()); });
after(() => end?.());

async function person(options = {}) {
  const context = await browser.newContext(options);
  return { context, page: await context.newPage() };
}
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
const names = async (context) => (await context.cookies()).map((c) => c.name).sort();

describe('a customer', () => {
  const email = 'ann@example.com';
  const problems = [];
  let context, page, phone, app;

  before(async () => { ({ context, page } = await person()); });
  after(() => context?.close());

  it('opens an account by a link to their address', async () => {
    await page.goto(server.url(portal));
    await heading(page, 'Customer portal');
    problems.push(...await look(page, 'portal-welcome'));
    assert.deepEqual(await names(context), [], 'a page that asks nothing sets nothing');
    await page.goto(server.url(portal, '/sign-up'));
    problems.push(...await look(page, 'portal-sign-up'));
    await askForAccount(page, server, email);
    await heading(page, 'Please look into your mail');
    problems.push(...await look(page, 'portal-sign-up-sent'));
    const mail = await letter(server, site, email, 'account.sign-up');
    const link = linkIn(mail, '/sign-up/finish');
    await page.goto(link);
    await page.reload(); // programs that look at links before people do
    problems.push(...await look(page, 'portal-sign-up-finish'));
    await page.getByLabel('Password', { exact: true }).fill('short');
    await press(page, page.getByRole('button', { name: 'Open the account' }));
    await page.getByText('Please take at least 12 characters').first().waitFor();
    assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '', 'a password is never shown again');
    problems.push(...await look(page, 'portal-sign-up-finish-refused'));
    await choosePassword(page, link);
    await heading(page, 'Hello, Ann Example');
    assert.deepEqual(await names(context), ['__RequestVerificationToken', 'invocoTelecomPortal']);
    problems.push(...await look(page, 'portal-overview'));
    await page.goto(link);
    await heading(page, 'This link is not good any more');
  });

  it('adds a passkey and an authenticator app', async () => {
    phone = await device(page);
    await page.goto(server.url(portal, '/security/passkeys'));
    problems.push(...await look(page, 'portal-passkeys'));
    await press(page, page.getByRole('button', { name: 'Make a passkey' }));
    await heading(page, 'The passkey is added');
    assert.equal((await phone.keys()).length, 1);
    await letter(server, site, email, 'account.passkey-added');
    await page.goto(server.url(portal, '/security/authenticator'));
    problems.push(...await look(page, 'portal-authenticator'));
    app = await addApp(page, server, 'portal');
    assert.equal(app.codes.length, 10);
    problems.push(...await look(page, 'portal-codes'));
    await page.goto(server.url(portal, '/security'));
    await page.getByText('this browser').waitFor();
    problems.push(...await look(page, 'portal-security'));
  });

  it('signs out, and in with the passkey alone', async () => {
    await press(page, page.getByRole('button', { name: 'Sign out', exact: true }).first());
    await heading(page, 'Customer portal');
    assert.ok(!(await names(context)).includes('invocoTelecomPortal'));
    await page.goBack();
    assert.ok(!(await page.locator('main').innerText()).includes(email), 'the page before is not shown again');
    await page.goto(server.url(portal, '/security'));
    await heading(page, 'Sign in');
    problems.push(...await look(page, 'portal-sign-in'));
    await press(page, page.getByRole('button', { name: 'Sign in with a passkey' }));
    await heading(page, 'Security');
  });

  it('signs in elsewhere with password and code, and signs that out from here', async () => {
    const other = await person();
    await signIn(other.page, server, 'portal', email);
    await heading(other.page, 'One more step');
    problems.push(...await look(other.page, 'portal-code'));
    await other.page.getByLabel('Code', { exact: true }).fill('000000');
    await press(other.page, other.page.getByRole('button', { name: 'Go on' }));
    await other.page.getByText('What you typed was not right').waitFor();
    await other.page.getByLabel('Code', { exact: true }).fill(code(app.secret, 1));
    await press(other.page, other.page.getByRole('button', { name: 'Go on' }));
    await heading(other.page, 'Hello, Ann Example');
    await page.reload();
    await press(page, page.getByRole('button', { name: 'Sign out everywhere else' }));
    await other.page.goto(server.url(portal, '/security'));
    await heading(other.page, 'Sign in');
    await other.context.close();
  });

  it('does not open another surface with it', async () => {
    for (const surface of ['partner', 'console']) {
      await page.goto(server.url(`${surface}.${site}`, '/security'));
      await heading(page, 'Sign in');
    }
    await signIn(page, server, 'console', email);
    await page.getByText('do not belong together').waitFor();
    problems.push(...await look(page, 'console-sign-in-refused'));
    await page.goto(server.url(`softphone.${site}`, '/'));
    problems.push(...await look(page, 'softphone-welcome'));
  });

  it('leaves nothing that axe or a narrow window would find', () => { assert.deepEqual(problems, []); });
});

describe('without scripts', () => {
  it('an account is opened, lost, found again and moved to another address', async () => {
    const { context, page } = await person({ javaScriptEnabled: false });
    const wait = () => new Promise((done) => { setTimeout(done, 1300); }); // a form is open for a second at least
    const email = 'plain@example.com';
    await page.goto(server.url(portal, '/sign-up'));
    await page.getByLabel('Your name').fill('Pat Plain');
    await page.getByLabel('E-mail address').fill(email);
    await wait();
    await press(page, page.getByRole('button', { name: 'Send me the link', exact: true }));
    await choosePassword(page, linkIn(await letter(server, site, email, 'account.sign-up'), '/sign-up/finish'));
    await heading(page, 'Hello, Pat Plain');
    await press(page, page.getByRole('button', { name: 'Sign out', exact: true }).first());
    await page.goto(server.url(portal, '/sign-in'));
    assert.equal(await page.getByRole('button', { name: 'Sign in with a passkey' }).isVisible(), false);
    await page.getByRole('link', { name: 'I have forgotten my password' }).click();
    await page.getByLabel('E-mail address').fill(email);
    await wait();
    await press(page, page.getByRole('button', { name: 'Send me the link', exact: true }));
    await heading(page, 'Please look into your mail');
    await page.goto(linkIn(await letter(server, site, email, 'account.reset'), '/reset/finish'));
    await page.getByLabel('New password').fill('meadow copper thirteen');
    await press(page, page.getByRole('button', { name: 'Set the password' }));
    await heading(page, 'Your new password is set');
    await signIn(page, server, 'portal', email);
    await page.getByText('do not belong together').waitFor();
    await signIn(page, server, 'portal', email, 'meadow copper thirteen');
    await heading(page, 'Hello, Pat Plain');
    await page.goto(server.url(portal, '/security/address'));
    await page.getByLabel('New e-mail address').fill('moved@example.com');
    await press(page, page.getByRole('button', { name: 'Send the two e-mails' }));
    await heading(page, 'Please look into both mailboxes');
    for (const [to, kind, then] of [['moved@example.com', 'account.address-new', 'Thank you'], [email, 'account.address-old', 'Your e-mail address is changed']]) {
      await page.goto(linkIn(await letter(server, site, to, kind), '/address/confirm'));
      await press(page, page.getByRole('button', { name: 'Yes, change it' }));
      await heading(page, then);
    }
    await letter(server, site, email, 'account.address-changed');
    await context.close();
  });
});

describe('a firm', () => {
  it('invites its users and closes their accounts', async () => {
    const { context, page } = await person();
    await openAccount(page, server, 'boss@example.com', 'Bo Boss');
    await page.goto(server.url(portal, '/people/invite'));
    assert.deepEqual(await page.locator('input[type=radio]').evaluateAll((l) => l.map((e) => e.value)), ['customer-user', 'customer-administrator']);
    assert.deepEqual(await look(page, 'portal-invite'), []);
    await page.getByLabel('Their name').fill('Una User');
    await page.getByLabel('Their e-mail address').fill('user@example.com');
    await page.getByLabel('Use our firm’s services').check();
    await press(page, page.getByRole('button', { name: 'Send the invitation' }));
    const user = await person();
    await choosePassword(user.page, linkIn(await letter(server, site, 'user@example.com', 'account.invited'), '/sign-up/finish'));
    await heading(user.page, 'Hello, Una User');
    await user.page.goto(server.url(portal, '/people'));
    await heading(user.page, 'We cannot find that page');
    await page.goto(server.url(portal, '/people'));
    assert.deepEqual(await look(page, 'portal-people'), []);
    await page.getByRole('link', { name: /^Close/ }).click();
    assert.deepEqual(await look(page, 'portal-people-close'), []);
    await press(page, page.getByRole('button', { name: 'Close the account' }));
    await letter(server, site, 'user@example.com', 'account.closed');
    await user.page.goto(server.url(portal, '/security'));
    await heading(user.page, 'Sign in');
    await context.close();
    await user.context.close();
  });
});

describe('staff', () => {
  it('do nothing before they have a second factor', async () => {
    const { context, page } = await person();
    const app = await employ(page, server, 'support', 'sue@example.com');
    assert.equal(app.codes.length, 10);
    await page.goto(server.url(`console.${site}`));
    await heading(page, 'Staff console');
    assert.deepEqual(await look(page, 'console-overview'), []);
    await context.close();
  });
});

describe('the form of an account', () => {
  it('says the same to everybody about everybody', async () => {
    const { context, page } = await person();
    await openAccount(page, server, 'known@example.com');
    await press(page, page.getByRole('button', { name: 'Sign out', exact: true }).first());
    const answers = [];
    for (const email of ['known@example.com', 'unknown@example.com']) {
      await askForAccount(page, server, email);
      const signUp = await page.getByRole('main').innerText();
      await page.goto(server.url(portal, '/reset'));
      await page.getByLabel('E-mail address').fill(email);
      await oldEnough(page);
      await press(page, page.getByRole('button', { name: 'Send me the link', exact: true }));
      const reset = await page.getByRole('main').innerText();
      await signIn(page, server, 'portal', email, 'another password');
      answers.push([signUp, reset, (await page.locator('.error-summary').innerText())]);
    }
    assert.deepEqual(answers[0], answers[1]);
    await letter(server, site, 'known@example.com', 'account.known');
    const nobody = (await letters(server, site)).filter((l) => l.to === 'unknown@example.com').map((l) => l.kind);
    assert.deepEqual(nobody, ['account.sign-up']);
    await context.close();
  });
});

assert.ok(password.length > 12);
