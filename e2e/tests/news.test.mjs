// What is new shows by itself on the open phone: calls that were missed, and
// messages, with the names that its person gave to numbers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone, site } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

describe('an open phone', () => {
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
  const titled = (p, start) => p.page.waitForFunction((s) => document.title.startsWith(s), start);

  it('says who was missed, by the name in one’s contacts, while it stands open', async () => {
    const other = await ann.page.context().newPage();
    await other.goto(at('/contacts'));
    await press(other, other.getByRole('button', { name: 'Allow' }));
    await other.goto(at('/contacts/add'));
    await other.getByLabel('Name', { exact: true }).fill('Bea from the choir');
    await other.getByLabel('Number or extension').fill('1002');
    await press(other, other.locator('main form button[type="submit"]').first());
    await bea.dial('1001');
    await ann.at('phone-incoming').waitFor();
    await bea.button('Cancel').click();
    await ann.idle();
    await ann.at('phone-recent').getByText('1 missed').waitFor();
    await titled(ann, '(1) ');
    const line = ann.at('phone-recent').locator('.call-line').first();
    assert.match(await line.innerText(), /Bea from the choir\s+Extension 1002\s+Missed call/);
    await ann.page.locator('#phone-news').filter({ hasText: 'You have 1 missed call.' }).waitFor({ state: 'attached' });
    problems.push(...await look(ann.page, 'news-missed'));
    await other.goto(at('/calls'));
    assert.match(await other.locator('.call-line').first().innerText(), /Bea from the choir\s+Extension 1002/);
    problems.push(...await look(other, 'news-calls'));
    await ann.at('phone-recent').getByText('1 missed').waitFor({ state: 'detached' });
    assert.doesNotMatch(await ann.page.title(), /^\(/);
    await other.close();
  });

  it('says that somebody wrote, and no more once it was read', async () => {
    const page = await bea.page.context().newPage();
    await page.goto(at('/chat'));
    await page.getByLabel('Their extension').fill('1001');
    await press(page, page.getByRole('button', { name: 'Write', exact: true }));
    await page.locator('main textarea').fill('Did you get my call?');
    await press(page, page.getByRole('button', { name: 'Send', exact: true }));
    await ann.at('phone-messages').getByText('1 new', { exact: true }).waitFor();
    await titled(ann, '(1) ');
    problems.push(...await look(ann.page, 'news-message'));
    const other = await ann.page.context().newPage();
    await other.goto(at('/chat'));
    await other.getByRole('link', { name: /1002|Bea/ }).first().click();
    await other.getByText('Did you get my call?').waitFor();
    await ann.at('phone-messages').getByText('Nothing new.').waitFor();
    assert.doesNotMatch(await ann.page.title(), /^\(/);
    assert.deepEqual([ann.wrong, bea.wrong], [[], []]);
  });
});
