// Whether a machine answered, which takes messages or plays them.

/** What an answer's Contact says of whoever answered (RFC 3840): feature tags of a voicemail. */
export type Automaton = 'message' | 'full' | 'machine' | undefined;

/** Reads the Contact of an answer. */
export function automaton(contact: string | undefined): Automaton {
  if (contact === undefined || !/;\s*automata\b/i.test(contact)) return undefined;
  if (/;\s*actor\s*=\s*"information"/i.test(contact)) return 'full';
  return /;\s*actor\s*=\s*"msg-taker"/i.test(contact) ? 'message' : 'machine';
}

/** What the person in the call is told of it: what they say is recorded (L40). */
export const automatonWords: Record<'message' | 'full' | 'machine', string> = {
  message: 'Voicemail. After the tone you are recorded. Press # or hang up to finish.',
  full: 'Their voicemail has no room for another message. Nothing is recorded.',
  machine: 'Your voicemail. Use the keys.',
};

/** The number in a page's address after #dial=, put there by a link of ours; empty if there is none. */
export function toDial(hash: string): string {
  return /^#dial=(\+?[0-9]{2,15})$/.exec(hash)?.[1] ?? '';
}
