// Google Analytics, loaded the way its makers document it, told as little as
// it can work with: no advertising, and no addresses with what stands behind
// the question mark, where codes from our e-mails are.
import type { Integration } from './integrations';

/** What the service's script looks for on the window. */
interface WithTag {
  dataLayer?: unknown[];
}

export function start(window: Window, { script, account }: Integration): void {
  const { document, location } = window;
  const layer = ((window as WithTag).dataLayer ??= []);
  // The script tells commands from data by their being an arguments object.
  const tag: (...command: unknown[]) => void = function () {
    layer.push(arguments);
  };
  tag('js', new Date());
  tag('config', account, settings(location, document.referrer));

  const element = document.createElement('script');
  element.async = true;
  element.src = scriptAddress(script, account);
  document.head.append(element);
}

export function stop(window: Window, { account }: Integration): void {
  Object.assign(window, { [`ga-disable-${account}`]: true });
}

/** The script's address for one account. */
export function scriptAddress(script: string, account: string): string {
  const url = new URL(script);
  url.searchParams.set('id', account);
  return url.href;
}

/** What the service is told to do and not to do. */
export function settings(location: Pick<Location, 'origin' | 'pathname'>, referrer: string): Record<string, unknown> {
  return {
    page_location: location.origin + location.pathname,
    page_referrer: referrer === '' ? '' : `${new URL(referrer).origin}/`,
    allow_google_signals: false,
    allow_ad_personalization_signals: false,
    cookie_flags: 'SameSite=Lax;Secure',
  };
}
