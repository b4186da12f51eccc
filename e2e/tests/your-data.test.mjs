// What a person without an account can do about their data (R5, R24, L5, L6,
// L8): by a link to their address, with and without scripts.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { letter, letters } from '../lib/ask.mjs';
import { axe, oldEnough } from '../lib/browser.mjs';
import { candour } from '../lib/server.mjs';
import { setUp } from '../lib/stage.mjs';

const site = 'invoco.localhost';
let browser, server, end;

before(async () => { ({ browser, server, end } = await setUp()); });
after(() => end?.());

async function visitor(options = {}) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  return { context, page: await context.newPage() };
}

// settled waits as a person does before sending a form; without scripts in the
// page its own clock cannot be asked.
function settled(page, scripts) {
  if (scripts) return oldEnough(page);
  return new Promise((resolve) => { setTimeout(resolve, 1500); });
}

// write sends the contact form, so that something is held.
async function write(page, email, words, scripts = true) {
  await page.goto(server.url(site, '/contact'));
  await page.getByLabel('Your name').fill('Ann Example');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Something else').check();
  await page.getByLabel('Your message').fill(words);
  await settled(page, scripts);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Thank you' }).waitFor();
}

// ask asks for a link and returns the words of the answer.
async function ask(page, email, scripts = true) {
  await page.goto(server.url(site, '/your-data'));
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('See what you hold about me').check();
  await settled(page, scripts);
  await page.getByRole('button', { name: 'Send me the link' }).click();
  await page.getByRole('heading', { level: 1, name: 'Check your e-mail' }).waitFor();
  return page.getByRole('main').innerText();
}

const linkIn = (mail, path) => mail.links.map((l) => l.replace(/[.,>]+$/, '')).find((l) => new URL(l).pathname === path);

// file presses a button and reads what is downloaded.
async function file(page, name) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
  return readFile(await download.path(), 'utf8');
}

for (const scripts of [true, false]) {
  describe(`a person without an account, ${scripts ? 'with' : 'without'} scripts`, () => {
    const email = scripts ? 'ann@example.org' : 'bob@example.org';
    const words = `My line hums ${scripts ? 'loudly' : 'softly'}`;
    let link;
    const open = () => visitor({ javaScriptEnabled: scripts });
    // axe needs scripts in the page.
    const check = async (page) => { if (scripts) assert.deepEqual(await axe(page), []); };

    it('is sent a link, and nobody learns from the page whether there is anything', async () => {
      const { context, page } = await open();
      await write(page, email, words, scripts);
      const said = await ask(page, email, scripts);
      await check(page);
      assert.equal(await ask(page, `nobody-${scripts}@example.org`, scripts), said);
      link = linkIn(await letter(server, site, email, 'rights.link'), '/your-data/act');
      assert.ok(link);
      const none = await letter(server, site, `nobody-${scripts}@example.org`, 'rights.nothing');
      assert.match(none.text, /We find nothing about you by this address/);
      await context.close();
    });

    it('sees what is held and takes it away', async () => {
      const { context, page } = await open();
      const answer = await page.goto(link);
      assert.equal(answer.headers()['cache-control'], 'no-store');
      assert.equal(answer.headers()['x-robots-tag'], 'noindex');
      await page.reload(); // programs that look at links before people do
      assert.doesNotMatch(await page.getByRole('main').innerText(), /hums/);
      await check(page);
      const pack = JSON.parse(await file(page, 'Download all of it'));
      assert.equal(pack.complete.records, pack.records.length);
      assert.ok(pack.records.some((r) => r.value === words));
      assert.match(await file(page, 'Download as a table (CSV)'), /^category,title,source,collected,encoding,value\r\n/);
      assert.equal(JSON.parse(await file(page, 'Download as JSON')).format, 'candour-portability-1');
      await page.getByRole('button', { name: 'See what you hold' }).click();
      await page.getByRole('heading', { level: 1, name: 'What we hold about you' }).waitFor();
      assert.ok(!page.url().includes('token'), 'the code stands in the address of a later page');
      await page.getByText(words).waitFor();
      await check(page);
      await context.close();
    });

    it('puts a record right', async () => {
      const { context, page } = await open();
      await page.goto(link);
      await page.getByRole('button', { name: 'See what you hold' }).click();
      await page.getByRole('button', { name: 'Put it right this record: Name' }).click();
      assert.equal(await page.getByLabel('What it should say').inputValue(), 'Ann Example');
      await check(page);
      await page.getByLabel('What it should say').fill('Ann Changed');
      await page.getByRole('button', { name: 'Put it right' }).click();
      await page.getByRole('heading', { name: 'It is put right' }).waitFor();
      await page.getByRole('button', { name: 'Back to my choices' }).click();
      await page.getByRole('button', { name: 'See what you hold' }).click();
      await page.getByText('Ann Changed').waitFor();
      await context.close();
    });

    it('stops a use and lets it go on', async () => {
      const { context, page } = await open();
      await page.goto(link);
      await page.getByRole('button', { name: 'Keep it, but do not use it' }).click();
      await page.getByRole('heading', { name: 'We no longer use your data' }).waitFor();
      await check(page);
      await page.goto(link);
      await page.getByRole('button', { name: 'You may use it again' }).click();
      await page.getByRole('heading', { name: 'We may use your data again' }).waitFor();
      await page.goto(link);
      await page.getByRole('button', { name: 'Object to: Replying to your e-mails' }).click();
      await page.getByRole('heading', { name: 'We have stopped' }).waitFor();
      await context.close();
    });

    it('erases it after being asked twice, and has a receipt', async () => {
      const { context, page } = await open();
      await page.goto(link);
      await page.getByRole('button', { name: 'Erase my data' }).click();
      await page.getByText('No law makes us keep any of it').waitFor();
      await check(page);
      await page.getByRole('button', { name: 'Yes, erase my data' }).click();
      await page.getByRole('heading', { name: 'Your data is erased' }).waitFor();
      await check(page);
      const mail = await letter(server, site, email, 'rights.erased');
      await page.goto(linkIn(mail, '/your-data/receipt'));
      await page.getByText('nothing opens any more').waitFor();
      await check(page);
      await page.goto(link);
      await page.getByRole('heading', { level: 1, name: 'This link is not good any more' }).waitFor();
      await check(page);
      await context.close();
    });
  });
}

describe('a complaint about personal data', () => {
  it('reaches us without a link, and is acknowledged at once', async () => {
    const { context, page } = await visitor();
    await page.goto(server.url(site, '/complaint'));
    assert.deepEqual(await axe(page), []);
    await page.getByLabel('E-mail address').fill('cat@example.org');
    await page.getByLabel('Your complaint').fill('You rang me twice.');
    await oldEnough(page);
    await page.getByRole('button', { name: 'Send the complaint' }).click();
    await page.getByRole('heading', { level: 1, name: 'We have your complaint' }).waitFor();
    assert.deepEqual(await axe(page), []);
    const mail = await letter(server, site, 'cat@example.org', 'complaint.received');
    assert.match(mail.text, /This is our acknowledgement/);
    assert.doesNotMatch(mail.text, /rang me/);
    await context.close();
  });
});

it('the evidence of all this holds, and the log names nobody (R9)', async () => {
  assert.ok((await letters(server, site)).length >= 7);
  const { code, stdout, stderr } = await candour('verify', server.folder);
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(server.output + server.errors, /example\.org|line hums|token=/);
});
