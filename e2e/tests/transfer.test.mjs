// Three people in calls at once: one passes another on, two are connected by the
// third, three talk together, and a call waits while another goes on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { audible, phone } from '../lib/phones.mjs';
import { start } from '../lib/server.mjs';

// What is wrong with how pages look, told at the end: a call does not wait.
const problems = [];
after(() => assert.deepEqual(problems, []));

const together = (...acts) => Promise.all(acts);

describe('three customers', () => {
  let server, browser, ann, bea, cal;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative();
    [ann, bea, cal] = await together(phone(browser, server, 'ann'), phone(browser, server, 'bea'), phone(browser, server, 'cal'));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const row = (who) => who.page.locator('.phone-other');
  const act = (who, name) => row(who).locator('button', { hasText: name }).click();
  const number = (who, text) => who.page.getByLabel('Number or extension').fill(text);
  const waiting = (who) => who.at('phone-waiting');

  // hears waits for sound on one of the connections of a page, -1 the latest.
  const hears = async (who, at = -1) => {
    const first = await who.heard('audio', at);
    await until(`sound at ${who.number}`, async () => (await who.heard('audio', at)).energy - first.energy > audible);
  };

  const idle = async (...all) => {
    await together(...all.map((one) => one.idle()));
  };

  it('pass a call on to somebody who takes it', async () => {
    await ann.dial(bea.number);
    await bea.answer();
    await together(ann.hears(), bea.hears());
    await bea.button('Pass on or add').click();
    problems.push(...await look(bea.page, 'phone-pass'));
    await number(bea, cal.number);
    await bea.button('Pass on now').click();
    await cal.at('phone-incoming').waitFor();
    assert.match(await cal.at('phone-incoming').innerText(), /Extension 1001/);
    await bea.stage('Passing them on to extension 1003');
    await ann.stage('They put you on hold');
    await cal.answer();
    await together(bea.said('You passed the call on.'), ann.said('You are talking to extension 1003 now.'));
    await bea.idle();
    await ann.stage('Connected');
    await together(hears(ann), hears(cal));
    assert.match(await ann.at('phone-with').innerText(), /Extension 1003/);
    await ann.button('Hold').click();
    await cal.stage('They put you on hold');
    await ann.button('Resume').click();
    await together(hears(ann), hears(cal));
    await cal.button('Hang up').click();
    await idle(ann, cal);
    const [anns, beas, cals] = await together(ann.calls(2), bea.calls(1), cal.calls(1));
    assert.deepEqual(anns.map(([who]) => who), ['Extension 1003', 'Extension 1002']);
    assert.match(anns[0][1], /^You called, \d+ (sec|min)/);
    assert.match(anns[1][1], /^You called, \d+ (sec|min)/);
    assert.deepEqual(beas.map(([who]) => who), ['Extension 1001']);
    assert.match(cals[0][1], /^They called, \d+ (sec|min)/);
    assert.equal(cals[0][0], 'Extension 1001');
  });

  it('have the call back when nobody takes it', async () => {
    await ann.dial(bea.number, { agree: false });
    await bea.answer();
    await bea.button('Pass on or add').click();
    await number(bea, cal.number);
    await bea.button('Pass on now').click();
    await cal.at('phone-incoming').waitFor();
    await cal.button('Decline').click();
    await bea.said('They declined the call. You are talking to extension 1001 again.');
    await together(ann.stage('Connected'), bea.stage('Connected'));
    await together(ann.hears(), bea.hears());
    await ann.button('Hang up').click();
    await idle(ann, bea, cal);
  });

  it('ring the third first, swap, and connect the two', async () => {
    await ann.dial(bea.number, { agree: false });
    await bea.answer();
    await bea.button('Pass on or add').click();
    await number(bea, cal.number);
    await bea.button('Ring them first').click();
    await cal.answer();
    await bea.talking();
    await ann.stage('They put you on hold');
    assert.match(await row(bea).innerText(), /Extension 1001\s+on hold/);
    await together(hears(bea), hears(cal));
    problems.push(...await look(bea.page, 'phone-two-calls'));
    await act(bea, 'Talk to them');
    await together(ann.stage('Connected'), cal.stage('They put you on hold'));
    await together(hears(bea, -2), hears(ann));
    await act(bea, 'Connect the two');
    await together(bea.said('You connected the two, and left the call.'), ann.said('You are talking to extension 1003 now.'), cal.said('You are talking to extension 1001 now.'));
    await bea.idle();
    await together(ann.stage('Connected'), cal.stage('Connected'));
    await together(hears(ann), hears(cal));
    await ann.button('Hang up').click();
    await idle(ann, cal);
    const lately = (p, wanted, order = (l) => l) => p.listed((list) => assert.deepEqual(order(list.slice(0, 2).map(([who]) => who)), wanted));
    await together(
      lately(ann, ['Extension 1003', 'Extension 1002']),
      lately(bea, ['Extension 1001', 'Extension 1003'], (l) => l.sort()),
      lately(cal, ['Extension 1001', 'Extension 1002']),
    );
  });

  it('talk all three, each with each', async () => {
    await ann.dial(bea.number, { agree: false });
    await bea.answer();
    await bea.button('Pass on or add').click();
    await number(bea, cal.number);
    await bea.button('Ring them first').click();
    await cal.answer();
    await bea.talking();
    await act(bea, 'Talk all three');
    await bea.said('All three of you are talking');
    await together(ann.stage('Connected'), cal.stage('Connected'));
    problems.push(...await look(bea.page, 'phone-three'));
    await together(hears(bea, -1), hears(bea, -2), hears(ann), hears(cal));
    // Each of the two hears the other, not only who merged them: who merged says nothing now.
    await bea.button('Mute').click();
    await bea.stage('You are muted');
    await together(hears(ann), hears(cal));
    await ann.button('Mute').click();
    await ann.stage('You are muted');
    await cal.silent(); // and nobody hears themselves
    await together(ann.button('Unmute').click(), bea.button('Unmute').click());
    await together(hears(ann), hears(cal));
    await act(bea, 'Put back on hold');
    await ann.stage('They put you on hold');
    await together(hears(bea), hears(cal));
    await act(bea, 'Talk all three');
    await ann.stage('Connected');
    await together(hears(ann), hears(cal));
    await bea.button('Hang up both').click();
    await idle(ann, bea, cal);
  });

  it('are told of a call that comes while another goes on, and take it or not', async () => {
    await ann.dial(bea.number, { agree: false });
    await bea.answer();
    await cal.dial(bea.number);
    await waiting(bea).waitFor();
    assert.match(await waiting(bea).innerText(), /Another call\s+Extension 1003/);
    problems.push(...await look(bea.page, 'phone-waiting'));
    await waiting(bea).getByRole('button', { name: 'Decline' }).click();
    await cal.said('They declined the call.');
    await together(ann.hears(), bea.hears()); // and the call goes on
    await cal.dial(bea.number, { agree: false });
    await waiting(bea).getByRole('button', { name: 'Hold this one and answer' }).click();
    await cal.talking();
    await ann.stage('They put you on hold');
    await together(hears(bea), hears(cal));
    await cal.button('Hang up').click();
    await bea.stage('You put the call on hold');
    await bea.button('Resume').click();
    await together(hears(ann), hears(bea, -2));
    await cal.dial(bea.number, { agree: false });
    await waiting(bea).getByRole('button', { name: 'End this one and answer' }).click();
    await together(ann.said('They ended the call.'), cal.talking());
    await together(hears(bea), hears(cal));
    await bea.button('Hang up').click();
    await idle(ann, bea, cal);
    await cal.listed((list) => assert.deepEqual(list.slice(0, 3).map(([, what]) => what.replace(/, .*/, '')), ['You called', 'You called', 'They declined']));
  });

  it('saw no error on their pages', () => {
    assert.deepEqual([...ann.wrong, ...bea.wrong, ...cal.wrong], []);
  });
});

describe('somebody with two phones, and a colleague', () => {
  let server, browser, ann, bea, una;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative();
    [ann, bea, una] = await together(phone(browser, server, 'ann'), phone(browser, server, 'bea'), phone(browser, server, 'una'));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const lamp = (who, number, is) => who.page.locator(`[data-colleague="${number}"][data-lamp="${is}"]`).waitFor();

  it('switches the camera on during a call, and then the other does (R11)', async () => {
    await ann.dial(bea.number);
    await bea.answer();
    await together(ann.hears(), bea.hears());
    await ann.button('Camera on').click();
    await ann.agree(ann.at('phone-own'));
    await together(bea.sees(), ann.hears(), bea.hears());
    await bea.button('Camera on').click();
    await bea.agree(bea.at('phone-own'));
    await together(ann.sees(), bea.sees());
    await ann.button('Hold').click();
    await bea.stage('They put you on hold');
    await ann.button('Resume').click();
    await together(ann.sees(), bea.sees(), ann.hears(), bea.hears());
    await ann.button('Hang up').click();
    await together(ann.idle(), bea.idle());
  });

  it('takes a call over to the other phone, and it goes on there', async () => {
    const other = await phone(browser, server, 'ann');
    await ann.dial(bea.number, { agree: false });
    await bea.answer();
    await other.at('phone-afar').waitFor();
    assert.match(await other.at('phone-afar').innerText(), /in a call with extension 1002/);
    problems.push(...await look(other.page, 'phone-afar'));
    await other.button('Take the call here').click();
    await other.agree(other.at('phone-call'));
    await other.talking();
    await ann.idle();
    await together(other.hears(), bea.hears());
    await other.button('Hang up').click();
    await bea.said('They ended the call.');
    await ann.listed((list) => assert.equal(list.filter(([who]) => who === 'Extension 1002').length, 2)); // with the one before
    await other.close();
  });

  it('is seen to be in a call by a colleague if they allow it (R11)', async () => {
    const listed = await ann.page.context().newPage(); // colleagues are those who chose to be found (L31)
    await listed.goto(new URL('/directory', ann.page.url()).href);
    await press(listed, listed.getByRole('button', { name: 'Let my colleagues find me' }));
    await listed.close();
    await una.page.reload();
    await una.ready();
    await lamp(una, ann.number, 'unknown');
    const page = await ann.page.context().newPage();
    await page.goto(new URL('/permissions', ann.page.url()).href);
    const presence = page.locator('#permission-presence');
    assert.match(await presence.innerText(), /Nobody sees it unless you allow it/);
    await press(page, presence.getByRole('button', { name: /^Allow/ }));
    assert.match(await presence.innerText(), /You allowed it/);
    problems.push(...await look(page, 'permission-presence'));
    await una.page.reload();
    await lamp(una, ann.number, 'free');
    await ann.dial(bea.number, { agree: false });
    await lamp(una, ann.number, 'ringing');
    await bea.answer();
    await lamp(una, ann.number, 'busy');
    problems.push(...await look(una.page, 'phone-colleagues'));
    await press(page, presence.getByRole('button', { name: /^Take it back/ }));
    await page.close();
    await ann.button('Hang up').click();
    await lamp(una, ann.number, 'unknown'); // and no more is told
  });

  it('saw no error on their pages', () => {
    assert.deepEqual([...ann.wrong, ...bea.wrong], []);
  });
});
