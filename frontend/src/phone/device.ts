// The pages about the device that the phone runs on. What is on them came with
// the page; here it is shown, hidden and filled in.
import { loop } from './check';
import { choose, chosen, kindOf, match, sound, there, type Kind } from './equipment';
import { forget, headsets, pick, picked } from './headset';
import { installable } from './installed';
import { release, take } from './media';
import { Meter } from './meter';
import { keep, kept, line } from './notes';
import { Permission } from './permission';
import { session } from './session';
import { network, show as facts, told as networkTold } from './state';
import { Sounder, tones } from './tones';
import { part } from './view';
import { able, agree, off, on, standing, type Places } from './wake';

const post = (address: string) => fetch(address, { method: 'POST', redirect: 'manual', keepalive: true }).catch(() => undefined);

function permission(device: string): Permission | undefined {
  const panel = document.querySelector<HTMLElement>(`[data-ask="${device}"]`);
  return panel === null ? undefined : new Permission(panel, post);
}

const say = (id: string) => (words: string): void => { part(id).textContent = words; };
const never = new AbortController().signal;

class Device {
  readonly #root: HTMLElement;
  readonly #permissions = { microphone: permission('microphone'), camera: permission('camera') };
  readonly #sounds = new Sounder();
  readonly #meter = new Meter(part('device-level'));
  #stream: MediaStream | undefined;
  #picture: MediaStream | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  begin(): void {
    part('device-plain').hidden = true;
    for (const shown of document.querySelectorAll<HTMLElement>('[data-scripted]')) shown.hidden = false;
    const { worker = '', dial = '' } = this.#root.dataset;
    installable(part<HTMLButtonElement>('device-install'), say('device-install-said'), worker);
    part('device-links').addEventListener('click', () => {
      try {
        navigator.registerProtocolHandler('tel', location.origin + dial);
        say('device-links-said')('Your browser asks you now, or did so before. To take it back, look for “protocol handlers” in its settings.');
      } catch {
        say('device-links-said')('Your browser does not let a page do that. An installed app can.');
      }
    });
    if (!('registerProtocolHandler' in navigator)) part('device-links').hidden = true;
    if (this.#root.dataset.wake) this.#wake();
    this.#equipment();
    this.#check();
    if (document.getElementById('device-headset') !== null) this.#headset();
    if (document.getElementById('device-phone') !== null) this.#state();
    addEventListener('pagehide', () => this.#quiet());
  }

  #wake(): void {
    const { worker = '', wake = '', key = '' } = this.#root.dataset;
    const at: Places = { worker, wake, key };
    const told = say('device-wake-said');
    const ask = permission('notifications');
    const [yes, no] = [part<HTMLButtonElement>('device-wake-on'), part<HTMLButtonElement>('device-wake-off')];
    const show = async () => {
      const how = await standing();
      yes.hidden = how === 'on' || how === 'unable';
      no.hidden = how !== 'on';
      part('device-wake-state').textContent = { on: 'On', off: 'Off', blocked: 'Not allowed in your browser', unable: 'Not possible in this browser' }[how];
    };
    yes.addEventListener('click', () => {
      void (async () => {
        told('');
        if (ask === undefined || !(await ask.allowed('notifications', never))) return told('It stays off. You can turn it on at any time.');
        yes.disabled = true;
        await ask.kept();
        told((await on(at)) || 'It is on: this browser rings when somebody calls you, also when the phone is closed.');
        yes.disabled = false;
        await show();
      })();
    });
    no.addEventListener('click', () => {
      void (async () => {
        await off(at);
        told('It is off, and what we kept for it is gone.');
        await show();
        yes.focus();
      })();
    });
    void (async () => {
      const given = document.querySelector<HTMLElement>('[data-ask="notifications"]')?.dataset.granted === 'yes';
      if (able()) await agree(at, given);
      await show();
    })();
  }

  /** The choice of devices. They have names only once the microphone was allowed. */
  #equipment(): void {
    part('device-find').addEventListener('click', () => void this.#find(false));
    part('device-see').addEventListener('click', () => void this.#find(true));
    part('device-bell').addEventListener('click', () => {
      void (async () => {
        this.#sounds.play(tones.ring, 3);
        await sound(this.#sounds.through, 'bell');
      })();
    });
    part('device-stop').addEventListener('click', () => this.#quiet());
    navigator.mediaDevices.addEventListener('devicechange', () => void this.#list());
    void this.#list();
  }

  async #find(video: boolean): Promise<void> {
    this.#quiet();
    const got = await take(video, this.#permissions, never);
    const told = say('device-said');
    if ('wrong' in got) return told(got.wrong);
    told(got.said ?? '');
    this.#stream = got.stream;
    part('device-stop').hidden = false;
    this.#meter.follow(got.stream);
    const picture = part<HTMLVideoElement>('device-picture');
    if (got.stream.getVideoTracks().length > 0) {
      this.#picture = new MediaStream(got.stream.getVideoTracks());
      picture.srcObject = this.#picture;
      picture.hidden = false;
      void picture.play().catch(() => undefined);
    }
    await this.#list();
  }

  #quiet(): void {
    release(this.#stream);
    release(this.#picture);
    this.#stream = this.#picture = undefined;
    this.#meter.stop();
    this.#sounds.stop();
    part<HTMLVideoElement>('device-picture').srcObject = null;
    part('device-picture').hidden = true;
    part('device-stop').hidden = true;
  }

  async #list(): Promise<void> {
    const list = await there();
    const named = list.some((d) => d.label !== '');
    part('device-lists').hidden = !named;
    for (const place of document.querySelectorAll<HTMLElement>('[data-kind]')) {
      const kind = place.dataset.kind as Kind;
      const all = list.filter((d) => d.kind === kindOf[kind] && d.label !== '' && d.deviceId !== 'default' && d.deviceId !== 'communications');
      const mine = match(all, kind, chosen(kind));
      const group = place.querySelector<HTMLElement>('[role="radiogroup"]');
      if (group === null) continue;
      const focused = group.contains(document.activeElement) ? document.activeElement?.textContent : undefined;
      group.replaceChildren(...[undefined, ...all].map((d) => this.#option(kind, d, d?.deviceId === mine?.deviceId)));
      for (const b of group.querySelectorAll('button')) if (b.textContent === focused) b.focus();
      const lost = chosen(kind);
      const away = place.querySelector<HTMLElement>('.device-away');
      if (away !== null) away.textContent = lost !== undefined && mine === undefined && named ? `${lost.label} is not plugged in. Until it is back, the system’s own is used.` : '';
      place.hidden = all.length === 0;
    }
  }

  #option(kind: Kind, d: MediaDeviceInfo | undefined, is: boolean): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'device-option';
    button.setAttribute('role', 'radio');
    button.setAttribute('aria-checked', String(is));
    button.tabIndex = is ? 0 : -1;
    button.textContent = d?.label ?? 'The system’s own choice';
    const take = () => {
      choose(kind, d === undefined ? undefined : { id: d.deviceId, label: d.label });
      void this.#list();
      if (kind === 'microphone' && this.#stream !== undefined) void this.#find(this.#picture !== undefined);
      if (kind === 'camera' && this.#picture !== undefined) void this.#find(true);
    };
    button.addEventListener('click', take);
    button.addEventListener('keydown', (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      const all = [...(button.parentElement?.querySelectorAll('button') ?? [])];
      const next = step === undefined ? undefined : all[(all.indexOf(button) + step + all.length) % all.length];
      if (next === undefined) return;
      event.preventDefault();
      next.focus();
      next.click();
    });
    return button;
  }

  #check(): void {
    const { check: at, session: who = '' } = this.#root.dataset;
    const button = document.getElementById('device-check') as HTMLButtonElement | null;
    if (at === undefined || at === '' || button === null) return;
    const told = say('device-check-said');
    button.addEventListener('click', () => {
      void (async () => {
        this.#quiet();
        button.disabled = true;
        told('Listening to your microphone…');
        const got = await take(false, this.#permissions, never);
        if ('wrong' in got) told(got.wrong);
        else {
          const meter = new Meter(part('device-check-level'));
          meter.follow(got.stream);
          told('Sending your sound to us and back…');
          const found = await loop(at, who, got.stream, (back) => {
            const player = part<HTMLAudioElement>('device-back'); // it plays without a sound: what is not played waits, and would seem late
            player.srcObject = back;
            void player.play().catch(() => undefined);
          });
          const loud = meter.loudest;
          meter.stop();
          release(got.stream);
          const heard = loud > 0.02 ? 'Your microphone hears something.' : 'Your microphone was silent: say something while it is tried, or choose another.';
          if ('wrong' in found) told(`${heard} ${found.wrong}`);
          else {
            const v = found.verdict;
            const words = { good: 'good', fair: 'fair: now and then a word may be lost', poor: 'poor: expect gaps', bad: 'bad: a call would be hard to follow' }[v.level];
            told(`${heard} The way to us and back is ${words}. Lost: ${(100 * v.lost).toFixed(1)}%, uneven by ${Math.round(1000 * v.jitter)} ms${v.turn === undefined ? '' : `, there and back in ${Math.round(1000 * v.turn)} ms`}.`);
          }
        }
        button.disabled = false;
        button.focus();
      })();
    });
  }

  /** The number and the network, for who wants the app to see them. */
  #state(): void {
    const { session: who = '' } = this.#root.dataset;
    const button = part<HTMLButtonElement>('device-phone');
    const ask = permission('phone');
    const told = say('device-phone-said');
    const show = async () => {
      const me = await session(who).catch(() => undefined);
      const own: [string, string][] = me?.extension === undefined ? [] : [['Your number', `Extension ${me.extension}`]];
      facts(part('device-phone-facts'), [...own, ...networkTold(navigator.onLine, network())]);
    };
    const follow = () => {
      button.hidden = true;
      void show();
      for (const [of, what] of [[network(), 'change'], [globalThis, 'online'], [globalThis, 'offline']] as const) of?.addEventListener(what, () => void show());
    };
    if (document.querySelector<HTMLElement>('[data-ask="phone"]')?.dataset.granted === 'yes') return follow();
    button.addEventListener('click', () => {
      void (async () => {
        told('');
        if (ask === undefined || !(await ask.allowed('phone', never))) return told('The app does not look. You can turn it on at any time.');
        await ask.kept();
        told('From now on the app rings softly while you are in a call on another phone of yours.');
        follow();
      })();
    });
  }

  #headset(): void {
    const told = say('device-headset-said');
    const [add, drop] = [part<HTMLButtonElement>('device-headset'), part<HTMLButtonElement>('device-headset-off')];
    if (!headsets()) {
      add.hidden = true;
      return told('Your browser does not pass on the buttons of headsets. Chromium and Edge do.');
    }
    const ask = permission('headset');
    const show = async () => {
      const names = await picked();
      drop.hidden = names.length === 0;
      if (names.length > 0) told(`Picked: ${names.join(', ')}.`);
    };
    add.addEventListener('click', () => {
      void (async () => {
        if (ask === undefined || !(await ask.allowed('headset', never))) return told('It stays off. You can turn it on at any time.');
        const name = await pick();
        if (name === undefined) return told('No headset was picked.');
        await show();
      })();
    });
    drop.addEventListener('click', () => {
      void (async () => {
        await forget();
        told('Let go of.');
        await show();
        add.focus();
      })();
    });
    void show();
  }
}

/** The notes about calls, and what of them is sent: what stands in the field. */
function notes(): void {
  part('quality-plain').hidden = true;
  part('quality-notes').hidden = false;
  const never = part('quality-notes').dataset.stopped === 'yes'; // they want nothing kept of it
  if (never) keep(false);
  const [begin, end] = [part<HTMLButtonElement>('quality-keep'), part<HTMLButtonElement>('quality-end')];
  const show = () => {
    const list = kept();
    begin.hidden = list !== undefined || never;
    end.hidden = list === undefined;
    part('quality-state').textContent = list === undefined ? 'No notes are kept on this device.'
      : list.length === 0 ? 'Notes are kept on this device from the next call on.' : `Notes of the latest calls on this device: ${list.length}.`;
    part('quality-list').replaceChildren(...(list ?? []).map((n) => Object.assign(document.createElement('li'), { textContent: line(n) })));
    const field = document.querySelector<HTMLTextAreaElement>('#quality-message');
    if (field !== null && field.value === '' && list !== undefined) field.value = list.map(line).join('\n');
  };
  begin.addEventListener('click', () => { if (!keep(true)) part('quality-state').textContent = 'Your browser keeps nothing for this page.'; else { show(); end.focus(); } });
  end.addEventListener('click', () => { keep(false); show(); begin.focus(); });
  show();
}

const root = document.getElementById('this-device');
if (root !== null && navigator.mediaDevices !== undefined) new Device(root).begin();
if (document.getElementById('quality-notes') !== null) notes();
