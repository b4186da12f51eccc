// People set up their line, without JavaScript too: 999 address, do not disturb,
// forwarding and its stop by whom it goes to, withheld numbers, blocked callers,
// and a call that is reported.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone } from '../lib/phones.mjs';
import { employ, signIn, site } from '../lib/people.mjs';
import { start } from '../lib/server.mjs';

const secret = 'only for trying out';
const addresses = { ann: 'ann.example@example.com', bea: 'bea.sample@example.com', cal: 'cal.specimen@example.com' };
const problems = [];
after(() => assert.deepEqual(problems, []));

describe('customers with lines', () => {
  let server, browser, quiet;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative();
    quiet = await launch();
  });
  after(async () => {
    await browser?.close();
    await quiet?.close();
    await server?.stop();
  });

  // on opens the settings of somebody on a surface, in a browser without scripts
  // unless the page is looked at.
  async function on(surface, who, javaScriptEnabled = false) {
    const context = await quiet.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    await signIn(page, server, surface, addresses[who], secret);
    await page.goto(server.url(`${surface}.${site}`, '/call-settings'));
    return page;
  }
  const main = (page) => page.locator('main').innerText();
  const part = (page, id) => page.locator(`#${id}`);
  const save = (page, id, name = 'Save') => press(page, part(page, id).getByRole('button', { name, exact: true }));

  it('say where the line is, with the warning read (L38)', async () => {
    const page = await on('softphone', 'ann');
    assert.match(await main(page), /We do not know yet where your line is/);
    await page.goto(server.url(`softphone.${site}`, '/'));
    assert.match(await main(page), /No emergency calls/);
    assert.doesNotMatch(await main(page), /Where is this line\?/);
    await page.goto(server.url(`softphone.${site}`, '/call-settings'));
    const form = part(page, 'emergency-address');
    await form.getByLabel('House number or name').fill('7');
    await form.getByLabel('Street').fill('High Street');
    await form.getByLabel('Town or city').fill('Bromsgrove');
    await form.getByLabel('Postcode').fill('nowhere');
    await save(page, 'emergency-address', 'Save this address');
    assert.match(await main(page), /not a postcode of the United Kingdom/);
    assert.equal(await form.getByLabel('Street').inputValue(), 'High Street');
    await form.getByLabel('Postcode').fill('b603dj');
    await save(page, 'emergency-address', 'Save this address');
    assert.match(await part(page, 'emergency').innerText(), /7 High Street\s+Bromsgrove\s+B60 3DJ/);
    await save(page, 'emergency', 'I have read this');
    assert.match(await part(page, 'emergency').innerText(), /You told us on .* that you have read this/);
    await page.goto(server.url(`softphone.${site}`, '/history'));
    assert.match(await main(page), /You told us where your line is/);
    await page.context().close();
  });

  it('forward calls, and whom they go to stops that (L30)', async () => {
    const page = await on('portal', 'bea');
    const forward = part(page, 'call-forward');
    await forward.getByLabel('Always').check();
    await forward.getByLabel('To which extension or number?').fill('1002');
    await save(page, 'call-forward', 'Forward');
    assert.match(await main(page), /that is your own line/);
    await forward.getByLabel('To which extension or number?').fill('1003');
    await save(page, 'call-forward', 'Forward');
    assert.match(await part(page, 'forwarding').innerText(), /All calls go to extension 1003/);

    const other = await on('softphone', 'cal');
    assert.match(await part(other, 'forwarded').innerText(), /Extension 1002\s+Forwards to you: all calls/);
    await press(other, part(other, 'forwarded').getByRole('button', { name: /^Stop it/ }));
    assert.match(await part(other, 'forwarded').innerText(), /Stopped by you on/);
    await page.reload();
    assert.match(await part(page, 'forwarding').innerText(), /Stopped on .* by the person they went to/);
    await page.goto(server.url(`portal.${site}`, '/history'));
    assert.match(await main(page), /The person your calls were forwarded to stopped that/);
    await page.goto(server.url(`portal.${site}`, '/call-settings'));
    await press(page, page.getByRole('button', { name: /^End it/ }));
    await other.context().close();
    await page.context().close();
  });

  it('are not disturbed, withhold their number, block a caller, and report a call (L26, L28)', async () => {
    const page = await on('softphone', 'bea', true);
    await part(page, 'quiet').getByLabel('Until I turn it off').check();
    await save(page, 'quiet');
    assert.match(await part(page, 'quiet').innerText(), /On\s+until you turn it off/);
    const [ann, bea] = await Promise.all([phone(browser, server, 'ann'), phone(browser, server, 'bea')]);
    assert.match(await bea.page.locator('main').innerText(), /Do not disturb is on/);
    await ann.dial('1002', { agree: false });
    await ann.page.locator('[data-ask="microphone"] [data-answer="yes"]').click();
    await ann.said('They are on another call.');
    assert.ok(await bea.at('phone-incoming').isHidden());
    await part(page, 'quiet').getByLabel('No, they ring').check();
    await save(page, 'quiet');

    await ann.dial('1411002', { agree: false });
    await bea.at('phone-incoming').waitFor();
    await bea.button('Decline').click();
    await ann.said('They declined the call.');
    await page.goto(server.url(`softphone.${site}`, '/calls'));
    const calls = page.locator('.call-list > li');
    assert.match(await calls.first().innerText(), /Number withheld/);
    problems.push(...await look(page, 'calls-against'));
    await calls.first().getByRole('link', { name: /^Report/ }).click();
    await page.getByLabel('What happened?').fill('');
    await press(page, page.getByRole('button', { name: 'Report the call' }));
    assert.match(await main(page), /Please choose one of the answers/);
    problems.push(...await look(page, 'call-report'));
    await page.getByLabel('Malicious: threats').check();
    await page.getByLabel('What happened?').fill('They breathed and said nothing.');
    await press(page, page.getByRole('button', { name: 'Report the call' }));
    assert.match(await calls.first().innerText(), /You reported it on/);
    await press(page, calls.first().getByRole('button', { name: /^Block/ }));
    assert.match(await part(page, 'blocked').innerText(), /Whoever called from a withheld number on/);

    // Withheld, the caller does not ring; with their number they do, so nobody learns who it was.
    await ann.dial('1411002', { agree: false });
    await ann.said('They are on another call.');
    await ann.dial('1002', { agree: false });
    await bea.at('phone-incoming').waitFor();
    await bea.button('Decline').click();
    await ann.said('They declined the call.');
    for (const path of ['/calls', '/call-settings', '/data']) {
      await page.goto(server.url(`softphone.${site}`, path));
      if (path !== '/calls') assert.doesNotMatch(await main(page), /Traced, who called/, path);
    }
    await ann.close();
    await bea.close();
    await page.context().close();
  });

  it('staff trace the call, and that stands in the history of who reported it (L28, R28)', async () => {
    const context = await quiet.newContext();
    const page = await context.newPage();
    await employ(page, server, 'support', 'sue.tracer@example.com');
    await page.goto(server.url(`console.${site}`, '/call-reports'));
    assert.doesNotMatch(await main(page), /1001/);
    problems.push(...await look(page, 'console-reports'));
    await page.getByRole('link', { name: /^Open/ }).click();
    assert.match(await main(page), /Who called\s+1001/);
    assert.match(await main(page), /They breathed and said nothing/);
    problems.push(...await look(page, 'console-report'));
    await press(page, page.getByRole('button', { name: 'Close the report' }));
    assert.match(await main(page), /Nothing is open/);
    await context.close();
    const bea = await on('softphone', 'bea');
    await bea.goto(server.url(`softphone.${site}`, '/history'));
    assert.match(await main(bea), /You reported a call/);
    assert.match(await main(bea), /Support staff/);
    assert.match(await main(bea), /Our staff closed the report/);
    await bea.context().close();
  });

  it('see one page that works everywhere', async () => {
    const context = await quiet.newContext();
    const page = await context.newPage();
    await signIn(page, server, 'portal', addresses.ann, secret);
    await page.getByRole('link', { name: 'Call settings', exact: true }).first().click();
    const forward = part(page, 'call-forward');
    await forward.getByLabel('When you do not answer').check();
    await forward.getByLabel('To which extension or number?').fill('1003');
    await press(page, forward.getByRole('button', { name: 'Forward', exact: true }));
    await part(page, 'call-block').getByLabel('Their extension or number').fill('1004');
    await press(page, part(page, 'call-block').getByRole('button', { name: 'Block', exact: true }));
    problems.push(...await look(page, 'call-settings'));
    await signIn(page, server, 'softphone', addresses.cal, secret);
    problems.push(...await look(page, 'phone-asks-place'));
    await page.goto(server.url(`softphone.${site}`, '/call-settings'));
    problems.push(...await look(page, 'call-settings-new'));
    await context.close();
  });
});
