import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock, spoken } from '../src/phone/clock';
import { address, dialled, isEmergency, rescues } from '../src/phone/number';
import { left, warning } from '../src/phone/limit';
import { more, read } from '../src/phone/news';
import { oneTab } from '../src/phone/tabs';
import { bursts, key, tones } from '../src/phone/tones';
import { helpElsewhere, soundsBusy, why, whyNoDevice, type End } from '../src/phone/words';

test('a number is read as people write it, and what is none is told', () => {
  for (const [text, number] of [
    ['1002', '1002'], [' 01632 960-001 ', '01632960001'], ['(01632) 960 001', '01632960001'], ['+44 (0)1632 960001', '+441632960001'],
    ['１００２', '1002'], ['\u202a1002\u202c', '1002'], ['141 1002', '1411002'], ['*21#', '*21#'],
  ] as const) assert.deepEqual(dialled(text), { number }, text);
  for (const text of ['', '   ', 'call me', '1002;phone-context=x', 'sip:1002@example.net', '+', '++44', '10+02', '1'.repeat(33), '1002\r\nTo: x']) {
    const read = dialled(text);
    assert.ok('wrong' in read && /[.]$/.test(read.wrong), text);
  }
  assert.equal(address('*21#', 'example.net'), 'sip:*21%23@example.net');
  assert.ok(isEmergency('999') && isEmergency('112') && !isEmergency('1999'));
  for (const text of ['999', ' 112 ', '141 999', '1470112', '+999', '18000', '9-9-9']) assert.ok(rescues(text), text);
  for (const text of ['', '99', '9999', '101', '111', '141', '1002', '999#', 'x999', '020 7999']) assert.ok(!rescues(text), text);
});

const end = (e: Partial<End>): End => ({ outgoing: true, answered: false, byUs: false, number: '1002', ...e });

test('each end of a call has words, and those of the server are the best', () => {
  assert.equal(why(end({ status: 480, words: 'Nobody answered.' })), 'Nobody answered.');
  assert.equal(why(end({ status: 486 })), 'They are on another call. Try again in a few minutes.');
  assert.equal(why(end({ status: 500, number: '999', words: 'Something else.' })), helpElsewhere);
  assert.equal(why(end({ byUs: true, cause: 'Canceled' })), 'You ended the call before it was answered.');
  assert.equal(why(end({ answered: true, byUs: true })), 'You ended the call.');
  assert.equal(why(end({ answered: true })), 'They ended the call.');
  assert.match(why(end({ answered: true, cause: 'Connection Error' })), /connection to our server is lost/);
  assert.equal(why(end({ outgoing: false, byUs: true, cause: 'Rejected' })), 'You declined the call.');
  assert.equal(why(end({ outgoing: false, status: 200 })), 'The call was answered on another phone of yours.');
  assert.match(why(end({ outgoing: false, status: 487 })), /^You missed a call/);
  for (const status of [0, 302, 418, 599, 699]) assert.match(why(end({ status })), /^\S.*\.$/, String(status));
  assert.ok(soundsBusy(end({ status: 486 })) && !soundsBusy(end({ status: 480 })) && !soundsBusy(end({ status: 486, byUs: true })));
});

test('each refusal of a device has words that say what to do', () => {
  for (const name of ['NotAllowedError', 'SecurityError', 'NotFoundError', 'OverconstrainedError', 'NotReadableError', 'AbortError', 'TypeError', '']) {
    assert.match(whyNoDevice(name, 'camera'), /camera.*try again/s, name);
  }
});

test('time is told as on a clock and in words', () => {
  for (const [seconds, shown, said] of [[0, '0:00', '0 seconds'], [7.9, '0:07', '7 seconds'], [61, '1:01', '1 minute 1 second'], [3600, '1:00:00', '1 hour'], [-1, '0:00', '0 seconds']] as const) {
    assert.equal(clock(seconds), shown);
    assert.equal(spoken(seconds), said);
  }
});

test('tones have the rhythm of British telephones, and end', () => {
  assert.deepEqual(bursts(tones.ring.rhythm, 3.2).map((b) => b.map((n) => Number(n.toFixed(3)))), [[0, 0.4], [0.6, 1], [3, 3.2]]);
  assert.deepEqual(bursts([0, 0], 5), []);
  assert.deepEqual(bursts([], 5), []);
  assert.deepEqual(key('5'), [770, 1336]);
  assert.equal(key('A'), undefined);
});

// browser is what tabs of one browser share: a lock and a channel.
function browser() {
  const waiting: (() => void)[] = [];
  const listeners: ((event: MessageEvent) => void)[] = [];
  let held = false;
  const grant = (act: (lock: object) => Promise<void> | undefined) => {
    held = true;
    void act({})?.then(() => {
      held = false;
      waiting.shift()?.();
    });
  };
  return (busy = false) => {
    const seen: string[] = [];
    const locks = {
      request: (_name: string, options: unknown, act?: (lock: object | null) => Promise<void> | undefined) => {
        const callback = (act ?? options) as (lock: object | null) => Promise<void> | undefined;
        if (!held) grant(callback);
        else if (act !== undefined) callback(null);
        else waiting.push(() => grant(callback));
        return Promise.resolve();
      },
    } as unknown as LockManager;
    const mine: ((event: MessageEvent) => void)[] = [];
    const channel = {
      postMessage: (data: unknown) => { for (const l of listeners) if (!mine.includes(l)) l({ data } as MessageEvent); },
      addEventListener: (_: string, l: (event: MessageEvent) => void) => { listeners.push(l); mine.push(l); },
    } as unknown as BroadcastChannel;
    const come = oneTab({ locks, channel }, {
      gained: () => seen.push('gained'), waiting: () => seen.push('waiting'), lost: () => seen.push('lost'), refused: () => seen.push('refused'), busy: () => busy,
    });
    return { seen, come };
  };
}

test('one tab of a browser is the phone, and it moves when it is asked to', async () => {
  const tab = browser();
  const [first, second] = [tab(), tab()];
  assert.deepEqual([first.seen, second.seen], [['gained'], ['waiting']]);
  second.come();
  await new Promise((done) => { setImmediate(done); });
  assert.deepEqual([first.seen, second.seen], [['gained', 'lost', 'waiting'], ['waiting', 'gained']]);
});

test('a tab with a call stays the phone', async () => {
  const tab = browser();
  const [first, second] = [tab(true), tab()];
  second.come();
  await new Promise((done) => { setImmediate(done); });
  assert.deepEqual([first.seen, second.seen], [['gained'], ['waiting', 'refused']]);
});

test('where a browser has no locks each tab is a phone', () => {
  const seen: string[] = [];
  oneTab({ locks: undefined, channel: undefined }, { gained: () => seen.push('gained'), waiting() {}, lost() {}, refused() {}, busy: () => false })();
  assert.deepEqual(seen, ['gained']);
});

test('what the server says of the end of a call is read, and nothing else for it', () => {
  const type = 'application/vnd.candour.limit';
  for (const [kind, body, seconds] of [[type, '60', 60], [type.toUpperCase(), ' 9\r\n', 9], [`${type};charset=utf-8`, '0', 0]] as const) assert.equal(left(kind, body), seconds);
  for (const [kind, body] of [[type, ''], [type, '-1'], [type, '6e1'], [type, '1234567'], [type, undefined], ['text/plain', '60'], [undefined, '60']] as const) assert.equal(left(kind, body), undefined);
  assert.match(warning(60), /^This call ends in about a minute\./);
  assert.match(warning(9), /^This call ends in 9 seconds\./);
});

test('what is new is read, and only what is more is told', () => {
  const none = { missed: 0, voicemail: 0, messages: 0 };
  assert.deepEqual(read(JSON.stringify(none)), none);
  for (const text of ['', 'null', '{}', '[]', '{"missed":-1,"voicemail":0,"messages":0}', '{"missed":"1","voicemail":0,"messages":0}', '<p>']) assert.equal(read(text), undefined, text);
  assert.equal(more(none, none), '');
  assert.equal(more({ ...none, missed: 2 }, { ...none, missed: 1 }), '');
  assert.equal(more(none, { missed: 1, voicemail: 0, messages: 2 }), 'You have 1 missed call and 2 new messages.');
});
