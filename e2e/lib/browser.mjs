// Chromium as a person has it: nothing remembered, no calls home, the
// back-forward cache on.
import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

export function launch(options = {}) {
  return chromium.launch({
    executablePath: executable,
    // Playwright turns the back-forward cache off, in which withdrawn content
    // would come back.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args,
    ...options,
  });
}

// talkative is a Chromium with a made up microphone, that beeps, and a made up
// camera. It calls over loopback, as the program does here by default. Without
// asks, its own question for a device is answered with yes; trusting, it takes
// every certificate.
export const talkative = ({ asks = false, trusting = false, more = [], command = executable } = {}) => launch({
  executablePath: command,
  args: [...args, '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required', '--use-fake-device-for-media-stream',
    ...(asks ? [] : ['--use-fake-ui-for-media-stream']), ...(trusting ? ['--ignore-certificate-errors'] : []), ...more],
});

// watch records every request that a page, or all pages of a context, make.
export function watch(source) {
  const seen = [];
  source.on('request', (r) => {
    if (/^https?:/.test(r.url())) seen.push(r.url());
  });
  return {
    all: () => [...seen],
    to: (host) => seen.filter((u) => new URL(u).hostname === host),
    elsewhere: (parent) => seen.filter((u) => {
      const { hostname } = new URL(u);
      return hostname !== parent && !hostname.endsWith(`.${parent}`);
    }),
    clear: () => { seen.length = 0; },
  };
}

// message is the message about cookies on a page.
export const message = (page) => page.getByRole('dialog', { name: /cookie/i });

// press presses a button that sends a form, and waits for the page that answers:
// what follows could else still see the page before.
export async function press(page, button) {
  await Promise.all([page.waitForEvent('load'), button.click()]);
}

// oldEnough waits until a form was open for the second before which it is taken
// for a robot's. The server counts from when it made the page, not from when
// the browser asked for it.
export const oldEnough = (page) => page.waitForFunction(() =>
  performance.now() - performance.getEntriesByType('navigation')[0].responseStart > 1200);

// axe runs the accessibility rules in the page as it stands. The policy of the
// page allows no foreign script, so it goes in through the debugger.
// With rules, it runs these alone.
export async function axe(page, rules) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const result = await page.evaluate(async (runOnly) => {
    const r = await globalThis.axe.run(document, { resultTypes: ['violations'], ...(runOnly && { runOnly }) });
    return r.violations.map((v) => ({ rule: v.id, help: v.help, nodes: v.nodes.map((n) => n.target.join(' ')) }));
  }, rules);
  return result;
}
