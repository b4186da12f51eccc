// Cuts the fonts down to what English pages use. Each family becomes two
// files: core is what every page needs; more holds the other letters of
// Western Europe, and a browser loads it only for a page that uses them.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import subsetFont from 'subset-font';

const require = createRequire(import.meta.url);

// The weights the style sheet uses, least and most.
const wght = { min: 400, max: 700 };

const core = `${span(0x20, 0x7e)}\u00a0£©–—‘’“”…€`;
const more = [...`${span(0xa1, 0xff)}•™−`].filter((c) => !core.includes(c)).join('');

export const ranges = { core: unicodeRange(core), more: unicodeRange(more) };

// font returns the bytes of figtree-core.woff2 and the like.
export async function font(name) {
  const [, family, part] = /^([a-z]+)-(core|more)\.woff2$/.exec(name) ?? [];
  if (!family) throw new Error(`no font is called ${name}`);
  const source = require.resolve(`@fontsource-variable/${family}/files/${family}-latin-wght-normal.woff2`);
  return subsetFont(await readFile(source), part === 'core' ? core : more, {
    targetFormat: 'woff2',
    variationAxes: { wght },
    noLayoutClosure: true,
    // Copyright and licence stay in the font, as the SIL Open Font License asks
    // (condition 2); its whole text is in the folder fonts.
    preserveNameIds: [0, 13, 14],
  });
}

function span(from, to) {
  return Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join('');
}

function unicodeRange(text) {
  const points = [...new Set([...text].map((c) => c.codePointAt(0)))].sort((a, b) => a - b);
  const runs = [];
  for (const p of points) {
    const last = runs.at(-1);
    if (last && last[1] === p - 1) last[1] = p;
    else runs.push([p, p]);
  }
  const hex = (n) => n.toString(16);
  return runs.map(([a, b]) => (a === b ? `U+${hex(a)}` : `U+${hex(a)}-${hex(b)}`)).join(', ');
}
