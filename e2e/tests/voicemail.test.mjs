// Nobody answers: the caller leaves a message, the callee hears it and deletes it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { letter, until } from '../lib/ask.mjs';
import { press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { signIn, site } from '../lib/people.mjs';
import { phone } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

const secret = 'only for trying out';
const problems = [];
after(() => assert.deepEqual(problems, []));

// listenTo plays the first message of the page and returns how loud it is: the
// mean level of the middle of what the browser makes of the file.
async function listenTo(page) {
  return page.evaluate(async () => {
    const player = document.querySelector('audio.voice-sound');
    await player.play();
    await new Promise((resolve) => { player.addEventListener('timeupdate', resolve, { once: true }); });
    const file = await (await fetch(player.src)).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 8000, 8000).decodeAudioData(file);
    const samples = sound.getChannelData(0);
    let sum = 0;
    for (const s of samples) sum += s * s;
    return { error: player.error?.message, duration: player.duration, seconds: sound.duration, level: Math.sqrt(sum / samples.length) };
  });
}

describe('voicemail', () => {
  let server, browser, ann;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative();
    ann = await phone(browser, server, 'ann');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('is off at first, and is switched on without JavaScript (R7)', async () => {
    await ann.dial('1002');
    await ann.said('not connected');
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await signIn(page, server, 'portal', 'bea.sample@example.com', secret);
    await page.getByRole('link', { name: 'Voicemail', exact: true }).first().click();
    assert.match(await page.locator('main').innerText(), /Voicemail is off/);
    await page.getByRole('link', { name: 'Change', exact: true }).click();
    await page.getByLabel('After twenty seconds').check();
    await page.getByLabel('Yes').check();
    await press(page, page.getByRole('button', { name: 'Keep this' }));
    assert.match(await page.locator('main').innerText(), /On\. It answers after 20 seconds/);
    await context.close();
  });

  it('takes a message, of which the caller is told that it is recorded (L40)', async () => {
    await ann.dial('1002');
    await ann.talking();
    await ann.stage('After the tone you are recorded');
    problems.push(...await look(ann.page, 'voicemail-call'));
    await ann.hears();
    await ann.button('Keys').click();
    const key = ann.page.locator('#phone-pad [data-key="#"]');
    await key.click();
    await ann.played(4);
    await key.click();
    await ann.idle();
    await ann.newest('Extension 1002', 'You left a voicemail message');
    const mail = await letter(server, site, 'bea.sample@example.com', 'voicemail.waiting');
    assert.ok(!JSON.stringify(mail).includes('1001'));
  });

  it('is heard in the browser, called back, and deleted', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await signIn(page, server, 'softphone', 'bea.sample@example.com', secret);
    await page.getByRole('link', { name: 'Hear the new message' }).waitFor();
    problems.push(...await look(page, 'voicemail-phone'));
    await page.getByRole('link', { name: 'Hear the new message' }).click();
    await page.locator('.voice.fresh').waitFor();
    problems.push(...await look(page, 'voicemail-new'));
    // Fetching it, as a browser may beforehand, is not hearing it.
    await page.evaluate(async () => { await (await fetch(document.querySelector('audio.voice-sound').src, { headers: { Range: 'bytes=0-1023' } })).arrayBuffer(); });
    await page.reload();
    await page.locator('.voice.fresh').getByRole('button', { name: /^Mark as heard/ }).waitFor();
    const heard = await listenTo(page);
    await until('it is marked as heard', async () => (await page.locator('.voice.fresh, [data-fresh], form[data-heard]').count()) === 0);
    assert.equal(heard.error, undefined);
    assert.ok(heard.duration > 1 && heard.duration < 12, `a message of ${heard.duration} s`);
    assert.ok(heard.level > 0.005, `heard with a level of ${heard.level}`);
    await page.reload();
    assert.equal(await page.locator('.voice.fresh').count(), 0);
    await page.getByRole('link', { name: 'Change', exact: true }).click();
    problems.push(...await look(page, 'voicemail-set'));
    await page.getByRole('link', { name: 'Back to your messages' }).click();
    await page.getByRole('link', { name: 'Call back' }).click();
    await until('the number is in the field', async () => (await page.getByLabel('Number or extension').inputValue()) === '1001');
    await page.goto(server.url(`softphone.${site}`, '/voicemail'));
    await press(page, page.getByRole('button', { name: /^Delete/ }));
    assert.match(await page.locator('main').innerText(), /No messages\. When somebody leaves one/);
    problems.push(...await look(page, 'voicemail-none'));
    await page.goto(server.url(`softphone.${site}`, '/history'));
    assert.match(await page.locator('main').innerText(), /Somebody left you a voicemail message/);
    await context.close();
  });

  it('plays messages and takes a greeting by phone', async () => {
    const bea = await phone(browser, server, 'bea');
    await bea.dial('*97');
    await bea.talking();
    await bea.stage('Your voicemail');
    await bea.hears();
    await bea.button('Keys').click();
    const key = (k) => bea.page.locator(`#phone-pad [data-key="${k}"]`).click();
    await key('5');
    await bea.played(8);
    await key('#');
    await bea.played(1);
    await bea.button('Hang up').click();
    await bea.idle();
    await bea.page.goto(server.url(`softphone.${site}`, '/voicemail'));
    assert.match(await bea.page.locator('main').innerText(), /Your own\./);
    problems.push(...await look(bea.page, 'voicemail-greeting'));
    const heard = await listenTo(bea.page);
    assert.ok(heard.level > 0.005, `heard with a level of ${heard.level}`);
    await press(bea.page, bea.page.getByRole('button', { name: 'Use the standard greeting' }));
    assert.match(await bea.page.locator('main').innerText(), /The standard one\./);
    assert.deepEqual(bea.wrong, []);
  });

  it('takes a call that was passed on and that nobody takes, with the same words (L40)', async () => {
    const cal = await phone(browser, server, 'cal');
    await cal.dial(ann.number);
    await ann.answer();
    await ann.button('Pass on or add').click();
    await ann.page.getByLabel('Number or extension').fill('1002');
    await ann.button('Pass on now').click();
    await ann.said('You passed the call on.');
    await cal.said('Voicemail. After the tone you are recorded.');
    await cal.stage('After the tone you are recorded');
    assert.match(await cal.at('phone-with').innerText(), /Extension 1002/);
    await cal.hears();
    await cal.button('Keys').click();
    const key = cal.page.locator('#phone-pad [data-key="#"]');
    await key.click();
    await cal.played(4);
    await key.click();
    await cal.idle();
    await cal.newest('Extension 1002', 'You left a voicemail message');
    assert.deepEqual(cal.wrong, []);
  });
});
