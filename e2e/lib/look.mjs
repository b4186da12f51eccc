// A page as people see it: light and dark, on a telephone and on a desk, kept
// as pictures and gone through by axe.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { axe } from './browser.mjs';
import { root } from './server.mjs';

const output = path.join(root, 'e2e', 'output');
const sizes = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
// What another palette can change: the other rules hold or fail alike.
const palette = ['color-contrast', 'link-in-text-block'];

// look returns what is wrong with the page as it stands.
export async function look(page, name) {
  const problems = [];
  await mkdir(output, { recursive: true });
  const before = page.viewportSize();
  await page.evaluate(() => document.getElementById('consent-message')?.style.setProperty('position', 'static'));
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) problems.push(`${name}: ${over} px wider than a ${size}`);
    for (const [colorScheme, rules] of [['light'], ['dark', palette]]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const v of await axe(page, rules)) problems.push(`${name}: ${size}, ${colorScheme}: ${v.rule}: ${v.help}: ${v.nodes.slice(0, 3).join(' | ')}`);
      await page.screenshot({ path: `${output}/${name}-${colorScheme}-${size}.png`, fullPage: true });
    }
  }
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: 'light' });
  return problems;
}
