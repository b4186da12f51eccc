import assert from 'node:assert/strict';
import { test } from 'node:test';
import { automaton, toDial } from '../src/phone/automaton';

// L40: the page tells in words that one is recorded.
test('a machine says that it is one', () => {
  assert.equal(automaton('<sip:x@invoco.net;transport=ws>;automata;actor="msg-taker"'), 'message');
  assert.equal(automaton('<sip:x@invoco.net;transport=ws>;automata;actor="information"'), 'full');
  assert.equal(automaton('<sip:x@invoco.net>; AUTOMATA'), 'machine');
  assert.equal(automaton('<sip:automata@invoco.net>'), undefined);
  assert.equal(automaton(undefined), undefined);
});

test('a link of ours puts a number into the field, and nothing else does', () => {
  assert.equal(toDial('#dial=1002'), '1002');
  assert.equal(toDial('#dial=+441632960960'), '+441632960960');
  for (const no of ['', '#dial=', '#dial=1', '#dial=<b>', '#dial=10*2', '#dial=1002&x', '#other']) assert.equal(toDial(no), '', no);
});
