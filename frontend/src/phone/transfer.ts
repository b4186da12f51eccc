// Passes calls on: to a number that rings, or to somebody whom one talks to in
// another call. The server connects the two, and ends our side.
import { NameAddrHeader } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';

/** How passing on ends: undefined if it came about, else the status and words of why not. */
export type Passing = Promise<NotPassed | undefined>;

export interface NotPassed { status: number; words?: string }

interface Notice { request?: Headed; status_line?: { status_code: number }; response?: Headed & { status_code?: number } }
interface Headed { getHeader?(name: string): string | undefined }
type Handler = (notice: Notice) => void;

/** Passes the other side of a call on to an address. */
export const passOn = (session: RTCSession, target: string): Passing => refer(session, target);

/** Connects the other sides of two calls. */
export const joinCalls = (session: RTCSession, other: RTCSession, target: string): Passing => refer(session, target, other);

function refer(session: RTCSession, target: string, replaces?: RTCSession): Passing {
  return new Promise((resolve) => {
    const not: Handler = ({ request, status_line: line, response }) => {
      const because = words((request ?? response)?.getHeader?.('Reason'));
      const status = line?.status_code ?? response?.status_code ?? 0;
      resolve(because === undefined ? { status } : { status, words: because });
    };
    const eventHandlers = { accepted: () => resolve(undefined), failed: not, requestFailed: not };
    session.on('ended', () => resolve({ status: -1 })); // the other side hung up meanwhile
    const begun: unknown = session.refer(target, { eventHandlers, ...(replaces === undefined ? {} : { replaces }) } as never);
    if (begun === false) resolve({ status: 0 });
  });
}

/** What the server tells the person (RFC 3326). */
export function words(header: string | undefined): string | undefined {
  const text = header?.match(/\btext\s*=\s*"((?:[^"\\]|\\.)*)"/i)?.[1];
  return text?.replace(/\\(.)/g, '$1') || undefined;
}

/** Who the server says is at the other end (RFC 3325); undefined if it says nothing. */
export function whom(header: string | undefined): { number: string; name: string } | undefined {
  if (header === undefined) return undefined;
  const address = NameAddrHeader.parse(header) as NameAddrHeader | undefined;
  const user = address?.uri.user ?? '';
  if (user === '' || user.toLowerCase() === 'anonymous') return { number: '', name: '' };
  return { number: decodeURIComponent(user), name: address?.display_name ?? '' };
}

/** Why a call could not be passed on. */
export function whyNot(not: NotPassed): string {
  if (not.words !== undefined) return not.words;
  switch (not.status) {
    case 404: return 'Nobody has that number.';
    case 480: case 408: return 'Nobody answered there.';
    case 486: case 600: return 'They are on another call.';
    case 603: return 'They declined the call.';
  }
  return 'That did not work.';
}
