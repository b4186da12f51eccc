// A network of a test's own: a namespace with one cable to this machine.
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = (...argv) => promisify(execFile)('ip', argv);

// without says why no network can be made here; false if one can. It takes the
// rights to administer the system and its network, and to read packets
// (capabilities(7)).
const rights = BigInt(`0x${readFileSync('/proc/self/status', 'utf8').match(/^CapEff:\s*(\w+)/m)[1]}`);
export const without = [12n, 13n, 21n].some((right) => !(rights >> right & 1n)) && 'only root, with all its rights, may make networks and read packets';

// network makes one. Programs are put into it by what stands before their
// command; here and there are the addresses of both ends of the cable.
export async function network() {
  const n = randomInt(1, 1 << 14);
  const name = `candour-${n}`;
  const [here, there] = [1, 2].map((end) => `10.231.${n >> 6}.${((n & 63) << 2) + end}`);
  const [cable, other] = [`cd${n}a`, `cd${n}b`];
  const inside = (...argv) => run('-n', name, ...argv);
  await run('netns', 'add', name);
  const net = {
    here, there, cable, before: ['ip', 'netns', 'exec', name],
    // cut takes the other end's address away, and mend gives it back.
    cut: () => inside('address', 'del', `${there}/30`, 'dev', other),
    mend: () => inside('address', 'add', `${there}/30`, 'dev', other),
    // cutHere and mendHere do so at this end.
    cutHere: () => run('address', 'del', `${here}/30`, 'dev', cable),
    mendHere: () => run('address', 'add', `${here}/30`, 'dev', cable),
    remove: () => run('netns', 'del', name), // and the cable with it
  };
  try {
    await run('link', 'add', cable, 'type', 'veth', 'peer', 'name', other, 'netns', name);
    await run('address', 'add', `${here}/30`, 'dev', cable);
    await run('link', 'set', cable, 'up');
    await net.mend();
    await inside('link', 'set', other, 'up');
    await inside('link', 'set', 'lo', 'up');
    await inside('route', 'add', 'default', 'via', here);
    return net;
  } catch (err) {
    await net.remove();
    throw err;
  }
}
