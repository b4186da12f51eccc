// People call each other from their browsers: sound and picture both ways, and
// all that can happen to a call. Their browsers ask for nothing before the page
// has said why.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { launch, press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone, site } from '../lib/phones.mjs';
import { signIn } from '../lib/people.mjs';
import { start } from '../lib/server.mjs';

// What is wrong with how pages look, told at the end: a call does not wait.
const problems = [];
after(() => assert.deepEqual(problems, []));

// together runs what two people do at the same time.
const together = (...acts) => Promise.all(acts);

describe('two customers', () => {
  let server, browser, ann, bea;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative();
    [ann, bea] = await together(phone(browser, server, 'ann'), phone(browser, server, 'bea'));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('are asked for microphone and camera when the call needs them, with the reason, and see and hear each other (R11)', async () => {
    await ann.page.getByLabel('Number or extension').fill(bea.number);
    await ann.button('Video call').click();
    const ask = ann.page.locator('[data-ask="microphone"]');
    await ask.waitFor();
    assert.match(await ask.innerText(), /So that the person you call can hear you/);
    problems.push(...await look(ann.page, 'phone-ask'));
    await ann.agree(ann.at('phone-call'));
    await bea.at('phone-incoming').waitFor();
    await ann.stage('Ringing');
    assert.match(await bea.at('phone-incoming').innerText(), /Incoming video call\s+Extension 1001/);
    problems.push(...await look(bea.page, 'phone-incoming'));
    problems.push(...await look(ann.page, 'phone-ringing'));
    await bea.answer({ video: true });
    await ann.talking();
    await together(ann.hears(), bea.hears(), ann.sees(), bea.sees());
    problems.push(...await look(ann.page, 'phone-video'));
  });

  it('hold and resume, mute and unmute, and press keys', async () => {
    await ann.button('Hold').click();
    await ann.stage('You put the call on hold');
    await bea.stage('They put you on hold');
    await ann.button('Resume').click();
    await together(ann.stage('Connected'), bea.stage('Connected'));
    await together(ann.hears(), bea.hears(), ann.sees(), bea.sees());

    await ann.button('Mute').click();
    await ann.stage('You are muted');
    await bea.silent();
    await ann.button('Keys').click();
    await ann.page.locator('#phone-pad [data-key="5"]').click();
    await bea.hears(); // the browser of who gets a key plays its tone
    assert.equal(await ann.at('phone-keyed').innerText(), '5');
    problems.push(...await look(ann.page, 'phone-keys'));
    await ann.button('Unmute').click();
    await bea.hears();
  });

  it('show and hide themselves during the call', async () => {
    await bea.button('Camera off').click();
    await bea.at('phone-own').waitFor({ state: 'hidden' });
    await bea.button('Camera on').click();
    await bea.at('phone-own').waitFor();
    await ann.sees();
  });

  it('hang up, and both find the call in their lists', async () => {
    await bea.button('Hang up').click();
    await together(ann.said('They ended the call.'), bea.said('You ended the call.'));
    await together(ann.idle(), bea.idle());
    const [made, got] = await together(ann.calls(1), bea.calls(1));
    assert.equal(made.length, 1);
    assert.equal(made[0][0], 'Extension 1002');
    assert.match(made[0][1], /^You called, with video, \d+ (sec|min)/);
    assert.equal(got[0][0], 'Extension 1001');
    assert.match(got[0][1], /^They called, with video, \d+ (sec|min)/);
    await ann.at('phone-recent').getByText('Extension 1002').waitFor();
  });

  it('are not asked again for what they allowed, and decline', async () => {
    await ann.dial(bea.number, { agree: false });
    await bea.at('phone-incoming').waitFor();
    await bea.button('Decline').click();
    await together(ann.said('They declined the call.'), bea.said('You declined the call.'));
    await ann.newest('Extension 1002', 'They declined');
    await bea.newest('Extension 1001', 'You declined');
  });

  it('give up before it is answered', async () => {
    await ann.dial(bea.number, { agree: false });
    await bea.at('phone-incoming').waitFor();
    await ann.button('Cancel').click();
    await together(ann.said('You ended the call before it was answered.'), bea.said('You missed a call'));
    await ann.newest('Extension 1002', 'You hung up before it was answered');
    await bea.newest('Extension 1001', 'Missed call');
  });

  it('withhold their number, and are told from one another', async () => {
    await ann.dial(`141 ${bea.number}`, { agree: false });
    await bea.at('phone-incoming').waitFor();
    const shown = await bea.at('phone-incoming').innerText();
    assert.match(shown, /Number withheld/);
    assert.doesNotMatch(shown, /1001|Ann/);
    await ann.button('Cancel').click();
    await bea.idle();
    await bea.newest('Number withheld', 'Missed call');
  });

  it('are told of a third who calls, who gives up while the call goes on', async () => {
    await ann.dial(bea.number, { agree: false });
    await bea.answer();
    const cal = await phone(browser, server, 'cal');
    await cal.dial(bea.number);
    await bea.at('phone-waiting').waitFor();
    await cal.stage('Ringing');
    await cal.button('Cancel').click();
    await bea.said('You missed a call from extension 1003.');
    await bea.at('phone-waiting').waitFor({ state: 'hidden' });
    await together(ann.hears(), bea.hears()); // and the call goes on
    await ann.button('Hang up').click();
    await bea.idle();
    await cal.newest('Extension 1002', 'You hung up before it was answered');
    await cal.close();
  });

  it('are told why a number does not do', async () => {
    for (const [number, words] of [['', 'Please type a number'], ['call me', 'That is not a number'], ['1999', 'Nobody has that number'], [ann.number, 'your own extension'], ['01527 306 000', 'cannot reach'], ['999', 'Use another phone now']]) {
      await ann.page.getByLabel('Number or extension').fill(number);
      await ann.button('Call').click();
      await ann.page.locator('#phone-number-wrong, #phone-said').filter({ hasText: words }).waitFor();
    }
    problems.push(...await look(ann.page, 'phone-wrong'));
  });

  it('have one tab that rings', async () => {
    const second = await ann.page.context().newPage();
    await second.goto(ann.page.url());
    await second.locator('#phone-elsewhere').waitFor();
    problems.push(...await look(second, 'phone-elsewhere'));
    await second.getByRole('button', { name: 'Use it here' }).click();
    await second.locator('#phone-state[data-state="ready"]').waitFor();
    await ann.at('phone-elsewhere').waitFor();
    await second.close();
    await ann.ready();
  });

  it('remove a call from their own list alone', async () => {
    const theirs = (await bea.calls()).length;
    const page = await ann.page.context().newPage();
    await page.goto(new URL('/calls', ann.page.url()).href);
    problems.push(...await look(page, 'calls'));
    const lines = page.locator('.call-line');
    const count = await lines.count();
    await press(page, lines.getByRole('link', { name: /^Call / }).first());
    assert.match(await page.locator('#dial-number').inputValue(), /^[0-9]+$/); // the phone has it, to be called
    await page.goto(new URL('/calls', page.url()).href);
    await press(page, lines.first().getByRole('button', { name: /^Remove/ }));
    assert.equal(await lines.count(), count - 1);
    assert.equal((await bea.calls()).length, theirs);
    await page.close();
  });

  it('take a permission back, and are asked again (R11)', async () => {
    const page = await ann.page.context().newPage();
    await page.goto(new URL('/permissions', ann.page.url()).href);
    const microphone = page.locator('#permission-microphone');
    assert.match(await microphone.innerText(), /You allowed it/);
    problems.push(...await look(page, 'permissions'));
    await press(page, microphone.getByRole('button', { name: /^Take it back/ }));
    assert.match(await microphone.innerText(), /You took it back/);
    await page.goto(new URL('/history', ann.page.url()).href);
    await page.getByRole('main').getByText(/permission/i).first().waitFor();
    await page.close();
    await ann.page.getByLabel('Number or extension').fill(bea.number);
    await ann.button('Call').click();
    await ann.page.locator('[data-ask="microphone"]').waitFor();
    await ann.button('Not now').click();
    await ann.said('Nobody could hear you without the microphone');
    await ann.page.reload();
    await ann.ready();
  });

  it('talk without a camera, which is optional (R10)', async () => {
    await ann.page.getByLabel('Number or extension').fill(bea.number);
    const camera = await ann.page.context().newPage();
    await camera.goto(new URL('/permissions', ann.page.url()).href);
    await press(camera, camera.locator('#permission-camera').getByRole('button', { name: /^Take it back/ }));
    await camera.close();
    await ann.button('Video call').click();
    await ann.page.locator('[data-ask="microphone"] [data-answer="yes"]').click();
    await ann.page.locator('[data-ask="camera"] [data-answer="no"]').click();
    await ann.said('The call is sound only.');
    await bea.answer();
    await together(ann.hears(), bea.hears());
    await ann.button('Hang up').click();
    await bea.idle();
  });

  it('take back what a call uses, and it ends at once (R16)', async () => {
    await ann.dial(bea.number, { video: true });
    await bea.answer();
    await ann.at('phone-own').waitFor();
    const page = await ann.page.context().newPage();
    const takeBack = async (permission) => {
      await page.goto(new URL('/permissions', ann.page.url()).href);
      await press(page, page.locator(`#permission-${permission}`).getByRole('button', { name: /^Take it back/ }));
    };
    await takeBack('camera');
    await ann.said('You took the camera back');
    await ann.at('phone-own').waitFor({ state: 'hidden' });
    await bea.hears();
    await takeBack('microphone');
    await together(ann.said('You took the microphone back'), bea.said('They ended the call.'));
    await page.close();
  });

  it('hang up by closing the page', async () => {
    const eli = await phone(browser, server, 'eli');
    await eli.dial(bea.number);
    await bea.answer();
    await eli.close();
    await bea.said('They ended the call.');
  });

  it('saw no error on their pages', () => {
    assert.deepEqual([...ann.wrong, ...bea.wrong], []);
  });
});

describe('a call that is not answered, or cut off', () => {
  it('ends by itself after the time that the operator set, and with BYE when the program ends', async () => {
    const server = await start({ demo: true, args: ['--no-answer', '2s'] });
    const browser = await talkative();
    try {
      const [ann, una] = await together(phone(browser, server, 'ann'), phone(browser, server, 'una'));
      await ann.dial(una.number);
      await una.at('phone-incoming').waitFor();
      assert.match(await una.at('phone-incoming').innerText(), /Ann Example\s+Extension 1001/); // of one firm
      await together(ann.said('Nobody answered.'), una.said('You missed a call'));
      await ann.newest('Extension 1006', 'Nobody answered');
      await una.newest('Extension 1001', 'Missed call');
      await ann.dial('1005');
      await ann.said('Their phone is not connected'); // nobody is there
      await una.page.locator('[data-ask]').first().waitFor({ state: 'hidden' });
      await ann.dial(una.number);
      await una.answer();
      await together(ann.hears(), una.hears());
      await server.stop();
      await together(ann.said('They ended the call.'), una.said('They ended the call.'));
    } finally {
      await browser.close();
      await server.stop();
    }
  });
});

describe('whose browser says no', () => {
  let server, browser;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative({ asks: true });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('is told in plain words what to do, and has the list of calls all the same', async () => {
    const ann = await phone(browser, server, 'ann', { context: { permissions: [] } });
    await ann.page.getByLabel('Number or extension').fill('1002');
    await ann.button('Call').click();
    await ann.page.locator('[data-ask="microphone"] [data-answer="yes"]').click();
    await ann.said('Your browser does not let this page use the microphone.');
    problems.push(...await look(ann.page, 'phone-refused'));
    assert.deepEqual(await ann.calls(), []);
    const page = await ann.page.context().newPage();
    await until('the answer in the list', async () => { // it is on its way while the page goes on
      await page.goto(new URL('/permissions', ann.page.url()).href);
      return /You said no/.test(await page.locator('#permission-microphone').innerText());
    });
    await ann.close();
  });
});

describe('without scripts', () => {
  let server, browser;
  before(async () => {
    server = await start({ demo: true });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('the page tells who one is, and calls and permissions are there', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(server.url(`softphone.${site}`, '/sign-in'));
    await page.getByLabel('E-mail address').fill('ann.example@example.com');
    await page.getByLabel('Password', { exact: true }).fill('only for trying out');
    await press(page, page.getByRole('button', { name: 'Sign in', exact: true }));
    const text = await page.locator('main').innerText();
    assert.match(text, /Extension 1001/);
    assert.match(text, /Calls need a script/);
    assert.equal(await page.getByRole('button', { name: /^Call/ }).count(), 0);
    await page.getByRole('link', { name: 'Phone settings', exact: true }).click();
    await page.getByRole('link', { name: 'Permissions', exact: true }).click();
    assert.match(await page.locator('main').innerText(), /needed for calls/);
    await page.goto(server.url(`softphone.${site}`, '/calls'));
    assert.match(await page.locator('main').innerText(), /No calls yet/);
    await context.close();
  });

  it('looks right', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await signIn(page, server, 'softphone', 'fay.madeup@example.com', 'only for trying out');
    assert.match(await page.locator('main').innerText(), /No number yet/);
    problems.push(...await look(page, 'phone-no-line'));
    await context.close();
  });
});
