// Talks to two at once. The sound is mixed here, in the browser of who does so:
// each of the two gets our microphone and the other; nobody else need know.
import type { Call } from './call';

export class Merge {
  readonly calls: readonly [Call, Call];
  #context: AudioContext | undefined;
  readonly #player = new Audio(); // of the second: the page plays the first

  constructor(first: Call, second: Call) {
    this.calls = [first, second];
  }

  async begin(): Promise<void> {
    const context = this.#context = new AudioContext();
    const [first, second] = this.calls;
    this.#player.srcObject = second.remote;
    await this.#player.play().catch(() => undefined);
    // Our microphone is that of the first call, for both: it is muted in one place.
    const microphone = source(context, first.microphone);
    await Promise.all([
      first.speak(mixed(context, [microphone, source(context, second.remote.getAudioTracks()[0])])),
      second.speak(mixed(context, [microphone, source(context, first.remote.getAudioTracks()[0])])),
    ]);
    if (context.state === 'suspended') await context.resume();
  }

  has(call: Call): boolean {
    return this.calls.includes(call);
  }

  /** The other of the two. */
  other(call: Call): Call {
    return this.calls[0] === call ? this.calls[1] : this.calls[0];
  }

  mute(on: boolean): void {
    for (const call of this.calls) call.mute(on);
  }

  /** Each of the two hears our microphone alone again. */
  async end(): Promise<void> {
    this.#player.srcObject = null;
    await Promise.all(this.calls.map((call) => (call.stage === 'talking' ? call.speak(undefined) : undefined)));
    await this.#context?.close();
    this.#context = undefined;
  }
}

function source(context: AudioContext, track: MediaStreamTrack | undefined): AudioNode {
  return track === undefined ? context.createGain() : context.createMediaStreamSource(new MediaStream([track]));
}

function mixed(context: AudioContext, voices: readonly AudioNode[]): MediaStreamTrack | undefined {
  const out = context.createMediaStreamDestination();
  out.channelCount = 1;
  for (const voice of voices) voice.connect(out);
  return out.stream.getAudioTracks()[0];
}
