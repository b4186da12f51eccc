import assert from 'node:assert/strict';
import { test } from 'node:test';
import { telephone } from '../src/phone/app';
import { match } from '../src/phone/equipment';
import { Layout, Presses, type Collection } from '../src/phone/headset';
import { level } from '../src/phone/meter';
import { line, summary } from '../src/phone/notes';
import { told } from '../src/phone/state';
import { judge, levelOf, opinion, rating, Reader, Watch, type Look } from '../src/phone/quality';

const look = (l: Partial<Look> = {}): Look => ({ heard: { received: 100, lost: 0, jitter: 0.002 }, sent: { lost: 0, jitter: 0.002 }, turn: 0.04, buffer: 0.04, codec: 'audio/opus', ...l });

test('the E-model gives what its tables say (ITU-T G.107)', () => {
  // Annex B: R 93.2 is 4.41, 80 is 4.03, 70 is 3.60, 60 is 3.10, 50 is 2.58.
  for (const [r, mos] of [[93.2, 4.41], [80, 4.03], [70, 3.6], [60, 3.1], [50, 2.58], [0, 1], [100, 4.5], [-5, 1]] as const) assert.ok(Math.abs(opinion(r) - mos) < 0.01, `R ${r}: ${opinion(r)}`);
  assert.equal(rating(0, 0), 93.2);
  assert.ok(rating(0, 0.1) > 90 && rating(0, 0.4) < 62, 'delay');
  assert.ok(Math.abs(rating(0.05, 0) - (93.2 - (95 * 5) / (5 + 25.1))) < 1e-9, 'loss');
  for (let i = 0; i < 100; i++) assert.ok(rating(i / 100, 0.05) > rating((i + 1) / 100, 0.05) && rating(0.01, i / 100) > rating(0.01, (i + 1) / 100));
  for (const [mos, is] of [[4.4, 'good'], [3.7, 'fair'], [3.2, 'poor'], [2, 'bad']] as const) assert.equal(levelOf(mos), is);
});

test('a look is judged on packets alone, both ways', () => {
  assert.equal(judge(look())?.level, 'good');
  assert.equal(judge(look({ heard: { received: 90, lost: 10, jitter: 0.002 } }))?.level, 'poor');
  assert.equal(judge(look({ heard: { received: 80, lost: 20, jitter: 0.002 } }))?.level, 'bad');
  assert.equal(judge(look({ sent: { lost: 0.05, jitter: 0 } }))?.level, 'fair', 'what the other side misses counts too');
  assert.equal(judge(look({ turn: 0.9 }))?.level, 'bad');
  // Whoever is silent and lets their encoder pause sends five packets in two seconds, and none is lost.
  assert.equal(judge(look({ heard: { received: 5, lost: 0, jitter: 0.002 } }))?.level, 'good');
  assert.equal(judge(look({ heard: { received: 100, lost: -3, jitter: 0 } }))?.lost, 0, 'packets that came twice are not less than none');
  assert.equal(judge(look({ heard: undefined, sent: undefined })), undefined);
});

test('what is told settles, warns before it is bad, and tells of a break', () => {
  const w = new Watch();
  assert.deepEqual(w.see(look()), { words: 'Sound is good', bars: 4, warn: false });
  assert.equal(w.see(look({ sent: { lost: 0.1, jitter: 0 } }))?.words, 'Sound is good', 'one bad moment is none');
  assert.match(w.see(look({ sent: { lost: 0.1, jitter: 0 } }))?.words ?? '', /poor|bad/);

  const falling = new Watch();
  for (const lost of [0, 0.01, 0.02]) falling.see(look({ sent: { lost, jitter: 0 } }));
  const told = falling.see(look({ sent: { lost: 0.03, jitter: 0 } }));
  assert.deepEqual([told?.words, told?.warn], ['Sound is good, but getting worse', true]);

  const broken = new Watch();
  broken.see(look());
  const nothing = look({ heard: { received: 0, lost: 0, jitter: 0 } });
  broken.see(nothing);
  assert.deepEqual(broken.see(nothing), { words: 'Nothing comes from the other side', bars: 0, warn: true });
  const held = new Watch();
  for (let i = 0; i < 5; i++) assert.equal(held.see(look({ heard: undefined, sent: undefined })), undefined, 'on hold nothing is to come');
});

test('statistics are read against what they were before', () => {
  const stats = (received: number, lost: number, delay: number, played: number): [string, { type: string; [n: string]: unknown }][] => [
    ['i', { type: 'inbound-rtp', kind: 'audio', packetsReceived: received, packetsLost: lost, jitter: 0.004, jitterBufferDelay: delay, jitterBufferEmittedCount: played, codecId: 'c' }],
    ['v', { type: 'inbound-rtp', kind: 'video', packetsReceived: 9999, packetsLost: 9999 }],
    ['r', { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.01, jitter: 0.003, roundTripTime: 0.05 }],
    ['p', { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.2 }], ['c', { type: 'codec', mimeType: 'audio/opus' }],
  ];
  const reader = new Reader();
  reader.read(stats(100, 2, 4, 96000), true);
  const now = reader.read(stats(190, 12, 8, 192000), true);
  assert.deepEqual([now.heard, now.sent, now.turn, now.codec], [{ received: 90, lost: 10, jitter: 0.004 }, { lost: 0.01, jitter: 0.003 }, 0.05, 'audio/opus']);
  assert.ok(Math.abs(now.buffer - 4 / 96000) < 1e-9);
  assert.equal(reader.read(stats(190, 12, 8, 192000), false).heard, undefined);
  assert.deepEqual(new Reader().read([], true), { heard: undefined, sent: undefined, turn: undefined, buffer: 0, codec: '' });
});

test('a note says how a call sounded and not whose it was', () => {
  const v = judge(look());
  assert.ok(v !== undefined);
  const n = summary(Date.UTC(2026, 10, 26, 3, 0, 59, 999), Date.UTC(2026, 10, 26, 3, 1, 48), [v, v]);
  assert.ok(n !== undefined);
  assert.equal(line(n), '2026-11-26 03:00 UTC, 48 s: estimate 4.36 of 4.5 (worst 4.36), lost 0%, jitter 2 ms, round trip 40 ms');
  assert.equal(summary(0, 1000, []), undefined);
});

// A headset as made up: report 2 has the hook in bit 0, mute in bit 2, after a
// volume of two bits that is none of ours; report 5 sets lights.
const headset: Collection[] = [{
  usagePage: 0x0b, usage: 5,
  inputReports: [
    { reportId: 1, items: [{ usages: [0x0c_00e9, 0x0c_00ea], reportSize: 1, reportCount: 2 }, { isConstant: true, reportSize: 6, reportCount: 1 }] },
    { reportId: 2, items: [{ usages: [0x0b_0020], reportSize: 1, reportCount: 1 }, { isConstant: true, usages: [0x0b_002f], reportSize: 1, reportCount: 1 }, { isRange: true, usageMinimum: 0x0b_002f, usageMaximum: 0x0b_0030, reportSize: 1, reportCount: 2 }] },
  ],
  children: [{ usagePage: 0x08, outputReports: [{ reportId: 5, items: [{ isConstant: true, reportSize: 4, reportCount: 2 }, { usages: [0x08_0017, 0x08_0009, 0x08_0018], reportSize: 1, reportCount: 3 }] }] }],
}];
const data = (...bytes: number[]) => new DataView(Uint8Array.from(bytes).buffer);

test('the reports of a headset are read where its descriptor says', () => {
  const layout = new Layout(headset);
  assert.ok(layout.any);
  assert.deepEqual(layout.read(2, data(0b001)), { hook: true, mute: false });
  assert.deepEqual(layout.read(2, data(0b110)), { hook: false, mute: true });
  assert.deepEqual(layout.read(1, data(0xff)), { hook: undefined, mute: undefined });
  assert.deepEqual(layout.read(2, data()), { hook: undefined, mute: undefined }, 'a report that is cut short');
  assert.deepEqual(layout.write({ hook: true, ring: true, mute: false }).map(([id, b]) => [id, [...b]]), [[5, [0, 0b101]]]);
  for (const none of [[], [{}], [{ inputReports: [{}] }], [{ inputReports: [{ items: [{}] }] }], [{ inputReports: [{ reportId: 1, items: [{ usages: [], reportSize: 1, reportCount: 9 }] }] }]]) assert.ok(!new Layout(none).any);
});

test('buttons answer, end and mute, each once', () => {
  const did: string[] = [];
  const presses = new Presses({ answer: () => did.push('answer'), end: () => did.push('end'), mute: () => did.push('mute') });
  const [idle, rings, talks] = [{ hook: false, ring: false, mute: false }, { hook: false, ring: true, mute: false }, { hook: true, ring: false, mute: false }];
  presses.take({ hook: true, mute: false }, idle); // lifted while nothing is: nothing is done
  presses.take({ hook: false, mute: false }, idle);
  presses.take({ hook: true, mute: false }, rings);
  presses.take({ hook: true, mute: false }, talks);
  presses.take({ hook: true, mute: true }, talks);
  presses.take({ hook: undefined, mute: undefined }, talks);
  presses.take({ hook: true, mute: false }, talks);
  presses.take({ hook: false, mute: false }, talks);
  assert.deepEqual(did, ['answer', 'mute', 'end']);
});

test('a chosen device is found by its id, or by its name when the browser changed the id', () => {
  const d = (deviceId: string, label: string, kind = 'audioinput') => ({ deviceId, label, kind }) as MediaDeviceInfo;
  const list = [d('a', 'Desk'), d('b', 'Headset'), d('b', 'Headset', 'audiooutput'), d('', '')];
  assert.equal(match(list, 'microphone', { id: 'a', label: 'Other' })?.label, 'Desk');
  assert.equal(match(list, 'microphone', { id: 'gone', label: 'Headset' })?.deviceId, 'b');
  assert.equal(match(list, 'bell', { id: 'a', label: 'Headset' })?.kind, 'audiooutput');
  assert.equal(match(list, 'camera', { id: 'a', label: 'Desk' }), undefined);
  assert.equal(match(list, 'microphone', { id: 'gone', label: '' }), undefined);
});

test('a link for telephones gives a number, or nothing', () => {
  for (const [link, is] of [['tel:+44-1632-960001', '+441632960001'], ['TEL:1002;ext=3', '1002'], ['', ''], ['tel:', ''], ['sip:1@x', ''], ['tel:1<b>', ''], [`tel:${'1'.repeat(40)}`, '']] as const) assert.equal(telephone(link), is, link);
});

test('a meter goes by what ears hear', () => {
  assert.equal(level(0), 0);
  assert.equal(level(0.004), 0);
  assert.ok(level(0.05) > 30 && level(0.05) < 80);
  assert.equal(level(1), 100);
});

test('the network is told as the browser tells it, and not where it tells nothing', () => {
  const of = (given: object) => Object.assign(new EventTarget(), given);
  assert.deepEqual(told(false, of({ type: 'wifi' })), [['Network', 'No connection']]);
  assert.deepEqual(told(true, undefined), [['Network', 'Connected'], ['How fast', 'Your browser does not tell']]);
  assert.deepEqual(told(true, of({ type: 'wifi', effectiveType: '4g' })), [['Network', 'Wi-Fi'], ['How fast', 'Fast enough for sound and pictures']]);
  assert.deepEqual(told(true, of({ type: 'none of ours', effectiveType: '9g', saveData: true })).map(([what]) => what), ['Network', 'How fast', 'Data']);
});
