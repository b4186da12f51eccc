// Recording a call: our server does it, tells both sides in speech, and says here
// whether it goes on, whichever side wants it.
import type { Call } from './call';
import { part, type View } from './view';

/** Whether a call is being recorded, by whom, and why not any more. */
export interface Taped { readonly state: 'off' | 'announcing' | 'on'; readonly by: 'you' | 'them'; readonly because: string }

export const off: Taped = { state: 'off', by: 'you', because: '' };

/** What our server says in a message within the call; undefined of any other message. */
export function tapedOf(event: unknown): Taped | undefined {
  const { originator, info } = event as { originator?: string; info?: { contentType?: string; body?: string } };
  if (originator !== 'remote' || info?.contentType !== 'application/json') return undefined;
  try {
    const said = JSON.parse(info.body ?? '') as { recording?: unknown; by?: unknown; because?: unknown };
    const state = said.recording;
    if (state !== 'off' && state !== 'announcing' && state !== 'on') return undefined;
    return { state, by: said.by === 'you' ? 'you' : 'them', because: typeof said.because === 'string' ? said.because : '' };
  } catch {
    return undefined;
  }
}

const ends: Record<string, { you: string; them: string }> = {
  stopped: { you: 'The recording has ended. You find it under Recordings.', them: 'They ended the recording.' },
  held: { you: 'The recording has ended, because the call was put on hold.', them: 'The recording has ended, because the call was put on hold.' },
  'passed-on': { you: 'The recording has ended, because the call goes on elsewhere.', them: 'The recording has ended, because the call goes on elsewhere.' },
  joined: { you: 'The recording has ended, because others could be heard who were not told.', them: 'The recording has ended, because others could be heard who were not told.' },
  objected: { you: 'The other side does not want to be recorded. The recording has ended, and their voice is erased from it.', them: 'You said no. The recording has ended, and what was kept of your voice is erased.' },
  withdrawn: { you: 'The recording has ended, because you took your yes to recordings back.', them: 'The recording has ended.' },
  limit: { you: 'The recording has ended: it is as long as one may be. Press Record for another.', them: 'The recording has ended.' },
  untold: { you: 'The call is not recorded, because not everybody could be told. Please try again.', them: 'The call is not recorded.' },
};

/** What is said of the recording of a call, on the page of either side. */
export function tapedWords(taped: Taped): string {
  switch (taped.state) {
    case 'announcing': return taped.by === 'you' ? 'Both of you are being told that the call is recorded. Nothing is kept yet.' : 'They want to record this call. Nothing is kept yet.';
    case 'on': return taped.by === 'you' ? 'You are recording this call.' : 'They are recording this call.';
    case 'off': return taped.because === '' ? '' : (ends[taped.because] ?? { you: 'The recording has ended for a technical reason. What was kept is under Recordings.', them: 'The recording has ended.' })[taped.by];
  }
}

/** Why a second call is not mixed with one that is being recorded. */
export const untold = 'A call is being recorded, and the third was not told. End the recording first.';

export class Recorder {
  readonly #view: View;
  readonly #shown: () => Call | undefined;
  readonly #bar = document.getElementById('phone-taped');

  constructor(view: View, shown: () => Call | undefined) {
    this.#view = view;
    this.#shown = shown;
    if (this.#bar === null) return; // nobody records here
    part('phone-record').addEventListener('click', () => void this.#press());
    part('phone-taped-end').addEventListener('click', () => void this.#end());
    part('phone-record-ask').addEventListener('click', (event) => {
      const answer = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-answer]')?.dataset.answer : undefined;
      if (answer !== undefined) void this.#answered(answer === 'yes');
    });
  }

  /** Shows how it is with the call that is shown. */
  show(call: Call): void {
    const bar = this.#bar;
    if (bar === null) return;
    const { state, by } = call.taped;
    bar.dataset.state = state;
    const words = tapedWords(call.taped);
    const place = part('phone-taped-words');
    if (place.textContent !== words) place.textContent = words;
    const end = part('phone-taped-end');
    end.hidden = state === 'off' || by === 'you';
    const own = state !== 'off' && by === 'you';
    const button = part<HTMLButtonElement>('phone-record');
    button.disabled = call.stage !== 'talking' || call.automaton !== undefined || (state !== 'off' && !own);
    button.dataset.on = own ? 'yes' : 'no';
    const label = button.querySelector('.phone-control-label');
    if (label !== null) label.textContent = own ? 'Stop recording' : 'Record';
    if (call.stage !== 'talking') part('phone-record-ask').hidden = true;
  }

  async #press(): Promise<void> {
    const call = this.#shown();
    if (call === undefined) return;
    if (call.taped.state !== 'off') return this.#end();
    const answer = await this.#post(call, '');
    if (answer.ask !== true) return;
    const panel = part('phone-record-ask');
    panel.hidden = false;
    panel.focus();
    panel.scrollIntoView({ block: 'nearest' });
  }

  async #end(): Promise<void> {
    const call = this.#shown();
    if (call !== undefined) await this.#post(call, call.taped.by === 'you' ? '/stop' : '/refuse');
  }

  async #answered(yes: boolean): Promise<void> {
    const panel = part('phone-record-ask');
    panel.hidden = true;
    part('phone-record').focus();
    const call = this.#shown();
    if (!yes || call === undefined) return;
    const kept = await fetch(panel.dataset.grant ?? '', { method: 'POST', redirect: 'manual' }).catch(() => undefined);
    if (kept === undefined || (!kept.ok && kept.type !== 'opaqueredirect')) return this.#view.say('Your yes did not reach us. Please try again.', 'wrong');
    await this.#post(call, '');
  }

  /** Asks the server for something; what it refuses is said. */
  async #post(call: Call, act: string): Promise<{ ask?: boolean }> {
    const at = `${this.#bar?.dataset.path ?? ''}/${encodeURIComponent(call.callId)}/record${act}`;
    const answer = await fetch(at, { method: 'POST', redirect: 'manual' }).catch(() => undefined);
    const said = await (answer?.json() as Promise<{ done?: boolean; ask?: boolean; said?: string }> | undefined)?.catch(() => undefined);
    if (said?.done === true || said?.ask === true) this.#view.say('');
    else this.#view.say(said?.said ?? 'That did not reach us. Please try again.', 'wrong');
    return said ?? {};
  }
}
