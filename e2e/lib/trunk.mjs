// The network beyond a trunk: it answers calls that go out, and remembers what it
// was told with each. Messages of RFC 3261 as they stand on the wire, over UDP.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { until } from './ask.mjs';
import { candour, start } from './server.mjs';

const header = (text, name) => text.match(new RegExp(`^${name}[ \\t]*:[ \\t]*(.*)$`, 'im'))?.[1].trim();

// trunk listens, and writes the file by which the program reaches it.
async function trunk() {
  const socket = dgram.createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const [invites, later, seen] = [[], [], new Set()];
  socket.on('message', (bytes, from) => {
    const text = bytes.toString('utf8');
    const method = text.split(' ', 1)[0];
    const answer = (status, more = [], body = '') => {
      const lines = [`SIP/2.0 ${status} Whatever`];
      for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
        const value = header(text, name);
        lines.push(`${name}: ${name === 'To' && !/;\s*tag=/.test(value) ? `${value};tag=far` : value}`);
      }
      lines.push(`Contact: <sip:far@127.0.0.1:${port}>`, `Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE`, ...more, `Content-Length: ${Buffer.byteLength(body)}`, '', body);
      socket.send(lines.join('\r\n'), from.port, from.address);
    };
    if (method === 'SIP/2.0' || method === 'ACK') return;
    const first = !seen.has(method + header(text, 'Via'));
    seen.add(method + header(text, 'Via'));
    if (method === 'INVITE') {
      if (first) invites.push(text);
      answer(180);
      return answer(200, ['Content-Type: application/sdp'], `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0\r\na=sendrecv\r\n`);
    }
    if (method === 'UPDATE' && first) later.push(text);
    answer(200);
  });
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'candour-trunk-')), 'trunks.yaml');
  await writeFile(file, `trunks:
  - id: far
    recipient: carriers
    emergency: emergency-services
    host: 127.0.0.1:${port}
    from: [127.0.0.1/32]
    domain: carrier.example
    numbers: ["+441527306"]
    takes: ["+44"]
    capacity: 5
`);
  const next = (list, what) => {
    let at = 0;
    return async () => {
      const text = await until(what, () => list[at]);
      at += 1;
      return { text, header: (name) => header(text, name) };
    };
  };
  return { file, invites, later, call: next(invites, 'a call at the trunk'), update: next(later, 'an UPDATE at the trunk'), close: () => new Promise((done) => { socket.close(done); }) };
}

// outside starts a house that a trunk leads out of, where Ann has a number. stop ends
// both.
export async function outside() {
  const far = await trunk();
  let server;
  const stop = async () => {
    await server?.stop();
    await far.close();
  };
  try {
    server = await start({ demo: true, args: ['--trunk', far.file] });
    const given = await candour('line', 'number', '--data', server.folder, '--email', 'ann.example@example.com', '--number', '01527306001', '--purpose', 'support');
    assert.equal(given.code, 0, given.stderr);
    return { far, server, stop };
  } catch (e) {
    await stop();
    throw e;
  }
}
