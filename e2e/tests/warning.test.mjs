// A call that may cost only so much ends, and whoever made it is told before, in
// the page, where a screen reader says it too.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { talkative } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { phone } from '../lib/phones.mjs';
import { spent } from '../lib/plant.mjs';
import { outside } from '../lib/trunk.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

describe('a call that is near its limit', () => {
  let server, browser, stop;
  before(async () => {
    ({ server, stop } = await outside());
    browser = await talkative();
  });
  after(async () => {
    await browser?.close();
    await stop?.();
  });

  it('says so with the time that is left, and ends then with its reason', async () => {
    await spent(server, 1993, true); // of £20: seven pence are left
    const p = await phone(browser, server, 'ann');
    await p.dial('08700 123456'); // 21p a minute
    await p.talking();
    const notice = p.at('phone-ends');
    await notice.waitFor();
    assert.match(await p.at('phone-ends-words').innerText(), /^This call ends in \d\d? seconds\. It has come to the longest time that it may last\.$/);
    assert.equal(await p.at('phone-ends-words').getAttribute('role'), 'alert');
    assert.match(await p.at('phone-ends-clock').innerText(), /^Ends in 0:\d\d/);
    const seen = look(p.page, 'phone-ends');
    await p.said('The call came to the longest time that it may last, so it ended.');
    problems.push(...await seen);
    assert.ok(await notice.isHidden());
    assert.deepEqual(p.wrong, []);
    await p.close();
  });
});
