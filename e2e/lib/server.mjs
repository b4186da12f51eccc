// Starts the built program on loopback with a folder of its own, and stops it.
import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.CANDOUR ?? path.join(root, 'bin', 'candour');

// operatorFolder copies a built-in operator's folder and lets edit change its
// files: a map from file name to a function of its text.
export async function operatorFolder(id, edit = {}) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'candour-operator-'));
  await cp(path.join(root, 'operators', id), dir, { recursive: true });
  for (const [name, change] of Object.entries(edit)) {
    const file = path.join(dir, name);
    const before = await readFile(file, 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`the edit of ${name} changed nothing`);
    await writeFile(file, after);
  }
  return dir;
}

// start runs the program and resolves when it says that it is ready. The system
// picks the port: one looked for beforehand could be taken by then. With demo,
// made up people are there.
export async function start({ operator, demo = false, args = [], listen = '127.0.0.1' } = {}) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'candour-data-'));
  const argv = ['run', demo ? '--demo' : '--mailbox', '--data', folder, '--listen', `${listen}:0`, ...args];
  if (operator) argv.push('--operator', operator);
  const child = spawn(binary, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { folder, output: '', errors: '' };
  child.stderr.on('data', (b) => { server.errors += b; });
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (b) => {
      server.output += b;
      if (/^ready$/m.test(server.output)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the program ended with ${code} before it was ready:\n${server.output}${server.errors}`)));
  });
  const address = server.output.match(/^website +(https?):\/\/[^:]+:(\d+)\/$/m);
  server.port = Number(address[2]);
  server.url = (host, at = '/') => `${address[1]}://${host}:${server.port}${at}`;
  server.stop = async () => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  return server;
}

// candour runs one command to its end and returns what it printed.
export async function candour(...args) {
  try {
    const { stdout, stderr } = await promisify(execFile)(binary, args, { maxBuffer: 64 << 20 });
    return { code: 0, stdout, stderr };
  } catch (err) {
    if (typeof err.code !== 'number') throw err;
    return { code: err.code, stdout: err.stdout, stderr: err.stderr };
  }
}
