// The phone in the page. Without this script the page is one of facts: who one
// is, one's calls, and what the app may use.
import { Call } from './call';
import { spoken } from './clock';
import { Merge } from './merge';
import type { Dialog } from './colleagues';
import { Line, session, type Session, type State } from './line';
import { picture, take, type Got } from './media';
import { dialled } from './number';
import { Permission, type Device } from './permission';
import { oneTab } from './tabs';
import { Sounder, tones } from './tones';
import { whyNot } from './transfer';
import { part, spokenOf, View } from './view';
import { Beside, most, type Act } from './waiting';
import { soundsBusy, why, type End } from './words';

const busyLength = 3; // seconds of the tone of a busy line
const beat = 20_000; // milliseconds between two looks at whether what a call uses is still allowed
const settle = 1200; // milliseconds until a call that ended stands in the list

const devices = ['microphone', 'camera'] as const satisfies readonly Device[];

class Phone {
  readonly #root: HTMLElement;
  readonly #view = new View();
  readonly #sounds = new Sounder();
  readonly #permissions: Record<Device, Permission | undefined>;
  #line: Line | undefined;
  #state: State = 'connecting';
  #call: Call | undefined; // the one that is shown
  readonly #beside = new Beside((act, call) => void this.#do(act, call));
  #merge: Merge | undefined;
  #elsewhereCalls: Dialog[] = []; // of this line, on whichever phone
  #adding = false; // the dial pad is for a second call
  #next: Call | undefined; // to be answered when the shown one has ended
  #asking: AbortController | undefined;
  #kept: Promise<unknown> = Promise.resolve(); // answers on their way to the server
  #granted: readonly string[] = []; // what the server last knew to be allowed

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#permissions = { microphone: this.#permission('microphone'), camera: this.#permission('camera') };
  }

  begin(): void {
    part('phone-plain').hidden = true;
    this.#press();
    for (const button of document.querySelectorAll<HTMLElement>('[data-call-back]')) button.hidden = false;
    this.#ringable();
    const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('phone') : undefined;
    const come = oneTab({ locks: navigator.locks, channel }, {
      gained: () => void this.#connect(),
      waiting: () => this.#elsewhere(),
      lost: () => this.#disconnect(),
      refused: () => this.#view.say('A call is going on in the other tab. End it there first.', 'wrong'),
      busy: () => this.#call !== undefined || this.#asking !== undefined,
    });
    part('phone-here').addEventListener('click', come);
    // A permission is taken back on a page of its own, which says that it was
    // loaded; one that is open on another device is found on the beat.
    if ('BroadcastChannel' in globalThis) new BroadcastChannel('phone-look').addEventListener('message', () => void this.#look());
    setInterval(() => void this.#look(), beat);
    addEventListener('pagehide', () => this.#line?.stop());
    addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
    addEventListener('beforeunload', (event) => {
      if (this.#call !== undefined) event.preventDefault(); // leaving the page ends the call
    });
  }

  async #connect(): Promise<void> {
    const { session: at = '', flow = '' } = this.#root.dataset;
    this.#view.show('phone-dial');
    this.#went('connecting');
    for (;;) {
      try {
        const me = await session(at);
        if (!me.signedIn || me.extension === undefined) return this.#went('signed-out');
        this.#line = new Line(me, { session: at, flow }, { state: (s) => this.#went(s), incoming: (c) => this.#incoming(c), calls: (l) => this.#afar(l) }, {
          changed: (c) => this.#changed(c), media: (s) => { if (s === this.#call?.remote) this.#view.play(s); },
          ended: (c, e) => this.#ended(c, e), met: (c) => this.#view.say(`${c === this.#call ? 'You are talking' : 'On hold: you are connected'} to ${spokenOf(c)} now.`),
        });
        return this.#line.start();
      } catch {
        this.#went('lost');
        await new Promise((resolve) => { setTimeout(resolve, 5000); });
      }
    }
  }

  #disconnect(): void {
    this.#line?.stop();
    this.#line = undefined;
  }

  /** Shows a call that another phone of the person has. */
  #afar(list: Dialog[] = this.#elsewhereCalls): Dialog | undefined {
    this.#elsewhereCalls = list;
    const there = list.find((d) => d.answered && !this.#calls.some((c) => c.is(d.callId)));
    part('phone-afar').hidden = there === undefined || this.#call !== undefined;
    if (there !== undefined) part('phone-afar-who').textContent = `You are in a call with ${spokenOf(there)}.`;
    return there;
  }

  /** Takes that call over: it goes on here. */
  async #takeOver(): Promise<void> {
    const there = this.#afar();
    if (there === undefined || this.#call !== undefined || this.#asking !== undefined || this.#line === undefined) return;
    const stream = await this.#take(false);
    if (stream === undefined || this.#call !== undefined) return;
    this.#call = this.#line.takeOver(there, stream);
    this.#changed(this.#call);
  }

  #elsewhere(): void {
    this.#view.show('phone-elsewhere');
    this.#view.line('elsewhere');
  }

  #went(state: State): void {
    this.#state = state;
    this.#view.line(state);
    if (state === 'ready') for (const call of this.#calls) call.reconnect();
    if (state === 'signed-out') this.#view.show('phone-signed-out');
  }

  get #calls(): Call[] {
    return this.#call === undefined ? this.#beside.all : [this.#call, ...this.#beside.all];
  }

  /** What the buttons and the form do. */
  #press(): void {
    part<HTMLFormElement>('dial').addEventListener('submit', (event) => {
      event.preventDefault();
      const button = (event as SubmitEvent).submitter;
      void this.#dial(button?.id === 'phone-call-video');
    });
    const field = part<HTMLInputElement>('dial-number');
    field.addEventListener('input', () => this.#wrong(''));
    for (const pad of document.querySelectorAll<HTMLElement>('[data-pad]')) {
      pad.addEventListener('click', (event) => {
        const digit = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-key]')?.dataset.key : undefined;
        if (digit !== undefined) this.#key(pad.dataset.pad === 'call', digit);
      });
    }
    part('phone-pad').addEventListener('keydown', (event) => {
      if (/^[0-9*#]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) this.#key(true, event.key);
    });
    part('phone-back').addEventListener('click', () => { field.value = field.value.slice(0, -1); this.#wrong(''); });
    const on = (id: string, act: () => void) => part(id).addEventListener('click', act);
    on('phone-answer', () => void this.#answer(false));
    on('phone-answer-video', () => void this.#answer(true));
    on('phone-decline', () => this.#call?.end(603));
    on('phone-end', () => this.#hangUp());
    on('phone-mute', () => { for (const call of this.#heard()) call.mute(!this.#call?.muted); });
    on('phone-hold', () => this.#hold());
    on('phone-add', () => this.#add(true));
    on('phone-pass-ask', () => void this.#dial(false));
    on('phone-pass-now', () => void this.#pass());
    on('phone-afar-take', () => void this.#takeOver());
    on('phone-pass-back', () => this.#add(false));
    on('phone-keys', () => this.#view.keys(part('phone-pad').hidden !== false));
    on('phone-camera', () => void this.#camera());
    document.addEventListener('click', (event) => {
      const number = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-call-back]')?.dataset.callBack : undefined;
      if (number === undefined || (this.#call !== undefined && !this.#adding)) return;
      field.value = number;
      this.#wrong('');
      part('phone').scrollIntoView({ block: 'start' });
      part(this.#adding ? 'phone-pass-ask' : 'phone-call-sound').focus();
    });
  }

  #key(inCall: boolean, digit: string): void {
    if (inCall) {
      this.#call?.key(digit);
      part('phone-keyed').textContent += digit;
    } else {
      part<HTMLInputElement>('dial-number').value += digit;
      this.#wrong('');
    }
    this.#sounds.press(digit);
  }

  async #dial(video: boolean): Promise<void> {
    if ((this.#call !== undefined && !this.#adding) || this.#asking !== undefined || this.#line === undefined || this.#state !== 'ready') return;
    const number = this.#number();
    if (number === undefined) return;
    this.#view.say('');
    const stream = await this.#take(video);
    if (stream === undefined) return;
    this.#aside();
    this.#call = this.#line.call(number, stream);
    part('phone-keyed').textContent = '';
    this.#changed(this.#call);
  }

  /** The number in the field; undefined, and said, if it is none. */
  #number(): string | undefined {
    const field = part<HTMLInputElement>('dial-number');
    const read = dialled(field.value);
    this.#wrong('wrong' in read ? read.wrong : '');
    if (!('wrong' in read)) return read.number;
    field.focus();
    return undefined;
  }

  /** Says what is wrong with the number, at its field (WCAG 2.2, 3.3.1). */
  #wrong(words: string): void {
    const place = part('phone-number-wrong');
    const field = part<HTMLInputElement>('dial-number');
    if (place.textContent === words) return;
    place.textContent = words;
    place.hidden = words === '';
    field.toggleAttribute('aria-invalid', words !== '');
    if (words !== '') field.setAttribute('aria-invalid', 'true');
  }

  /** The devices of a call, asked for now; undefined if there is to be none. */
  async #take(video: boolean): Promise<MediaStream | undefined> {
    this.#sounds.wake();
    const got = await this.#ask((signal) => take(video, this.#permissions, signal));
    if (got === undefined) return undefined;
    const said = 'wrong' in got ? got.wrong : got.said ?? '';
    if (said !== '') this.#view.say(said, 'wrong');
    if ('stream' in got) return got.stream;
    if (this.#call === undefined) part('phone-call-sound').focus();
    return undefined;
  }

  /**
   * Asks for devices, if what was allowed before still is: it may have been taken
   * back on another page. Undefined where nobody is signed in any more.
   */
  async #ask(act: (signal: AbortSignal) => Promise<Got>): Promise<Got | undefined> {
    const asking = this.#asking = new AbortController();
    try {
      const me = await this.#me();
      if (me !== undefined && !me.signedIn) {
        this.#went('signed-out');
        return undefined;
      }
      for (const device of devices) {
        if (me !== undefined) this.#permissions[device]?.is(this.#granted.includes(device));
      }
      return await act(asking.signal);
    } finally {
      this.#asking = undefined;
    }
  }

  /** Who is signed in and what they allow; undefined where the server cannot be asked. */
  async #me(): Promise<Session | undefined> {
    await this.#kept;
    const me = await session(this.#root.dataset.session ?? '').catch(() => undefined);
    if (me !== undefined) this.#granted = me.granted ?? [];
    return me;
  }

  /** Lets go of what was taken back while a call used it (R16). */
  async #look(): Promise<void> {
    if (this.#call === undefined || this.#asking !== undefined) return;
    const before = this.#granted;
    if (!(await this.#me())?.signedIn) return;
    const gone = (device: Device) => before.includes(device) && !this.#granted.includes(device);
    for (const call of this.#calls) {
      if (gone('camera') && call.seen) {
        await call.show(undefined);
        this.#view.say('You took the camera back, so it is off.');
      }
      if (!gone('microphone') || call.stage === 'incoming') continue;
      call.because = 'You took the microphone back, so the call ended.';
      call.end();
    }
  }

  #incoming(call: Call): void {
    if ((this.#call === undefined && this.#asking !== undefined) || this.#calls.length >= most) {
      call.end(486);
      return;
    }
    if (this.#call !== undefined) {
      this.#beside.waiting.push(call);
      this.#view.say(`Another call: ${spokenOf(call)}.`);
      this.#sounds.play(tones.waiting);
      this.#rows();
      return;
    }
    this.#call = call;
    this.#view.say('');
    part('phone-keyed').textContent = '';
    this.#changed(call);
    this.#sounds.play(tones.ring);
  }

  async #answer(video: boolean): Promise<void> {
    const call = this.#call;
    if (call === undefined || call.stage !== 'incoming') return;
    call.answering();
    const stream = await this.#take(video);
    if (stream === undefined) return call.notAnswering();
    this.#sounds.stop();
    call.answer(stream);
  }

  #hangUp(): void {
    for (const call of this.#heard()) call.end();
  }

  /** Whom one talks to: one, or the two of a merge. */
  #heard(): readonly Call[] {
    return this.#merge?.calls ?? (this.#call === undefined ? [] : [this.#call]);
  }

  #hold(): void {
    const on = this.#call?.held === false;
    for (const call of this.#heard()) call.hold(on);
  }

  /** The dial pad for a second call, or back from it. */
  #add(on: boolean): void {
    const call = this.#call;
    if (call?.stage !== 'talking') return;
    this.#adding = on;
    if (!on) return this.#changed(call);
    this.#wrong('');
    this.#view.show('phone-dial');
    this.#view.pass(call);
  }

  /** Puts the shown call aside, on hold. */
  #aside(): void {
    const call = this.#call;
    this.#adding = false;
    this.#split();
    if (call === undefined) return;
    call.hold(true);
    this.#beside.held.push(call);
    this.#call = undefined;
  }

  /** Shows another of the calls. */
  #turn(call: Call): void {
    this.#beside.drop(call);
    this.#call = call;
    this.#view.play(call.remote);
    this.#changed(call);
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
        return this.#call?.end();
      case 'hold-answer':
      case 'swap':
        this.#beside.drop(call);
        this.#aside();
        this.#turn(call);
        if (act === 'swap') return call.hold(false);
        return this.#answer(false);
    }
  }

  /** Passes the other side on to the number in the field. */
  async #pass(): Promise<void> {
    const call = this.#call;
    const number = this.#number();
    if (call === undefined || number === undefined || this.#line === undefined) return;
    this.#adding = false;
    this.#view.say('');
    call.hold(true);
    const not = await call.pass(this.#line.at(number), number);
    if (not === undefined) call.because = 'You passed the call on.';
    if (not === undefined || call.stage === 'ended') return;
    this.#view.say(`${whyNot(not)} You are talking to ${spokenOf(call)} again.`, 'wrong');
    call.hold(false);
  }

  /** Connects the shown one with one on hold, and is out of both. */
  async #join(other: Call): Promise<void> {
    const call = this.#call;
    if (call === undefined || this.#line === undefined) return;
    call.because = other.because = 'You connected the two, and left the call.';
    const not = await call.join(other, this.#line.at(other.number || 'anonymous'));
    if (not === undefined || call.stage === 'ended') return;
    call.because = other.because = '';
    this.#view.say(whyNot(not), 'wrong');
  }

  /** Talks to the shown one and to one on hold at once. */
  async #mix(other: Call): Promise<void> {
    const call = this.#call;
    if (call === undefined || this.#merge !== undefined) return;
    if (call.muted) call.mute(false);
    for (const each of [call, other]) each.hold(false);
    const merge = this.#merge = new Merge(call, other);
    await merge.begin();
    this.#view.say(`All three of you are talking: you, ${spokenOf(call)} and ${spokenOf(other)}.`);
    this.#changed(call);
  }

  #split(): void {
    void this.#merge?.end();
    this.#merge = undefined;
  }

  /** The rows of the calls beside the shown one. */
  #rows(): void {
    this.#beside.show(this.#call, this.#merge);
    this.#afar();
  }

  async #camera(): Promise<void> {
    const call = this.#call;
    if (call === undefined || this.#asking !== undefined) return;
    if (call.seen) return void call.show(undefined);
    const got = await this.#ask((signal) => picture(this.#permissions.camera, signal));
    if (got === undefined) return;
    if ('wrong' in got) this.#view.say(got.wrong, 'wrong');
    else if (!(await call.show(got.stream.getVideoTracks()[0]))) this.#view.say('Their phone shows no pictures, so your camera is off.', 'wrong');
  }

  #changed(call: Call): void {
    this.#rows();
    if (call !== this.#call || this.#adding) return;
    if (call.stage === 'incoming' || call.stage === 'answering') return this.#view.incoming(call, call.stage === 'answering');
    if (call.stage === 'ringing' && !call.early) this.#sounds.play(tones.ringback);
    else if (this.#beside.waiting.length > 0) this.#sounds.play(tones.waiting);
    else if (call.stage !== 'calling') this.#sounds.stop();
    this.#view.call(call, this.#merge?.other(call));
  }

  #ended(call: Call, end: End): void {
    if (this.#merge?.has(call)) this.#split();
    if (call !== this.#call) return this.#left(call);
    this.#call = undefined;
    this.#adding = false;
    this.#asking?.abort();
    this.#sounds.stop();
    if (soundsBusy(end)) this.#sounds.play(tones.busy, busyLength);
    const length = call.since === undefined ? '' : ` It lasted ${spoken((Date.now() - call.since) / 1000)}.`;
    const missed = !end.outgoing && !end.answered && !end.byUs && end.status === undefined ? ` It was from ${spokenOf(call)}.` : '';
    this.#view.say(`${call.because || why(end)}${length}${missed}`, end.answered || end.byUs ? 'plain' : 'wrong');
    setTimeout(() => void this.#refresh(), settle);
    const next = this.#beside.waiting[0] ?? this.#beside.held.at(-1);
    if (next !== undefined) return this.#goOn(next);
    this.#rows();
    if (this.#state === 'signed-out') this.#view.show('phone-signed-out');
    else this.#view.dial(true);
  }

  /** A call beside the shown one has ended. */
  #left(call: Call): void {
    const where = this.#beside.drop(call);
    if (where === 'waiting' && this.#beside.waiting.length === 0) this.#sounds.stop();
    const what = where === 'waiting' ? 'You missed a call from' : 'The call has ended that you had on hold, with';
    if (call.because === '') this.#view.say(`${what} ${spokenOf(call)}.`);
    this.#rows();
    if (this.#call !== undefined) this.#changed(this.#call);
    setTimeout(() => void this.#refresh(), settle);
  }

  /** Turns to the call that comes next: one that rings, or one on hold. */
  #goOn(next: Call): void {
    const answer = next === this.#next;
    this.#next = undefined;
    this.#turn(next);
    if (answer) void this.#answer(false);
    else if (next.stage === 'incoming') this.#sounds.play(tones.ring);
  }

  #permission(device: Device): Permission | undefined {
    const panel = document.querySelector<HTMLElement>(`[data-ask="${device}"]`);
    if (panel === null) return undefined;
    return new Permission(panel, (address) => {
      // The server keeps the answers in its own time, and in their order; the
      // call does not wait.
      const keep = () => fetch(address, { method: 'POST', redirect: 'manual', keepalive: true }).catch(() => undefined);
      this.#kept = this.#kept.then(keep);
      void this.#me();
    });
  }

  /** The list of the latest calls anew, as the server makes it. */
  async #refresh(): Promise<void> {
    const answer = await fetch(location.pathname, { redirect: 'error' }).catch(() => undefined);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('phone-recent');
    const place = part('phone-recent');
    if (fresh === null || place.contains(document.activeElement)) return;
    for (const button of fresh.querySelectorAll<HTMLElement>('[data-call-back]')) button.hidden = false;
    place.replaceChildren(...fresh.childNodes);
  }

  /** Browsers let a page ring once somebody has pressed something on it. */
  #ringable(): void {
    const hint = part('phone-silent');
    const woken = () => {
      this.#sounds.wake();
      hint.hidden = true;
    };
    hint.hidden = navigator.userActivation?.hasBeenActive ?? false;
    for (const what of ['pointerdown', 'keydown']) addEventListener(what, woken, { once: true });
  }
}

const root = document.getElementById('phone');
if (root !== null && 'RTCPeerConnection' in globalThis && navigator.mediaDevices !== undefined) new Phone(root).begin();
