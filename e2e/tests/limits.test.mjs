// What calls cost, their limits, and a block that a computer put in place alone:
// as a customer, the administrator of their firm and staff use the pages,
// without JavaScript too.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { letter } from '../lib/ask.mjs';
import { launch, press } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { employ, openAccount, signIn, site } from '../lib/people.mjs';
import { block, spent } from '../lib/plant.mjs';
import { start } from '../lib/server.mjs';

const ann = 'ann@example.com';
const problems = [];
after(() => assert.deepEqual(problems, []));

describe('limits of calls', () => {
  let server, browser;
  const open = async (options) => (await browser.newContext(options)).newPage();
  const text = (page) => page.locator('main').innerText();
  before(async () => {
    server = await start();
    browser = await launch();
    const page = await open();
    await openAccount(page, server, ann);
    await page.context().close();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('shows what is spent, looks up a price and changes the limit, without JavaScript (R7)', async () => {
    const page = await open({ javaScriptEnabled: false });
    await signIn(page, server, 'portal', ann);
    await page.getByRole('link', { name: 'Phone settings', exact: true }).click();
    await page.getByRole('link', { name: 'Spending', exact: true }).click();
    assert.match(await text(page), /nothing spent of £20/);
    await page.getByRole('link', { name: 'What does a call cost?' }).click();
    await page.getByLabel('The number').fill('01 44 20');
    await page.getByRole('button', { name: 'Look up the price' }).click();
    await page.getByRole('heading', { name: /something|check|not/i }).first().waitFor();
    await page.getByLabel('The number').fill('+33 1 23 45 67 89');
    await page.getByRole('button', { name: 'Look up the price' }).click();
    assert.match(await text(page), /France[\s\S]*1.8p, charged by the second[\s\S]*18p/);
    await page.getByRole('link', { name: 'Back to spending and limits' }).click();
    await page.getByRole('link', { name: 'Change the limit' }).click();
    await page.getByLabel('£5', { exact: true }).check();
    await page.getByRole('button', { name: 'Change the limit' }).click();
    assert.match(await text(page), /nothing spent of £5/);
    await page.getByRole('button', { name: /^Switch on.*Premium/ }).click();
    await page.getByRole('button', { name: /^Switch off.*Premium/ }).click();
    await page.getByRole('button', { name: /^Switch on.*Premium/ }).waitFor();
    await page.goto(server.url(`portal.${site}`, '/history'));
    assert.match(await text(page), /Calls to premium-rate numbers were switched on for your account/);
    await page.context().close();
  });

  it('tells of a limit that is near, on both surfaces', async () => {
    await spent(server, 430);
    const page = await open();
    await signIn(page, server, 'portal', ann);
    assert.match(await text(page), /You have spent £4.30 of £5 this month/);
    problems.push(...await look(page, 'limits-portal-first'));
    await page.goto(server.url(`portal.${site}`, '/spending'));
    problems.push(...await look(page, 'limits-near'));
    await page.goto(server.url(`portal.${site}`, '/spending/cap'));
    problems.push(...await look(page, 'limits-cap'));
    await page.goto(server.url(`portal.${site}`, '/spending/price'));
    await page.getByLabel('The number').fill('0909 879 0123');
    await press(page, page.getByRole('button', { name: 'Look up the price' }));
    assert.match(await text(page), /switched off for your account/);
    problems.push(...await look(page, 'limits-price'));
    await page.goto(server.url(`portal.${site}`, '/spending/people'));
    problems.push(...await look(page, 'limits-people'));
    await signIn(page, server, 'softphone', ann);
    assert.match(await text(page), /You have spent £4.30 of £5 this month/);
    await page.context().close();
  });

  it('has a block contested, and decided by a person with a reason (L12)', async () => {
    const name = await block(server);
    const page = await open({ javaScriptEnabled: false });
    await signIn(page, server, 'softphone', ann);
    await page.getByRole('link', { name: 'Calls that cost are stopped' }).click();
    assert.match(await text(page), /11 such calls were made[\s\S]*each shorter than 30 seconds/);
    await page.getByLabel('What should we know?').fill('I rang my aunt, who is ill.');
    await page.getByRole('button', { name: 'Send it to a person' }).click();
    assert.match(await text(page), /a person answers by/);
    assert.equal(await page.getByLabel('What should we know?').count(), 0);
    await letter(server, site, ann, 'calls.contested');

    const staff = await open();
    await employ(staff, server, 'support', 'sue@example.com');
    await staff.goto(server.url(`console.${site}`, '/blocks'));
    problems.push(...await look(staff, 'console-blocks'));
    await staff.getByRole('link', { name: `Look at block ${name}` }).click();
    assert.match(await text(staff), /I rang my aunt, who is ill/);
    problems.push(...await look(staff, 'console-block'));
    await press(staff, staff.getByRole('button', { name: 'Decide, and tell them' }));
    problems.push(...await look(staff, 'console-block-wrong'));
    await staff.getByLabel(/Lift it/).check();
    await staff.getByLabel('Why?').fill('We rang you, and it was you.');
    await press(staff, staff.getByRole('button', { name: 'Decide, and tell them' }));
    assert.match(await text(staff), /No calls are stopped/);

    const mail = await letter(server, site, ann, 'calls.decided');
    assert.ok(!JSON.stringify(mail).includes('it was you'), 'the letter repeats what was typed');
    await page.reload();
    assert.match(await text(page), /Your calls work again[\s\S]*We rang you, and it was you/);
    const scripted = await open();
    await signIn(scripted, server, 'portal', ann);
    await scripted.goto(server.url(`portal.${site}`, `/spending/blocks/${name}`));
    problems.push(...await look(scripted, 'limits-block-lifted'));
    await scripted.goto(server.url(`portal.${site}`, '/history'));
    assert.match(await text(scripted), /A person lifted a block of your calls/);
    const again = await block(server, '7K2M-9QXV');
    await scripted.goto(server.url(`portal.${site}`, `/spending/blocks/${again}`));
    problems.push(...await look(scripted, 'limits-block'));
    await scripted.goto(server.url(`portal.${site}`, '/spending'));
    problems.push(...await look(scripted, 'limits-blocked'));
    await signIn(scripted, server, 'softphone', ann);
    problems.push(...await look(scripted, 'limits-phone'));
  });
});
