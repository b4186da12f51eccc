// Shows how loud a microphone is, and remembers how loud it was.

const floor = 0.004; // of full scale, root mean square: what a silent room has

export class Meter {
  readonly #place: HTMLElement;
  #context: AudioContext | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  loudest = 0;

  constructor(place: HTMLElement) {
    this.#place = place;
  }

  follow(stream: MediaStream): void {
    this.stop();
    this.loudest = 0;
    const context = this.#context = new AudioContext();
    const listener = context.createAnalyser();
    listener.fftSize = 8192; // more than lies between two looks, so that nothing is missed
    context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(listener);
    const samples = new Float32Array(listener.fftSize);
    void context.resume().catch(() => undefined);
    this.#place.hidden = false;
    this.#beat = setInterval(() => {
      listener.getFloatTimeDomainData(samples);
      const loud = Math.sqrt(samples.reduce((a, s) => a + s * s, 0) / samples.length);
      this.loudest = Math.max(this.loudest, loud);
      this.#show(loud);
    }, 100);
  }

  stop(): void {
    clearInterval(this.#beat);
    void this.#context?.close().catch(() => undefined);
    this.#context = undefined;
    this.#place.hidden = true;
    this.#show(0);
  }

  #show(loud: number): void {
    const share = level(loud);
    this.#place.setAttribute('aria-valuenow', String(share));
    this.#place.style.setProperty('--level', `${share}%`);
  }
}

/** How far a meter goes, 0 to 100, for a loudness: by decibels, as ears hear. */
export function level(loud: number): number {
  if (loud <= floor) return 0;
  const span = Math.log10(1 / floor);
  return Math.min(100, Math.round((100 * Math.log10(loud / floor)) / (span * 0.75)));
}
