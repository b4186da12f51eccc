// What of the page the phone changes. All of it came with the page, with its
// words; here it is shown, hidden and filled in.
import { automatonWords } from './automaton';
import type { Call } from './call';
import { clock } from './clock';
import type { State } from './line';
import { isEmergency } from './number';

/** An element that the page must have. */
export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as T;
}

const lines: Record<State | 'elsewhere', string> = {
  connecting: 'Connecting…',
  ready: 'Ready for calls',
  lost: 'Not connected, trying again',
  'signed-out': 'Signed out',
  refused: 'Not let in by our server',
  elsewhere: 'Open in another tab',
};

const panels = ['phone-dial', 'phone-incoming', 'phone-call', 'phone-elsewhere', 'phone-signed-out'] as const;
type Panel = (typeof panels)[number];

/** Who the other side is, in one line. */
export const who = (call: Call): string => call.name || numbered(call.number) || 'Number withheld';

/** The same within a sentence. */
export const spokenOf = (call: Pick<Call, 'name' | 'number'>): string => call.name || numbered(call.number).replace('E', 'e') || 'somebody who withheld their number';

const longest = 6; // digits of an extension

export const numbered = (number: string): string => (number !== '' && number.length <= longest && !isEmergency(number) ? `Extension ${number}` : number);

export class View {
  readonly #bare = document.title;
  #title = this.#bare;
  #shown: Panel | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** How much is new, in front of the title. */
  unread(n: number): void {
    const before = this.#title;
    this.#title = n > 0 ? `(${n}) ${this.#bare}` : this.#bare;
    if (document.title.endsWith(before)) document.title = document.title.slice(0, -before.length) + this.#title;
  }

  /** How the line is, beside the extension. */
  line(state: State | 'elsewhere'): void {
    const place = part('phone-state');
    place.dataset.state = state;
    part('phone-state-words').textContent = lines[state];
    part<HTMLButtonElement>('phone-call-sound').disabled = state !== 'ready';
    part<HTMLButtonElement>('phone-call-video').disabled = state !== 'ready';
  }

  /** Says something, where screen readers hear it. Empty takes it back. */
  say(words: string, kind: 'plain' | 'wrong' = 'plain'): void {
    const place = part('phone-said');
    place.className = kind === 'wrong' ? 'phone-said wrong-said' : 'phone-said';
    place.textContent = words;
  }

  show(panel: Panel): void {
    for (const id of panels) part(id).hidden = id !== panel;
    // A call takes the place of what else is on the page, so that its buttons
    // are where one looks.
    document.documentElement.toggleAttribute('data-call', panel === 'phone-call' || panel === 'phone-incoming');
    if (panel !== this.#shown && panel !== 'phone-dial') part(panel).focus();
    this.pass(undefined);
    this.#shown = panel;
  }

  /** The dial pad again, where one was before the call. */
  dial(focus: boolean): void {
    this.show('phone-dial');
    this.#clock(undefined);
    document.title = this.#title;
    if (focus) part('phone-call-sound').focus();
  }

  /** The dial pad for a second call: to pass the first on, or to add somebody. */
  pass(call: Call | undefined): void {
    for (const id of ['phone-pass', 'phone-pass-words']) part(id).hidden = call === undefined;
    part('phone-go').hidden = call !== undefined;
    if (call === undefined) return;
    const name = spokenOf(call);
    const machine = call.automaton !== undefined; // cannot be passed on
    part('phone-pass-now').hidden = machine;
    part('phone-pass-words').textContent = machine ? 'Ring somebody else while voicemail waits on hold.' : `Pass ${name} on, or ring somebody else while ${name} waits on hold.`;
    const field = part<HTMLInputElement>('dial-number');
    field.value = '';
    field.focus();
  }

  incoming(call: Call, answering: boolean): void {
    this.show('phone-incoming');
    document.title = `Incoming call – ${this.#title}`;
    part('phone-from').textContent = who(call);
    part('phone-from-number').textContent = call.name === '' ? '' : numbered(call.number);
    part('phone-from-kind').textContent = call.offersVideo ? 'Incoming video call' : 'Incoming call';
    part('phone-answer-video').hidden = !call.offersVideo;
    for (const id of ['phone-answer', 'phone-answer-video']) part<HTMLButtonElement>(id).disabled = answering;
  }

  call(call: Call, third: Call | undefined): void {
    this.show('phone-call');
    document.title = `${call.stage === 'talking' ? 'In a call' : 'Calling'} – ${this.#title}`;
    part('phone-with').textContent = who(call);
    part('phone-with-number').textContent = call.name === '' ? '' : numbered(call.number);
    const talking = call.stage === 'talking';
    this.#words(third === undefined || call.held ? stage(call) : `Connected, with ${spokenOf(third)} too${call.muted ? '. You are muted: they do not hear you.' : ''}`);
    this.#clock(talking ? call.since : undefined);
    this.#toggle('phone-mute', call.muted, call.muted ? 'Unmute' : 'Mute');
    this.#toggle('phone-hold', call.held, call.held ? 'Resume' : 'Hold');
    this.#toggle('phone-camera', call.seen, call.seen ? 'Camera off' : 'Camera on');
    for (const id of ['phone-hold', 'phone-keys', 'phone-camera', 'phone-add']) part<HTMLButtonElement>(id).disabled = !talking;
    part('phone-camera').hidden = !call.canBeSeen && !call.seen;
    if (!talking) this.keys(false);
    part('phone-end-label').textContent = third !== undefined ? 'Hang up both' : talking ? 'Hang up' : 'Cancel';
    this.#pictures(call);
  }

  keys(open: boolean): void {
    part('phone-pad').hidden = !open;
    part('phone-keys').setAttribute('aria-expanded', String(open));
  }

  /** Plays the other side. */
  play(stream: MediaStream): void {
    const player = part<HTMLVideoElement>('phone-player');
    if (player.srcObject !== stream) player.srcObject = stream;
    void player.play().catch(() => this.say('Your browser keeps this page silent. Press anywhere on it to hear the call.', 'wrong'));
  }

  #words(words: string): void {
    const place = part('phone-stage');
    if (place.textContent !== words) place.textContent = words; // or it would be read out again
  }

  #toggle(id: string, on: boolean, label: string): void {
    const button = part(id);
    button.dataset.on = on ? 'yes' : 'no';
    const place = button.querySelector('.phone-control-label');
    if (place !== null) place.textContent = label;
  }

  #clock(since: number | undefined): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const place = part('phone-clock');
    place.hidden = since === undefined;
    if (since === undefined) return;
    const tick = () => { place.textContent = clock((Date.now() - since) / 1000); };
    tick();
    this.#timer = setInterval(tick, 1000);
  }

  #pictures(call: Call): void {
    const sees = call.stage === 'talking' && call.sees && !call.heldByThem;
    part('phone-call').dataset.picture = sees ? 'yes' : 'no';
    const own = part<HTMLVideoElement>('phone-own');
    const stream = call.own ?? null;
    if (own.srcObject !== stream) own.srcObject = stream;
    own.hidden = stream === null;
  }
}

function stage(call: Call): string {
  switch (call.stage) {
    case 'calling': return 'Calling…';
    case 'ringing': return 'Ringing…';
    case 'talking':
      if (call.passing !== '') return `Passing them on to ${numbered(call.passing).replace('E', 'e')}…`;
      if (call.held) return 'You put the call on hold. They do not hear you.';
      if (call.heldByThem) return 'They put you on hold. Please wait, or hang up.';
      if (call.automaton !== undefined && !call.muted) return automatonWords[call.automaton];
      return call.muted ? 'Connected. You are muted: they do not hear you.' : 'Connected';
  }
  return '';
}
