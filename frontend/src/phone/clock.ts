// How long a call goes on.

/** As on a clock: 0:07, 12:30, 1:00:00. */
export function clock(seconds: number): string {
  const all = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** In words, for a sentence: 7 seconds, 12 minutes 30 seconds. */
export function spoken(seconds: number): string {
  const all = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [n, word] of [[Math.floor(all / 3600), 'hour'], [Math.floor(all / 60) % 60, 'minute'], [all % 60, 'second']] as const) {
    if (n > 0) parts.push(`${n} ${word}${n === 1 ? '' : 's'}`);
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ');
}
