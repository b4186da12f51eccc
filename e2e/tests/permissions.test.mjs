// Each permission from the first question to the way back, and an app that is
// useful to who refuses all that can be refused.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { press, talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { audible, phone, site } from '../lib/phones.mjs';
import { pushService } from '../lib/pushservice.mjs';
import { start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

// noting is a script that notes what the page asks the browser for, and how often.
const noting = [() => {
  globalThis.asked = [];
  const note = (object, name, label = name) => {
    const was = object?.[name];
    if (was) Object.defineProperty(object, name, { value(...given) { globalThis.asked.push(typeof label === 'function' ? label(...given) : label); return was.apply(this, given); } });
  };
  const media = (constraints) => (constraints.video ? 'camera' : 'microphone');
  note(MediaDevices.prototype, 'getUserMedia', media);
  for (const name of ['getCurrentPosition', 'watchPosition']) note(Geolocation.prototype, name, 'location');
  note(Notification, 'requestPermission', 'notifications');
  globalThis.addEventListener('click', (event) => { if (event.target.closest?.('input[type="file"]')) globalThis.asked.push('storage'); }, true);
}];

// steps of a person on their own page of the surface.
function steps(server, person) {
  const { page } = person;
  const at = (path) => server.url(`softphone.${site}`, path);
  const panel = (id) => page.locator(`#permission-${id}`);
  return {
    at,
    asked: () => page.evaluate(() => globalThis.asked),
    chat: async () => {
      await page.goto(at('/chat'));
      await page.getByLabel('Their extension').fill('1002');
      await press(page, page.getByRole('button', { name: 'Write', exact: true }));
    },
    // is waits until the page of permissions shows an answer: it may be on its way.
    is: async (id, words) => until(`${id}: ${words}`, async () => {
      await page.goto(at('/permissions'));
      return (await panel(id).innerText()).includes(words);
    }),
    takeBack: async (id) => {
      await page.goto(at('/permissions'));
      await press(page, panel(id).getByRole('button', { name: /^Take it back/ }));
      await panel(id).filter({ hasText: 'You took it back' }).waitFor();
    },
    // history are the answers about one permission in the person's own history,
    // newest first.
    history: async (title) => {
      await page.goto(at('/history?show=decisions'));
      const answers = { 'You did not let the app use': 'no', 'You let the app use': 'yes', 'You took back what you had let': 'taken back' };
      const entries = await page.locator('main li, main article').filter({ hasText: new RegExp(`${title}: (yes|no)`) }).allInnerTexts();
      return entries.flatMap((text) => Object.entries(answers).filter(([words]) => text.includes(words)).map(([, answer]) => answer));
    },
  };
}

describe('who refuses everything that can be refused', () => {
  let server, service, browser, ann, bea, own;
  before(async () => {
    service = await pushService();
    server = await start({ demo: true, args: ['--push-service', service.origin] });
    browser = await talkative({ asks: true }); // grants the microphone to its pages, and refuses all else
    [ann, bea] = await Promise.all(['ann', 'bea'].map((name) => phone(browser, server, name, { context: { permissions: ['microphone'] }, script: noting })));
    own = steps(server, ann);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await service?.stop();
  });

  it('says no to contacts, files and place, where each is asked for (R11)', async () => {
    const { page } = ann;
    await page.goto(own.at('/contacts'));
    await press(page, page.getByRole('button', { name: 'Not now', exact: true }));
    await own.chat();
    for (const [fold, id] of [['#files', 'storage'], ['#place-share', 'location']]) {
      await page.locator(`${fold} > summary`).click();
      await press(page, page.locator(`#permit-${id}`).getByRole('button', { name: 'Not now' }));
    }
    for (const id of ['contacts', 'storage', 'location']) await own.is(id, 'You said no');
  });

  it('says no to being woken, and to the buttons of a headset', async () => {
    await ann.page.goto(own.at('/this-device'));
    await ann.button('Turn it on').click();
    await ann.page.locator('[data-ask="notifications"] [data-answer="no"]').click();
    await ann.page.locator('#device-wake-said').filter({ hasText: 'It stays off' }).waitFor();
    await ann.button('Pick a headset').click();
    await ann.page.locator('[data-ask="headset"] [data-answer="no"]').click();
    for (const id of ['notifications', 'headset']) await own.is(id, 'You said no');
  });

  it('calls for half a minute all the same, and both are heard (R10)', async () => {
    await ann.page.goto(own.at('/'));
    await ann.ready();
    await ann.page.getByLabel('Number or extension').fill(bea.number);
    await ann.button('Video call').click();
    await ann.page.locator('[data-ask="microphone"] [data-answer="yes"]').click();
    await ann.page.locator('[data-ask="camera"] [data-answer="no"]').click();
    await ann.said('The call is sound only.');
    await bea.answer();
    await ann.talking();
    await Promise.all([ann.hears(), bea.hears()]);
    const before = await Promise.all([ann.heard(), bea.heard()]);
    const later = await Promise.all([ann.played(30), bea.played(30)]);
    for (const i of [0, 1]) assert.ok(later[i].energy - before[i].energy > 30 * audible, 'half of the time nothing was heard');
    await ann.button('Hang up').click();
    await Promise.all([ann.idle(), bea.idle()]);
    assert.deepEqual(await own.asked(), ['microphone'], 'the browser was asked for what its person had refused');
    await ann.listed(([first]) => assert.match(`${first?.[1]}`, /^You called/));
  });

  it('has an app that is useful, and does not ask again by itself', async () => {
    const { page } = ann;
    await own.is('camera', 'You said no');
    problems.push(...await look(page, 'permissions-refused'));
    assert.equal(await page.getByRole('button', { name: /^Take it back/ }).count(), 1); // the microphone alone
    await own.chat();
    await page.getByLabel('Your message').fill('I am at the station, by the clock.');
    await press(page, page.getByRole('button', { name: 'Send', exact: true }));
    assert.match(await page.locator('.chat-list').innerText(), /by the clock/);
    for (const [path, words] of [['/calls', /Extension 1002/], ['/contacts', /You said no before/], ['/voicemail', /Voicemail/], ['/call-settings', /Do not disturb/i], ['/history', /You did not let the app use something of your device/]]) {
      await page.goto(own.at(path));
      assert.match(await page.locator('main').innerText(), words, path);
    }
    await page.goto(own.at('/'));
    await ann.ready();
    await bea.dial(ann.number, { agree: false });
    await ann.answer();
    await Promise.all([ann.hears(), bea.hears()]);
    await bea.button('Hang up').click();
    await ann.idle();
  });

  it('without the microphone too takes no call, is told why, and can still say no to it', async () => {
    await own.takeBack('microphone');
    await ann.page.goto(own.at('/'));
    await ann.ready();
    await bea.dial(ann.number, { agree: false });
    await ann.at('phone-incoming').waitFor();
    await ann.button('Answer').click();
    await ann.page.locator('[data-ask="microphone"] [data-answer="no"]').click();
    await ann.said('Nobody could hear you without the microphone');
    await ann.at('phone-incoming').waitFor(); // it rings on: another phone of hers, or her voicemail, can take it
    assert.deepEqual(await own.asked(), []);
    await ann.button('Decline').click();
    await bea.said('They declined the call.');
    await ann.newest('Extension 1002', 'You declined');
    assert.deepEqual([...ann.wrong, ...bea.wrong], []);
  });
});

describe('each permission: its reason, then the browser; a no, a yes, the way back; each in the history (R11)', () => {
  let server, service, browser, ann, bea, own;
  before(async () => {
    service = await pushService();
    server = await start({ demo: true, args: ['--push-service', service.origin] });
    browser = await talkative();
    const context = { geolocation: { latitude: 51.507351, longitude: -0.127758, accuracy: 12 }, permissions: ['geolocation', 'notifications', 'microphone', 'camera'] };
    [ann, bea] = await Promise.all([phone(browser, server, 'ann', { context, script: noting }), phone(browser, server, 'bea')]);
    own = steps(server, ann);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await service?.stop();
  });

  const dial = async (video) => {
    await ann.page.goto(own.at('/'));
    await ann.ready();
    await ann.page.getByLabel('Number or extension').fill(bea.number);
    await ann.button(video ? 'Video call' : 'Call').click();
  };
  const hangUp = async () => {
    await bea.at('phone-incoming').waitFor();
    await ann.button('Cancel').click();
    await Promise.all([ann.idle(), bea.idle()]);
  };
  const panel = (device) => ann.page.locator(`[data-ask="${device}"]`);
  const inChat = (fold, id) => async () => {
    await own.chat();
    await ann.page.locator(`${fold} > summary`).click();
    return ann.page.locator(`#permit-${id}`);
  };

  // reason is what the panel tells, ask brings it up, used what is done with a yes
  // and asks the browser for devices, if it does.
  const all = [
    {
      id: 'microphone', title: 'Microphone', reason: 'So that the person you call can hear you', devices: ['microphone'],
      ask: async () => { await dial(false); return panel('microphone'); }, used: hangUp,
    },
    {
      id: 'camera', title: 'Camera', reason: 'So that the person you call can see you', devices: ['microphone', 'camera'], beforeIt: ['microphone'],
      ask: async () => {
        await dial(true);
        await ann.page.locator('[data-ask]:not([hidden])').waitFor();
        if (await panel('microphone').isVisible()) await panel('microphone').getByRole('button', { name: 'Allow' }).click();
        return panel('camera');
      },
      refused: hangUp, used: hangUp, // without the camera there is a call with sound
    },
    {
      id: 'contacts', title: 'Contacts', reason: 'So that you can call people by name', devices: [],
      ask: async () => { await ann.page.goto(own.at('/contacts')); return ann.page.locator('#permit-contacts'); },
      used: () => ann.page.getByText('No contacts yet').waitFor(),
    },
    {
      id: 'location', title: 'Precise location', reason: 'So that you can share where you are with another user', devices: ['location'], ask: inChat('#place-share', 'location'),
      used: async () => {
        await ann.page.locator('#place-share > summary').click();
        assert.deepEqual(await own.asked(), [], 'asked before the press');
        await ann.button('Share where I am, once').click();
        await ann.page.getByText('51.50735, -0.12776').waitFor();
      },
      gone: async () => {
        await own.chat();
        assert.doesNotMatch(await ann.page.locator('.chat-list').innerText(), /51\.50735/);
      },
    },
    {
      id: 'notifications', title: 'Notifications', reason: 'So that the app can ring when it is closed', devices: ['notifications'],
      ask: async () => { await ann.page.goto(own.at('/this-device')); await ann.button('Turn it on').click(); return panel('notifications'); },
      used: () => until('the browser was asked', async () => (await own.asked()).length > 0),
    },
    {
      id: 'storage', title: 'Storage', reason: 'So that you can send a file', devices: [], ask: inChat('#files', 'storage'),
      used: async () => {
        await ann.page.locator('#files > summary').click();
        await ann.page.getByLabel('Photo or file').waitFor();
      },
      gone: async () => {
        await own.chat();
        assert.equal(await ann.page.getByLabel('Photo or file').count(), 0);
      },
    },
    {
      id: 'phone', title: 'Phone', reason: 'So that the app does not ring over a call you have on another phone', devices: [],
      ask: async () => { await ann.page.goto(own.at('/this-device')); await ann.button('Look at my calls and network').click(); return panel('phone'); },
      used: () => ann.page.locator('#device-phone-facts').filter({ hasText: /Extension 1001[\s\S]*Network/ }).waitFor(),
      gone: async () => {
        await ann.page.goto(own.at('/this-device'));
        await ann.button('Look at my calls and network').waitFor();
        assert.ok(await ann.page.locator('#device-phone-facts').isHidden());
      },
    },
  ];

  it('is asked of the browser by no page that is opened (R11)', async () => {
    for (const path of ['/', '/calls', '/contacts', '/chat', '/this-device', '/quality', '/voicemail', '/permissions']) {
      await ann.page.goto(own.at(path));
      assert.deepEqual(await own.asked(), [], path);
    }
    await ann.page.goto(own.at('/permissions'));
    for (const { id } of all) assert.match(await ann.page.locator(`#permission-${id}`).innerText(), /Not asked so far/, id);
  });

  for (const { id, title, reason, devices, beforeIt = [], ask, refused, used, gone } of all) {
    it(title, async () => {
      const no = await ask();
      await no.waitFor();
      assert.match(await no.innerText(), new RegExp(reason));
      assert.deepEqual(await own.asked(), beforeIt, 'the browser was asked before the reason was read');
      await no.getByRole('button', { name: 'Not now' }).click();
      await refused?.();
      await own.is(id, 'You said no');

      const yes = await ask();
      await yes.waitFor();
      assert.deepEqual(await own.asked(), beforeIt);
      await yes.getByRole('button', { name: 'Allow' }).click();
      await used();
      if (id !== 'location') assert.deepEqual(await own.asked(), devices); // which came with another page
      await own.is(id, 'You allowed it');

      await own.takeBack(id);
      await gone?.();
      const again = await ask();
      await again.waitFor();
      assert.deepEqual(await own.asked(), beforeIt, 'used although it was taken back');
      if (refused) {
        await again.getByRole('button', { name: 'Not now' }).click();
        await refused();
      }
      assert.deepEqual((await own.history(title)).slice(refused ? -3 : 0), ['taken back', 'yes', 'no']);
    });
  }

  it('saw no error on their pages', () => {
    const wrong = [...ann.wrong, ...bea.wrong].filter((w) => !/does not support the Push API in incognito/.test(w)); // the browser's own word on a window of tests
    assert.deepEqual(wrong, []);
  });
});

describe('the state of the phone', () => {
  let server, browser, ann, other, bea, una, own;
  before(async () => {
    server = await start({ demo: true });
    browser = await talkative();
    [ann, bea] = await Promise.all([phone(browser, server, 'ann'), phone(browser, server, 'bea')]);
    una = await phone(browser, server, 'una');
    other = await phone(browser, server, 'ann');
    own = steps(server, other);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  // answer presses a button of the permission on its page, in a tab of its own.
  const answer = async (id, name) => {
    const page = await ann.page.context().newPage();
    await page.goto(own.at('/permissions'));
    await press(page, page.locator(`#permission-${id}`).getByRole('button', { name }));
    const text = await page.locator(`#permission-${id}`).innerText();
    if (id === 'phone') problems.push(...await look(page, `permission-phone-${name.source.length}`));
    await page.close();
    return text;
  };
  const inCall = async () => {
    await ann.dial(bea.number);
    await bea.answer();
    await ann.talking();
  };
  const over = async () => {
    await ann.button('Hang up').click();
    await Promise.all([ann.idle(), bea.idle()]);
  };
  const lamp = (is) => una.page.locator(`[data-colleague="${ann.number}"][data-lamp="${is}"]`).waitFor();

  it('lets the app ring softly while a call goes on at another phone (R10)', async () => {
    await inCall();
    await other.at('phone-afar').waitFor();
    await una.dial(ann.number);
    await other.at('phone-incoming').waitFor();
    assert.doesNotMatch(await other.at('phone-said').innerText(), /softly/);
    await una.button('Cancel').click();
    await other.idle();

    assert.match(await answer('phone', /^Allow/), /You allowed it/);
    await other.page.reload();
    await other.ready();
    await other.at('phone-afar').waitFor();
    await una.dial(ann.number);
    await other.at('phone-incoming').waitFor();
    await other.said('this one rings softly');
    problems.push(...await look(other.page, 'phone-softly'));
    await una.button('Cancel').click();
    await other.idle();
    await over();
  });

  it('shows the number and the network on the page about the device, and sends nothing of it', async () => {
    const sent = [];
    other.page.on('request', (r) => { if (r.method() !== 'GET') sent.push(r.url()); });
    await other.page.goto(own.at('/this-device'));
    const facts = other.page.locator('#device-phone-facts');
    await facts.filter({ hasText: 'Extension 1001' }).waitFor();
    problems.push(...await look(other.page, 'device-phone'));
    await other.page.context().setOffline(true);
    await facts.filter({ hasText: 'No connection' }).waitFor();
    await other.page.context().setOffline(false);
    await facts.filter({ hasText: 'How fast' }).waitFor();
    assert.deepEqual(sent, []);
  });

  it('taken back, is looked at no more, shown to no colleague, and nothing of it is kept (R10, R16)', async () => {
    const listed = await ann.page.context().newPage(); // colleagues are those who chose to be found (L31)
    await listed.goto(own.at('/directory'));
    await press(listed, listed.getByRole('button', { name: 'Let my colleagues find me' }));
    await listed.close();
    await answer('presence', /^Allow/);
    await una.page.reload();
    await una.ready();
    await lamp('free');
    await other.page.goto(own.at('/quality'));
    await other.button('Keep notes on this device').click();
    assert.deepEqual(await other.page.evaluate(() => Object.keys(localStorage)), ['phone-quality']);

    const text = await answer('phone', /^Take it back/);
    assert.match(text, /You took it back[\s\S]*no browser has a switch for it/);
    await other.page.goto(own.at('/'));
    await other.ready();
    await until('what was kept is gone', async () => (await other.page.evaluate(() => localStorage.length)) === 0);
    await inCall();
    await lamp('unknown');
    assert.ok(await other.at('phone-afar').isHidden());
    await over();
    await other.page.goto(own.at('/quality'));
    await other.page.getByText('so no notes are kept').waitFor();
    assert.ok(await other.button('Keep notes on this device').isHidden());
    problems.push(...await look(other.page, 'quality-stopped'));
    assert.deepEqual([...ann.wrong, ...bea.wrong, ...una.wrong], []);
  });
});
