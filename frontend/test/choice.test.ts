import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choiceIn, react, stands, type Situation } from '../src/choice';

const yes = 'choice=v1.3.20261124.ynn.1abc.AAAAAAAAAAAAAAAAAAAAAA';
const no = 'choice=v1.3.20261124.nnn..AAAAAAAAAAAAAAAAAAAAAA';

test('another record is another choice, and none is another still', () => {
  const all = [yes, no, yes.replace('v1.3.', 'v1.3-4.'), ''].map(choiceIn);
  assert.equal(new Set(all).size, all.length);
});

test('a record that is in no form of ours is no choice', () => {
  assert.equal(choiceIn('choice=yes'), choiceIn(''));
});

test('what others keep on the site is no part of the choice (R26)', () => {
  for (const other of ['_ga=GA1.1.1', '_ga_ABC=1', 'toolbar=1', 'empty', 'v1.=', 'a=b=v1.3.'])
    for (const record of [yes, no, '']) {
      assert.equal(choiceIn([other, record].filter(Boolean).join('; ')), choiceIn(record), other);
      assert.equal(choiceIn([record, other].filter(Boolean).join('; ')), choiceIn(record), other);
    }
});

test('what a page was made under stands only while the record is the same (R16)', () => {
  const made = 'v1.3.20261124.ynn.1abc';
  assert.equal(stands(made, `_ga=1; ${yes}`), true);
  for (const cookies of ['', '_ga=1', no, yes.replace('1abc', '1abcd')]) assert.equal(stands(made, cookies), false, cookies);
  assert.equal(stands(undefined, yes), false);
});

const quiet: Situation = { then: 'a=1', now: 'a=2', running: false, leaving: false, typed: false };

test('what a page does when the choice changed (R27)', () => {
  const rows: [Partial<Situation>, string][] = [
    [{ now: 'a=1' }, 'nothing'],
    [{ now: 'a=1', running: true }, 'nothing'],
    [{ running: true }, 'stop and reload'],
    [{ running: true, typed: true }, 'stop and reload'],
    [{ running: true, leaving: true }, 'stop'],
    [{}, 'reload'],
    [{ leaving: true }, 'nothing'],
    [{ typed: true }, 'nothing'],
  ];
  for (const [change, want] of rows) assert.equal(react({ ...quiet, ...change }), want, JSON.stringify(change));
});
