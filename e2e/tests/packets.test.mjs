// Neither side of a call learns the other's address, program or names: read from
// the packets themselves, with tshark, which shares nothing with the program
// (R18).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../lib/ask.mjs';
import { desk } from '../lib/baresip.mjs';
import { talkative } from '../lib/browser.mjs';
import { capture } from '../lib/capture.mjs';
import { network, without } from '../lib/network.mjs';
import { phone } from '../lib/phones.mjs';
import { candour, start } from '../lib/server.mjs';

const marks = ['sip.Call-ID', 'sip.from.tag', 'sip.to.tag', 'sip.Via.branch', 'sip.User-Agent', 'sip.Server', 'sdp.owner.sessionid'];

describe('a page and a desk phone', { skip: without }, () => {
  let net, server, browser, ann, eli, packets;
  before(async () => {
    net = await network();
    packets = await capture('lo', net.cable);
    server = await start({ demo: true, args: ['--sip', `${net.here}:0`, '--media', `${net.here}:0`] });
    const [, user, password, domain, proxy] = server.output.match(
      /extension 1005.*\n +desk phone: user name (\S+), password (\S+), domain (\S+), proxy (\S+)/);
    eli = await desk(server, { extension: '1005', user, password, domain, proxy, address: net.there, before: net.before });
    browser = await talkative();
    ann = await phone(browser, server, 'ann');
    await until('the desk phone has signed in', async () => /^1005 +phone over UDP/m.test((await candour('sip', 'registrations', '--data', server.folder)).stdout));
  });
  after(async () => {
    await browser?.close();
    await eli?.stop();
    await server?.stop();
    await packets?.remove();
    await net?.remove();
  });

  it('call each other, and no packet to one holds anything of the other', async () => {
    const page = await ann.page.evaluate(() => navigator.userAgent);
    const own = [page, 'JsSIP', 'Mozilla', 'Chrome'];
    await ann.dial('1005');
    await ann.talking();
    await ann.hears();
    own.push(...await describedBy(ann));
    await ann.button('Hang up').click();
    await ann.idle();
    eli.does('dial', '1001');
    await ann.answer();
    await ann.hears();
    own.push(...await describedBy(ann));
    await ann.button('Hang up').click();
    await ann.idle();
    await browser.close();
    await eli.stop();
    await packets.end();

    const web = server.port;
    own.push(...await said(`websocket && tcp.dstport==${web}`, web));
    const desks = [net.there, 'baresip', ...await said(`sip && ip.src==${net.there}`, web)];
    const toPage = await text(`tcp.srcport==${web} || udp && ip.addr!=${net.there}`, web);
    const toDesk = await text(`ip.dst==${net.there}`, web);
    // Each was sent its own marks back: they are found where they are.
    assert.ok(own.filter((m) => toPage.includes(m)).length >= 6, 'the page’s messages were not read');
    assert.ok(desks.filter((m) => toDesk.includes(m)).length >= 6, 'the desk phone’s messages were not read');
    assert.ok(/INVITE sip:/.test(toPage) && /INVITE sip:/.test(toDesk), 'the calls were not captured');
    assert.deepEqual(own.filter((m) => toDesk.includes(m)), [], 'the desk phone was sent what is the page’s');
    assert.deepEqual(desks.filter((m) => toPage.includes(m)), [], 'the page was sent what is the desk phone’s');
  });

  // said are the marks by which the messages of one side could be known again.
  const said = async (filter, web) => [...new Set((await packets.fields(filter, marks, web)).flat().flatMap((v) => v.split(',')))].filter((v) => v.length >= 6);

  // text is all that packets carry.
  const text = async (filter, web) => (await packets.fields(filter, ['tcp.payload', 'udp.payload'], web)).flat()
    .map((hex) => Buffer.from(hex.replaceAll(/[:,]/g, ''), 'hex').toString('latin1')).join('\n');
});

// describedBy is what a page's last connection says of itself.
const describedBy = (p) => p.page.evaluate(() => {
  const { sdp } = globalThis.connections.at(-1).localDescription;
  return [...sdp.matchAll(/^(?:o=- (\d+)|a=ice-ufrag:(\S{4,})|a=ice-pwd:(\S+)|a=fingerprint:\S+ (\S+)|a=ssrc:(\d+)|a=msid:\S+ (\S{6,})|a=candidate:.* (\S+\.local) )/gm)]
    .flatMap((m) => m.slice(1)).filter((v) => v && v.length >= 6);
});
