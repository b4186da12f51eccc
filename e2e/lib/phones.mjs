// People with telephones: the made up customers, each in a browser of their own.
import assert from 'node:assert/strict';
import { site, signIn } from './people.mjs';
import { until } from './ask.mjs';

const secret = 'only for trying out';
const numbers = { ann: '1001', bea: '1002', cal: '1003', dee: '1004', eli: '1005', una: '1006' };
const addresses = {
  ann: 'ann.example@example.com', bea: 'bea.sample@example.com', cal: 'cal.specimen@example.com', dee: 'dee.pretend@example.com',
  eli: 'eli.placeholder@example.com', una: 'una.user@example.com',
};

// phone signs somebody in and opens their phone. Its page remembers the
// connections that it makes, so that their numbers can be read.
export async function phone(browser, server, name, { context: options = {}, ready = true, script } = {}) {
  const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.addInitScript(() => {
    globalThis.connections = [];
    const Real = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real {
      constructor(...given) {
        super(...given);
        globalThis.connections.push(this);
      }
    };
  });
  if (script) await page.addInitScript(...script);
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  page.on('console', (m) => { if (m.type() === 'error') wrong.push(m.text()); });
  await signIn(page, server, 'softphone', addresses[name], secret);
  const p = new Phone(page, numbers[name], wrong);
  if (ready) await p.ready();
  return p;
}

class Phone {
  constructor(page, number, wrong) {
    Object.assign(this, { page, number, wrong, answered: new Set() });
  }

  at = (id) => this.page.locator(`#${id}`);
  button = (name) => this.page.getByRole('button', { name, exact: true });
  ready = () => this.page.locator('#phone-state[data-state="ready"]').waitFor();
  said = (words) => this.at('phone-said').filter({ hasText: words }).waitFor();
  stage = (words) => this.at('phone-stage').filter({ hasText: words }).waitFor();
  close = () => this.page.context().close();

  // agree presses Allow each time the page asks, until what follows is there.
  async agree(then) {
    const ask = this.page.locator('[data-ask]:not([hidden]) [data-answer="yes"]');
    for (;;) {
      await ask.or(then).first().waitFor();
      if (await then.first().isVisible()) return;
      await ask.first().click().catch((e) => { if (!/Timeout|detached/.test(e.message)) throw e; });
    }
  }

  async dial(number, { video = false, agree = true } = {}) {
    await this.page.getByLabel('Number or extension').fill(number);
    await this.button(video ? 'Video call' : 'Call').click();
    // A call that comes to nothing at once is over before it is seen.
    if (agree) await this.agree(this.page.locator('#phone-call, #phone-said:not(:empty)'));
  }

  async answer({ video = false } = {}) {
    await this.at('phone-incoming').waitFor();
    await this.button(video ? 'With video' : 'Answer').click();
    await this.agree(this.at('phone-call'));
    await this.talking();
  }

  talking = () => this.at('phone-clock').waitFor();
  idle = () => this.at('phone-dial').waitFor();

  // heard is what came in of a kind, by the numbers of the browser
  // (https://www.w3.org/TR/webrtc-stats/).
  heard = (kind = 'audio', at = -1) => this.page.evaluate(async ([wanted, which]) => {
    const latest = globalThis.connections.at(which);
    for (const [, s] of await latest.getStats()) {
      if (s.type === 'inbound-rtp' && s.kind === wanted) return { energy: s.totalAudioEnergy, duration: s.totalSamplesDuration, frames: s.framesDecoded, packets: s.packetsReceived };
    }
    return { energy: 0, duration: 0, frames: 0, packets: 0 };
  }, [kind, at]);

  // hears waits until sound above silence came, sees until pictures did.
  async hears() {
    const before = await this.heard();
    await until(`sound at ${this.number}`, async () => (await this.heard()).energy - before.energy > audible);
  }

  async sees() {
    const before = await this.heard('video');
    await until(`pictures at ${this.number}`, async () => (await this.heard('video')).frames - before.frames >= 5);
  }

  // silent waits until nothing is heard for two seconds of sound: the beep of
  // the made up microphone comes twice a second.
  silent = () => until(`silence at ${this.number}`, async () => {
    const before = await this.heard();
    return (await this.played(2)).energy - before.energy < audible / 10;
  });

  async played(seconds) {
    const { duration } = await this.heard();
    return until(`${seconds} s of sound at ${this.number}`, async () => {
      const now = await this.heard();
      return now.duration - duration >= seconds && now;
    });
  }

  // calls is one's own list, as [who, what] pairs, newest first, once there are so
  // many: a call is written there when its last words were said.
  calls = (least = 0) => this.listed((list) => assert.ok(list.length >= least, `${list.length} calls in the list, want ${least}`));

  async #list() {
    const page = await this.page.context().newPage();
    await page.goto(new URL('/calls', this.page.url()).href);
    const list = await page.locator('.call-line').evaluateAll((lines) => lines.map((l) => [
      l.querySelector('strong').textContent, l.querySelector('.call-words .detail').textContent,
    ]));
    await page.close();
    return list;
  }

  // listed gives the list once it passes a check, which throws until it does.
  async listed(check) {
    let wrong;
    const passes = async () => {
      const list = await this.#list();
      try {
        check(list);
        return list;
      } catch (e) {
        wrong = e;
        return undefined;
      }
    };
    return until('the list of calls', passes, 10_000).catch((e) => { throw /in vain/.test(e.message) ? wrong : e; });
  }

  // newest wants a call to stand first in the list.
  newest = (who, what) => this.listed(([first]) => assert.deepEqual(first, [who, what]));
}

// audible is the energy of a beep, far above what an encoder makes of silence
// (https://www.w3.org/TR/webrtc-stats/#dom-rtcinboundrtpstreamstats-totalaudioenergy).
export const audible = 1e-4;

export { site };
