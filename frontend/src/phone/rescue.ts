// A call to the emergency services: what they are told is said before and during
// the call, and where the device is goes with it, once, if its person allows it.
// The call waits for that a moment at most, and only where the answer is known to
// be yes; for a question of the page or of the browser it never waits.
import type { Call } from './call';
import { rescues } from './number';
import { fix, locationObject, NoPlace, type Place } from './place';
import type { Permission } from './permission';

const wait = 2500; // milliseconds from the press on: the longest that a call waits for a fix
const type = 'application/pidf+xml';

/** The part of an INVITE that the library lets be changed before it goes. */
export interface Sent { body: unknown; setHeader(name: string, value: string): void; extraHeaders: string[] }

/** Puts a place beside the session description of an INVITE (RFC 6442 section 4.1, RFC 2046 section 5.1). */
export function enclose(request: Sent, place: string): void {
  const [cut, id] = [crypto.randomUUID(), crypto.randomUUID()];
  const pieces = [['Content-Type: application/sdp', String(request.body)], [`Content-Type: ${type}\r\nContent-ID: <${id}@page.invalid>`, place]];
  request.extraHeaders = request.extraHeaders.filter((h) => !/^content-type\s*:/i.test(h));
  request.extraHeaders.push(`Content-Type: multipart/mixed;boundary="${cut}"`, `Geolocation: <cid:${id}@page.invalid>`);
  request.body = `${pieces.map(([head, text]) => `--${cut}\r\n${head}\r\n\r\n${text}\r\n`).join('')}--${cut}--\r\n`;
}

/** How exact a fix is, for the person. */
const within = ({ accuracy }: Place): string => `within ${Math.max(1, Math.ceil(accuracy))} metres`;

const say = {
  looking: 'Your device looks for where it is. The call goes on meanwhile.',
  began: (p: Place) => `They were told where this device is, ${within(p)}.`,
  not: 'Where this device is was not told to them. Say where you are.',
  blind: 'Your device could not find out where it is, so they were not told. Say where you are.',
  shut: 'Your browser does not let this page ask where the device is, so they were not told. Say where you are.',
  deaf: 'Their network did not take where this device is. Say where you are.',
} as const;

/** What is said of emergency calls on the page, and what goes with one. */
export class Rescue {
  readonly #permission: Permission | undefined;
  readonly #address: string; // of the caller, in the document that our server reads
  readonly #over = new AbortController();
  #call: Call | undefined;
  #began = 0;
  #fixing: Promise<Place | undefined> | undefined;
  #place: Place | undefined; // what is to be told in the call
  #goes: string | undefined;
  #told = false;

  /** The panel of the permission is there where the emergency services are told of devices. */
  constructor(permission: Permission | undefined, address: string) {
    this.#permission = permission;
    this.#address = address;
  }

  /** Says what the services are told, for as long as the field holds their number. */
  static note(number: string): void {
    const note = document.getElementById('phone-rescue');
    if (note !== null) note.hidden = !rescues(number);
  }

  /** Shows beside a call what is told in it, or nothing of the kind. */
  static beside(call: Call | undefined): void {
    const place = document.getElementById('phone-rescue-now');
    if (place !== null) place.hidden = call === undefined || !call.outgoing || !rescues(call.number);
  }

  /** Begins to look for the device, if its person allowed that before and the browser asks nothing. */
  begin(): void {
    this.#began = performance.now();
    this.#say('');
    if (this.#permission === undefined) return;
    this.#fixing = this.#permission.stands('geolocation').then((yes) => (yes ? fix() : undefined));
    this.#fixing.catch(() => undefined); // told when the call has begun
  }

  /** The place that goes with the call; undefined if there was none within the moment. */
  get goes(): string | undefined {
    return this.#goes;
  }

  /** Waits until there is a place, for the moment that a call waits. */
  async within(): Promise<void> {
    const left = Math.max(0, wait - (performance.now() - this.#began));
    const late = new Promise<undefined>((resolve) => { setTimeout(() => resolve(undefined), left); });
    const place = await Promise.race([this.#fixing, late]).catch(() => undefined);
    if (place === undefined) return;
    this.#told = true;
    this.#say(say.began(place));
    this.#goes = this.#written(place);
  }

  /** Goes on when the call has begun: asks now what had to be asked, and tells then. */
  async follow(call: Call): Promise<void> {
    this.#call = call;
    const permission = this.#permission;
    if (permission === undefined || this.#told) return;
    try {
      if (!permission.given && !(await permission.allowed('geolocation', this.#over.signal, false))) return this.#say(say.not);
      this.#say(say.looking);
      this.#place = (await this.#fixing) ?? (await fix());
      await this.changed(call);
    } catch (error) {
      this.#say(error instanceof NoPlace && error.denied ? say.shut : say.blind);
    }
  }

  /** Tells the place as soon as somebody answered. */
  async changed(call: Call): Promise<void> {
    if (call !== this.#call || this.#told || this.#place === undefined || call.stage !== 'talking') return;
    this.#told = true;
    const place = this.#place;
    this.#place = undefined;
    this.#say((await call.tell(type, this.#written(place))) ? say.began(place) : say.deaf);
  }

  /** The call is over, or this one of several: nothing more is asked or told. */
  end(call = this.#call): void {
    if (call !== this.#call) return;
    this.#over.abort();
    this.#goes = this.#place = this.#fixing = undefined;
  }

  #written(place: Place): string {
    return locationObject({ ...place, accuracy: Math.min(place.accuracy, 100_000) }, this.#address);
  }

  #say(words: string): void {
    const place = document.getElementById('phone-rescue-fix'); // not there where no call gets through
    if (place !== null && !this.#over.signal.aborted) place.textContent = words;
  }
}
