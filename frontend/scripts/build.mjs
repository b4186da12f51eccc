// Builds the browser code, styles and fonts into internal/web/assets/dist:
// minified, named after their content, the same bytes on every machine.
// manifest.json there leads from the plain name to the built one. The list of
// common passwords is built beside them.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { font, ranges } from './fonts.mjs';
import { passwords } from './passwords.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.resolve(root, '../internal/web/assets/dist');

// fonts makes @font-face rules of `@import "fonts:figtree"`, and their files.
const fonts = {
  name: 'fonts',
  setup(build) {
    build.onResolve({ filter: /^fonts?:/ }, ({ path: at }) => {
      const [namespace, name] = at.split(':');
      return { namespace, path: name };
    });
    build.onLoad({ filter: /.*/, namespace: 'fonts' }, ({ path: family }) => ({
      loader: 'css',
      contents: Object.entries(ranges).map(([part, range]) => `@font-face {
        font-family: "${family[0].toUpperCase()}${family.slice(1)}";
        font-weight: 400 700;
        font-display: swap;
        src: url("font:${family}-${part}.woff2") format("woff2");
        unicode-range: ${range};
      }`).join('\n'),
    }));
    build.onLoad({ filter: /.*/, namespace: 'font' }, async ({ path: name }) => ({ loader: 'file', contents: await font(name) }));
  },
};

// library leaves only the name and version of the SIP library's package in the
// bundle: the rest is about the people who made it.
const library = {
  name: 'library',
  setup(build) {
    build.onLoad({ filter: /[\\/]jssip[\\/]package\.json$/ }, async ({ path: at }) => {
      const { title, version } = JSON.parse(await readFile(at, 'utf8'));
      return { loader: 'json', contents: JSON.stringify({ title, version }) };
    });
  },
};

const { outputFiles, metafile } = await esbuild.build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'src/site.ts', out: 'site' }, { in: 'src/styles/site.css', out: 'site' },
    { in: 'src/styles/member.css', out: 'member' }, // of the surfaces with accounts
    { in: 'src/voicemail.ts', out: 'voicemail' }, // of that page alone
    // Of the softphone alone: no other page loads them.
    { in: 'src/phone/phone.ts', out: 'phone' }, { in: 'src/styles/phone-page.css', out: 'phone' },
    { in: 'src/phone/device.ts', out: 'device' }, { in: 'src/phone/worker.ts', out: 'worker' },
    { in: 'src/phone/contacts.ts', out: 'contacts' }, { in: 'src/phone/chat.ts', out: 'chat' },
  ],
  outdir: dist,
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  // The SIP library's logger would look into the browser's storage.
  alias: { debug: path.join(root, 'src/phone/quiet.cjs') },
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome123', 'firefox128', 'safari18'],
  charset: 'utf8',
  legalComments: 'none',
  plugins: [fonts, library],
  metafile: true,
  write: false,
  logLevel: 'warning',
});

// A built file's plain name is its own without the hash.
const manifest = {};
for (const at of Object.keys(metafile.outputs)) {
  const name = path.basename(at);
  manifest[name.replace(/-[A-Z0-9]{8}(\.\w+)$/, '$1')] = name;
}
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));

await mkdir(dist, { recursive: true });
const keep = new Set([...Object.values(sorted), 'manifest.json']);
for (const name of await readdir(dist)) {
  if (!keep.has(name)) await rm(path.join(dist, name));
}
for (const file of outputFiles) {
  await writeFile(path.join(dist, path.basename(file.path)), file.contents);
  console.log(`${String(file.contents.length).padStart(7)}  ${path.basename(file.path)}`);
}
await writeFile(path.join(dist, 'manifest.json'), `${JSON.stringify(sorted, null, 2)}\n`);
await writeFile(path.resolve(root, '../internal/identity/common.bin'), await passwords());
