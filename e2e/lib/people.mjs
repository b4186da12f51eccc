// People with accounts: opening one, signing in, a device with passkeys, and an
// authenticator app.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { letter } from './ask.mjs';
import { oldEnough, press } from './browser.mjs';
import { candour } from './server.mjs';

export const site = 'invoco.localhost';
export const password = 'harbour lantern twelve';

export const linkIn = (mail, path) => mail.links.map((l) => l.replace(/[.,>]+$/, '')).find((l) => new URL(l).pathname === path);

// askForAccount sends the form that asks for one.
export async function askForAccount(page, server, email, name = 'Ann Example') {
  await page.goto(server.url(`portal.${site}`, '/sign-up'));
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('E-mail address').fill(email);
  await oldEnough(page);
  await press(page, page.getByRole('button', { name: 'Send me the link', exact: true }));
}

// choosePassword finishes a sign-up by its link.
export async function choosePassword(page, link) {
  await page.goto(link);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, page.getByRole('button', { name: 'Open the account' }));
}

// openAccount opens one at the portal; the page is signed in afterwards.
export async function openAccount(page, server, email, name) {
  await askForAccount(page, server, email, name);
  const mail = await letter(server, site, email, 'account.sign-up');
  await choosePassword(page, linkIn(mail, '/sign-up/finish'));
}

// signIn fills in the form of a surface.
export async function signIn(page, server, surface, email, secret = password) {
  await page.goto(server.url(`${surface}.${site}`, '/sign-in'));
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(secret);
  await press(page, page.getByRole('button', { name: 'Sign in', exact: true }));
}

// device gives a page a telephone that holds passkeys and is unlocked.
export async function device(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return { session, keys: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials };
}

// code is what an authenticator app shows for a secret (RFC 6238), of the step
// that is so many after this one.
export function code(secret, ahead = 0) {
  const bits = [...secret.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const sum = createHmac('sha1', key).update(counter).digest();
  const at = sum[19] & 15;
  return String((sum.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

// addApp sets an authenticator app up on the page of one's security, and
// returns its secret and the recovery codes.
export async function addApp(page, server, surface) {
  await page.goto(server.url(`${surface}.${site}`, '/security/authenticator'));
  const secret = await page.locator('code.secret').innerText();
  await page.getByLabel('Code', { exact: true }).fill(code(secret));
  await press(page, page.getByRole('button', { name: 'The app has it' }));
  return { secret, codes: await page.locator('.codes code').allInnerTexts() };
}

// employ opens the account of a member of staff; the page is signed in at the
// console afterwards, with an authenticator app.
export async function employ(page, server, role, email) {
  const made = await candour('account', 'create', '--data', server.folder, '--role', role, '--email', email);
  assert.equal(made.code, 0, made.stderr);
  await choosePassword(page, made.stdout.split('\n')[0]);
  return addApp(page, server, 'console');
}
