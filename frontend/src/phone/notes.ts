// Notes of how calls sounded, kept on this device alone, and only for who asked
// for it (declared storage phone-quality). They hold no number and no name.
import type { Verdict } from './quality';

const key = 'phone-quality';
const most = 20; // calls

/** What is noted of one call. */
export interface Note { begun: string; seconds: number; mos: number; worst: number; lost: number; jitter: number; turn: number }

export function kept(): Note[] | undefined {
  try {
    const text = localStorage.getItem(key);
    if (text === null) return undefined;
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? (list as Note[]) : [];
  } catch {
    return undefined;
  }
}

/** Begins to keep notes, or ends it and deletes them. Whether it could. */
export function keep(on: boolean): boolean {
  try {
    if (on) localStorage.setItem(key, JSON.stringify(kept() ?? []));
    else localStorage.removeItem(key);
    return true;
  } catch {
    return false;
  }
}

/** Notes a call, if its person asked for notes and there is something to tell. */
export function note(begun: number, ended: number, verdicts: readonly Verdict[]): void {
  const before = kept();
  const sum = summary(begun, ended, verdicts);
  if (before === undefined || sum === undefined) return;
  try {
    localStorage.setItem(key, JSON.stringify([sum, ...before].slice(0, most)));
  } catch {
    // Full, or not allowed: there are no notes.
  }
}

const round = (n: number, digits: number): number => Number(n.toFixed(digits));

export function summary(begun: number, ended: number, verdicts: readonly Verdict[]): Note | undefined {
  if (verdicts.length === 0) return undefined;
  const mean = (of: (v: Verdict) => number) => verdicts.reduce((a, v) => a + of(v), 0) / verdicts.length;
  const turns = verdicts.flatMap((v) => (v.turn === undefined ? [] : [v.turn]));
  return {
    begun: new Date(begun - (begun % 60_000)).toISOString().slice(0, 16), // to the minute
    seconds: Math.round((ended - begun) / 1000), mos: round(mean((v) => v.mos), 2), worst: round(Math.min(...verdicts.map((v) => v.mos)), 2),
    lost: round(100 * mean((v) => v.lost), 2), jitter: round(1000 * mean((v) => v.jitter), 1),
    turn: turns.length === 0 ? -1 : round((1000 * turns.reduce((a, b) => a + b, 0)) / turns.length, 0),
  };
}

/** A note as people read it, and as it is sent. */
export function line(n: Note): string {
  const turn = n.turn < 0 ? 'unknown' : `${n.turn} ms`;
  return `${n.begun.replace('T', ' ')} UTC, ${n.seconds} s: estimate ${n.mos} of 4.5 (worst ${n.worst}), lost ${n.lost}%, jitter ${n.jitter} ms, round trip ${turn}`;
}
