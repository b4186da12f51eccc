// Messages: words with and without scripts, photos and files, and that they come
// by themselves.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, press } from '../lib/browser.mjs';
import { look } from '../lib/look.mjs';
import { site, signIn } from '../lib/people.mjs';
import { start } from '../lib/server.mjs';

const problems = [];
after(() => assert.deepEqual(problems, []));

const secret = 'only for trying out';
// A photo of two by two pixels.
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGM4oQEEJxggFAAergRhTGmrsAAAAABJRU5ErkJggg==', 'base64');

describe('two who write to each other', () => {
  let server, browser, ann, bea, hers;
  const wrong = [];
  before(async () => {
    server = await start({ demo: true });
    browser = await launch();
    const someone = async (email, options) => {
      const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      page.on('console', (m) => { if (m.type() === 'error') wrong.push(m.text()); });
      page.on('pageerror', (e) => wrong.push(e.message));
      await signIn(page, server, 'softphone', email, secret);
      return page;
    };
    ann = await someone('ann.example@example.com', { javaScriptEnabled: false });
    bea = await someone('bea.sample@example.com');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const at = (path) => server.url(`softphone.${site}`, path);
  const button = (page, name) => page.getByRole('button', { name, exact: true });
  const write = async (page, text) => {
    await page.getByLabel('Your message').fill(text);
    await press(page, button(page, 'Send'));
  };

  it('begin with an extension, without scripts', async () => {
    await ann.goto(at('/chat'));
    await ann.getByLabel('Their extension').fill('1009');
    await press(ann, button(ann, 'Write'));
    await ann.getByText('Nobody has that number').first().waitFor();
    await ann.getByLabel('Their extension').fill('1002');
    await press(ann, button(ann, 'Write'));
    await write(ann, 'Good morning, Bea.\nAre you in today?');
    assert.match(await ann.locator('.chat-list').innerText(), /You[\s\S]*Good morning, Bea/);
  });

  it('are told of what is new, and see it come by itself', async () => {
    await bea.goto(at('/'));
    await bea.getByText('1 new', { exact: true }).waitFor();
    await bea.goto(at('/chat'));
    await bea.getByText('1 new', { exact: true }).waitFor();
    await bea.waitForFunction(() => document.title.startsWith('(1)'));
    problems.push(...await look(bea, 'chats'));
    await bea.getByRole('link', { name: /1001/ }).click();
    await bea.getByText('Are you in today?').waitFor();
    hers = bea.url();
    await bea.getByLabel('Your message').fill('half a thought');
    await write(ann, 'A second one.');
    await bea.getByText('A second one.').waitFor(); // without a load
    assert.equal(await bea.getByLabel('Your message').inputValue(), 'half a thought');
    await write(bea, 'Yes, until five.');
    await ann.reload();
    assert.match(await ann.locator('.chat-list').innerText(), /Yes, until five/);
    problems.push(...await look(bea, 'chat'));
  });

  it('send a photo after its reason was read, and get it as one that was drawn anew (R10, R11)', async () => {
    await bea.locator('#files summary').first().click();
    await bea.getByText('So that you can send a file').waitFor();
    problems.push(...await look(bea, 'chat-ask'));
    await press(bea, bea.locator('#permit-storage').getByRole('button', { name: 'Allow' }));
    await bea.locator('#files > summary').click();
    await bea.getByLabel('Photo or file').setInputFiles({ name: 'cat.png', mimeType: 'image/png', buffer: png });
    await press(bea, button(bea, 'Send the file'));
    await bea.waitForFunction(() => document.querySelector('.chat-photo img')?.naturalWidth === 2);
    await bea.locator('#files > summary').click();
    await bea.getByLabel('Photo or file').setInputFiles({ name: 'run.exe', mimeType: 'application/pdf', buffer: Buffer.from('MZ\u0090\u0000') });
    await press(bea, button(bea, 'Send the file'));
    await bea.getByText('Files of that kind are not carried').waitFor();
    await bea.locator('#files > summary').click();
    problems.push(...await look(bea, 'chat-files'));
    await ann.reload();
    assert.equal(await ann.locator('.chat-photo').count(), 1);
    const headers = await bea.evaluate(async () => Object.fromEntries((await fetch(document.querySelector('.chat-photo').href)).headers));
    assert.equal(headers['content-type'], 'image/png');
    assert.match(headers['content-disposition'], /^attachment/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(headers['content-security-policy'], /sandbox/);
  });

  it('delete for themselves alone', async () => {
    const [first] = await ann.getByRole('button', { name: /^Delete for me/ }).all();
    await press(ann, first);
    assert.doesNotMatch(await ann.locator('.chat-list').innerText(), /Good morning, Bea/);
    await bea.goto(hers);
    assert.match(await bea.locator('.chat-list').innerText(), /Good morning, Bea/);
  });

  it('find it in their history, and nothing went wrong in the page', async () => {
    await ann.goto(at('/history'));
    await ann.getByText('You sent a message, and it was put into your conversations').first().waitFor();
    assert.deepEqual(wrong.filter((w) => !/422/.test(w)), []);
  });
});
