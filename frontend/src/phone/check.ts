// Tries the way of the sound before a call: to our relay, and from there back to
// this browser, over the network as a call takes it. It tries nothing beyond the
// relay: neither the other side's network nor their phone.
import { connection } from './call';
import { judge, Reader, type Verdict } from './quality';
import { session } from './session';

/** What came of it, in words. */
export type Found = { verdict: Verdict } | { wrong: string };

const looks = 4; // at which it is judged
const beat = 1500; // milliseconds between them
const patience = 8000; // milliseconds until the way must stand

async function told(at: string, body: string): Promise<string> {
  const answer = await fetch(at, { method: 'POST', body, headers: { 'Content-Type': 'application/sdp' }, redirect: 'error' });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

/** Waits until a description has an address in it: our relay finds the rest. */
async function described(peer: RTCPeerConnection): Promise<string> {
  await new Promise<void>((done) => {
    if (/^a=candidate/m.test(peer.localDescription?.sdp ?? '')) return done();
    peer.addEventListener('icecandidate', () => done(), { once: true });
    setTimeout(done, 2000);
  });
  return peer.localDescription?.sdp ?? '';
}

const waits = (ms: number) => new Promise((done) => { setTimeout(done, ms); });

export async function loop(at: string, who: string, stream: MediaStream, heard: (stream: MediaStream) => void): Promise<Found> {
  const ends: RTCPeerConnection[] = [];
  try {
    const { ways = [] } = await session(who);
    for (let i = 0; i < 2; i++) ends.push(new RTCPeerConnection({ ...connection, iceServers: ways }));
    const [there, back] = ends as [RTCPeerConnection, RTCPeerConnection];
    back.addEventListener('track', ({ track }) => heard(new MediaStream([track])));
    for (const track of stream.getAudioTracks()) there.addTrack(track, stream);
    await there.setLocalDescription();
    const invited = await told(at, await described(there));
    await back.setRemoteDescription({ type: 'offer', sdp: invited });
    await back.setLocalDescription();
    const answer = await told(`${at}/join`, await described(back));
    await there.setRemoteDescription({ type: 'answer', sdp: answer });
    const stands = () => ends.every((p) => p.connectionState === 'connected');
    for (let waited = 0; !stands() && waited < patience; waited += 200) await waits(200);
    if (!stands()) return { wrong: 'Our server answers, but sound does not get through to it. A firewall or the network you are in may block it: try another network.' };
    const reader = new Reader();
    const found: Verdict[] = [];
    for (let i = 0; i < looks; i++) {
      await waits(beat);
      const all: [string, { type: string }][] = [];
      (await back.getStats()).forEach((s: { type: string }, id: string) => all.push([id, s]));
      const look = reader.read(all, true);
      const verdict = i === 0 ? undefined : judge(look); // the first holds what came while the way was made
      if (verdict !== undefined) found.push(verdict);
    }
    const middle = found.sort((a, b) => a.mos - b.mos)[Math.floor((found.length - 1) / 2)];
    return middle === undefined ? { wrong: 'The way stands, but no sound came back. Try again in a minute.' } : { verdict: middle };
  } catch (error) {
    const status = error instanceof Error ? error.message : '';
    if (status === '429') return { wrong: 'Too many people are trying their connection just now. Please try again in a minute.' };
    return { wrong: 'Our server did not answer, or did not take it. Look at your connection, and try again in a minute.' };
  } finally {
    for (const end of ends) end.close();
  }
}
