// Recording a call: both are told and shown it, the other side can say no, and who
// recorded hears it and deletes it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { signIn, site } from '../lib/people.mjs';
import { phone } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

const secret = 'only for trying out';
const problems = [];
after(() => assert.deepEqual(problems, []));

// levels are how loud each channel of a file is, as the browser decodes it.
const levels = (page, path) => page.evaluate(async (at) => {
  const answer = await fetch(at);
  const sound = await new OfflineAudioContext(2, 48000, 48000).decodeAudioData(await answer.arrayBuffer());
  const mean = (samples) => Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
  return { seconds: sound.duration, levels: Array.from({ length: sound.numberOfChannels }, (_, i) => mean(sound.getChannelData(i))) };
}, path);

describe('recording a call', () => {
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

  const taped = (p, words) => p.at('phone-taped-words').filter({ hasText: words }).waitFor();
  const talk = async () => {
    await ann.dial('1002');
    await bea.answer();
    await ann.talking();
    await bea.hears();
  };
  const hangUp = async () => {
    await ann.button('Hang up').click();
    await Promise.all([ann.idle(), bea.idle()]);
  };

  it('is begun after a yes, and both hear and see it (L40)', async () => {
    await talk();
    await ann.button('Record').click();
    await ann.at('phone-record-ask').waitFor();
    problems.push(...await look(ann.page, 'recording-ask'));
    const before = (await bea.heard()).energy;
    await ann.page.getByRole('button', { name: 'Allow, and record this call' }).click();
    await Promise.all([taped(ann, 'You are recording this call.'), taped(bea, 'They are recording this call.')]);
    assert.ok((await bea.heard()).energy > before, 'the announcement was heard');
    problems.push(...await look(ann.page, 'recording-on'), ...await look(bea.page, 'recording-on-theirs'));
    assert.equal(await bea.at('phone-taped-words').getAttribute('role'), 'status');
    assert.ok(await bea.at('phone-record').isDisabled());
    await bea.played(3);
    await ann.button('Stop recording').click();
    await Promise.all([taped(ann, 'The recording has ended. You find it under Recordings.'), taped(bea, 'They ended the recording.')]);
    await hangUp();
  });

  it('is heard with a side on each ear, saved and deleted, without JavaScript too', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await signIn(page, server, 'softphone', 'ann.example@example.com', secret);
    await page.goto(server.url(`softphone.${site}`, '/recordings'));
    assert.match(await page.locator('.voice').innerText(), /Extension 1002/);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /^Download/ }).click()]);
    assert.match(file.suggestedFilename(), /^recording-\d+\.ogg$/);
    const aware = await (await browser.newContext({ storageState: await context.storageState() })).newPage();
    await aware.goto(server.url(`softphone.${site}`, '/recordings'));
    problems.push(...await look(aware, 'recordings'));
    const both = await levels(aware, await aware.locator('audio.voice-sound').getAttribute('src'));
    assert.equal(both.levels.length, 2);
    assert.ok(both.seconds > 2.5 && both.seconds < 20, `${both.seconds} s`);
    for (const level of both.levels) assert.ok(level > 0.001, `levels ${both.levels}`);
    const played = await aware.evaluate(async () => {
      const player = document.querySelector('audio.voice-sound');
      await player.play();
      await new Promise((resolve) => { player.addEventListener('timeupdate', resolve, { once: true }); });
      return { error: player.error?.message, duration: player.duration };
    });
    assert.equal(played.error, undefined);
    await aware.goto(server.url(`softphone.${site}`, '/calls'));
    await aware.getByRole('link', { name: 'Recorded' }).waitFor();
    await aware.context().close();
    await page.reload();
    await page.getByRole('button', { name: /^Delete the recording/ }).click();
    assert.match(await page.locator('main').innerText(), /No recordings\. When you record a call/);
    await page.goto(server.url(`softphone.${site}`, '/history'));
    const history = await page.locator('main').innerText();
    for (const words of ['You chose to record a call', 'after both sides were told', 'played for the first time', 'You deleted a recording of a call']) assert.ok(history.includes(words), words);
    await context.close();
  });

  it('ends at the word of the other side, whose voice is erased (R16)', async () => {
    await talk();
    await ann.button('Record').click();
    await taped(bea, 'They are recording this call.');
    await bea.button('Do not record me').click();
    await Promise.all([taped(bea, 'You said no. The recording has ended'), taped(ann, 'The other side does not want to be recorded.')]);
    problems.push(...await look(bea.page, 'recording-refused'));
    await ann.button('Record').click();
    await ann.said('The other side does not want to be recorded, so this call is not.');
    await hangUp();
    await ann.page.goto(server.url(`softphone.${site}`, '/recordings'));
    assert.match(await ann.page.locator('main').innerText(), /No recordings/);
    await bea.page.goto(server.url(`softphone.${site}`, '/history'));
    assert.match(await bea.page.locator('main').innerText(), /You said that you are not to be recorded/);
    await Promise.all([ann, bea].map(async (p) => { await p.page.goto(server.url(`softphone.${site}`, '/')); await p.ready(); }));
  });

  it('stops with hold, and what was recorded can be taken out by whom it is of', async () => {
    await talk();
    await ann.button('Record').click();
    await taped(bea, 'They are recording this call.');
    await bea.played(1);
    await bea.button('Hold').click();
    await taped(ann, 'because the call was put on hold');
    await hangUp();
    await bea.page.goto(server.url(`softphone.${site}`, '/recordings'));
    problems.push(...await look(bea.page, 'recordings-about'));
    await press(bea.page, bea.page.getByRole('button', { name: /^Erase my voice/ }));
    await ann.page.goto(server.url(`softphone.${site}`, '/recordings'));
    assert.match(await ann.page.locator('.voice').innerText(), /The other side had their voice erased/);
    const left = await levels(ann.page, await ann.page.locator('audio.voice-sound').getAttribute('src'));
    assert.ok(left.seconds > 0.5);
    await press(ann.page, ann.page.getByRole('button', { name: 'Take it back, and erase them all' }));
    await until('nothing is left', async () => /No recordings/.test(await ann.page.locator('main').innerText()));
    assert.deepEqual([...ann.wrong, ...bea.wrong].filter((w) => !/409/.test(w)), []);
  });
});
