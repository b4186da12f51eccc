// What people type into the field of the number.

/** A number as it goes to the server, or why it cannot go there, in words. */
export type Dialled = { number: string } | { wrong: string };

const longest = 32; // digits and signs

/** The numbers of the emergency services here (Ofcom GC A3.1; text relay 18000). */
const emergency = new Set(['999', '112', '18000']);

/** Reads a number as people write it: with spaces, hyphens, brackets. */
export function dialled(text: string): Dialled {
  const bare = text.normalize('NFKC').trim();
  if (bare === '') return { wrong: 'Please type a number or an extension first.' };
  // +44 (0)1632: the zero is for those who dial from inside the country.
  const inside = bare.startsWith('+') ? bare.replace(/\(0\)/, '') : bare;
  const number = inside.replace(/[\s\-–—.()/\u00ad\u200b-\u200f\u202a-\u202e\u2060]/g, '');
  if (!/^\+?[0-9*#]+$/.test(number)) return { wrong: 'That is not a number. Please use digits, with a plus in front for another country.' };
  if (number.length > longest) return { wrong: 'That number is too long. Please check it.' };
  return { number };
}

/** Whether a number is for help in an emergency. */
export const isEmergency = (number: string): boolean => emergency.has(number);

/** Whether whoever answers a number is told where the caller is, whatever prefix stands before it. */
export const rescues = (text: string): boolean => {
  const read = dialled(text);
  return 'number' in read && isEmergency(read.number.replace(/^(?:141|1470)/, '').replace(/^\+/, ''));
};

/** The SIP address of a number (RFC 3261 section 19.1.2 says what is escaped). */
export const address = (number: string, domain: string): string => `sip:${encodeURIComponent(number)}@${domain}`;
