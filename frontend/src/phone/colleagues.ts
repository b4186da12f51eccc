// Who is in a call: one's own other phones, whose call can be taken here, and
// colleagues who let it be seen (RFC 4235).
import type { UA } from 'jssip';

/** A call of a line, as the server tells. */
export interface Dialog {
  callId: string;
  local: string; // tags: of the phone that has the call, and of the server
  remote: string;
  answered: boolean;
  number: string; // of the other end; empty if it is not told
  name: string;
}

const type = 'application/dialog-info+xml';
const expires = 600; // seconds; renewed before

/** The calls in a document of the server's; none where it is none. */
export function dialogs(text: string): Dialog[] {
  const root = new DOMParser().parseFromString(text, 'application/xml').documentElement;
  if (root.localName !== 'dialog-info') return [];
  return [...root.getElementsByTagName('dialog')].map((d) => {
    const identity = d.getElementsByTagName('identity')[0];
    const user = identity?.textContent?.match(/^sip:([^@]*)@/)?.[1] ?? '';
    return {
      callId: d.getAttribute('call-id') ?? '', local: d.getAttribute('local-tag') ?? '', remote: d.getAttribute('remote-tag') ?? '',
      answered: d.getElementsByTagName('state')[0]?.textContent === 'confirmed', number: user, name: identity?.getAttribute('display') ?? '',
    };
  });
}

/** The header with which a call is taken over (RFC 3891). */
export const replaces = (d: Dialog): string => `Replaces: ${d.callId};to-tag=${d.local};from-tag=${d.remote}`;

interface Subscription { on(what: string, act: (...given: never[]) => void): void; subscribe(): void }

/** Is told of a line's calls for as long as the line to the server lasts. */
export function watch(ua: UA, address: string, each: (list: Dialog[] | undefined) => void): void {
  const subscription = (ua as unknown as { subscribe(...given: unknown[]): Subscription }).subscribe(address, 'dialog', type, { expires, contentType: type });
  subscription.on('notify', (_final: boolean, _request: unknown, body?: string) => each(dialogs(body ?? '')));
  subscription.on('terminated', () => each(undefined));
  subscription.subscribe();
}

const words = { free: 'free', ringing: 'rings', busy: 'in a call', unknown: '' } as const;

/** Shows a colleague's lamp. */
function show(row: HTMLElement, list: Dialog[] | undefined): void {
  const lamp = list === undefined ? 'unknown' : list.some((d) => d.answered) ? 'busy' : list.length > 0 ? 'ringing' : 'free';
  row.dataset.lamp = lamp;
  const place = row.querySelector('[data-is="lamp"]');
  if (place !== null) place.textContent = words[lamp];
}

/** Watches the colleagues in the page. */
export function watchColleagues(ua: UA, at: (number: string) => string): void {
  for (const row of document.querySelectorAll<HTMLElement>('[data-colleague]')) {
    watch(ua, at(row.dataset.colleague ?? ''), (list) => show(row, list));
  }
}
