// What really goes over the wire, as tshark reads it.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

// capture begins to write the packets of interfaces down, and resolves when it
// does.
export async function capture(...interfaces) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'candour-packets-'));
  const file = path.join(dir, 'packets.pcapng');
  const child = spawn('tshark', [...interfaces.flatMap((i) => ['-i', i]), '-w', file, '-q', '-B', '64', '-f', 'tcp or udp'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise((resolve, reject) => {
    child.stderr.on('data', (b) => {
      said += b;
      if (/Capturing on/.test(said)) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`packets cannot be captured: ${said}`)));
  });
  const ended = once(child, 'exit');
  return {
    // end writes down the rest.
    end: async () => {
      child.kill('SIGINT');
      await ended;
    },
    // fields are the values of each packet that a filter lets through; ports that
    // are not known to be the web's or SIP's are named.
    fields: async (filter, names, web) => {
      const { stdout } = await promisify(execFile)('tshark', [
        '-r', file, '-d', `tcp.port==${web},http`, '-Y', filter, '-T', 'fields', '-E', 'occurrence=a', ...names.flatMap((n) => ['-e', n]),
      ], { maxBuffer: 512 << 20 });
      return stdout.split('\n').filter(Boolean).map((l) => l.split('\t'));
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
