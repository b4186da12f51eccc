// What no browser brings about, written into the folder of a running server:
// SQLite lets another process write beside it.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = async (server, sql) => (await promisify(execFile)('sqlite3', ['-cmd', '.timeout 5000', path.join(server.folder, 'candour.db'), sql])).stdout.trim();

// first is the id and subject of the account that was opened first.
async function first(server) {
  const [id, subject] = (await run(server, 'SELECT id, subject FROM accounts ORDER BY id LIMIT 1')).split('|');
  return { id, subject };
}

// spent has that account, or every one, have spent so many pence this month.
export async function spent(server, pence, everybody = false) {
  const { id } = await first(server);
  const now = new Date();
  const month = Number(now.toLocaleDateString('en-GB', { year: 'numeric', timeZone: 'Europe/London' })) * 12 + Number(now.toLocaleDateString('en-GB', { month: 'numeric', timeZone: 'Europe/London' })) - 1;
  await run(server, `INSERT INTO call_spending (account, month, spent, told) SELECT id, ${month}, ${pence * 1000}, 0 FROM accounts WHERE ${everybody ? 'TRUE' : `id = ${id}`} ON CONFLICT DO UPDATE SET spent = excluded.spent`);
}

// block has the software have stopped those of its calls that cost.
export async function block(server, of = '7K2M-9QXT') {
  const { id, subject } = await first(server);
  await run(server, `INSERT INTO call_blocks (id, account, subject, reference, pattern, policy, seen, usual, made_ms, contested_ms, due_ms, said, state, decided_ms, reason)
    VALUES (${Date.now()}, ${id}, ${subject}, '${of}', 'short-calls', 1, 11, 0, ${Date.now()}, 0, 0, 0, 'standing', 0, 0)`);
  return of;
}

// charged has that account have made calls this month that cost something, of
// which no number is kept, and has it have spent what they cost.
export async function charged(server, n) {
  const { id, subject } = await first(server);
  const now = Date.now();
  const month = 'strftime(\'%Y\', \'now\') * 12 + strftime(\'%m\', \'now\') - 1';
  for (let i = 0; i < n; i++) {
    await run(server, `INSERT INTO call_charges (call, account, subject, month, prefix, class, minute, connection, held, cost, seconds, begun_ms, ended_ms, expires_day)
      VALUES (${now + i}, ${id}, ${subject}, ${month}, '44', 'international', 1800, 0, 0, ${4500 + i * 100}, ${150 + i}, ${now - 60000 + i}, ${now}, ${Math.ceil(now / 86400000) + 365})`);
  }
  await spent(server, 5 * n);
}
