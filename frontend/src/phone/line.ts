// The line to our server: one WebSocket, by which the phone says that it is
// there, and calls come and go (RFC 7118). Who is signed in is known by the
// cookie of the page; there is no password and nothing is stored.
import { UA, WebSocketInterface } from 'jssip';
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from 'jssip/lib/UA';
import { Call, connection, type Listener } from './call';
import { replaces, watch, watchColleagues, type Dialog } from './colleagues';
import { address } from './number';
import { enclose, type Sent } from './rescue';
import { session, type Session } from './session';

/** How the line is. */
export type State = 'connecting' | 'ready' | 'lost' | 'signed-out' | 'refused';

/** What the line tells the page. */
export interface Watcher {
  state(state: State): void;
  incoming(call: Call): void;
  /** The calls of this line, those of its other phones too. */
  calls(list: Dialog[]): void;
}

const patience = { connection_recovery_min_interval: 1, connection_recovery_max_interval: 15 }; // seconds
const fresh = 240_000; // milliseconds for which the server is not asked again
const expires = 300; // seconds that a registration lasts; it is renewed before

export class Line {
  readonly #ua: UA;
  readonly #domain: string;
  readonly #watcher: Watcher;
  readonly #listener: Listener;
  readonly #where: string;
  readonly #own: string;
  readonly #extension: string;
  #stopped = false;
  #asked = performance.now(); // when the server last said who we are
  #watching = false;
  readonly #looks: boolean; // at the calls of the other phones of this line

  constructor(who: Session, where: { session: string; flow: string }, watcher: Watcher, listener: Listener) {
    this.#watcher = watcher;
    this.#listener = listener;
    this.#where = where.session;
    this.#looks = !who.stopped?.includes('phone');
    this.#domain = who.domain ?? location.hostname;
    connection.iceServers = who.ways ?? [];
    this.#extension = who.extension ?? '';
    this.#own = address(who.extension ?? '', this.#domain);
    const flow = new URL(where.flow, location.href);
    flow.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#ua = new UA({
      sockets: new WebSocketInterface(flow.href),
      uri: address(who.extension ?? '', this.#domain),
      display_name: who.name ?? '',
      register: true, register_expires: expires, session_timers: false, user_agent: 'Candour', ...patience,
    });
    this.#hear();
  }

  start(): void {
    this.#watcher.state('connecting');
    this.#ua.start();
  }

  /** Ends calls, says that the phone is gone, and closes. */
  stop(): void {
    this.#stopped = true;
    this.#ua.stop();
  }

  get ready(): boolean {
    return this.#ua.isRegistered();
  }

  /** Our own. */
  get extension(): string {
    return this.#extension;
  }

  /** The address of a number. */
  at(number: string): string {
    return address(number, this.#domain);
  }

  /** Takes a call over from another phone of ours. */
  takeOver(from: Dialog, stream: MediaStream): Call {
    const call = this.call(from.number || 'anonymous', stream, [replaces(from), 'Require: replaces']);
    call.number = from.number;
    call.name = from.name;
    return call;
  }

  /** Calls a number. A place goes with an emergency call alone. */
  call(number: string, stream: MediaStream, extraHeaders: string[] = [], place?: string): Call {
    const video = stream.getVideoTracks().length > 0;
    for (const track of stream.getTracks()) track.enabled = false; // until it is answered
    let call: Call | undefined;
    const made = (event: OutgoingRTCSessionEvent | IncomingRTCSessionEvent) => {
      if ((event.originator as string) !== 'local') return;
      call = new Call(event.session, this.#listener, number, '', true, stream);
      if (place === undefined) return;
      event.session.on('sending', ({ request }) => {
        try {
          enclose(request as unknown as Sent, place);
        } catch {
          // The call goes on without: help is on the way sooner than a place.
        }
      });
    };
    this.#ua.on('newRTCSession', made);
    try {
      this.#ua.call(address(number, this.#domain), {
        extraHeaders, mediaStream: stream, pcConfig: connection,
        // No word of a picture where there is none: it would hold for one that comes later.
        rtcOfferConstraints: video ? { offerToReceiveAudio: true, offerToReceiveVideo: true } : { offerToReceiveAudio: true },
      });
    } finally {
      this.#ua.off('newRTCSession', made as never);
    }
    if (call === undefined) throw new Error('no call was made');
    return call;
  }

  #hear(): void {
    const ua = this.#ua;
    ua.on('connecting', ({ attempts }) => this.#watcher.state(attempts > 1 ? 'lost' : 'connecting'));
    ua.on('registered', () => {
      this.#watcher.state('ready');
      if (performance.now() - this.#asked > fresh) void this.#refresh();
      if (this.#watching) return;
      this.#watching = true;
      if (this.#looks) watch(ua, this.#own, (list) => this.#watcher.calls(list ?? []));
      watchColleagues(ua, (number) => this.at(number));
    });
    ua.on('registrationFailed', ({ response }) => {
      if (response?.status_code === 403) this.#watcher.state('refused');
      else this.#watcher.state('lost');
    });
    ua.on('disconnected', () => {
      this.#watching = false;
      if (this.#stopped) return;
      this.#asked = -Infinity; // perhaps it is a new server
      this.#watcher.state('lost');
      void this.#look();
    });
    ua.on('newRTCSession', (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => {
      if ((event.originator as string) !== 'remote') return;
      const { session: s, request } = event as IncomingRTCSessionEvent;
      const from = s.remote_identity;
      const user = from.uri.user ?? '';
      const anonymous = user === '' || user.toLowerCase() === 'anonymous';
      const call = new Call(s, this.#listener, anonymous ? '' : decodeURIComponent(user), anonymous ? '' : from.display_name ?? '', false);
      call.offersVideo = /^m=video [1-9]/m.test(String(request.body ?? ''));
      this.#watcher.incoming(call);
    });
  }

  /** The ways to the calls are good for hours, and none of them outlives the server. */
  async #refresh(): Promise<void> {
    try {
      connection.iceServers = (await session(this.#where)).ways ?? [];
      this.#asked = performance.now();
    } catch {
      // no network: it is asked again when the line is renewed
    }
  }

  /** A socket that was refused says nothing of why: perhaps nobody is signed in any more. */
  async #look(): Promise<void> {
    try {
      if ((await session(this.#where)).signedIn) return;
    } catch {
      return; // no network, or the server starts anew: the line goes on trying
    }
    this.stop();
    this.#watcher.state('signed-out');
  }
}
