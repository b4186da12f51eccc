// The newsletter: asked for, confirmed, left (R14, L16; RFC 8058).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, form, formType, letter, letters, until } from '../lib/ask.mjs';
import { axe, oldEnough } from '../lib/browser.mjs';
import { candour } from '../lib/server.mjs';
import { setUp } from '../lib/stage.mjs';

const site = 'invoco.localhost';
let browser, server, end;

before(async () => { ({ browser, server, end } = await setUp()); });
after(() => end?.());

// signUp sends the form and returns the answer's status and words.
async function signUp(page, email) {
  await page.goto(server.url(site, '/newsletter'));
  await page.getByLabel('E-mail address').fill(email);
  await oldEnough(page);
  const [answer] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === 'POST'),
    page.getByRole('button', { name: 'Send me the newsletter', exact: true }).click(),
  ]);
  await page.getByRole('heading', { level: 1, name: 'Check your e-mail' }).waitFor();
  return { status: answer.status(), words: await page.getByRole('main').innerText() };
}

const linkIn = (mail, path) => mail.links.map((l) => l.replace(/[.,>]+$/, '')).find((l) => new URL(l).pathname === path);

// left proves that an address is no longer on the list: asked for again, the
// newsletter wants to be confirmed again.
async function left(page, email) {
  const questions = async () => (await letters(server, site)).filter((l) => l.to === email && l.kind === 'newsletter.confirm').length;
  const before = await questions();
  await signUp(page, email);
  await until('another question', async () => await questions() > before);
}

async function visitor() {
  const context = await browser.newContext();
  return { context, page: await context.newPage() };
}

describe('the newsletter', () => {
  const email = 'reader@example.org';
  let confirm, first, welcome;

  it('is sent to nobody before the button behind the mailed link is pressed', async () => {
    const { context, page } = await visitor();
    first = await signUp(page, email);
    assert.equal(first.status, 200);
    const mail = await letter(server, site, email, 'newsletter.confirm');
    confirm = linkIn(mail, '/newsletter/confirm');
    assert.ok(confirm, mail.text);
    assert.ok(!mail.headers['List-Unsubscribe'], 'a question is no newsletter');
    await page.goto(confirm);
    await page.reload(); // programs that look at links before people do
    assert.deepEqual(await axe(page), []);
    const button = page.getByRole('button', { name: 'Yes, send me the newsletter' });
    await button.waitFor();
    assert.equal((await letters(server, site)).filter((l) => l.kind === 'newsletter.welcome').length, 0);
    await button.click();
    await page.getByRole('heading', { name: 'The newsletter is yours' }).waitFor();
    await context.close();
  });

  it('begins with a welcome that says how to stop it', async () => {
    welcome = await letter(server, site, email, 'newsletter.welcome');
    assert.match(welcome.headers['List-Unsubscribe'], /^<http:\/\/invoco\.localhost:\d+\/newsletter\/leave\?/);
    assert.equal(welcome.headers['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click');
    assert.ok(linkIn(welcome, '/newsletter/leave'), 'no link to leave in the text');
  });

  it('answers a known address as it answers a new one', async () => {
    const { context, page } = await visitor();
    const again = await signUp(page, email);
    assert.deepEqual(again, first);
    const mail = await until('a mail to the known address', async () =>
      (await letters(server, site)).find((l) => l.to === email && l.kind === 'newsletter.already'));
    assert.ok(mail.text);
    await context.close();
  });

  it('takes a second press of the button for what it is', async () => {
    const { context, page } = await visitor();
    await page.goto(confirm);
    await page.getByRole('button', { name: 'Yes, send me the newsletter' }).click();
    await page.getByRole('heading', { name: 'The newsletter is yours' }).waitFor();
    await context.close();
  });

  it('tells who follows a damaged link so in plain words', async () => {
    const { context, page } = await visitor();
    const damaged = confirm.slice(0, -3);
    const missing = confirm.split('?')[0];
    for (const link of [damaged, missing]) {
      await page.goto(link);
      const button = page.getByRole('main').getByRole('button');
      if (await button.count() > 0) await button.click();
      await page.getByRole('heading', { level: 1, name: 'This link is not good any more' }).waitFor();
      assert.deepEqual(await axe(page), []);
    }
    await context.close();
  });

  it('stops by the page of the link', async () => {
    const { context, page } = await visitor();
    await page.goto(linkIn(welcome, '/newsletter/leave'));
    assert.deepEqual(await axe(page), []);
    await page.getByRole('button', { name: 'Stop the newsletter' }).click();
    await page.getByRole('heading', { name: 'You are off the list' }).waitFor();
    await left(page, email);
    // The link that began it does not undo this.
    await page.goto(confirm);
    await page.getByRole('button', { name: 'Yes, send me the newsletter' }).click();
    await page.getByRole('heading', { level: 1, name: 'This link is not good any more' }).waitFor();
    assert.equal((await letters(server, site)).filter((l) => l.to === email && l.kind === 'newsletter.welcome').length, 1);
    await context.close();
  });

  it('stops by the mail program’s one click, which has no cookies and no origin', async () => {
    const { context, page } = await visitor();
    const other = 'oneclick@example.org';
    await signUp(page, other);
    await page.goto(linkIn(await letter(server, site, other, 'newsletter.confirm'), '/newsletter/confirm'));
    await page.getByRole('button', { name: 'Yes, send me the newsletter' }).click();
    const { headers } = await letter(server, site, other, 'newsletter.welcome');
    const url = new URL(headers['List-Unsubscribe'].match(/<(http[^>]+)>/)[1]);
    const click = { method: 'POST', headers: formType, body: form({ 'List-Unsubscribe': 'One-Click' }) };
    const looked = await ask(server, site, url.pathname + url.search);
    assert.equal(looked.status, 200);
    const answer = await ask(server, site, url.pathname + url.search, click);
    assert.equal(answer.status, 200);
    // The same press twice is no fault of the person's.
    assert.equal((await ask(server, site, url.pathname + url.search, click)).status, 200);
    assert.equal((await ask(server, site, '/newsletter/leave', click)).status, 404, 'a click without a code is taken');
    assert.equal((await ask(server, site, url.pathname, { ...click, body: form({ 'List-Unsubscribe': 'No' }) })).status, 403);
    await left(page, other);
    await context.close();
  });
});

it('the evidence of all this holds, and the log names nobody (R9)', async () => {
  const { code, stdout, stderr } = await candour('verify', server.folder);
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(server.output + server.errors, /example\.org/);
});
