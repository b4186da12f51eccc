// A new version of the privacy notice, from its announcement to its being in
// force (R1).
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { rm } from 'node:fs/promises';
import { axe, launch, message, watch } from '../lib/browser.mjs';
import { candour, operatorFolder, start } from '../lib/server.mjs';
import { running, thirdParty } from '../lib/thirdparty.mjs';

const site = 'invoco.localhost';
// The time zone in which the provider counts days.
const day = (ahead) => new Date(Date.now() + ahead * 86_400_000).toLocaleDateString('sv-SE', { timeZone: 'Europe/London' });
const inWords = (iso) => new Date(`${iso}T12:00:00Z`).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

let browser, stats;
before(async () => {
  stats = await thirdParty();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stats?.close();
});

const change = (text, from, to) => {
  const after = text.replace(from, to);
  if (after === text) throw new Error(`no ${from} in the policy`);
  return after;
};
const version = (text, n) => change(text, /^version: \d+$/m, `version: ${n}`);
const retitle = (text) => change(text, 'Shows us in more detail', 'Tells us in more detail');
// How long the analytics cookie lives: longer is a material change.
const life = (text, period) => change(text, /(name: _ga\n(?: {4}.*\n)*? {4}lifetime: )\w+/, `$1${period}`);
const announced = (text, period) => change(text, /announce_period: \w+/, `announce_period: ${period}`);

// serve starts a copy of the operator's folder and runs scene against it.
async function serve(edit, scene) {
  const operator = await operatorFolder('invoco', { 'policy.yaml': edit });
  const server = await start({ operator });
  const publish = async (alter, from) => {
    const next = await operatorFolder('invoco', { 'policy.yaml': (t) => alter(edit(t)) });
    try {
      return await candour('policy', 'publish', next, '--from', from, '--data', server.folder);
    } finally {
      await rm(next, { recursive: true, force: true });
    }
  };
  try {
    await scene(server, publish);
  } finally {
    await server.stop();
    await rm(operator, { recursive: true, force: true });
  }
}

async function decide(server, label) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url(site));
  await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST'), message(page).getByRole('button', { name: label, exact: true }).click()]);
  await message(page).waitFor({ state: 'detached' });
  await page.goto('about:blank');
  return { context, page };
}

it('a material change is announced to everybody before it applies', async () => {
  await serve((t) => life(t, 'P300D'), async (server, publish) => {
    const known = await decide(server, 'Accept all');
    const longer = (t) => life(version(t, 2), 'P400D');
    const early = await publish(longer, day(1));
    assert.equal(early.code, 1, 'published without the time to tell people');
    assert.match(early.stderr, /people must be told[^]*--from \d{4}-\d{2}-\d{2}/);
    const from = day(31);
    const published = await publish(longer, from);
    assert.equal(published.code, 0, published.stderr);
    const stranger = await (await browser.newContext()).newPage();
    for (const page of [known.page, stranger]) {
      for (const at of [server.url(site), server.url(site, '/contact'), server.url(`portal.${site}`)]) {
        await page.goto(at);
        const notice = page.getByRole('complementary', { name: /change to our privacy notice/i });
        assert.match(await notice.innerText(), new RegExp(inWords(from)), at);
        await notice.getByText('What changes', { exact: true }).click();
        await notice.getByText('_ga').waitFor();
      }
      await page.getByRole('link', { name: 'Read the new version' }).click();
      assert.match(await page.getByRole('main').innerText(), /does not apply yet/);
      assert.deepEqual(await axe(page), []);
    }
    // Nobody is asked again yet.
    await known.page.goto(server.url(site));
    assert.equal(await message(known.page).count(), 0);
    await known.page.goto(server.url(site, '/privacy/versions'));
    assert.deepEqual(await known.page.locator('.version h2').allInnerTexts().then((l) => l.map((t) => t.replace(/\s+/g, ' ').trim().toLowerCase())), ['version 2 coming', 'version 1 in force']);
    assert.deepEqual(await axe(known.page), []);
    await known.page.goto(server.url(site, '/privacy'));
    assert.match(await known.page.locator('.facts').innerText(), /Version\s+1\b/);
    for (const wrong of ['/privacy/versions/3', '/privacy/versions/0', '/privacy/versions/01', '/privacy/versions/-1', '/privacy/versions/1e0']) {
      assert.equal((await known.page.goto(server.url(site, wrong))).status(), 404, wrong);
    }
    await known.context.close();
    await stranger.context().close();
  });
});

it('in force, a version asks again where cookies changed materially, and keeps the old one readable', async () => {
  await serve((t) => stats.edit(announced(life(t, 'P300D'), 'PT1M')), async (server, publish) => {
    const yes = await decide(server, 'Accept all');
    const no = await decide(server, 'Reject all');
    const old = (await (await yes.page.goto(server.url(site, '/privacy/versions/1'))).text()).match(/<div class="prose">[^]*<\/article>/)[0];
    const before = stats.requests.length;
    assert.ok(before > 0);
    await yes.page.goto('about:blank');

    const published = await publish((t) => life(version(t, 2), 'P400D'), day(0));
    assert.equal(published.code, 0, published.stderr);
    for (const { page } of [yes, no]) {
      const net = watch(page);
      await page.goto(server.url(site));
      assert.ok(await message(page).isVisible(), 'not asked again');
      assert.deepEqual(net.elsewhere(site), [], 'what was agreed to before is loaded still');
      await page.goto(server.url(site, '/privacy'));
      assert.match(await page.locator('.facts').innerText(), /Version\s+2\b/);
    }
    const now = (await (await yes.page.goto(server.url(site, '/privacy/versions/1'))).text()).match(/<div class="prose">[^]*<\/article>/)[0];
    assert.equal(now, old, 'the old version reads otherwise now');
    assert.match(await yes.page.getByRole('main').innerText(), /old version/);
    // Answered, it is not asked a third time.
    await no.page.goto(server.url(site));
    await message(no.page).getByRole('button', { name: 'Reject all', exact: true }).click();
    await message(no.page).waitFor({ state: 'detached' });
    await no.page.goto(server.url(site, '/cookies'));
    assert.match(await no.page.getByRole('main').innerText(), /under version 2/);

    // The third version changes nothing that matters.
    const third = await publish((t) => retitle(version(t, 3)), day(0));
    assert.equal(third.code, 0, third.stderr);
    await no.page.goto(server.url(site, '/cookies'));
    assert.match(await no.page.getByRole('main').innerText(), /under version 2/);
    assert.equal(await message(no.page).count(), 0);
    await no.page.goto(server.url(site, '/privacy/versions'));
    assert.deepEqual(await no.page.locator('.version .state').allInnerTexts().then((l) => l.map((t) => t.toLowerCase())), ['in force', 'past', 'past']);
    await yes.context.close();
    await no.context.close();
  });
});

it('a version that changes nothing material asks nobody again', async () => {
  await serve(stats.edit, async (server, publish) => {
    const yes = await decide(server, 'Accept all');
    const no = await decide(server, 'Reject all');
    const published = await publish((t) => retitle(version(t, 2)), day(0));
    assert.equal(published.code, 0, published.stderr);
    for (const { page } of [yes, no]) {
      await page.goto(server.url(site));
      assert.equal(await message(page).count(), 0, 'asked again for nothing');
      await page.goto(server.url(site, '/privacy'));
      assert.match(await page.locator('.facts').innerText(), /Version\s+2\b/);
      assert.equal(await page.getByRole('complementary', { name: /change to our privacy notice/i }).count(), 0);
    }
    await yes.page.goto(server.url(site));
    await running(yes.page);
    await yes.context.close();
    await no.context.close();
  });
});
