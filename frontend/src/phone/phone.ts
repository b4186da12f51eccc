// The phone in the page. Without this script the page is one of facts: who one
// is, one's calls, and what the app may use.
import { App } from './app';
import { automatonWords, toDial } from './automaton';
import { Call } from './call';
import { spoken } from './clock';
import type { Dialog } from './colleagues';
import { Ending } from './limit';
import { Line, type State } from './line';
import { picture, take, type Got } from './media';
import { Names } from './names';
import { listen, more, type News } from './news';
import { keep } from './notes';
import { dialled, rescues } from './number';
import { sound } from './equipment';
import { Permission, type Device } from './permission';
import { Recorder } from './record';
import { Rescue } from './rescue';
import { session, type Session } from './session';
import { Several } from './several';
import { oneTab } from './tabs';
import { Sounder, tones } from './tones';
import { part, spokenOf, View } from './view';
import { soundsBusy, why, type End } from './words';

const busyLength = 3; // seconds of the tone of a busy line
const beat = 20_000; // milliseconds between two looks at whether what a call uses is still allowed
const settle = 1200; // milliseconds until a call that ended stands in the list

const devices = ['microphone', 'camera'] as const satisfies readonly Device[];

class Phone {
  readonly #root: HTMLElement;
  readonly #view = new View();
  readonly #sounds = new Sounder();
  readonly #names = new Names();
  readonly #permissions: Record<Device, Permission | undefined>;
  readonly #where: Permission | undefined; // to tell the emergency services where the device is
  readonly #app: App;
  #line: Line | undefined;
  #state: State = 'connecting';
  #call: Call | undefined; // the one that is shown
  readonly #several = new Several({
    view: this.#view, sounds: this.#sounds,
    shown: () => this.#call, show: (call) => { this.#call = call; }, changed: (call) => this.#changed(call),
    answer: () => this.#answer(false), number: () => this.#number(), wrong: (words) => this.#wrong(words),
    address: (number) => this.#line?.at(number), rows: () => void this.#afar(), refresh: () => this.#refreshSoon(),
  });
  readonly #recorder = new Recorder(this.#view, () => this.#call);
  #unlisten: (() => void) | undefined; // ends being told of news
  #elsewhereCalls: Dialog[] = []; // of this line, on whichever phone
  #asking: AbortController | undefined;
  readonly #ending = new Ending();
  #rescue: Rescue | undefined; // of the emergency call that is made
  #kept: Promise<unknown> = Promise.resolve(); // answers on their way to the server
  #granted: readonly string[] = []; // what the server last knew to be allowed
  #blind = false; // its person does not want the app to look at calls on their other phones

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#app = new App(root, { call: () => this.#call, answer: () => void this.#answer(false), granted: () => this.#granted });
    this.#sounds.leads = (tone, through) => void sound(through, tone === tones.ring ? 'bell' : 'speaker');
    this.#permissions = { microphone: this.#permission('microphone'), camera: this.#permission('camera') };
    this.#where = this.#permission('geolocation');
  }

  begin(): void {
    part('phone-plain').hidden = true;
    this.#press();
    for (const button of document.querySelectorAll<HTMLElement>('[data-call-back]')) button.hidden = false;
    this.#ringable();
    void this.#names.load(this.#root.dataset.names, part<HTMLInputElement>('dial-number'));
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
    document.addEventListener('visibilitychange', () => { // a message may have been left meanwhile
      if (document.visibilityState === 'visible' && this.#call === undefined) void this.#refresh();
    });
    addEventListener('pagehide', () => this.#line?.stop());
    addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
    addEventListener('beforeunload', (event) => {
      if (this.#call !== undefined) event.preventDefault(); // leaving the page ends the call
    });
  }

  async #connect(): Promise<void> {
    const { session: at = '', flow = '' } = this.#root.dataset;
    this.#view.show('phone-dial');
    this.#unlisten ??= listen(this.#root.dataset.news, (now, before) => this.#news(now, before));
    this.#went('connecting');
    for (;;) {
      try {
        const me = await session(at);
        this.#know(me);
        if (!me.signedIn || me.extension === undefined) return this.#went('signed-out');
        this.#line = new Line(me, { session: at, flow }, { state: (s) => this.#went(s), incoming: (c) => this.#incoming(c), calls: (l) => this.#afar(l) }, {
          changed: (c) => this.#changed(c), media: (s) => { if (s === this.#call?.remote) this.#view.play(s); },
          ended: (c, e) => this.#ended(c, e), met: (c) => this.#view.say(c.automaton !== undefined ? automatonWords[c.automaton] : `${c === this.#call ? 'You are talking' : 'On hold: you are connected'} to ${spokenOf(c)} now.`),
        });
        this.#app.begin();
        return this.#line.start();
      } catch {
        this.#went('lost');
        await new Promise((resolve) => { setTimeout(resolve, 5000); });
      }
    }
  }

  /** Something is new, or was looked at elsewhere. */
  #news(now: News, before: News | undefined): void {
    this.#view.unread(now.missed + now.voicemail + now.messages);
    if (before === undefined) return; // the page came with it
    part('phone-news').textContent = more(before, now);
    void this.#refresh();
  }

  #disconnect(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#line?.stop();
    this.#line = undefined;
  }

  /** Shows a call that another phone of the person has. */
  #afar(list: Dialog[] = this.#elsewhereCalls): Dialog | undefined {
    this.#elsewhereCalls = list;
    const there = this.#blind ? undefined : list.find((d) => d.answered && !this.#several.all.some((c) => c.is(d.callId)));
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
    this.#app.went(state === 'ready');
    if (state === 'ready') for (const call of this.#several.all) call.reconnect();
    if (state !== 'signed-out') return;
    this.#unlisten?.();
    this.#view.show('phone-signed-out');
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
    const asked = () => { field.value = toDial(location.hash) || field.value; Rescue.note(field.value); };
    asked();
    addEventListener('hashchange', asked);
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
    on('phone-mute', () => { for (const call of this.#several.heard()) call.mute(!this.#call?.muted); });
    on('phone-hold', () => this.#several.hold());
    on('phone-add', () => this.#several.add(true));
    on('phone-pass-ask', () => void this.#dial(false));
    on('phone-pass-now', () => void this.#several.pass());
    on('phone-afar-take', () => void this.#takeOver());
    on('phone-pass-back', () => this.#several.add(false));
    on('phone-keys', () => this.#view.keys(part('phone-pad').hidden !== false));
    on('phone-camera', () => void this.#camera());
    document.addEventListener('click', (event) => {
      const number = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-call-back]')?.dataset.callBack : undefined;
      if (number === undefined || (this.#call !== undefined && !this.#several.adding)) return;
      field.value = number;
      this.#wrong('');
      part('phone').scrollIntoView({ block: 'start' });
      part(this.#several.adding ? 'phone-pass-ask' : 'phone-call-sound').focus();
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
    if ((this.#call !== undefined && !this.#several.adding) || this.#asking !== undefined || this.#line === undefined || this.#state !== 'ready') return;
    const number = this.#number();
    if (number === undefined) return;
    this.#view.say('');
    const rescue = rescues(number) ? new Rescue(this.#where, this.#line.at(this.#line.extension)) : undefined;
    const stream = await this.#take(video, rescue);
    if (stream === undefined) return;
    this.#several.aside();
    this.#call = this.#line.call(number, stream, [], rescue?.goes);
    this.#call.name ||= this.#names.of(number);
    part('phone-keyed').textContent = '';
    this.#changed(this.#call);
    if (rescue === undefined) return;
    this.#rescue?.end();
    this.#rescue = rescue;
    void rescue.follow(this.#call);
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
    Rescue.note(field.value); // whatever changes the number comes by here
    if (place.textContent === words) return;
    place.textContent = words;
    place.hidden = words === '';
    field.toggleAttribute('aria-invalid', words !== '');
    if (words !== '') field.setAttribute('aria-invalid', 'true');
  }

  /** The devices of a call, asked for now; undefined if there is to be none. */
  async #take(video: boolean, rescue?: Rescue): Promise<MediaStream | undefined> {
    this.#sounds.wake();
    const got = await this.#ask(async (signal) => {
      rescue?.begin();
      const taken = await take(video, this.#permissions, signal);
      if ('stream' in taken) await rescue?.within();
      return taken;
    });
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
      if (me !== undefined) this.#where?.is(this.#granted.includes('geolocation'));
      return await act(asking.signal);
    } finally {
      this.#asking = undefined;
    }
  }

  /** Who is signed in and what they allow; undefined where the server cannot be asked. */
  async #me(): Promise<Session | undefined> {
    await this.#kept;
    const me = await session(this.#root.dataset.session ?? '').catch(() => undefined);
    if (me !== undefined) this.#know(me);
    return me;
  }

  /** Notes what its person allows, and forgets what they want nothing kept of. */
  #know(me: Session): void {
    this.#granted = me.granted ?? [];
    this.#blind = me.stopped?.includes('phone') ?? false;
    if (this.#blind) keep(false);
    this.#afar();
  }

  /** Lets go of what was taken back while a call used it (R16). */
  async #look(): Promise<void> {
    if (this.#call === undefined || this.#asking !== undefined) return;
    const before = this.#granted;
    if (!(await this.#me())?.signedIn) return;
    const gone = (device: Device) => before.includes(device) && !this.#granted.includes(device);
    for (const call of this.#several.all) {
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
    if ((this.#call === undefined && this.#asking !== undefined) || this.#several.full) {
      call.end(486);
      return;
    }
    if (this.#call !== undefined) return this.#several.wait(call);
    this.#call = call;
    call.name = this.#names.of(call.number) || call.name;
    this.#view.say('');
    part('phone-keyed').textContent = '';
    this.#changed(call);
    // Not over a call on another phone of theirs, if they let the app look.
    const softly = this.#granted.includes('phone') && this.#elsewhereCalls.some((d) => d.answered);
    if (softly) this.#view.say('You are in a call on another phone, so this one rings softly.');
    this.#sounds.play(softly ? tones.waiting : tones.ring);
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
    for (const call of this.#several.heard()) call.end();
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
    this.#app.changed(call);
    void this.#rescue?.changed(call);
    Rescue.beside(this.#call);
    this.#several.rows();
    if (call !== this.#call || this.#several.adding) return;
    if (call.stage === 'incoming' || call.stage === 'answering') return this.#view.incoming(call, call.stage === 'answering');
    if (call.stage === 'ringing' && !call.early) this.#sounds.play(tones.ringback);
    else if (this.#several.rings) this.#sounds.play(tones.waiting);
    else if (call.stage !== 'calling') this.#sounds.stop();
    this.#view.call(call, this.#several.third(call));
    if (this.#ending.show(call) && !this.#several.rings) this.#sounds.play(tones.warning, 0.7);
    this.#recorder.show(call);
  }

  #ended(call: Call, end: End): void {
    this.#rescue?.end(call);
    if (call === this.#call) this.#ending.show(undefined);
    if (!this.#several.ended(call)) return;
    this.#call = undefined;
    this.#app.ended(call);
    this.#several.adding = false;
    this.#asking?.abort();
    this.#sounds.stop();
    if (soundsBusy(end)) this.#sounds.play(tones.busy, busyLength);
    const length = call.since === undefined ? '' : ` It lasted ${spoken((Date.now() - call.since) / 1000)}.`;
    const missed = !end.outgoing && !end.answered && !end.byUs && end.status === undefined ? ` It was from ${spokenOf(call)}.` : '';
    this.#view.say(`${call.because || why(end)}${length}${missed}`, end.answered || end.byUs ? 'plain' : 'wrong');
    this.#refreshSoon();
    if (this.#several.goOn()) return;
    if (this.#state === 'signed-out') this.#view.show('phone-signed-out');
    else this.#view.dial(true);
  }

  #permission(device: Device | 'geolocation'): Permission | undefined {
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

  #refreshSoon(): void {
    setTimeout(() => void this.#refresh(), settle);
  }

  /** The list of the latest calls anew, as the server makes it. */
  async #refresh(): Promise<void> {
    const answer = await fetch(location.pathname, { redirect: 'error' }).catch(() => undefined);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const id of ['phone-recent', 'phone-voicemail', 'phone-messages']) {
      const fresh = page.getElementById(id);
      const place = document.getElementById(id);
      if (fresh === null || place === null || place.contains(document.activeElement)) continue;
      for (const button of fresh.querySelectorAll<HTMLElement>('[data-call-back]')) button.hidden = false;
      place.replaceChildren(...fresh.childNodes);
    }
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
