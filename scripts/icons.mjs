// Draws the icons of the app for the operator that has one, from its one
// drawing (favicon.svg): what home screens and notifications want as pixels. The
// maskable one fills the square with the drawing's own ground, and keeps the
// drawing inside the circle that is never cut off (W3C Manifest: 40% of the side).
// The results are kept in git: run `make icons` when a drawing changes.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { chromium } = createRequire(path.join(root, 'e2e', 'package.json'))('playwright-core');

const icons = [
  { name: 'app-192.png', side: 192, share: 1 },
  { name: 'app-512.png', side: 512, share: 1 },
  { name: 'app-maskable-512.png', side: 512, share: 0.72, filled: true },
];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const operator of ['invoco']) {
    const folder = path.join(root, 'operators', operator);
    const drawing = await readFile(path.join(folder, 'favicon.svg'), 'utf8');
    const ground = drawing.match(/<rect[^>]*\bfill="(#[0-9a-fA-F]{3,8})"/)?.[1] ?? '#ffffff';
    const address = `data:image/svg+xml;base64,${Buffer.from(drawing).toString('base64')}`;
    for (const { name, side, share, filled } of icons) {
      const page = await browser.newPage({ viewport: { width: side, height: side } });
      await page.setContent(`<body style="margin:0;display:grid;place-items:center;height:100vh;background:${filled ? ground : 'transparent'}"><img src="${address}" style="width:${side * share}px;height:${side * share}px"></body>`);
      await page.locator('img').evaluate((img) => img.decode());
      await writeFile(path.join(folder, 'images', name), await page.screenshot({ omitBackground: true }));
      await page.close();
    }
  }
} finally {
  await browser.close();
}
