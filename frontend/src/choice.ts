// What a page can tell of the person's choice about cookies, from the cookies
// that script can read. All of ours but the record of the choice are HttpOnly,
// so a change among them, save what an agreed integration keeps there, is a
// change of the choice.

/** The choice as the readable cookies show it: equal strings, equal choice. */
export type Choice = string;

/** Reads the choice from document.cookie, leaving out names that are ignored. */
export function choiceIn(cookies: string, ignored: (name: string) => boolean): Choice {
  return cookies
    .split('; ')
    .filter((pair) => pair !== '' && !ignored(pair.split('=', 1)[0] ?? ''))
    .sort()
    .join('; ');
}

/** What a page does when it looks at the choice again. */
export type Reaction = 'nothing' | 'stop' | 'reload' | 'stop and reload';

/** The page as the reaction sees it. */
export interface Situation {
  /** The choice when the page was loaded. */
  then: Choice;
  now: Choice;
  /** Something runs here that a choice allowed. */
  running: boolean;
  /** A form was sent, so that the next page is on its way. */
  leaving: boolean;
  /** The person has typed into a form, which a reload would lose. */
  typed: boolean;
}

/**
 * Decides what to do. What a choice allowed stops whatever else holds; the
 * page is loaded again so that it shows the choice and carries its policy,
 * unless that would cut off a page on its way or lose what was typed where
 * nothing runs.
 */
export function react(s: Situation): Reaction {
  if (s.then === s.now) return 'nothing';
  if (s.running) return s.leaving ? 'stop' : 'stop and reload';
  return s.leaving || s.typed ? 'nothing' : 'reload';
}
