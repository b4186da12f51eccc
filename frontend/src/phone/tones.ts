// The sounds of a British telephone (ITU-T E.180 supplement 2): they are made
// here, so that no file is loaded.

/** A tone: its frequencies in hertz, and for how long it is on and off, in seconds. */
export interface Tone {
  frequencies: readonly number[];
  rhythm: readonly number[]; // on, off, on, off ...
  volume: number; // 0 to 1
}

export const tones = {
  ring: { frequencies: [400, 450], rhythm: [0.4, 0.2, 0.4, 2], volume: 0.5 },
  ringback: { frequencies: [400, 450], rhythm: [0.4, 0.2, 0.4, 2], volume: 0.12 },
  waiting: { frequencies: [400], rhythm: [0.1, 0.25, 0.1, 4], volume: 0.08 },
  busy: { frequencies: [400], rhythm: [0.375, 0.375], volume: 0.1 },
  warning: { frequencies: [440], rhythm: [0.14, 0.1, 0.14, 2], volume: 0.08 },
  none: { frequencies: [400], rhythm: [1, 0], volume: 0.1 },
} as const satisfies Record<string, Tone>;

/** When a tone sounds between its start and length seconds later: [from, to] pairs. */
export function bursts(rhythm: readonly number[], length: number): [number, number][] {
  const list: [number, number][] = [];
  if (rhythm.reduce((a, b) => a + b, 0) <= 0) return list;
  let at = 0;
  for (let i = 0; at < length; i++) {
    const part = rhythm[i % rhythm.length] ?? 0;
    if (i % 2 === 0 && part > 0) list.push([at, Math.min(at + part, length)]);
    at += part;
  }
  return list;
}

const frequenciesOf: Record<string, readonly [number, number]> = {};
const [rows, columns] = [[697, 770, 852, 941], [1209, 1336, 1477]] as const;
'123456789*0#'.split('').forEach((digit, i) => {
  frequenciesOf[digit] = [rows[Math.floor(i / 3)] ?? 0, columns[i % 3] ?? 0];
});

/** The two frequencies of a key (ITU-T Q.23); undefined for what is no key. */
export const key = (digit: string): readonly [number, number] | undefined => frequenciesOf[digit];

const ramp = 0.008; // seconds: without it each burst begins and ends with a click

/** Plays tones, one at a time. */
export class Sounder {
  #context: AudioContext | undefined;
  /** Told before a tone sounds, to lead it to where it was chosen to. */
  leads: ((tone: Tone, through: AudioContext) => void) | undefined;

  /** What the tones sound through, once something has. */
  get through(): AudioContext | undefined {
    return this.#context;
  }
  #stop: (() => void) | undefined;

  /** Makes ready to sound. Browsers allow it once somebody has pressed something. */
  wake(): void {
    this.#context ??= new AudioContext();
    if (this.#context.state === 'suspended') void this.#context.resume().catch(() => undefined);
  }

  /** Plays a tone over and over for length seconds, or until stop. */
  play(tone: Tone, length = 90): void {
    this.stop();
    this.wake();
    if (this.#context !== undefined) this.leads?.(tone, this.#context);
    this.#stop = this.#start(tone, length);
  }

  /** The short sound of a key. */
  press(digit: string): void {
    const frequencies = key(digit);
    if (frequencies === undefined || this.#stop !== undefined) return;
    this.wake();
    this.#start({ frequencies, rhythm: [0.12, 1], volume: 0.08 }, 0.12);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #start(tone: Tone, length: number): () => void {
    const context = this.#context;
    if (context === undefined) return () => undefined;
    const gain = context.createGain();
    gain.gain.value = 0;
    gain.connect(context.destination);
    const begin = context.currentTime + 0.02;
    for (const [from, to] of bursts(tone.rhythm, length)) {
      gain.gain.setValueAtTime(0, begin + from);
      gain.gain.linearRampToValueAtTime(tone.volume, begin + from + ramp);
      gain.gain.setValueAtTime(tone.volume, begin + to - ramp);
      gain.gain.linearRampToValueAtTime(0, begin + to);
    }
    const voices = tone.frequencies.map((frequency) => {
      const voice = context.createOscillator();
      voice.frequency.value = frequency;
      voice.connect(gain);
      voice.start(begin);
      voice.stop(begin + length);
      return voice;
    });
    return () => {
      for (const voice of voices) voice.stop();
      gain.disconnect();
    };
  }
}
