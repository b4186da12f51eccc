// The calls beside the one that is shown: those that ring meanwhile, and those
// on hold. They stand in the page as rows with buttons.
import type { Call } from './call';
import type { Merge } from './merge';
import { part, spokenOf, who } from './view';

/** How many calls a page has at once; more are told that the line is busy. */
export const most = 4;

/** What the buttons of the rows and of the panel do. */
export type Act = 'swap' | 'merge' | 'split' | 'join' | 'end' | 'hold-answer' | 'end-answer' | 'decline';

export class Beside {
  readonly waiting: Call[] = [];
  readonly held: Call[] = [];
  readonly #act: (act: Act, call: Call) => void;
  #asked: Call | undefined; // whom the panel is about

  constructor(act: (act: Act, call: Call) => void) {
    this.#act = act;
    part('phone-waiting').addEventListener('click', (event) => {
      const pressed = actOf(event);
      if (pressed !== undefined && this.#asked !== undefined) this.#act(pressed, this.#asked);
    });
  }

  get all(): Call[] {
    return [...this.waiting, ...this.held];
  }

  /** Takes a call out, and tells where it was. */
  drop(call: Call): 'waiting' | 'held' | undefined {
    for (const place of ['waiting', 'held'] as const) {
      const at = this[place].indexOf(call);
      if (at >= 0) {
        this[place].splice(at, 1);
        return place;
      }
    }
    return undefined;
  }

  /** Shows the rows, and the panel if somebody waits for an answer. */
  show(shown: Call | undefined, merge: Merge | undefined): void {
    this.#panel(shown);
    const list = part('phone-others');
    list.replaceChildren(...this.held.map((call) => this.#row(call, shown, merge?.has(call) === true)));
    list.hidden = this.held.length === 0;
  }

  #panel(shown: Call | undefined): void {
    const panel = part('phone-waiting');
    const call = shown === undefined ? undefined : this.waiting[0];
    this.#asked = call;
    panel.hidden = call === undefined;
    if (call === undefined || shown === undefined) return;
    part('phone-waiting-from').textContent = who(call);
    part('phone-waiting-kind').textContent = call.offersVideo ? 'Another video call' : 'Another call';
    const talking = shown.stage === 'talking';
    part('phone-waiting-hold').hidden = !talking;
    part('phone-waiting-end').textContent = talking ? 'End this one and answer' : 'Answer';
  }

  #row(call: Call, shown: Call | undefined, merged: boolean): HTMLElement {
    const row = part<HTMLTemplateElement>('phone-other').content.firstElementChild?.cloneNode(true) as HTMLElement;
    const place = (what: string) => row.querySelector<HTMLElement>(`[data-is="${what}"]`);
    const talking = shown?.stage === 'talking' && call.stage === 'talking';
    // Nobody is connected with a machine: they would be recorded, and were not told.
    const people = talking && call.automaton === undefined && shown.automaton === undefined;
    const name = place('who');
    if (name !== null) name.textContent = who(call);
    const state = place('state');
    if (state !== null) state.textContent = merged ? 'talks with both of you' : call.heldByThem ? 'on hold, by both of you' : 'on hold';
    for (const button of row.querySelectorAll<HTMLElement>('[data-act]')) {
      const act = button.dataset.act as Act;
      button.hidden = act === 'split' ? !merged : act === 'swap' ? merged || !talking : act === 'merge' ? merged || !people : act === 'join' && !people;
      const label = (button.textContent ?? '').trim();
      button.setAttribute('aria-label', `${label}: ${spokenOf(call)}`);
      button.addEventListener('click', () => this.#act(act, call));
    }
    return row;
  }
}

function actOf(event: Event): Act | undefined {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-act]') : null;
  return button?.dataset.act as Act | undefined;
}
