// Another browser library than ours, SIP.js, speaks with the softphone: nothing
// in the server is made for one of them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { until } from '../lib/ask.mjs';
import { talkative } from '../lib/browser.mjs';
import { audible, phone } from '../lib/phones.mjs';
import { root, start } from '../lib/server.mjs';

// library is SIP.js as one script.
async function library() {
  const entry = createRequire(import.meta.url).resolve('sip.js/lib/index.js');
  const esbuild = path.join(root, 'frontend/node_modules/esbuild/bin/esbuild');
  const { stdout } = await promisify(execFile)(esbuild, [entry, '--bundle', '--format=iife', '--global-name=SIP'], { maxBuffer: 16 << 20 });
  return stdout;
}

describe('a customer whose page talks by another library', () => {
  let server, browser, ann, bea, cal;
  before(async () => {
    const script = await library();
    server = await start({ demo: true });
    browser = await talkative();
    ann = await phone(browser, server, 'ann');
    cal = await phone(browser, server, 'cal');
    bea = await phone(browser, server, 'bea', { context: { bypassCSP: true }, ready: false });
    await bea.page.route('**/assets/phone-*.js', (r) => r.abort());
    await bea.page.reload();
    await bea.page.addScriptTag({ content: script });
    await bea.page.evaluate(async (number) => {
      const { SIP } = globalThis;
      const ua = new SIP.UserAgent({
        uri: SIP.UserAgent.makeURI(`sip:${number}@invoco.net`), logLevel: 'error', transportOptions: { server: `ws://${location.host}/sip` },
        sessionDescriptionHandlerFactoryOptions: { iceGatheringTimeout: 500, peerConnectionConfiguration: { iceServers: [] } },
        delegate: { onInvite: (session) => globalThis.take(session) },
      });
      globalThis.take = (session) => {
        globalThis.session = session;
        session.stateChange.addListener((state) => {
          if (state !== 'Established') return;
          const heard = document.createElement('video'); // what nobody plays has no energy
          heard.srcObject = session.sessionDescriptionHandler.remoteMediaStream;
          void heard.play();
        });
      };
      // seen are the options of a call with pictures; only names their one codec.
      globalThis.seen = (only) => ({
        sessionDescriptionHandlerOptions: { constraints: { audio: true, video: true } },
        sessionDescriptionHandlerModifiers: only ? [async (d) => ({ type: d.type, sdp: kept(d.sdp, only) })] : [],
      });
      const kept = (sdp, only) => sdp.split(/(?=^m=)/m).map((section) => {
        if (!section.startsWith('m=video')) return section;
        const named = [...section.matchAll(/^a=rtpmap:(\d+) (\w+)\//gm)];
        const gone = new Set(named.filter(([, , name]) => name !== only).map(([, number]) => number));
        const lines = section.split('\r\n').filter((l) => !gone.has(l.match(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)/)?.[1]));
        lines[0] = lines[0].split(' ').filter((word, i) => i < 3 || !gone.has(word)).join(' ');
        return lines.join('\r\n');
      }).join('');
      await ua.start();
      const registerer = new SIP.Registerer(ua);
      const registered = new Promise((resolve) => { registerer.stateChange.addListener((s) => { if (s === 'Registered') resolve(); }); });
      await registerer.register();
      await registered;
      globalThis.ua = ua;
    }, bea.number);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const state = () => bea.page.evaluate(() => globalThis.session?.state);
  const stateIs = (wanted) => until(`the other library to be ${wanted}`, async () => (await state()) === wanted);
  const both = (...acts) => Promise.all(acts);

  it('answers, hears and is heard, for half a minute', async () => {
    await ann.dial(bea.number);
    await until('the call at the other library', state);
    await bea.page.evaluate(() => globalThis.session.accept({ sessionDescriptionHandlerOptions: { constraints: { audio: true, video: false } } }));
    await stateIs('Established');
    await ann.talking();
    await both(ann.hears(), bea.hears());
    const before = await both(ann.heard(), bea.heard());
    const later = await both(ann.played(30), bea.played(30));
    for (const i of [0, 1]) assert.ok(later[i].energy - before[i].energy > 30 * audible, 'half of the time nothing was heard');
  });

  it('holds and resumes, and is held', async () => {
    const way = (hold) => bea.page.evaluate(async (on) => {
      const { session, SIP } = globalThis;
      const options = { sessionDescriptionHandlerModifiers: on ? [SIP.Web.holdModifier] : [] };
      await new Promise((resolve, reject) => { void session.invite({ ...options, requestDelegate: { onAccept: resolve, onReject: reject } }); });
    }, hold);
    await way(true);
    await ann.stage('They put you on hold');
    await way(false);
    await ann.stage('Connected');
    await both(ann.hears(), bea.hears());
    await ann.button('Hold').click();
    await ann.stage('You put the call on hold');
    await ann.button('Resume').click();
    await ann.stage('Connected');
    await both(ann.hears(), bea.hears());
  });

  it('passes the call on', async () => {
    await both(bea.page.evaluate(() => globalThis.session.refer(globalThis.SIP.UserAgent.makeURI('sip:1003@invoco.net'))), cal.answer());
    await both(ann.hears(), cal.hears());
    await stateIs('Terminated');
    await cal.button('Hang up').click();
    await both(ann.idle(), cal.idle());
  });

  // accept and call show the camera, with all codecs of pictures or one alone.
  const accept = (mime) => bea.page.evaluate((only) => globalThis.session.accept(globalThis.seen(only)), mime);
  const call = (mime) => bea.page.evaluate((only) => {
    const { SIP, ua } = globalThis;
    globalThis.take(new SIP.Inviter(ua, SIP.UserAgent.makeURI('sip:1001@invoco.net'), globalThis.seen(only)));
    return globalThis.session.invite().then(() => undefined);
  }, mime);
  // decoded is the codec of the pictures that come in.
  const decoded = (p) => p.page.evaluate(async () => {
    const stats = await globalThis.connections.at(-1).getStats();
    for (const [, s] of stats) if (s.type === 'inbound-rtp' && s.kind === 'video') return stats.get(s.codecId)?.mimeType;
    return undefined;
  });

  it('sees and is seen in VP8, called by ours', async () => {
    await ann.dial(bea.number, { video: true });
    await until('the call at the other library', async () => (await state()) === 'Initial');
    await accept();
    await stateIs('Established');
    await both(ann.hears(), bea.hears(), ann.sees(), bea.sees());
    assert.deepEqual(await both(decoded(ann), decoded(bea)), ['video/VP8', 'video/VP8']);
    await ann.button('Hang up').click();
    await both(ann.idle(), stateIs('Terminated'));
  });

  it('sees and is seen in H.264, calling ours', async () => {
    await call('H264');
    await ann.answer({ video: true });
    await stateIs('Established');
    await both(ann.hears(), bea.hears(), ann.sees(), bea.sees());
    assert.deepEqual(await both(decoded(ann), decoded(bea)), ['video/H264', 'video/H264']);
    await bea.page.evaluate(() => globalThis.session.bye());
    await both(ann.idle(), stateIs('Terminated'));
    await ann.listed(([last, before]) => {
      assert.match(`${last?.[1]}`, /^They called, with video/);
      assert.match(`${before?.[1]}`, /^You called, with video/);
    });
  });

  it('calls, presses a key, and hangs up', async () => {
    await bea.page.evaluate(async () => {
      const { SIP, ua } = globalThis;
      globalThis.take(new SIP.Inviter(ua, SIP.UserAgent.makeURI('sip:1001@invoco.net'), { sessionDescriptionHandlerOptions: { constraints: { audio: true, video: false } } }));
      await globalThis.session.invite();
    });
    await ann.answer();
    await stateIs('Established');
    await both(ann.hears(), bea.hears());
    assert.ok(await bea.page.evaluate(() => globalThis.session.sessionDescriptionHandler.sendDtmf('5')));
    await bea.page.evaluate(() => globalThis.session.bye());
    await ann.idle();
    await ann.listed(([last]) => {
      assert.equal(last?.[0], 'Extension 1002');
      assert.match(last[1], /^They called(?!, with video)/);
    });
    assert.deepEqual([...ann.wrong, ...cal.wrong], []);
  });
});
