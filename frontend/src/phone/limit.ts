// A call that may last only so long: our server says a while before how much is
// left of it, to whoever made the call, and the page shows that until the end.
import type { Call } from './call';
import { clock, spoken } from './clock';
import { part } from './view';

const type = 'application/vnd.candour.limit';

/** How many seconds of a call are left, as the server says it; undefined for what is something else. */
export function left(contentType: string | undefined, body: string | undefined): number | undefined {
  const seconds = /^\d{1,6}$/.exec((body ?? '').trim())?.[0];
  return contentType?.split(';')[0]?.trim().toLowerCase() === type && seconds !== undefined ? Number(seconds) : undefined;
}

/** What is read out once. */
export const warning = (seconds: number): string => `This call ends in ${seconds >= 55 && seconds <= 65 ? 'about a minute' : spoken(seconds)}. It has come to the longest time that it may last.`;

/** The notice of the call that is shown. */
export class Ending {
  #timer: ReturnType<typeof setInterval> | undefined;
  #of: number | undefined; // when the call ends of which it tells

  /** Shows how much is left of a call, or nothing. It tells whether that is news. */
  show(call: Call | undefined): boolean {
    const at = call?.stage === 'talking' ? call.endsAt : undefined;
    if (at === this.#of) return false;
    this.#of = at;
    clearInterval(this.#timer);
    part('phone-ends').hidden = at === undefined;
    part('phone-ends-words').textContent = at === undefined ? '' : warning(Math.round((at - Date.now()) / 1000));
    if (at === undefined) return false;
    const tick = () => { part('phone-ends-clock').textContent = `Ends in ${clock(Math.max(0, Math.round((at - Date.now()) / 1000)))}`; };
    tick();
    this.#timer = setInterval(tick, 1000);
    return true;
  }
}
