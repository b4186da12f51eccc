import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watch } from '../src/consent';

const yes = 'choice=v1.1.20261124.y.1abc.AAAAAAAAAAAAAAAAAAAAAA';
const no = 'choice=v1.1.20261124.n..AAAAAAAAAAAAAAAAAAAAAA';

// open watches a page in which something runs that the record allows, and
// returns what befell it.
function open(cookie: string, calling = false) {
  const done: string[] = [];
  const document = Object.assign(new EventTarget(), {
    cookie,
    visibilityState: 'visible',
    createElement: () => ({}),
    head: { append: () => done.push('narrowed') },
    querySelectorAll: () => [],
    documentElement: { hasAttribute: (name: string) => name === 'data-call' && calling },
  });
  const cookieStore = new EventTarget();
  const window = Object.assign(new EventTarget(), { document, cookieStore, location: { reload: () => done.push('loaded anew') } });
  watch(window as unknown as Window, { running: () => !calling, stop: () => done.push('stopped') });
  const become = (now: string) => {
    Object.assign(document, { cookie: now });
    cookieStore.dispatchEvent(new Event('change'));
  };
  return { done, document, become };
}

test('a withdrawal stops a page at once and loads it anew, once for all cookies that change with it (R16)', () => {
  const page = open(`${yes}; _ga=1; _ga_A=2`);
  page.become(`${no}; _ga=1; _ga_A=2`);
  assert.deepEqual(page.done, ['stopped', 'narrowed', 'loaded anew']);
  page.become(`${no}; _ga=1`);
  page.become(no);
  assert.deepEqual(page.done, ['stopped', 'narrowed', 'loaded anew']);
});

test('a page on its way to be loaded anew follows the next choice too', () => {
  const page = open('');
  page.become(yes);
  page.become(no);
  assert.deepEqual(page.done.filter((d) => d === 'loaded anew').length, 2);
});

test('a page that a form leads away from stops and stays', () => {
  const page = open(yes);
  page.document.dispatchEvent(new Event('submit'));
  page.become(no);
  assert.deepEqual(page.done, ['stopped', 'narrowed']);
});

test('a page on which a call goes on, and nothing of others, is not loaded anew', () => {
  const page = open('', true);
  page.become(yes);
  page.become(no);
  assert.deepEqual(page.done, []);
});
