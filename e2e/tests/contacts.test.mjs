// An address book: kept after a yes, found, changed, brought in and taken along,
// with and without scripts; and the name that belongs to a number that calls.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone, site } from '../lib/phones.mjs';
import { signIn } from '../lib/people.mjs';
import { start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

const secret = 'only for trying out';
const file = ['BEGIN:VCARD', 'VERSION:3.0', 'UID:one', 'N:Sample;Cal;;;', 'FN:Cal Sample', 'TEL;TYPE=CELL:07700 900123', 'TEL;TYPE=WORK:1003', 'BDAY:1985-04-12', 'END:VCARD',
  'BEGIN:VCARD', 'VERSION:2.1', 'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=84rger;Zo=C3=AB;;;', 'TEL;HOME:01632960123', 'END:VCARD',
  'BEGIN:VCARD', 'VERSION:4.0', 'TEL:5', 'END:VCARD', ''].join('\r\n');

describe('an address book', () => {
  let server, browser, page;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative();
    const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await signIn(page, server, 'softphone', 'ann.example@example.com', secret);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const at = (path) => server.url(`softphone.${site}`, path);
  const button = (name) => page.getByRole('button', { name, exact: true });

  it('is kept only after its reason was read and agreed to (R10, R11)', async () => {
    await page.goto(at('/contacts'));
    await page.getByText('So that you can call people by name').waitFor();
    assert.equal(await page.getByRole('link', { name: 'New contact' }).count(), 0);
    await press(page, button('Not now'));
    await page.getByText('You said no before').waitFor();
    await press(page, button('Allow'));
    await page.getByText('No contacts yet').waitFor();
  });

  it('takes a contact, shows again what cannot be taken, and finds it, without scripts', async () => {
    await page.goto(at('/contacts/add'));
    await page.getByLabel('Name', { exact: true }).fill('Bea at the next desk');
    await page.getByLabel('Number or extension').fill('call me');
    await press(page, button('Keep the contact'));
    assert.equal(await page.getByLabel('Number or extension').inputValue(), 'call me');
    await page.getByLabel('Number or extension').fill('1002');
    await page.getByLabel('Note').fill('Rings at noon');
    await press(page, button('Keep the contact'));
    await page.getByText('Bea at the next desk').first().waitFor();
    await page.getByLabel('Name, number or company').fill('1002');
    await press(page, button('Find'));
    await page.getByRole('heading', { name: 'Found' }).waitFor();
    assert.match(await page.locator('.contact-rows').innerText(), /Bea at the next desk/);
  });

  it('takes a file, tells what became of it, and doubles nobody', async () => {
    for (const [news, same] of [[2, 0], [0, 2]]) {
      await page.goto(at('/contacts/import'));
      await page.getByLabel('A file of contacts').setInputFiles({ name: 'phone.vcf', mimeType: 'text/vcard', buffer: Buffer.from(file) });
      await press(page, button('Bring them in'));
      const report = await page.locator('#import-report').innerText();
      assert.match(report, new RegExp(`New\\s+${news}\\s+Changed\\s+0\\s+There already\\s+${same}\\s+Not taken\\s+1`));
      assert.match(report, /Contact 3 of the file: it has no name/);
      assert.match(report, /birthdays, of one contact/);
    }
  });
});

describe('the names in it', () => {
  let server, browser, ann, bea;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative();
    [ann, bea] = await Promise.all([phone(browser, server, 'ann'), phone(browser, server, 'bea')]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const at = (path) => server.url(`softphone.${site}`, path);

  it('look as they should', async () => {
    const { page } = ann;
    await page.goto(at('/contacts'));
    problems.push(...await look(page, 'contacts-ask'));
    await press(page, page.getByRole('button', { name: 'Allow', exact: true }));
    await page.goto(at('/contacts/import'));
    await page.getByLabel('A file of contacts').setInputFiles({ name: 'phone.vcf', mimeType: 'text/vcard', buffer: Buffer.from(file) });
    await press(page, page.getByRole('button', { name: 'Bring them in' }));
    problems.push(...await look(page, 'contacts-import'));
    await page.goto(at('/contacts/add'));
    await page.getByLabel('Name', { exact: true }).fill('Bea at the next desk');
    await page.getByLabel('Number or extension').fill('1002');
    problems.push(...await look(page, 'contact-edit'));
    await press(page, page.getByRole('button', { name: 'Keep the contact' }));
    problems.push(...await look(page, 'contacts'));
    assert.equal(await page.locator('#contacts-picker').isVisible(), false); // no such thing on a desk
  });

  it('lead to a call, are suggested, and are shown when one of them calls', async () => {
    const { page } = ann;
    await page.getByRole('link', { name: 'Call Bea at the next desk, Number or extension' }).click();
    await ann.ready();
    assert.equal(await page.getByLabel('Number or extension').inputValue(), '1002');
    await until('the address keeps no number', () => new URL(page.url()).pathname === '/' && new URL(page.url()).search === '');
    await page.locator('datalist option[label="Bea at the next desk"]').waitFor({ state: 'attached' });
    await bea.page.getByLabel('Number or extension').fill('1001');
    await bea.button('Call').click();
    await bea.agree(bea.at('phone-call'));
    await ann.at('phone-incoming').waitFor();
    assert.match(await ann.at('phone-incoming').innerText(), /Bea at the next desk/);
    await ann.button('Decline').click();
    await ann.idle();
  });

  it('come from the device where it can show them (Contact Picker API)', async () => {
    const { page } = ann;
    await page.addInitScript(() => {
      Object.defineProperty(navigator, 'contacts', { value: { select: async (what) => {
        globalThis.asked = what;
        return [{ name: ['Dee; Picked'], tel: ['1004'], email: ['dee@example.com'] }];
      } } });
    });
    await page.goto(at('/contacts'));
    await press(page, page.getByRole('button', { name: 'Pick from this device' }));
    await page.getByText('Dee; Picked').first().waitFor();
    problems.push(...await look(page, 'contacts-picker'));
  });

  it('go at once when the yes is taken back (R16)', async () => {
    const { page } = ann;
    await page.goto(at('/permissions'));
    problems.push(...await look(page, 'permissions-all'));
    await press(page, page.locator('#permission-contacts').getByRole('button', { name: /^Take it back/ }));
    await page.goto(at('/contacts'));
    await page.getByText('May the app keep your contacts?').waitFor();
    assert.doesNotMatch(await page.innerText('main'), /Bea at the next desk/);
  });
});
