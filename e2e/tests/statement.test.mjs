// What calls cost, call by call or together, as their person chose, and calls that
// staff stopped with a reason: as a customer and as staff, without JavaScript too.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { letter } from '../lib/ask.mjs';
import { launch, press } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { employ, openAccount, signIn, site } from '../lib/people.mjs';
import { charged } from '../lib/plant.mjs';
import { start } from '../lib/server.mjs';

const ann = 'ann@example.com';
const problems = [];
after(() => assert.deepEqual(problems, []));

describe('a statement of calls', () => {
  let server, browser;
  const open = async (options) => (await browser.newContext(options)).newPage();
  const text = (page) => page.locator('main').innerText();
  before(async () => {
    server = await start();
    browser = await launch();
    const page = await open();
    await openAccount(page, server, ann);
    await page.context().close();
    await charged(server, 2);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('tells each call and what all cost, and hands them out as a table (L25)', async () => {
    const page = await open();
    await signIn(page, server, 'portal', ann);
    await page.goto(server.url(`portal.${site}`, '/spending'));
    problems.push(...await look(page, 'statement-months'));
    await page.getByRole('link', { name: /^Statement of/ }).click();
    assert.match(await text(page), /Cost\s*10p[\s\S]*Calls\s*2[\s\S]*2 min 30 sec/);
    problems.push(...await look(page, 'statement'));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Take it as a table' }).click()]);
    assert.match(await readFile(await download.path(), 'utf8'), /^begun,number,destination,seconds,pence\r\n[^\n]*,150,4\.5\r\n/);
    await page.context().close();
  });

  it('tells of calls that staff stopped, why, and how to answer it (L12)', async () => {
    const staff = await open();
    await employ(staff, server, 'support', 'sue@example.com');
    await staff.goto(server.url(`console.${site}`, '/people-search'));
    await staff.getByLabel('Their e-mail address').fill(ann);
    await staff.getByLabel('Managing their account').check();
    await press(staff, staff.getByRole('button', { name: 'Find', exact: true }));
    await staff.getByRole('link', { name: 'Stop calls that cost' }).click();
    problems.push(...await look(staff, 'console-stop'));
    await staff.getByLabel('Why?').fill('Your bill is three months late.');
    await press(staff, staff.getByRole('button', { name: 'Stop them, and tell their person' }));
    assert.match(await text(staff), /Put in place by one of us/);
    const mail = await letter(server, site, ann, 'calls.stopped');
    assert.ok(!JSON.stringify(mail).includes('three months'), 'the letter repeats what was typed');
    const page = await open();
    await signIn(page, server, 'portal', ann);
    await page.goto(server.url(`portal.${site}`, '/spending'));
    assert.match(await text(page), /A person of ours stopped them/);
    problems.push(...await look(page, 'stopped-spending'));
    await page.getByRole('link', { name: 'Read why, and answer it' }).click();
    assert.match(await text(page), /Your bill is three months late/);
    problems.push(...await look(page, 'stopped-block'));
    await page.getByLabel('What should we know?').fill('I paid it yesterday.');
    await page.getByRole('button', { name: 'Send it to a person' }).click();
    assert.match(await text(page), /a person answers by/);
  });
});
