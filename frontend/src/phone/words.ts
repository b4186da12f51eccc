// Why a call did not come about, or ended: in words that help whoever reads
// them to do the next thing.
import { isEmergency } from './number';

/** What is known of the end of a call. */
export interface End {
  outgoing: boolean;
  answered: boolean;
  byUs: boolean;
  number: string; // that was dialled; empty for an incoming call
  status?: number; // SIP status of the answer (RFC 3261 section 21), or of the Reason header
  words?: string; // of our server, for the person
  cause?: string; // of the SIP library, where no answer came
}

/** Said where somebody dials for help and cannot be connected. */
export const helpElsewhere = 'The emergency call did not get through. Use another phone now: any mobile or landline reaches 999 and 112.';

const answers: Record<number, string> = {
  403: 'We may not connect this call.',
  404: 'Nobody has that number. Please check it and try again.',
  408: 'Nobody answered.',
  410: 'That number is no longer in use.',
  415: 'The two phones have no sound format in common.',
  480: 'They cannot be reached just now: nobody answered, or their phone is not open. Try again later.',
  484: 'That number is not complete. Please check it and dial all of it.',
  486: 'They are on another call. Try again in a few minutes.',
  487: 'The call was ended before it was answered.',
  488: 'The two phones have no sound format in common.',
  503: 'This phone cannot reach that number at the moment. Please try again in a minute.',
  600: 'They are on another call. Try again in a few minutes.',
  603: 'They declined the call.',
  604: 'Nobody has that number. Please check it and try again.',
};

const causes: Record<string, string> = {
  'Connection Error': 'The connection to our server is lost, so the call could not go on. We are connecting again.',
  'Request Timeout': 'Our server did not answer. Please try again in a minute.',
  'WebRTC Error': 'Your browser could not set up the sound. Closing other programs that use it may help.',
  'User Denied Media Access': 'Your browser does not let this page use the microphone.',
  'RTP Timeout': 'The sound was interrupted for too long, so the call ended.',
  'Incompatible SDP': 'The two phones have no sound format in common.',
  'Bad Media Description': 'The two phones have no sound format in common.',
  'Not Found': 'Nobody has that number. Please check it and try again.',
};

/** One sentence or two about the end of a call. */
export function why(end: End): string {
  if (end.answered) {
    if (end.byUs) return 'You ended the call.';
    return end.cause === 'RTP Timeout' || end.cause === 'Connection Error' ? causes[end.cause] ?? '' : 'They ended the call.';
  }
  if (!end.outgoing) return incoming(end);
  if (end.byUs && (end.cause === 'Canceled' || end.status === 487)) return 'You ended the call before it was answered.';
  if (isEmergency(end.number)) return helpElsewhere;
  return end.words ?? answers[end.status ?? 0] ?? causes[end.cause ?? ''] ?? 'The call could not be connected. Please try again in a minute.';
}

function incoming(end: End): string {
  if (end.byUs) return end.cause === 'Rejected' ? 'You declined the call.' : causes[end.cause ?? ''] ?? 'The call could not be answered.';
  if (end.status === 200) return 'The call was answered on another phone of yours.';
  if (end.status === 603 || end.status === 600) return 'The call was declined on another phone of yours.';
  return causes[end.cause ?? ''] ?? 'You missed a call: they hung up, or it rang for too long.';
}

/** Whether a call that came to nothing sounds like a busy line. */
export const soundsBusy = (end: End): boolean => end.outgoing && !end.byUs && [486, 600, 603].includes(end.status ?? 0);

/** Why a device was not to be had, by the name of the browser's error. */
export function whyNoDevice(name: string, what: 'microphone' | 'camera'): string {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `Your browser does not let this page use the ${what}. To change that, press the sign beside the page’s address, allow the ${what}, and try again.`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `No ${what} was found. Plug one in, or switch it on, and try again.`;
    case 'NotReadableError':
    case 'AbortError':
      return `The ${what} is in use by another program, or does not answer. Close the other program and try again.`;
  }
  return `The ${what} could not be used. Please try again.`;
}
