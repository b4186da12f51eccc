// What a page can tell of the person's choice about cookies, from the record
// of the choice, the one cookie of ours that script can read. What others keep
// on the site (an agreed integration, a browser extension, a proxy on the way)
// is no choice: a page that took it for one would be loaded again and again,
// because the server expires what is not declared.

/** The choice as the record shows it: equal strings, equal choice. */
export type Choice = string;

/** How the record begins: the version of its form, then that of the policy. */
const record = /^v[0-9]+\.[0-9]+[.-]/;

/** Reads the choice from document.cookie. */
export function choiceIn(cookies: string): Choice {
  return cookies
    .split('; ')
    .filter((pair) => record.test(pair.slice(pair.indexOf('=') + 1)))
    .sort()
    .join('; ');
}

/**
 * Reports whether the record that a page was made under, named without its
 * authentication code, still stands. While a page is on its way, it may be
 * replaced from another tab.
 */
export function stands(made: string | undefined, cookies: string): boolean {
  return made !== undefined && cookies.split('; ').some((pair) => pair.slice(pair.indexOf('=') + 1).startsWith(`${made}.`));
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
