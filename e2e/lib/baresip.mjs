// A desk phone without a desk: baresip, a SIP phone of others' making, which
// speaks a tone and writes down what it hears.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { until } from './ask.mjs';

const rate = 8000; // samples a second

// wave is a minute of a tone.
function wave(hertz) {
  const n = 60 * rate;
  const b = Buffer.alloc(44 + 2 * n);
  b.write('RIFF', 0);
  b.writeUInt32LE(36 + 2 * n, 4);
  b.write('WAVEfmt ', 8);
  for (const [at, v] of [[16, 16], [24, rate], [28, 2 * rate], [40, 2 * n]]) b.writeUInt32LE(v, at);
  for (const [at, v] of [[20, 1], [22, 1], [32, 2], [34, 16]]) b.writeUInt16LE(v, at);
  b.write('data', 36);
  for (let i = 0; i < n; i++) b.writeInt16LE(Math.round(10_000 * Math.sin((2 * Math.PI * hertz * i) / rate)), 44 + 2 * i);
  return b;
}

// desk starts a phone with an extension and its credentials: on loopback, or at
// an address of another network, into which what stands before its command puts
// it.
export async function desk(server, { extension, user, password, domain, proxy, address = '127.0.0.1', before = [], tone = 440 }) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'candour-desk-'));
  const control = await freePort();
  await writeFile(path.join(dir, 'tone.wav'), wave(tone));
  await writeFile(path.join(dir, 'accounts'),
    `<sip:${extension}@${domain};transport=udp>;auth_user=${user};auth_pass=${password};outbound="sip:${proxy};transport=udp";regint=120;audio_codecs=PCMU;answermode=auto\n`);
  await writeFile(path.join(dir, 'config'), [
    `sip_listen ${address}:0`, `net_interface ${address}`, `audio_source aufile,${dir}/tone.wav`, 'audio_player aubridge,x', 'audio_alert aubridge,x',
    `snd_path ${dir}`, `ctrl_tcp_listen ${address}:${control}`, 'module_path /usr/lib/baresip/modules', 'module g711.so', 'module aufile.so',
    'module aubridge.so', 'module sndfile.so', 'module_app account.so', 'module_app menu.so', 'module_app ctrl_tcp.so', '',
  ].join('\n'));
  const [command, ...argv] = [...before, 'baresip', '-4', '-f', dir];
  const child = spawn(command, argv, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  const phone = { said: '' };
  for (const out of [child.stdout, child.stderr]) out.on('data', (b) => { phone.said += b; });
  const socket = await until('the desk phone takes commands', () => new Promise((resolve) => {
    const s = net.connect(control, address, () => resolve(s));
    s.once('error', () => resolve(false));
  }));
  socket.on('error', () => {});
  socket.resume();
  phone.does = (command, params = '') => {
    const text = JSON.stringify({ command, params });
    socket.write(`${Buffer.byteLength(text)}:${text},`);
  };
  // latest is what was heard in the latest call, as a file; undefined before the first.
  const latest = async () => {
    const name = (await readdir(dir)).filter((n) => n.endsWith('dec.wav')).sort().at(-1);
    return name && path.join(dir, name);
  };
  // heard is the loudness of the last second that it heard, 0 for silence, and
  // lasted how many seconds of it there are.
  phone.heard = async () => {
    const file = await latest();
    if (!file) return 0;
    const b = await readFile(file);
    let sum = 0;
    for (let at = Math.max(44, (b.length & ~1) - 2 * rate); at + 2 <= b.length; at += 2) sum += b.readInt16LE(at) ** 2;
    return Math.sqrt(sum / rate);
  };
  phone.lasted = async () => {
    const file = await latest();
    return file ? ((await stat(file)).size - 44) / 2 / rate : 0;
  };
  // over resolves once the latest call is: its file is whole then.
  phone.over = () => until('the call of the desk phone is over', () => /session closed|terminated/i.test(phone.said));
  // measured is what sox says of the latest call that is over: seconds, the loudness
  // of its middle, where nothing begins or ends, and the pitch of that in hertz.
  phone.measured = async () => {
    const file = await latest();
    const sox = async (...effects) => (await promisify(execFile)('sox', [file, '-n', ...effects, 'stat'])).stderr;
    const number = (text, what) => Number(text.match(new RegExp(`^${what}: +(\\S+)$`, 'm'))[1]);
    const seconds = number(await sox(), 'Length \\(seconds\\)');
    const middle = await sox('trim', String(seconds / 3), String(seconds / 3));
    return { seconds, level: number(middle, 'RMS     amplitude'), hertz: number(middle, 'Rough   frequency') };
  };
  phone.stop = async () => {
    socket.destroy();
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await rm(dir, { recursive: true, force: true });
  };
  return phone;
}

async function freePort() {
  const s = net.createServer().listen(0, '127.0.0.1');
  await once(s, 'listening');
  const { port } = s.address();
  s.close();
  await once(s, 'close');
  return port;
}
