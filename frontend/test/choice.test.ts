import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choiceIn, react, type Situation } from '../src/choice';
import { owns } from '../src/integrations';

test('the choice is the same whatever order the cookies come in', () => {
  assert.equal(choiceIn('b=2; a=1', () => false), choiceIn('a=1; b=2', () => false));
});

test('what an integration keeps is no part of the choice (R26)', () => {
  const before = choiceIn('choice=yes; _ga=GA1.1.1; _ga_ABC=1', owns);
  assert.equal(before, choiceIn('choice=yes; _ga=GA1.1.1; _ga_ABC=2', owns));
  assert.equal(before, choiceIn('choice=yes', owns));
  assert.notEqual(before, choiceIn('choice=no', owns));
  assert.notEqual(before, choiceIn('', owns));
});

test('a cookie whose name only begins like one of an integration counts', () => {
  assert.notEqual(choiceIn('_gateway=1', owns), choiceIn('_gateway=2', owns));
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
