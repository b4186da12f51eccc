// A desk phone is added and removed as people do it, without JavaScript too.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { letter } from '../lib/ask.mjs';
import { launch, press } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { signIn, site } from '../lib/people.mjs';
import { start } from '../lib/server.mjs';

const secret = 'only for trying out';
const problems = [];
after(() => assert.deepEqual(problems, []));

describe('a customer with a line', () => {
  let server, browser;
  before(async () => {
    server = await start({ demo: true, args: ['--sip', '127.0.0.1:0'] });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('adds a desk phone, is shown its password once, and is told of it (R7, R18)', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await signIn(page, server, 'portal', 'ann.example@example.com', secret);
    await page.getByRole('link', { name: 'Phone settings', exact: true }).click();
    await page.getByRole('link', { name: 'Desk phones', exact: true }).click();
    assert.match(await page.locator('main').innerText(), /No phone has been added/);
    problems.push(...await look(page, 'devices-none'));
    await page.getByRole('link', { name: 'Add a phone' }).click();
    await press(page, page.getByRole('button', { name: 'Add the phone' }));
    problems.push(...await look(page, 'device-add-wrong'));
    await page.getByLabel('What do you call this phone?').fill('Front desk');
    await press(page, page.getByRole('button', { name: 'Add the phone' }));
    const told = await page.locator('code.secret').allInnerTexts();
    assert.equal(told.length, 4);
    assert.match(told[0], /^[a-z2-7]{8}$/);
    assert.match(told[1], /^[a-z2-7]{16}$/);
    assert.equal(told[2], 'invoco.net');
    await page.getByRole('img', { name: /user name, the password and the server/ }).waitFor();
    await page.getByText('Yealink', { exact: true }).click();
    problems.push(...await look(page, 'device-added'));
    await page.getByRole('link', { name: 'The phone has it' }).click();
    const list = await page.locator('main').innerText();
    assert.match(list, new RegExp(`Front desk\\s+User name ${told[0]}`));
    for (const path of ['/devices', '/data', '/history']) {
      await page.goto(server.url(`portal.${site}`, path));
      assert.ok(!(await page.content()).includes(told[1]), `${path} shows the password`);
    }
    const mail = await letter(server, site, 'ann.example@example.com', 'account.phone-added');
    assert.ok(!JSON.stringify(mail).includes(told[0]) && !JSON.stringify(mail).includes('Front desk'));
    await context.close();
  });

  it('removes it on the other surface, without JavaScript, after a question', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await signIn(page, server, 'softphone', 'ann.example@example.com', secret);
    await page.goto(server.url(`softphone.${site}`, '/devices'));
    await page.getByRole('link', { name: 'Remove Front desk' }).click();
    await page.getByRole('link', { name: 'Keep it' }).click();
    await page.getByRole('link', { name: 'Remove Front desk' }).click();
    await press(page, page.getByRole('button', { name: 'Remove the phone' }));
    assert.match(await page.locator('main').innerText(), /No phone has been added/);
    await page.goto(server.url(`softphone.${site}`, '/history'));
    assert.match(await page.locator('main').innerText(), /A phone was removed from your line/);
    await context.close();
  });

  it('whoever has no line is told so', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await signIn(page, server, 'portal', 'fay.madeup@example.com', secret);
    await page.goto(server.url(`portal.${site}`, '/devices'));
    assert.match(await page.locator('main').innerText(), /Your account has no number yet/);
    problems.push(...await look(page, 'devices-no-line'));
    await context.close();
  });
});
