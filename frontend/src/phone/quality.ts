// How well a call sounds, as far as a browser can tell: an estimate by the
// E-model (ITU-T G.107) of what was lost, how unevenly it came and how long it
// took. It is judged on packets that came and that should have, never on how loud
// they were: a person who is silent, or muted, sounds as good as any other.

/** What is known of one direction since the last look. */
export interface Way {
  received: number; // packets
  lost: number;
  jitter: number; // seconds
}

/** What is known at one look. */
export interface Look {
  heard: Way | undefined; // what comes to us; undefined where nothing is to come
  sent: { lost: number; jitter: number } | undefined; // what the relay tells of ours: share 0 to 1, seconds
  turn: number | undefined; // seconds there and back; undefined where nothing tells
  buffer: number; // seconds that sound waits before it is played
  codec: string; // such as audio/opus
}

/** How it is, in words. */
export type Level = 'good' | 'fair' | 'poor' | 'bad';

export interface Verdict { mos: number; level: Level; bars: number; lost: number; jitter: number; turn: number | undefined }

const frame = 0.02; // seconds of sound in a packet, and what an encoder holds back

/**
 * Robustness of what is played against loss (ITU-T G.113 appendix I gives 25.1
 * for G.711 with concealment; none is published for Opus, which conceals too and
 * is taken for as good).
 */
const robustness = 25.1;

/** The mean opinion, 1 to 4.5, of a rating (ITU-T G.107 annex B). */
export function opinion(rating: number): number {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
}

/** The rating of a way, 0 to 93.2 (ITU-T G.107, with its defaults elsewhere). */
export function rating(lost: number, delay: number): number {
  const ms = delay * 1000;
  const slow = 0.024 * ms + (ms > 177.3 ? 0.11 * (ms - 177.3) : 0);
  const percent = 100 * Math.min(1, Math.max(0, lost));
  const gaps = (95 * percent) / (percent + robustness);
  return 93.2 - slow - gaps;
}

const shareLost = (w: Way): number | undefined => {
  const expected = w.received + Math.max(0, w.lost);
  return expected > 0 ? Math.max(0, w.lost) / expected : undefined;
};

export function levelOf(mos: number): Level {
  if (mos >= 4) return 'good';
  if (mos >= 3.6) return 'fair';
  return mos >= 3.1 ? 'poor' : 'bad';
}

const bars: Record<Level, number> = { good: 4, fair: 3, poor: 2, bad: 1 };

/** Judges a look; undefined where there is nothing to judge by. */
export function judge(look: Look): Verdict | undefined {
  const heard = look.heard === undefined ? undefined : shareLost(look.heard);
  if (heard === undefined && look.sent === undefined) return undefined;
  const lost = Math.max(heard ?? 0, look.sent?.lost ?? 0);
  const jitter = Math.max(look.heard?.jitter ?? 0, look.sent?.jitter ?? 0);
  const delay = (look.turn ?? 0) / 2 + Math.max(look.buffer, 2 * jitter) + 2 * frame;
  const mos = opinion(rating(lost, delay));
  const level = levelOf(mos);
  return { mos, level, bars: bars[level], lost, jitter, turn: look.turn };
}

const said: Record<Level, string> = { good: 'Sound is good', fair: 'Sound is fair', poor: 'Sound is poor', bad: 'Sound is bad' };

/** Looks at a call again and again, and says what to tell its person. */
export class Watch {
  readonly verdicts: Verdict[] = [];
  #still = 0; // looks in a row at which nothing came
  #shown: Level | undefined;
  #waiting = 0; // looks in a row that say otherwise than what is shown

  /** What is told now; undefined where nothing is. nothing: no packet came although some should. */
  see(look: Look): { words: string; bars: number; warn: boolean } | undefined {
    this.#still = look.heard !== undefined && look.heard.received === 0 ? this.#still + 1 : 0;
    // Whoever is silent still sends a packet twice a second or so (RFC 6716
    // section 2.1.9): two looks without any are a break.
    if (this.#still >= 2) return { words: 'Nothing comes from the other side', bars: 0, warn: true };
    const verdict = judge(look);
    if (verdict === undefined) return undefined;
    this.verdicts.push(verdict);
    this.#waiting = verdict.level === this.#shown ? 0 : this.#waiting + 1;
    if (this.#shown === undefined || this.#waiting >= 2) {
      this.#shown = verdict.level;
      this.#waiting = 0;
    }
    const falling = this.#falling();
    const words = falling && this.#shown === 'good' ? 'Sound is good, but getting worse' : said[this.#shown];
    return { words, bars: bars[this.#shown], warn: falling || this.#shown === 'poor' || this.#shown === 'bad' };
  }

  /** Whether three looks in a row each were worse, by enough to matter: said before it is bad. */
  #falling(): boolean {
    const [a, b, c, d] = this.verdicts.slice(-4).map((v) => v.mos);
    return a !== undefined && b !== undefined && c !== undefined && d !== undefined && b < a && c < b && d < c && a - d > 0.25;
  }
}

interface Stat { type: string; kind?: string; [name: string]: unknown }

const number = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : 0);

/** Reads what a connection tells (WebRTC statistics), against what it told before. */
export class Reader {
  #received = 0;
  #lost = 0;
  #delay = 0;
  #played = 0;

  read(stats: Iterable<[string, Stat]>, hears: boolean): Look {
    const all = new Map(stats);
    const find = (is: (s: Stat) => boolean): Stat | undefined => [...all.values()].find(is);
    const inbound = find((s) => s.type === 'inbound-rtp' && s.kind === 'audio');
    const remote = find((s) => s.type === 'remote-inbound-rtp' && s.kind === 'audio');
    const pair = find((s) => s.type === 'candidate-pair' && (s.nominated === true || s.selected === true) && s.state === 'succeeded');
    const received = number(inbound?.packetsReceived), lost = number(inbound?.packetsLost);
    const delay = number(inbound?.jitterBufferDelay), played = number(inbound?.jitterBufferEmittedCount);
    const look: Look = {
      heard: inbound !== undefined && hears ? { received: received - this.#received, lost: lost - this.#lost, jitter: number(inbound.jitter) } : undefined,
      sent: remote === undefined ? undefined : { lost: number(remote.fractionLost), jitter: number(remote.jitter) },
      turn: typeof remote?.roundTripTime === 'number' ? remote.roundTripTime : typeof pair?.currentRoundTripTime === 'number' ? pair.currentRoundTripTime : undefined,
      buffer: played > this.#played ? (delay - this.#delay) / (played - this.#played) : 0,
      codec: String(all.get(String(inbound?.codecId ?? ''))?.mimeType ?? ''),
    };
    [this.#received, this.#lost, this.#delay, this.#played] = [received, lost, delay, played];
    return look;
  }
}
