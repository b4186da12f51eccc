// One call: what the page may do with it, and what it says of itself.
import type { RTCSession } from 'jssip/lib/RTCSession';
import { automaton, type Automaton } from './automaton';
import { left } from './limit';
import { release } from './media';
import { off, tapedOf, type Taped } from './record';
import { joinCalls, passOn, whom, words, type Passing } from './transfer';
import type { End } from './words';

/** Where a call stands. */
export type Stage = 'calling' | 'ringing' | 'incoming' | 'answering' | 'talking' | 'ended';

/** What a call tells the page. */
export interface Listener {
  changed(call: Call): void;
  /** Hears or sees the other side: for the element that plays. */
  media(stream: MediaStream): void;
  ended(call: Call, end: End): void;
  /** The other side was passed on: somebody else is at the other end. */
  met(call: Call): void;
}

/**
 * How a peer connection is made: every packet goes through our own relay, and
 * where the network lets it reach nothing, by a way to it that our server names.
 */
export const connection: RTCConfiguration = { iceServers: [], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' };

const slack = 3000; // milliseconds by which the end that was told may be early

interface Answered { status_code?: number; body?: string | null; getHeader?(name: string): string | undefined; from?: Named; to?: Named }
interface Named { display_name?: string }

export class Call {
  readonly outgoing: boolean;
  number: string; // changes when the other side was passed on to somebody else
  stage: Stage;
  name: string;
  muted = false;
  held = false; // by us
  heldByThem = false;
  early = false; // the other side's network already sends sound
  since: number | undefined; // in milliseconds, of the clock of the page
  endsAt: number | undefined; // when it ends by itself, in milliseconds of the clock of the page
  offersVideo = false; // the caller has a camera on
  because = ''; // why it ends, where that is better known here
  passing = ''; // to whom the other side is being passed on
  automaton: Automaton; // a machine answered
  taped: Taped = off; // whether it is being recorded

  readonly #session: RTCSession;
  readonly #listener: Listener;
  readonly #remote = new MediaStream();
  #stream: MediaStream | undefined;
  #byUs = false;
  #hold: boolean | undefined; // what was asked for and is not done yet
  #noPicture = false; // the other side takes none

  constructor(session: RTCSession, listener: Listener, number: string, name: string, outgoing: boolean, stream?: MediaStream) {
    this.#session = session;
    this.#listener = listener;
    this.#stream = stream;
    this.number = number;
    this.name = name;
    this.outgoing = outgoing;
    this.stage = outgoing ? 'calling' : 'incoming';
    this.#hear();
  }

  /** Whether a picture of ours is sent. */
  get seen(): boolean {
    return this.#video()?.readyState === 'live';
  }

  /** Whether a picture of ours can be sent in this call, as far as is known. */
  get canBeSeen(): boolean {
    return this.stage === 'talking' && !this.#noPicture && this.automaton === undefined;
  }

  /** Whether a picture of the other side comes. */
  get sees(): boolean {
    return this.#remote.getVideoTracks().some((t) => !t.muted);
  }

  /** Whether it is the call with this id (RFC 3261 section 8.1.1.4). */
  is(callId: string): boolean {
    return this.#session.id.startsWith(callId);
  }

  /** Its Call-ID, by which our server knows it. */
  get callId(): string {
    return (this.#session as unknown as { _request?: { call_id?: string } })._request?.call_id ?? '';
  }

  /** What is heard and seen of the other side. */
  get remote(): MediaStream {
    return this.#remote;
  }

  /** What our microphone gives. */
  get microphone(): MediaStreamTrack | undefined {
    return this.#stream?.getAudioTracks()[0];
  }

  /** Our own picture, for ourselves. */
  get own(): MediaStream | undefined {
    return this.seen ? this.#stream : undefined;
  }

  /** Says that the answer is on its way, while devices are asked for. */
  answering(): void {
    this.#go('answering');
  }

  /** The person did not go on to answer. */
  notAnswering(): void {
    if (this.stage === 'answering') this.#go('incoming');
  }

  answer(stream: MediaStream): void {
    this.#stream = stream;
    this.#session.answer({ mediaStream: stream, pcConfig: connection });
  }

  /** Hangs up, gives up or declines, whichever it is now. */
  end(status?: number): void {
    if (this.stage === 'ended') return;
    this.#byUs = true;
    this.#session.terminate(status === undefined ? {} : { status_code: status });
  }

  mute(on: boolean): void {
    this.muted = on;
    this.#sound();
    this.#changed();
  }

  hold(on: boolean): void {
    if (this.stage !== 'talking') return;
    this.#hold = on;
    this.#settle();
  }

  /** Has the session do what was asked for last: while it agrees on something else, it takes no more. */
  #settle(): void {
    if (this.stage !== 'talking' || this.#hold === undefined || this.#hold === this.held) {
      this.#hold = undefined;
      return;
    }
    const taken = this.#hold ? this.#session.hold() : this.#session.unhold();
    if (taken) this.#hold = undefined;
    else setTimeout(() => this.#settle(), 100);
  }

  /** Sends this sound in place of our microphone; none is the microphone again. */
  async speak(sound: MediaStreamTrack | undefined): Promise<void> {
    await this.#sender('audio')?.replaceTrack(sound ?? this.microphone ?? null);
  }

  /** Passes the other side on to a number. The call ends when somebody there takes it. */
  pass(target: string, number: string): Passing {
    this.passing = number;
    this.#changed();
    return this.#passes(passOn(this.#session, target));
  }

  /** Connects the other side with that of another call of ours, which both end. */
  join(other: Call, target: string): Passing {
    this.passing = other.number;
    return this.#passes(joinCalls(this.#session, other.#session, target));
  }

  #passes(passing: Passing): Passing {
    return passing.finally(() => {
      this.passing = '';
      this.#changed();
    });
  }

  /** Sends a key: in the sound (RFC 4733) where that was agreed on, else as a message. */
  key(digit: string): void {
    if (this.stage !== 'talking') return;
    const able = this.#sender('audio')?.dtmf?.canInsertDTMF === true;
    this.#session.sendDTMF(digit, { duration: 160, interToneGap: 80, transportType: (able ? 'RFC2833' : 'INFO') as never });
  }

  /** Tells our server something within the call, and whether it took it. */
  tell(type: string, text: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.#session.on('ended', () => resolve(false));
      try {
        this.#session.on('newInfo', (event: unknown) => {
          const { originator, info } = event as { originator: string; info: { once(what: string, act: () => void): void } };
          if (originator !== 'local') return;
          info.once('succeeded', () => resolve(true));
          info.once('failed', () => resolve(false));
        });
        this.#session.sendInfo(type, text);
      } catch {
        resolve(false);
      }
    });
  }

  /** Switches our picture on or off. Off lets go of the camera. False where the other side takes none. */
  async show(fresh: MediaStreamTrack | undefined): Promise<boolean> {
    const sender = this.#sender('video');
    if (this.#stream === undefined) return false;
    if (sender === undefined) return fresh !== undefined && this.#offer(fresh, this.#stream);
    const before = this.#video();
    if (before !== undefined) {
      this.#stream.removeTrack(before);
      before.stop();
    }
    await sender.replaceTrack(fresh ?? null);
    if (fresh !== undefined) this.#stream.addTrack(fresh);
    this.#changed();
    return true;
  }

  /** Offers a picture in a call that began without. */
  async #offer(fresh: MediaStreamTrack, stream: MediaStream): Promise<boolean> {
    const peer = this.#session.connection;
    if (!peer || !this.#session.isReadyToReOffer()) return fresh.stop(), false;
    const before = peer.getTransceivers().find((t) => t.receiver.track.kind === 'video' && t.direction !== 'stopped');
    if (before === undefined) peer.addTransceiver(fresh, { direction: 'sendrecv', streams: [stream] });
    else {
      await before.sender.replaceTrack(fresh);
      before.direction = 'sendrecv';
    }
    stream.addTrack(fresh);
    await new Promise<void>((done) => {
      if (!this.#session.renegotiate({ rtcOfferConstraints: { offerToReceiveAudio: true, offerToReceiveVideo: true } }, done)) done();
      this.#session.on('ended', () => done());
    });
    const shown = this.#sender('video') !== undefined;
    if (!shown) {
      stream.removeTrack(fresh);
      fresh.stop();
    }
    this.#noPicture = !shown;
    this.#changed();
    return shown;
  }

  /** The network changed: finds a way for the sound anew, if the old one is gone. */
  reconnect(): void {
    const state = this.#session.connection?.iceConnectionState;
    if (this.stage === 'talking' && (state === 'disconnected' || state === 'failed')) {
      this.#session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
    }
  }

  /** The connection that carries the call. */
  get peer(): RTCPeerConnection | undefined {
    return this.#session.connection ?? undefined;
  }

  /** Has another microphone hear us. */
  async hear(fresh: MediaStreamTrack): Promise<void> {
    const before = this.microphone;
    await this.#sender('audio')?.replaceTrack(fresh);
    if (before !== undefined) this.#stream?.removeTrack(before);
    before?.stop();
    this.#stream?.addTrack(fresh);
    this.#sound();
  }

  /** Finds a way for the sound anew: the network changed, whatever the old one seems to be. */
  restart(): void {
    if (this.stage === 'talking') this.#session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
  }

  #hear(): void {
    const s = this.#session;
    s.on('peerconnection', ({ peerconnection }) => this.#watch(peerconnection));
    // An outgoing call has its connection before anybody can listen for it.
    if (s.connection) this.#watch(s.connection);
    // Our relay needs one address to send to, and finds out the best by itself.
    s.on('icecandidate', ({ ready }) => ready());
    s.on('sending', () => this.#sound());
    s.on('progress', (event: unknown) => {
      if (!this.outgoing) return;
      const response = (event as { response?: Answered }).response;
      this.early ||= Boolean(response?.body);
      this.#named(response);
      this.#go('ringing');
    });
    s.on('accepted', (event: unknown) => {
      if (this.outgoing) {
        const response = (event as { response?: Answered }).response;
        this.#named(response);
        this.automaton = automaton(response?.getHeader?.('Contact'));
      }
      this.since = Date.now();
      this.#go('talking');
      this.#sound();
    });
    s.on('newInfo', (event: unknown) => {
      const state = tapedOf(event);
      if (state === undefined) return;
      this.taped = state;
      this.#changed();
    });
    s.on('reinvite', (event: unknown) => this.#meets((event as { request?: Answered }).request));
    s.on('newInfo', (event: unknown) => {
      const { originator, info } = event as { originator: string; info: { contentType?: string; body?: string } };
      const seconds = originator === 'remote' ? left(info.contentType, info.body) : undefined;
      if (seconds === undefined) return;
      this.endsAt = Date.now() + 1000 * seconds;
      this.#changed();
    });
    s.on('hold', ({ originator }) => this.#holds(originator as string, true));
    s.on('unhold', ({ originator }) => this.#holds(originator as string, false));
    s.on('ended', (event) => this.#over(event, true));
    s.on('failed', (event) => this.#over(event, false));
  }

  #watch(peer: RTCPeerConnection): void {
    peer.addEventListener('track', ({ track }) => {
      this.#remote.addTrack(track);
      for (const what of ['mute', 'unmute', 'ended']) track.addEventListener(what, () => this.#changed());
      this.#listener.media(this.#remote);
      this.#changed();
    });
  }

  #holds(originator: string, on: boolean): void {
    if (originator === 'local') this.held = on;
    else this.heldByThem = on;
    this.#sound();
    this.#changed();
  }

  /**
   * Nothing that is said goes out before the call is answered: from early media
   * on the other side's network could listen. Then it is as the person wants it.
   */
  #sound(): void {
    const open = this.stage === 'talking' && !this.held;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = open && !this.muted;
    for (const track of this.#stream?.getVideoTracks() ?? []) track.enabled = open;
  }

  /** Notes who is at the other end now: our server says so when it is another. */
  #meets(request: Answered | undefined): void {
    const who = whom(request?.getHeader?.('P-Asserted-Identity'));
    if (who === undefined) return;
    this.number = who.number;
    this.name = who.name;
    this.automaton = automaton(request?.getHeader?.('Contact'));
    this.#noPicture = false;
    this.#changed();
    this.#listener.met(this);
  }

  #named(response: Answered | undefined): void {
    this.name = response?.to?.display_name || this.name;
  }

  #video(): MediaStreamTrack | undefined {
    return this.#stream?.getVideoTracks()[0];
  }

  #sender(kind: string): RTCRtpSender | undefined {
    const transceivers = this.#session.connection?.getTransceivers() ?? [];
    return transceivers.find((t) => t.receiver.track.kind === kind && t.currentDirection?.startsWith('send'))?.sender;
  }

  #go(stage: Stage): void {
    if (this.stage === 'ended' || (this.stage === 'talking' && stage !== 'ended')) return;
    this.stage = stage;
    this.#changed();
  }

  #changed(): void {
    if (this.stage !== 'ended') this.#listener.changed(this);
  }

  #over(event: { originator: string; message: unknown; cause: string }, answered: boolean): void {
    if (this.stage === 'ended') return;
    this.stage = 'ended';
    release(this.#stream);
    const message = (event.message ?? undefined) as Answered | undefined;
    const end: End = { outgoing: this.outgoing, answered, byUs: this.#byUs || event.originator === 'local', number: this.outgoing ? this.number : '', cause: event.cause };
    const header = message?.getHeader?.('Reason');
    const status = message?.status_code ?? reason(header);
    if (status !== undefined) end.status = status;
    const told = words(header);
    if (told !== undefined) end.words = told;
    if (this.endsAt !== undefined && !end.byUs && Date.now() > this.endsAt - slack) this.because ||= 'The call came to the longest time that it may last, so it ended.';
    this.#listener.ended(this, end);
  }
}

/** The status that a Reason header names (RFC 3326). */
function reason(header: string | undefined): number | undefined {
  const cause = header?.match(/\bSIP\b[^,]*;\s*cause\s*=\s*(\d{3})/i)?.[1];
  return cause === undefined ? undefined : Number(cause);
}
