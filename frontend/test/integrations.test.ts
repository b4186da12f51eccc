import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastAbove } from '../src/contents';
import { scriptAddress, settings } from '../src/google_analytics';
import { read } from '../src/integrations';

const good = { id: 'analytics', kind: 'google-analytics', script: 'https://stats.example/gtag/js', account: 'G-1' };

test('only what the server names, whole and of a known kind, is loaded (R26)', () => {
  assert.deepEqual(read(JSON.stringify([good])), [good]);
  const bad = [
    undefined, '', 'null', '{', '{}', '[1, null, "x"]',
    JSON.stringify([{ ...good, kind: 'unknown' }]),
    JSON.stringify([{ ...good, kind: 'toString' }]),
    JSON.stringify([{ ...good, account: '' }]),
    JSON.stringify([{ ...good, script: 'javascript:alert(1)' }]),
    JSON.stringify([{ ...good, script: 5 }]),
  ];
  for (const text of bad) assert.deepEqual(read(text), [], text);
});

test('the account goes into the address of the script', () => {
  assert.equal(scriptAddress('https://stats.example/gtag/js', 'G-1'), 'https://stats.example/gtag/js?id=G-1');
  assert.equal(scriptAddress('https://stats.example/js?v=2', 'a&b'), 'https://stats.example/js?v=2&id=a%26b');
});

test('analytics is told no codes out of addresses, and no advertising', () => {
  const s = settings({ origin: 'https://invoco.example', pathname: '/newsletter/confirm' }, 'https://invoco.example/newsletter/confirm?token=secret');
  assert.equal(s['page_location'], 'https://invoco.example/newsletter/confirm');
  assert.equal(s['page_referrer'], 'https://invoco.example/');
  assert.equal(s['allow_google_signals'], false);
  assert.equal(settings({ origin: 'https://a.example', pathname: '/' }, '')['page_referrer'], '');
});

test('the section being read is the last whose heading has passed the line', () => {
  assert.equal(lastAbove([10, 20, 300], 100), 1);
  assert.equal(lastAbove([200], 100), -1);
  assert.equal(lastAbove([-500, -20], 100), 1);
});
