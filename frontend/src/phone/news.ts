// How much is new while the phone is open: calls that were missed, messages that
// were left and written. The server says how many, and the page fetches the rest.

/** How many there are of each. */
export interface News { missed: number; voicemail: number; messages: number }

const kinds = [['missed', 'missed call'], ['voicemail', 'new voicemail message'], ['messages', 'new message']] as const;

/** What the server says; undefined for what is something else. */
export function read(data: string): News | undefined {
  try {
    const n = JSON.parse(data) as Partial<News> | null;
    const all = kinds.map(([kind]) => n?.[kind]);
    return all.every((x) => Number.isSafeInteger(x) && (x as number) >= 0) ? (n as News) : undefined;
  } catch {
    return undefined;
  }
}

/** What is more than before, for who hears it read; empty for nothing. */
export function more(before: News, now: News): string {
  const list = kinds.filter(([kind]) => now[kind] > before[kind]).map(([kind, words]) => `${now[kind]} ${words}${now[kind] === 1 ? '' : 's'}`);
  return list.length === 0 ? '' : `You have ${list.join(' and ')}.`;
}

/** Is told for as long as the page is open; the browser connects again by itself. */
export function listen(address: string | undefined, each: (now: News, before: News | undefined) => void): () => void {
  if (!address || !('EventSource' in globalThis)) return () => undefined;
  let before: News | undefined;
  const events = new EventSource(address);
  events.addEventListener('news', ({ data }: MessageEvent<string>) => {
    const now = read(data);
    if (now === undefined || kinds.every(([kind]) => now[kind] === before?.[kind])) return;
    each(now, before);
    before = now;
  });
  addEventListener('pagehide', () => events.close());
  return () => events.close();
}
