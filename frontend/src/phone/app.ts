// What the phone does beside calls while it is open: it tells how they sound,
// rings where nobody looks, follows what is plugged in and which network there
// is, and obeys a headset's buttons.
import type { Call } from './call';
import { chosen, match, opened, sound, there } from './equipment';
import { listen, type Lights } from './headset';
import { standalone, employ, worker } from './installed';
import { wanted as wantedOf } from './media';
import { note } from './notes';
import { Reader, Watch } from './quality';
import { part } from './view';
import { agree } from './wake';

/** What the phone lets its surroundings do. */
export interface Phone {
  call(): Call | undefined;
  answer(): void;
  granted(): readonly string[];
}

const look = 2000; // milliseconds between two looks at how a call sounds
const settle = 2000; // milliseconds that a way may be broken before another is looked for
const flash = 1000; // milliseconds between two titles of a page that rings unseen

export class App {
  readonly #root: HTMLElement;
  readonly #phone: Phone;
  readonly #player = part<HTMLVideoElement>('phone-player');
  #looking: ReturnType<typeof setInterval> | undefined;
  #begun = false;
  #ready = false;
  #owed = false; // the network changed, and a call has no new way yet
  #moving: ReturnType<typeof setTimeout> | undefined;
  #watch = new Watch();
  #flashing: ReturnType<typeof setInterval> | undefined;
  #shown: Notification | undefined;
  #watched: RTCPeerConnection | undefined;
  #lights: (lights: Lights) => void = () => undefined;

  constructor(root: HTMLElement, phone: Phone) {
    this.#root = root;
    this.#phone = phone;
  }

  /** Once the phone is connected, and knows what its person allows. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { worker: script = '', wake = '', key = '' } = this.#root.dataset;
    void agree({ worker: script, wake, key }, this.#phone.granted().includes('notifications'));
    if (standalone()) void employ(script);
    void sound(this.#player, 'speaker');
    navigator.mediaDevices.addEventListener('devicechange', () => void this.#plugged());
    addEventListener('online', () => this.#moved());
    (navigator as { connection?: EventTarget }).connection?.addEventListener('change', () => this.#moved());
    void listen({
      answer: () => this.#phone.answer(), end: () => this.#phone.call()?.end(), mute: () => { const c = this.#phone.call(); c?.mute(!c.muted); },
    }).then((lights) => { this.#lights = lights; });
    this.#linked();
  }

  changed(call: Call): void {
    const rings = call.stage === 'incoming';
    this.#lights({ hook: call.stage === 'talking', ring: rings, mute: call.muted });
    if (rings) void this.#ring();
    else this.#quiet();
    if (call.peer !== undefined && call.peer !== this.#watched) this.#follow(call.peer);
    if (call.stage === 'talking' && this.#looking === undefined) this.#listen(call);
  }

  ended(call: Call): void {
    this.#lights({ hook: false, ring: false, mute: false });
    this.#quiet();
    clearInterval(this.#looking);
    this.#looking = undefined;
    if (call.since !== undefined) note(call.since, Date.now(), this.#watch.verdicts);
    part('phone-quality').hidden = true;
    this.#say('');
  }

  /** Tells how the call sounds, while it goes on. Nothing of it leaves the page. */
  #listen(call: Call): void {
    void sound(this.#player, 'speaker'); // now that the browser tells which there are
    const reader = new Reader();
    const watch = this.#watch = new Watch();
    const place = part('phone-quality'), words = part('phone-quality-words');
    this.#looking = setInterval(() => {
      void (async () => {
        const stats = await call.peer?.getStats();
        if (stats === undefined || call.stage !== 'talking') return;
        const all: [string, { type: string }][] = [];
        stats.forEach((s: { type: string }, id: string) => all.push([id, s]));
        const told = watch.see(reader.read(all, !call.held && !call.heldByThem));
        place.hidden = told === undefined || call.held || call.heldByThem;
        if (told === undefined) return;
        place.dataset.level = String(told.bars);
        place.dataset.warn = told.warn ? 'yes' : 'no';
        const hint = told.warn ? `${told.words}. Moving closer to the Wi-Fi, or switching the camera off, may help.` : told.words;
        if (words.textContent !== hint) words.textContent = hint;
      })();
    }, look);
  }

  /** Looks for another way when the one of a call is broken for a while. */
  #follow(peer: RTCPeerConnection): void {
    this.#watched = peer;
    peer.addEventListener('iceconnectionstatechange', () => {
      if (peer.iceConnectionState !== 'disconnected') return;
      setTimeout(() => {
        if (peer.iceConnectionState === 'disconnected' || peer.iceConnectionState === 'failed') this.#phone.call()?.reconnect();
      }, settle);
    });
  }

  /**
   * The network is another: the call goes on over it, by a way that is found anew
   * once the line stands again. Whether the line's own connection is gone is seen
   * a moment after the network is.
   */
  #moved(): void {
    this.#owed = true;
    clearTimeout(this.#moving);
    this.#moving = setTimeout(() => this.#rejoin(), settle / 2);
  }

  /** The line stands, or does not. */
  went(ready: boolean): void {
    this.#ready = ready;
    this.#rejoin();
  }

  #rejoin(): void {
    if (!this.#owed || !this.#ready) return;
    this.#owed = false;
    this.#phone.call()?.restart();
  }

  /** Says of a call where nobody looks at the page. */
  async #ring(): Promise<void> {
    if (!document.hidden || this.#flashing !== undefined) return;
    const other = '☎ ☎ ☎';
    let plain = document.title;
    this.#flashing = setInterval(() => {
      if (document.title !== other) plain = document.title;
      document.title = document.title === other ? plain : other;
    }, flash);
    if (!('Notification' in globalThis) || Notification.permission !== 'granted' || !this.#phone.granted().includes('notifications')) return;
    const [title, options] = ['Incoming call', { body: 'Somebody is calling you. Open the phone to answer.', tag: 'call', requireInteraction: true }] as const;
    const registered = await worker();
    if (registered !== undefined) return registered.showNotification(title, options);
    try {
      this.#shown = new Notification(title, options);
      this.#shown.onclick = () => { focus(); this.#shown?.close(); };
    } catch {
      // Some browsers show them from a worker alone.
    }
  }

  #quiet(): void {
    clearInterval(this.#flashing);
    this.#flashing = undefined;
    this.#shown?.close();
    this.#shown = undefined;
    void worker().then(async (w) => { for (const n of (await w?.getNotifications({ tag: 'call' })) ?? []) n.close(); });
  }

  /** Follows what is plugged in and out during a call. */
  async #plugged(): Promise<void> {
    await sound(this.#player, 'speaker');
    const call = this.#phone.call();
    const used = call?.microphone;
    if (call === undefined || used === undefined || call.stage !== 'talking') return;
    const list = await there();
    const now = used.getSettings().deviceId;
    const gone = used.readyState === 'ended' || !list.some((d) => d.kind === 'audioinput' && d.deviceId === now);
    const wanted = match(list, 'microphone', chosen('microphone'));
    const back = wanted !== undefined && wanted.deviceId !== now;
    if (!gone && !back) return;
    try {
      const stream = await opened('microphone', wantedOf.microphone);
      const track = stream.getAudioTracks()[0];
      if (track === undefined) return;
      await call.hear(track);
      this.#say(gone ? `Your microphone was unplugged. The call goes on with: ${track.label}.` : `Back on your own microphone: ${track.label}.`);
    } catch {
      if (gone) this.#say('Your microphone was unplugged, and no other was found. They do not hear you.');
    }
  }

  #say(words: string): void {
    part('phone-note').textContent = words;
  }

  /**
   * A link for telephones that opens the installed app puts its number into the
   * field, and ends no call. The address of the page keeps no number.
   */
  #linked(): void {
    const here = location.href;
    if (location.pathname === '/dial') history.replaceState(null, '', '/');
    interface Launch { setConsumer(act: (given: { targetURL?: string }) => void): void }
    (globalThis as { launchQueue?: Launch }).launchQueue?.setConsumer(({ targetURL }) => {
      if (targetURL === undefined || this.#phone.call() !== undefined) return;
      const at = new URL(targetURL);
      if (at.pathname !== '/dial' || at.href === here) return;
      const number = telephone(at.searchParams.get('number') ?? '');
      if (number === '') return;
      const field = part<HTMLInputElement>('dial-number');
      field.value = number;
      field.dispatchEvent(new Event('input'));
    });
  }
}

/** The number of a link for telephones (RFC 3966); empty for what is none. */
export function telephone(link: string): string {
  const bare = (link.replace(/^tel:/i, '').split(';')[0] ?? '').replace(/[-.() ]/g, '');
  return /^\+?[0-9*#]{1,31}$/.test(bare) ? bare : '';
}
