// Several calls at once: what becomes of those that are not shown, and what the
// buttons do that are about two of them.
import type { Call } from './call';
import { Merge } from './merge';
import { untold } from './record';
import { tones, type Sounder } from './tones';
import { whyNot } from './transfer';
import { spokenOf, type View } from './view';
import { Beside, most, type Act } from './waiting';

/** What the phone does for it. */
export interface Host {
  readonly view: View;
  readonly sounds: Sounder;
  shown(): Call | undefined;
  show(call: Call | undefined): void;
  changed(call: Call): void;
  answer(): Promise<void>;
  /** The number in the field; undefined, and said, if it is none. */
  number(): string | undefined;
  wrong(words: string): void;
  address(number: string): string | undefined;
  /** The calls are not what they were. */
  rows(): void;
  refresh(): void;
}

export class Several {
  adding = false; // the dial pad is for a second call
  readonly #host: Host;
  readonly #beside = new Beside((act, call) => void this.#do(act, call));
  #merge: Merge | undefined;
  #next: Call | undefined; // to be answered when the shown one has ended

  constructor(host: Host) {
    this.#host = host;
  }

  get all(): Call[] {
    const shown = this.#host.shown();
    return shown === undefined ? this.#beside.all : [shown, ...this.#beside.all];
  }

  /** Whether there are as many calls as there may be. */
  get full(): boolean {
    return this.all.length >= most;
  }

  /** Whether a call rings beside the shown one. */
  get rings(): boolean {
    return this.#beside.waiting.length > 0;
  }

  /** Who else is in the shown call. */
  third(call: Call): Call | undefined {
    return this.#merge?.other(call);
  }

  /** Lets a call wait while the shown one goes on. */
  wait(call: Call): void {
    this.#beside.waiting.push(call);
    this.#host.view.say(`Another call: ${spokenOf(call)}.`);
    this.#host.sounds.play(tones.waiting);
    this.rows();
  }

  rows(): void {
    this.#beside.show(this.#host.shown(), this.#merge);
    this.#host.rows();
  }

  /** Notes that a call has ended, and tells whether it was the shown one. */
  ended(call: Call): boolean {
    if (this.#merge?.has(call)) this.#split();
    if (call === this.#host.shown()) return true;
    this.#left(call);
    return false;
  }

  /** Whom one talks to: one, or the two of a merge. */
  heard(): readonly Call[] {
    const call = this.#host.shown();
    return this.#merge?.calls ?? (call === undefined ? [] : [call]);
  }

  hold(): void {
    const on = this.#host.shown()?.held === false;
    for (const call of this.heard()) call.hold(on);
  }

  /** The dial pad for a second call, or back from it. */
  add(on: boolean): void {
    const call = this.#host.shown();
    if (call?.stage !== 'talking') return;
    this.adding = on;
    if (!on) return this.#host.changed(call);
    this.#host.wrong('');
    this.#host.view.show('phone-dial');
    this.#host.view.pass(call);
  }

  /** Puts the shown call aside, on hold. */
  aside(): void {
    const call = this.#host.shown();
    this.adding = false;
    this.#split();
    if (call === undefined) return;
    call.hold(true);
    this.#beside.held.push(call);
    this.#host.show(undefined);
  }

  /** Shows another of the calls. */
  #turn(call: Call): void {
    this.#beside.drop(call);
    this.#host.show(call);
    this.#host.view.play(call.remote);
    this.#host.changed(call);
  }

  async #do(act: Act, call: Call): Promise<void> {
    switch (act) {
      case 'decline': return call.end(603);
      case 'end': return call.end();
      case 'join': return this.#join(call);
      case 'merge': return this.#mix(call);
      case 'split': return call.hold(true), this.#split();
      case 'end-answer':
        this.#next = call;
        return this.#host.shown()?.end();
      case 'hold-answer':
      case 'swap':
        this.#beside.drop(call);
        this.aside();
        this.#turn(call);
        if (act === 'swap') return call.hold(false);
        return this.#host.answer();
    }
  }

  /** Passes the other side on to the number in the field. */
  async pass(): Promise<void> {
    const call = this.#host.shown();
    const number = this.#host.number();
    const at = number === undefined ? undefined : this.#host.address(number);
    if (call === undefined || number === undefined || at === undefined) return;
    this.adding = false;
    this.#host.view.say('');
    call.hold(true);
    const not = await call.pass(at, number);
    if (not === undefined) call.because = 'You passed the call on.';
    if (not === undefined || call.stage === 'ended') return;
    this.#host.view.say(`${whyNot(not)} You are talking to ${spokenOf(call)} again.`, 'wrong');
    call.hold(false);
  }

  /** Connects the shown one with one on hold, and is out of both. */
  async #join(other: Call): Promise<void> {
    const call = this.#host.shown();
    const at = this.#host.address(other.number || 'anonymous');
    if (call === undefined || at === undefined) return;
    call.because = other.because = 'You connected the two, and left the call.';
    const not = await call.join(other, at);
    if (not === undefined || call.stage === 'ended') return;
    call.because = other.because = '';
    this.#host.view.say(whyNot(not), 'wrong');
  }

  /** Talks to the shown one and to one on hold at once. */
  async #mix(other: Call): Promise<void> {
    const call = this.#host.shown();
    if (call === undefined || this.#merge !== undefined) return;
    if (call.taped.state !== 'off') return this.#host.view.say(untold, 'wrong');
    if (call.muted) call.mute(false);
    for (const each of [call, other]) each.hold(false);
    const merge = this.#merge = new Merge(call, other);
    await merge.begin();
    this.#host.view.say(`All three of you are talking: you, ${spokenOf(call)} and ${spokenOf(other)}.`);
    this.#host.changed(call);
  }

  #split(): void {
    void this.#merge?.end();
    this.#merge = undefined;
  }

  /** A call beside the shown one has ended. */
  #left(call: Call): void {
    const where = this.#beside.drop(call);
    if (where === 'waiting' && this.#beside.waiting.length === 0) this.#host.sounds.stop();
    const what = where === 'waiting' ? 'You missed a call from' : 'The call has ended that you had on hold, with';
    if (call.because === '') this.#host.view.say(`${what} ${spokenOf(call)}.`);
    this.rows();
    const shown = this.#host.shown();
    if (shown !== undefined) this.#host.changed(shown);
    this.#host.refresh();
  }

  /** Turns to the call that comes next, if there is one: one that rings, or one on hold. */
  goOn(): boolean {
    const next = this.#beside.waiting[0] ?? this.#beside.held.at(-1);
    const answer = next !== undefined && next === this.#next;
    this.#next = undefined;
    if (next === undefined) {
      this.rows();
      return false;
    }
    this.#turn(next);
    if (answer) void this.#host.answer();
    else if (next.stage === 'incoming') this.#host.sounds.play(tones.ring);
    return true;
  }
}
