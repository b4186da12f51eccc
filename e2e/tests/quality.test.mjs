// How calls sound, in words during them, and as notes that stay on the device
// until their person has looked at them and sends them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { oldEnough, press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone, site } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

describe('the quality of calls', () => {
  let server, browser, ann, bea, origin;
  before(async () => {
    server = await start({ demo: true });
    origin = new URL(server.url(`softphone.${site}`)).origin;
    browser = await talkative();
    [ann, bea] = await Promise.all([phone(browser, server, 'ann'), phone(browser, server, 'bea')]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const entries = () => ann.page.evaluate(() => Object.keys(localStorage));
  async function talk(seconds) {
    await ann.page.goto(origin);
    await ann.ready();
    await ann.dial(bea.number);
    await bea.answer();
    await ann.talking();
    await ann.at('phone-quality-words').filter({ hasText: 'Sound is good' }).waitFor();
    await ann.played(seconds);
  }
  const hangUp = async () => {
    await ann.button('Hang up').click();
    await Promise.all([ann.idle(), bea.idle()]);
  };

  it('is told in words, and not worse while somebody is muted', async () => {
    await talk(2);
    problems.push(...await look(ann.page, 'phone-quality'));
    await bea.button('Mute').click();
    await bea.stage('You are muted');
    await ann.played(6);
    assert.equal(await ann.at('phone-quality-words').innerText(), 'Sound is good');
    assert.equal(await ann.at('phone-quality').getAttribute('data-level'), '4');
    await hangUp();
    assert.deepEqual(await entries(), [], 'kept although nobody asked for it');
  });

  it('is noted on the device once that was asked for, without number or name', async () => {
    await ann.page.goto(`${origin}/quality`);
    problems.push(...await look(ann.page, 'quality-empty'));
    await ann.button('Keep notes on this device').click();
    await ann.page.locator('#quality-state').filter({ hasText: 'from the next call on' }).waitFor();
    await talk(4);
    await hangUp();
    await ann.page.goto(`${origin}/quality`);
    const [line] = await until('a note', async () => { const all = await ann.page.locator('#quality-list li').allInnerTexts(); return all.length > 0 && all; });
    assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d UTC, \d+ s: estimate 4\.\d+ of 4\.5/);
    assert.doesNotMatch(line, /1002|Bea/);
    assert.equal(await ann.page.getByLabel('What is sent').inputValue(), line);
    problems.push(...await look(ann.page, 'quality'));
  });

  it('is sent as it stands in the field, and as nothing else (R10)', async () => {
    const sent = [];
    ann.page.on('request', (r) => { if (r.method() === 'POST') sent.push(r.postData() ?? ''); });
    await ann.page.getByLabel('What is sent').fill('estimate 4.4, but there was an echo');
    await oldEnough(ann.page);
    await press(ann.page, ann.button('Send to our support'));
    await ann.page.getByRole('heading', { name: 'Our support has it' }).waitFor();
    assert.equal(sent.length, 1);
    assert.deepEqual(new URLSearchParams(sent[0]).get('message'), 'estimate 4.4, but there was an echo');
    problems.push(...await look(ann.page, 'quality-sent'));
    await ann.page.goto(`${origin}/data`);
    assert.match(await ann.page.getByRole('main').innerText(), /Device logs/);
  });

  it('is kept no more, and what was kept is gone, at one press', async () => {
    await ann.page.goto(`${origin}/quality`);
    await ann.button('Delete them, and keep no more').click();
    await until('nothing is kept', async () => (await entries()).length === 0);
    assert.deepEqual(ann.wrong, []);
  });
});
