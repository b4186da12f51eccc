// The contact form, as a person fills it in and as a robot does (R3, R7, R9).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, entries, field, form, formType, letter, letters } from '../lib/ask.mjs';
import { axe, oldEnough } from '../lib/browser.mjs';
import { candour } from '../lib/server.mjs';
import { setUp } from '../lib/stage.mjs';

const site = 'invoco.localhost';
let browser, server, end;

before(async () => { ({ browser, server, end } = await setUp()); });
after(() => end?.());

const contact = () => server.url(site, '/contact');

async function open(options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(contact());
  return { context, page };
}

async function fill(page, { email = 'ada@example.org', message = 'Which lines do you have in Bromsgrove?', about = 'Your products and services' } = {}) {
  await page.getByLabel('Your name').fill('Ada Example');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel(about).check();
  await page.getByLabel('Your message').fill(message);
}

const send = (page) => Promise.all([
  page.waitForResponse((r) => r.request().method() === 'POST'),
  page.getByRole('button', { name: 'Send', exact: true }).click(),
]).then(([response]) => response);

const heading = (page) => page.getByRole('heading', { level: 1 }).innerText();

describe('a person', () => {
  it('fills it in by keyboard alone and gets a reference and an acknowledgement (R3)', async () => {
    const { context, page } = await open();
    await page.getByLabel('Your name').focus();
    await page.keyboard.type('Grace Example');
    await page.keyboard.press('Tab'); // business name, left empty
    await page.keyboard.press('Tab');
    await page.keyboard.type('grace@example.org');
    await page.keyboard.press('Tab'); // telephone number, left empty
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    assert.ok(await page.getByLabel('Your products and services').isChecked(), 'space did not choose the first answer');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Do you sell telephones for a village hall?');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.innerText), 'Send', 'the trap for robots took the focus');
    await oldEnough(page);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Thank you, we have your message' }).waitFor();
    const reference = await page.locator('.reference').innerText();
    assert.deepEqual(await axe(page), []);
    const mail = await letter(server, site, 'grace@example.org', 'enquiry.received');
    assert.match(mail.subject, new RegExp(reference), 'the mail quotes another reference');
    assert.doesNotMatch(mail.subject + mail.text, /village hall/, 'the mail repeats what was written to us');
    await context.close();
  });

  it('who writes about their data is told of their right (R3, R5)', async () => {
    const { context, page } = await open();
    await fill(page, { email: 'rights@example.org', message: 'Please send me a copy of all the data you hold about me.', about: 'My data and my privacy' });
    await oldEnough(page);
    assert.equal((await send(page)).status(), 200);
    assert.match(await page.getByRole('main').innerText(), /your right: Access/);
    const mail = await letter(server, site, 'rights@example.org', 'enquiry.received');
    assert.match(mail.text, /within one month/);
    await context.close();
  });

  it('is shown what is missing, linked to its field, and loses nothing typed', async () => {
    const { context, page } = await open();
    const before = (await letters(server, site)).length;
    await page.getByLabel('E-mail address').fill('not an address');
    await page.getByLabel('Telephone number').fill('ring me');
    await page.getByLabel('Your message').fill('Kept <b>as typed</b> & "quoted"');
    await oldEnough(page);
    assert.equal((await send(page)).status(), 422);
    const summary = page.getByRole('alert');
    assert.equal(await summary.getByRole('link').count(), 4, await summary.innerText());
    assert.ok(await summary.evaluate((e) => e === document.activeElement), 'the summary has no focus');
    for (const link of await summary.getByRole('link').all()) {
      const target = page.locator(await link.getAttribute('href'));
      await link.click();
      assert.ok(await target.evaluate((e) => e === document.activeElement), `${await link.innerText()} does not lead to its field`);
    }
    assert.equal(await page.getByLabel('E-mail address').inputValue(), 'not an address');
    assert.equal(await page.getByLabel('E-mail address').getAttribute('aria-invalid'), 'true');
    assert.equal(await page.getByLabel('Your message').inputValue(), 'Kept <b>as typed</b> & "quoted"');
    assert.deepEqual(await axe(page), []);
    // Mended, the same form is taken.
    await fill(page, { email: 'mended@example.org' });
    await page.getByLabel('Telephone number').fill('01632 960123');
    assert.equal((await send(page)).status(), 200);
    await letter(server, site, 'mended@example.org', 'enquiry.received');
    assert.equal((await letters(server, site)).length, before + 1);
    await context.close();
  });

  it('without JavaScript does the same (R23)', async () => {
    const { context, page } = await open({ javaScriptEnabled: false });
    await fill(page, { email: 'plain@example.org' });
    let answer = await send(page);
    // Quicker than a person: refused with all that was typed, to press again.
    for (let i = 0; i < 60 && answer.status() === 400; i++) {
      assert.match(await page.getByRole('alert').innerText(), /faster than a person types/);
      assert.equal(await page.getByLabel('E-mail address').inputValue(), 'plain@example.org');
      assert.ok(await page.getByLabel('Your products and services').isChecked());
      answer = await send(page);
    }
    assert.equal(answer.status(), 200, 'pressing the button again is not taken');
    await letter(server, site, 'plain@example.org', 'enquiry.received');
    await context.close();
  });

  it('sees why each field is asked, and what may be left out (R7)', async () => {
    const { context, page } = await open();
    const bad = await page.$$eval('main input:not([type=hidden]), main textarea, main fieldset.field', (list) => list
      .filter((e) => !e.closest('.trap') && e.type !== 'radio')
      .flatMap((e) => {
        const words = (e.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)).filter(Boolean);
        const faults = [];
        if (e.tagName !== 'FIELDSET' && !words.some((w) => w.classList.contains('reason') && w.checkVisibility() && w.innerText)) faults.push(`${e.name}: no reason`);
        const label = e.labels?.[0]?.innerText ?? '';
        if (e.tagName !== 'FIELDSET' && !e.required && !/optional/.test(label)) faults.push(`${e.name}: not marked as optional`);
        if (!e.required && e.tagName !== 'FIELDSET' && !words.some((w) => w.classList.contains('without') && w.innerText)) faults.push(`${e.name}: does not say what is lost without it`);
        return faults;
      }));
    assert.deepEqual(bad, []);
    await context.close();
  });
});

// opened opens the form as a robot does: what it would send, and how.
async function opened() {
  const page = await ask(server, site, '/contact');
  const cookie = page.headers['set-cookie'].map((c) => c.split(';')[0]).join('; ');
  const good = {
    name: 'Robot', email: 'robot@example.org', about: 'other', message: 'Buy this.', homepage: '',
    opened: field(page.text, 'opened'), __RequestVerificationToken: field(page.text, '__RequestVerificationToken'),
  };
  const post = (values, headers = {}) => ask(server, site, '/contact', { method: 'POST', body: form(values), headers: { ...formType, Cookie: cookie, ...headers } });
  return { good, post, cookie };
}

// atOnce sends the form within the second in which it was opened. A machine
// that was too busy for that tries again; the address is wrong, so that
// nothing is kept meanwhile.
async function atOnce() {
  for (;;) {
    const begun = performance.now();
    const { good, post } = await opened();
    const answer = await post({ ...good, email: 'none' });
    if (performance.now() - begun < 1000) return answer;
  }
}

// refusals sends what no person sends, and returns what came back beside what
// should have.
async function refusals() {
  const { good, post, cookie } = await opened();
  const without = (name) => Object.fromEntries(Object.entries(good).filter(([k]) => k !== name));
  return [
    ['at once', await atOnce(), 400, /faster than a person types/],
    ['trap filled in', await post({ ...good, homepage: 'http://spam.example' }), 400, /robot/],
    ['no token', await post(without('__RequestVerificationToken')), 403, /send the form again|our own page/i],
    ['no cookie', await post(good, { Cookie: '' }), 403, /our own page/],
    ['no stamp', await post(without('opened')), 400, /open the form again|mark that we put/i],
    ['made-up stamp', await post({ ...good, opened: 'mabc.AAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA' }), 400, /mark that we put/],
    ['another site', await post(good, { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' }), 403, /Another site/],
    ['a sibling of ours', await post(good, { Origin: server.url(`console.${site}`).slice(0, -1), 'Sec-Fetch-Site': 'same-site' }), 403, /Another site/],
    ['too large', await post({ ...good, message: 'x'.repeat(3 << 20) }), 413, /too much at once/],
    ['no form', await ask(server, site, '/contact', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', Cookie: cookie } }), 415, /cannot read/],
    ['damaged', await ask(server, site, '/contact', { method: 'POST', body: 'name=%zz', headers: { ...formType, Cookie: cookie } }), 400, /damaged/],
  ];
}

describe('what is not a person’s', () => {
  it('is refused in plain words and changes nothing', async () => {
    const before = await letters(server, site);
    for (let round = 1; ; round++) {
      const size = await entries(server, site);
      for (const [what, answer, status, words] of await refusals()) {
        assert.equal(answer.status, status, what);
        assert.match(answer.text.replaceAll('&#39;', '’'), words, what);
        assert.match(answer.headers['content-type'], /^text\/html/, what);
      }
      // The evidence of mail sent before may come late, and once a minute
      // totals of what the doors refused are written: not in each round.
      if (await entries(server, site) === size) break;
      assert.ok(round < 4, 'the evidence grew');
    }
    assert.deepEqual(await letters(server, site), before);
  });

  it('a form sent twice is taken once', async () => {
    const { context, page } = await open();
    await fill(page, { email: 'twice@example.org' });
    const token = await page.locator('[name=__RequestVerificationToken]').inputValue();
    const opened = await page.locator('[name=opened]').inputValue();
    await oldEnough(page);
    assert.equal((await send(page)).status(), 200);
    await letter(server, site, 'twice@example.org', 'enquiry.received');
    const before = (await letters(server, site)).length;
    const cookie = (await context.cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
    const again = await ask(server, site, '/contact', {
      method: 'POST', headers: { ...formType, Cookie: cookie },
      body: form({ name: 'Twice', email: 'twice@example.org', about: 'other', message: 'Again', homepage: '', opened, __RequestVerificationToken: token }),
    });
    assert.equal(again.status, 409);
    assert.match(again.text, /sent before/);
    assert.equal((await letters(server, site)).length, before);
    await context.close();
  });

  it('another site in a real browser cannot send it', async () => {
    const { context, page } = await open();
    const opened = await page.locator('[name=opened]').inputValue();
    const token = await page.locator('[name=__RequestVerificationToken]').inputValue();
    const before = (await letters(server, site)).length;
    await context.route('http://evil.localhost/**', (route) => route.fulfill({
      contentType: 'text/html',
      body: `<form method=post action="${contact()}">${Object.entries({ name: 'E', email: 'e@example.org', about: 'other', message: 'm', opened, __RequestVerificationToken: token })
        .map(([k, v]) => `<input name="${k}" value="${v}">`).join('')}<button>Win</button></form>`,
    }));
    await oldEnough(page);
    await page.goto('http://evil.localhost/');
    const [answer] = await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST'), page.getByRole('button').click()]);
    assert.equal(answer.status(), 403);
    await page.waitForURL(contact());
    assert.equal(await heading(page), 'This did not come from our site');
    assert.deepEqual(await axe(page), []);
    assert.equal((await letters(server, site)).length, before);
    await context.close();
  });
});

it('the evidence of all this holds, and the log names nobody (R9)', async () => {
  const { code, stdout, stderr } = await candour('verify', server.folder);
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(server.output + server.errors, /example\.org|Grace|village|127\.0\.0\.1:\d+"?,? .*Mozilla|Chrome\//);
});
