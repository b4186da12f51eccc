// Firefox and Chromium call each other: sound and pictures both ways, hold, keys
// and the end of the call, and Firefox too is asked after the reason was read.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { talkative } from '../lib/browser.mjs';
import { talkative as firefox } from '../lib/firefox.mjs';
import { audible, phone, site } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

describe('Firefox and Chromium', () => {
  let server, chromium, fox, ann, page;
  const wrong = [];
  before(async () => {
    server = await start({ demo: true });
    [chromium, fox] = await Promise.all([talkative(), firefox()]);
    ann = await phone(chromium, server, 'ann');
    page = await fox.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (e) => wrong.push(e.message));
    page.on('console', (m) => { if (m.type() === 'error') wrong.push(m.text()); });
    await page.evaluateOnNewDocument(() => {
      globalThis.connections = [];
      globalThis.asked = [];
      const Real = globalThis.RTCPeerConnection;
      globalThis.RTCPeerConnection = class extends Real {
        constructor(...given) {
          super(...given);
          globalThis.connections.push(this);
        }
      };
      if (!('MediaDevices' in globalThis)) return; // the empty page before the first
      const real = MediaDevices.prototype.getUserMedia;
      MediaDevices.prototype.getUserMedia = function getUserMedia(wanted) {
        globalThis.asked.push(wanted.video ? 'camera' : 'microphone');
        return real.call(this, wanted);
      };
    });
    await page.goto(server.url(`softphone.${site}`, '/sign-in'));
    await (await page.waitForSelector('main input[type="email"]')).type('bea.sample@example.com');
    await (await page.waitForSelector('main input[type="password"]')).type('only for trying out');
    await press('Sign in');
    await page.waitForSelector('#phone-state[data-state="ready"]');
  });
  after(async () => {
    await fox?.close();
    await chromium?.close();
    await server?.stop();
  });

  const press = async (name) => {
    const button = await until(`the button ${name}`, () => page.evaluateHandle((text) =>
      [...document.querySelectorAll('main button')].find((b) => b.textContent.trim() === text && b.checkVisibility()) ?? null, name).then((h) => h.asElement()));
    await button.click();
  };
  const shown = (selector, words) => until(`${selector} ${words ?? ''}`, () => page.evaluate((at, text) => {
    const found = document.querySelector(at);
    return found !== null && found.checkVisibility() && found.innerText.includes(text ?? '');
  }, selector, words));
  // agree presses Allow as often as the page asks, until what follows is there, and
  // returns for what it asked, with what the browser had been asked for before.
  const agree = async (then) => {
    const asked = [];
    await until(`${then} is there`, async () => {
      const what = await page.evaluate(() => {
        const panel = document.querySelector('[data-ask]:not([hidden])');
        const before = [...globalThis.asked];
        panel?.querySelector('[data-answer="yes"]').click();
        return panel && [panel.dataset.ask, before, panel.innerText];
      });
      if (what) asked.push(what);
      return page.evaluate((at) => document.querySelector(at).checkVisibility(), then);
    });
    return asked;
  };
  const heard = (kind) => page.evaluate(async (wanted) => {
    for (const [, s] of await globalThis.connections.at(-1).getStats()) {
      if (s.type === 'inbound-rtp' && s.kind === wanted) return { energy: s.totalAudioEnergy, duration: s.totalSamplesDuration, frames: s.framesDecoded ?? 0 };
    }
    return { energy: 0, duration: 0, frames: 0 };
  }, kind);
  const hears = async () => {
    const { energy } = await heard('audio');
    await until('sound in Firefox', async () => (await heard('audio')).energy - energy > audible);
  };
  const sees = async () => {
    const { frames } = await heard('video');
    await until('pictures in Firefox', async () => (await heard('video')).frames - frames >= 5);
  };
  const both = () => Promise.all([ann.hears(), hears()]);

  it('see and hear each other when Chromium calls, and Firefox is asked after the reason was read (R11)', async () => {
    await ann.dial('1002', { video: true });
    await shown('#phone-incoming', 'Extension 1001');
    await press('With video');
    const asked = await agree('#phone-clock');
    assert.deepEqual(asked.map(([device, before]) => [device, before]), [['microphone', []], ['camera', ['microphone']]]);
    assert.match(asked[0][2], /So that the person you call can hear you/);
    await ann.talking();
    await Promise.all([both(), ann.sees(), sees()]);
  });

  it('are heard all the time', async () => {
    const before = [await ann.heard(), await heard('audio')];
    await ann.played(6);
    const later = [await ann.heard(), await heard('audio')];
    for (const i of [0, 1]) assert.ok(later[i].energy - before[i].energy > 6 * audible, 'half of the time nothing was heard');
    assert.ok(later[1].duration - before[1].duration > 5, 'Firefox did not play it');
  });

  it('hold and resume, either of them, and press keys', async () => {
    await press('Hold');
    await ann.stage('They put you on hold');
    await press('Resume');
    await ann.stage('Connected');
    await both();
    await ann.button('Hold').click();
    await shown('#phone-stage', 'They put you on hold');
    await ann.button('Resume').click();
    await shown('#phone-stage', 'Connected');
    await Promise.all([both(), ann.sees(), sees()]);
    await press('Keys');
    await page.click('#phone-pad [data-key="5"]');
    await shown('#phone-keyed', '5');
    await both();
  });

  it('end it, and have it in both lists', async () => {
    await press('Hang up');
    await ann.said('They ended the call.');
    await shown('#phone-said', 'You ended the call.');
  });

  it('hear each other when Firefox calls', async () => {
    await page.type('#dial-number', '1001');
    await page.click('#phone-call-sound');
    await ann.answer();
    await shown('#phone-clock');
    await both();
    await ann.played(2); // or the list tells no time of it
    await ann.button('Hang up').click();
    await shown('#phone-said', 'They ended the call.');
    const [got, made] = await ann.calls(2);
    assert.match(got[1], /^They called, \d+ sec/);
    assert.match(made[1], /^You called, with video/);
    let list;
    await until('the list of Firefox', async () => {
      await page.goto(server.url(`softphone.${site}`, '/calls'));
      list = await page.evaluate(() => [...document.querySelectorAll('.call-line .call-words .detail')].map((e) => e.textContent).filter((w) => /called/.test(w)));
      return list.length === 2;
    });
    assert.match(list[0], /^You called, \d+ sec/);
    assert.match(list[1], /^They called, with video/);
    assert.deepEqual([...ann.wrong, ...wrong], []);
  });
});
