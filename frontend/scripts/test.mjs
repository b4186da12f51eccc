// Bundles the tests as they are written and runs them with Node's own runner.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const out = await mkdtemp(path.join(os.tmpdir(), 'candour-frontend-'));
const tests = (await readdir(path.join(root, 'test'))).filter((n) => n.endsWith('.test.ts'));
await esbuild.build({
  absWorkingDir: root,
  entryPoints: tests.map((n) => `test/${n}`),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const files = tests.map((n) => path.join(out, n.replace(/ts$/, 'mjs')));
const child = spawn(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' });
child.on('exit', async (code) => {
  await rm(out, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
