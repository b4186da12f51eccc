// Who the phone is. The cookie of the page says it; nothing is stored.

/** Who the phone is, as the server tells. */
export interface Session { signedIn: boolean; extension?: string; name?: string; domain?: string; granted?: string[]; stopped?: string[]; ways?: RTCIceServer[] }

/** Asks the server who is signed in. */
export async function session(at: string): Promise<Session> {
  const answer = await fetch(at, { headers: { Accept: 'application/json' }, redirect: 'error' });
  if (!answer.ok) throw new Error('no session');
  return (await answer.json()) as Session;
}
