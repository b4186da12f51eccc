import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tapedOf, tapedWords } from '../src/phone/record';

const told = (body: string, contentType = 'application/json', originator = 'remote') => tapedOf({ originator, info: { contentType, body } });

// L40: both pages tell in words that the call is recorded, and by whom.
test('a page tells that its call is recorded, and that it is no more', () => {
  const on = told('{"recording":"on","by":"them"}');
  assert.ok(on);
  assert.equal(tapedWords(on), 'They are recording this call.');
  const words = (body: string) => tapedWords(told(body) ?? assert.fail(body));
  assert.equal(words('{"recording":"on","by":"you"}'), 'You are recording this call.');
  assert.match(words('{"recording":"announcing","by":"them"}'), /Nothing is kept yet/);
  assert.match(words('{"recording":"off","by":"them","because":"objected"}'), /your voice is erased/);
  assert.match(words('{"recording":"off","by":"you","because":"objected"}'), /their voice is erased/);
  assert.match(words('{"recording":"off","by":"you","because":"something new"}'), /technical reason/);
});

test('nothing else is taken for that', () => {
  for (const body of ['', '{', '{}', '[]', 'null', '{"recording":"perhaps"}', '{"recording":1}']) assert.equal(told(body), undefined, body);
  assert.equal(told('{"recording":"on"}', 'application/dtmf'), undefined);
  assert.equal(told('{"recording":"on"}', 'application/json', 'local'), undefined);
});
