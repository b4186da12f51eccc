// Loads the third-party services that the person agreed to. The server names
// them on <html>, and only them; its policy lets nothing else through.
import * as googleAnalytics from './google_analytics';

/** One agreed service, as the server writes it. */
export interface Integration {
  id: string;
  kind: string;
  /** Address of the script to load. */
  script: string;
  /** The operator's identifier with the service. */
  account: string;
}

/** What a kind of service needs. A kind that is not here is not loaded by us. */
interface Kind {
  start(window: Window, integration: Integration): void;
  stop(window: Window, integration: Integration): void;
}

const kinds: ReadonlyMap<string, Kind> = new Map([['google-analytics', googleAnalytics]]);

/** Reads the attribute; anything malformed in it is left out. */
export function read(attribute: string | undefined): Integration[] {
  let list: unknown;
  try {
    list = JSON.parse(attribute || '[]');
  } catch {
    return [];
  }
  return Array.isArray(list) ? list.filter(isIntegration).filter((i) => kinds.has(i.kind)) : [];
}

function isIntegration(v: unknown): v is Integration {
  if (typeof v !== 'object' || v === null) return false;
  const { id, kind, script, account } = v as Record<string, unknown>;
  return [id, kind, script, account].every((s) => typeof s === 'string' && s !== '') && /^https?:\/\//.test(script as string);
}

/** Loads each. */
export function start(window: Window, list: readonly Integration[]): void {
  for (const i of list) kinds.get(i.kind)?.start(window, i);
}

/** Tells each to do nothing more, as far as it listens. */
export function stop(window: Window, list: readonly Integration[]): void {
  for (const i of list) kinds.get(i.kind)?.stop(window, i);
}
